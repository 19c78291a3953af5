/**
 * Processes that stand for a container's: `host DIRECTORY SOCKETS` is the kernel and all its programs, `exec DIRECTORY CONTROL SOCKET` one
 * program that exec has started in it.
 * @module
 */

/** Runs one of them. It ends this process. */
export async function hostMain(args: readonly string[]): Promise<never> {
  const [mode, directory = "", ...paths] = args;
  if (mode === "host" && paths.length === 1) {
    const { hostContainer } = await import("./container.ts");
    return await hostContainer(directory, paths[0]!);
  }
  if (mode === "exec" && paths.length === 2) {
    const { standForExec } = await import("./exec_process.ts");
    return await standForExec(directory, paths[0]!, paths[1]!);
  }
  console.error("umiak: this is started by create and exec, not by people");
  Deno.exit(125);
}

if (import.meta.main) await hostMain(Deno.args);
