/**
 * Processes that stand for a container's: `host DIRECTORY SOCKETS` is the kernel and all its programs,
 * `member DIRECTORY SOCKETS` a container on the kernel of another one's, `exec DIRECTORY CONTROL SOCKET` one
 * program that exec has started in it.
 * @module
 */

/** Runs one of them. It ends this process. */
export async function hostMain(args: readonly string[]): Promise<number> {
  const [mode, directory = "", ...paths] = args;
  if (mode === "host" && paths.length === 1) {
    const { hostContainer } = await import("./container.ts");
    await hostContainer(directory, paths[0]!);
    return 125; // its own end is the process's
  }
  if (mode === "member" && paths.length === 1) {
    const { standForMember } = await import("./member.ts");
    return await standForMember(directory, paths[0]!);
  }
  if (mode === "exec" && paths.length === 2) {
    const { standForExec } = await import("./exec_process.ts");
    return await standForExec(directory, paths[0]!, paths[1]!);
  }
  console.error("umiak: this is started by create and exec, not by people");
  Deno.exit(125);
}

if (import.meta.main) Deno.exit(await hostMain(Deno.args));
