/** Debian's dash and busybox for WASIX: build_NAME.sh fetches their sources and builds them into `.umiak/NAME` of the repository. @module */
import { repositoryFile } from "../support/umiak.ts";

/** Path of the module, or what to do to have it: tests fetch nothing. */
export async function debianProgram(name: "dash" | "busybox"): Promise<{ path: string; missing?: string }> {
  const path = repositoryFile(`.umiak/${name}/${name}.wasm`);
  if (await Deno.stat(path).then(() => true, () => false)) return { path };
  return { path, missing: `${name} is not built: tests/wasix/build_${name}.sh .umiak/${name}` };
}
