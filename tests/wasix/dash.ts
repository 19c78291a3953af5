/** Debian's dash for WASIX, built from its source by build_dash.sh; kept in `.umiak/dash` of the repository. @module */
import { repositoryFile } from "../support/umiak.ts";
import { reasonAgainst } from "../support/when.ts";

const DIRECTORY = repositoryFile(".umiak/dash");

/** The module, or why there is none: building it needs Debian's source and tools. */
export async function dashModule(): Promise<Uint8Array<ArrayBuffer> | string> {
  const path = `${DIRECTORY}/dash.wasm`;
  const built = (): Promise<Uint8Array<ArrayBuffer> | undefined> =>
    Deno.readFile(path).catch(() => undefined);
  const found = await built();
  if (found !== undefined) return found;
  const against = reasonAgainst({
    os: ["linux"],
    root: true,
    tools: ["apt-get", "cc", "clang", "wasm-ld", "wasm-opt"],
  });
  if (against !== undefined) return `dash is not built: ${against}`;
  await Deno.mkdir(DIRECTORY, { recursive: true });
  const lock = await Deno.open(`${DIRECTORY}/lock`, { create: true, write: true });
  try {
    await lock.lock(true);
    const other = await built();
    if (other !== undefined) return other;
    const build = new Deno.Command("sh", {
      args: [repositoryFile("tests/wasix/build_dash.sh"), DIRECTORY],
      stdout: "null",
      stderr: "piped",
    });
    const { success, stderr } = await build.output();
    if (success) return await Deno.readFile(path);
    const why = new TextDecoder().decode(stderr).trim().split("\n").pop();
    return `tests/wasix/build_dash.sh failed: ${why}`;
  } finally {
    lock.close();
  }
}
