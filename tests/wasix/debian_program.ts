/** Debian's dash and busybox for WASIX, built from their sources by build_NAME.sh; kept in `.umiak/NAME` of the repository. @module */
import { repositoryFile } from "../support/umiak.ts";
import { reasonAgainst } from "../support/when.ts";

/** Path of the module, or why there is none: building it needs Debian's source and tools. */
export async function debianProgram(name: "dash" | "busybox"): Promise<{ path: string; missing?: string }> {
  const directory = repositoryFile(`.umiak/${name}`);
  const path = `${directory}/${name}.wasm`;
  const built = (): Promise<boolean> => Deno.stat(path).then(() => true, () => false);
  if (await built()) return { path };
  const against = reasonAgainst({
    os: ["linux"],
    root: true,
    tools: ["apt-get", "cc", "make", "clang", "wasm-ld", "wasm-opt"],
  });
  if (against !== undefined) return { path, missing: `${name} is not built: ${against}` };
  await Deno.mkdir(directory, { recursive: true });
  const lock = await Deno.open(`${directory}/lock`, { create: true, write: true });
  try {
    await lock.lock(true);
    if (await built()) return { path };
    const build = new Deno.Command("sh", {
      args: [repositoryFile(`tests/wasix/build_${name}.sh`), directory],
      stdout: "null",
      stderr: "piped",
    });
    const { success, stderr } = await build.output();
    if (success) return { path };
    const why = new TextDecoder().decode(stderr).trim().split("\n").pop();
    return { path, missing: `tests/wasix/build_${name}.sh failed: ${why}` };
  } finally {
    lock.close();
  }
}
