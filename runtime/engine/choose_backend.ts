/** Which kernel a bundle is for: WebAssembly by its annotations, or by what its program is (crun's and runwasi's conventions). @module */
import { openTree } from "../../image/store/host_fs/open_tree.ts";
import { readTreeHead } from "../../image/store/tree/read_file.ts";
import { LifecycleError } from "../lifecycle/error.ts";
import { headInside } from "../native/ffi/head_inside.ts";
import type { MountSpec, Process, Spec } from "../spec/types.ts";

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

const isMagic = (head: Uint8Array): boolean => MAGIC.every((byte, i) => head[i] === byte);

/** The bind mount that has a path, the last one that covers it. */
function bindOf({ mounts }: Spec, path: string): MountSpec | undefined {
  const covers = ({ destination }: MountSpec): boolean => {
    const at = destination.replace(/\/+$/, "");
    return path === at || path.startsWith(`${at}/`);
  };
  const mount = mounts.findLast(covers);
  const binds = mount?.type === "bind" || mount?.options.includes("bind") || mount?.options.includes("rbind");
  return binds ? mount : undefined;
}

/** The beginning of a regular file of the host; undefined if there is none. It only decides who is asked to run it. */
function hostHead(path: string): Uint8Array | undefined {
  try {
    if (!Deno.statSync(path).isFile) return undefined;
    const file = Deno.openSync(path), head = new Uint8Array(MAGIC.length);
    try {
      return head.subarray(0, file.readSync(head) ?? 0);
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

/** The beginning of a file of the root filesystem; undefined if there is none. By one library of two functions where native containers run. */
function headIn(rootfs: string, path: string): Uint8Array | undefined {
  if (Deno.build.os === "linux") {
    try {
      return headInside(rootfs, path, MAGIC.length);
    } catch {
      // That cannot be had here, or the file may not be read: the tree says why.
    }
  }
  const tree = openTree(rootfs);
  try {
    return readTreeHead(tree, path, MAGIC.length);
  } finally {
    tree.root.close();
  }
}

/** True if the program is a module, false if it is something else; undefined if neither the root filesystem nor a bind mount has it. */
function isModule(bundle: string, rootfs: string, spec: Spec, process: Process): boolean | undefined {
  for (const path of candidates(process)) {
    const bind = bindOf(spec, path);
    const source = bind === undefined || bind.source.startsWith("/")
      ? bind?.source
      : `${bundle}/${bind.source}`;
    const head = source === undefined
      ? headIn(rootfs, path)
      : hostHead(source + path.slice(bind!.destination.replace(/\/+$/, "").length));
    if (head !== undefined) return isMagic(head);
  }
}

/** True if a mount may have the program, or a part of the way to it: the kernel says whether it does. */
function isCovered({ mounts }: Spec, process: Process): boolean {
  return candidates(process).some((path) =>
    mounts.some(({ type, destination }) =>
      !["proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"].includes(type) &&
      path.startsWith(`${destination.replace(/\/+$/, "")}/`)
    )
  );
}

/** Name of the backend for a bundle. Throws a LifecycleError that says why there is none. */
export function chooseBackend(id: string, spec: Spec, bundle: string, rootfs: string): string {
  const { process } = spec;
  if (process === undefined) return "sandbox";
  const wasm = stated(spec) ?? isModule(bundle, rootfs, spec, process);
  if (wasm) return "sandbox";
  if (wasm === undefined && !isCovered(spec, process)) throw missing(process);
  if (Deno.build.os === "linux") return "native";
  throw new LifecycleError(
    `container ${JSON.stringify(id)}: ${
      JSON.stringify(process.args[0])
    } is not a WebAssembly module, and no annotation says that it is: ` +
      `it needs the native backend, which is for Linux, and this is ${Deno.build.os}`,
    "unsupported",
  );
}
