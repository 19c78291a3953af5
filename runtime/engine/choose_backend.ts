/** Which kernel a bundle is for: WebAssembly by its annotations, or by what its program is (crun's and runwasi's conventions). @module */
import { openTree } from "../../image/store/host_fs/open_tree.ts";
import { readTreeHead } from "../../image/store/tree/read_file.ts";
import { LifecycleError } from "../lifecycle/error.ts";
import type { Process, Spec } from "../spec/types.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** How an annotation names a handler: the one for WebAssembly, or the one that looks at the command first. */
const ANNOTATIONS: readonly (readonly [name: string, wasm: string, smart: string])[] = [
  ["run.oci.handler", "wasm", "wasm-smart"],
  ["module.wasm.image/variant", "compat", "compat-smart"],
];

/** What annotations say; undefined if they say nothing. Throws for a handler that is none of ours. */
function stated({ annotations, process }: Spec): boolean | undefined {
  for (const [name, wasm, smart] of ANNOTATIONS) {
    const value = Object.hasOwn(annotations, name) ? annotations[name]! : undefined;
    if (value === undefined) continue;
    if (value === wasm) return true;
    if (value === smart) return /\.wa(sm|t)$/.test(process?.args[0] ?? "");
    throw new LifecycleError(
      `annotation ${name}: there is no handler ${JSON.stringify(value)}, only ${wasm} and ${smart}`,
      "unsupported",
    );
  }
  const os = annotations["org.opencontainers.image.os"] ?? "";
  if (os === "wasip2" || os === "wasip3") {
    throw new LifecycleError(
      `the image is for ${os}: WebAssembly components are not supported`,
      "unsupported",
    );
  }
  const architecture = annotations["org.opencontainers.image.architecture"] ?? "";
  return /^wasm(32)?$/.test(architecture) || os === "wasi" || os === "wasip1" ? true : undefined;
}

/** The file that a process executes, as the container finds it (man 3 execvp). */
function candidates({ args, env, cwd }: Process): string[] {
  const name = args[0]!;
  if (name.startsWith("/")) return [name];
  if (name.includes("/")) return [`${cwd}/${name}`];
  const path = env.findLast((entry) => entry.startsWith("PATH="))?.slice(5) ?? DEFAULT_PATH;
  return path.split(":").map((directory) =>
    `${directory.startsWith("/") ? directory : `${cwd}/${directory}`}/${name}`
  );
}

/** Why a program is not there, in the words that callers look for. */
function missing({ args, env }: Process): LifecycleError {
  const name = args[0]!;
  if (name.includes("/")) {
    return new LifecycleError(`executing ${JSON.stringify(name)}: no such file or directory`, "start");
  }
  const path = env.findLast((entry) => entry.startsWith("PATH="))?.slice(5) ?? DEFAULT_PATH;
  return new LifecycleError(
    `executing ${JSON.stringify(name)}: executable file not found in $PATH (${path})`,
    "start",
  );
}

/** True if the program is a module, false if it is something else; undefined if the root filesystem does not have it. */
function isModule(rootfs: string, process: Process): boolean | undefined {
  const tree = openTree(rootfs);
  try {
    for (const path of candidates(process)) {
      const head = readTreeHead(tree, path, MAGIC.length);
      if (head !== undefined) return MAGIC.every((byte, i) => head[i] === byte);
    }
  } finally {
    tree.root.close();
  }
}

/** Name of the backend for a bundle. Throws a LifecycleError that says why there is none. */
export function chooseBackend(id: string, spec: Spec, rootfs: string): string {
  const { process } = spec;
  if (process === undefined) return "sandbox";
  const wasm = stated(spec) ?? isModule(rootfs, process);
  if (wasm) return "sandbox";
  // What is not in the root filesystem may be mounted there: the kernel says whether it is.
  const bound = spec.mounts.some(({ type, options }) =>
    type === "bind" || type === "overlay" || options.includes("bind") || options.includes("rbind")
  );
  if (Deno.build.os === "linux" && (wasm === false || bound)) return "native";
  if (wasm === undefined) throw missing(process);
  throw new LifecycleError(
    `container ${JSON.stringify(id)}: ${
      JSON.stringify(process.args[0])
    } is not a WebAssembly module, and no annotation says that it is: ` +
      `it needs the native backend, which is for Linux, and this is ${Deno.build.os}`,
    "unsupported",
  );
}
