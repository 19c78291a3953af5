/**
 * The two preview1 interfaces as tables: every function with its parameters, what is supported, and the pieces that
 * differ between `wasi_snapshot_preview1` and `wasi_unstable`. docs/SUPPORT.md is generated from it.
 * @module
 */
import { SEEK_CUR, SEEK_END, SEEK_SET } from "../../../../fs/abi/open.ts";
import { assembleShim, connectShim, type PlainFunction, type ShimFunction } from "../shim.ts";
import { fdIo, type FunctionSet } from "./fd_io.ts";
import { fdMeta } from "./fd_meta.ts";
import { paths } from "./path.ts";
import { polling, SUBSCRIPTION_P1, SUBSCRIPTION_UNSTABLE } from "./poll.ts";
import { proc } from "./proc.ts";
import type { WasiProcess } from "./process.ts";
import { sockets } from "./sock.ts";
import { FILESTAT_P1, FILESTAT_UNSTABLE } from "./stat.ts";

/** One function and how far it goes. */
export interface SupportedFunction extends ShimFunction {
  /** What is partial; absent where everything in preview1.md is there. */
  readonly note?: string;
  /** wasi_unstable does not have it. */
  readonly isNew?: true;
}

/** All 46 functions of wasi_snapshot_preview1. */
export const PREVIEW1: readonly SupportedFunction[] = [
  { name: "args_get", params: ["i32", "i32"] },
  { name: "args_sizes_get", params: ["i32", "i32"] },
  { name: "environ_get", params: ["i32", "i32"] },
  { name: "environ_sizes_get", params: ["i32", "i32"] },
  { name: "clock_res_get", params: ["i32", "i32"] },
  {
    name: "clock_time_get",
    params: ["i32", "unused", "i32"], // the precision: clocks are always as exact as they can be
    note: "process and thread CPU time count from the process's start",
  },
  {
    name: "fd_advise",
    params: ["i32", "u64", "u64", "i32"],
    note: "arguments are checked; advice has no effect",
  },
  { name: "fd_allocate", params: ["i32", "u64", "u64"] },
  { name: "fd_close", params: ["i32"] },
  { name: "fd_datasync", params: ["i32"] },
  { name: "fd_fdstat_get", params: ["i32", "i32"] },
  {
    name: "fd_fdstat_set_flags",
    params: ["i32", "i32"],
    note: "append and nonblock; setting dsync, rsync or sync is notsup, as fcntl(2) cannot",
  },
  { name: "fd_fdstat_set_rights", params: ["i32", "lo", "lo"] },
  { name: "fd_filestat_get", params: ["i32", "i32"] },
  { name: "fd_filestat_set_size", params: ["i32", "u64"] },
  { name: "fd_filestat_set_times", params: ["i32", "pair", "pair", "i32"] },
  { name: "fd_pread", params: ["i32", "i32", "i32", "u64", "i32"] },
  { name: "fd_prestat_get", params: ["i32", "i32"] },
  { name: "fd_prestat_dir_name", params: ["i32", "i32", "i32"] },
  { name: "fd_pwrite", params: ["i32", "i32", "i32", "u64", "i32"] },
  { name: "fd_read", params: ["i32", "i32", "i32", "i32"], blocks: true },
  { name: "fd_readdir", params: ["i32", "i32", "i32", "u64", "i32"] },
  { name: "fd_renumber", params: ["i32", "i32"] },
  { name: "fd_seek", params: ["i32", "s64", "i32", "i32"] },
  { name: "fd_sync", params: ["i32"] },
  { name: "fd_tell", params: ["i32", "i32"] },
  { name: "fd_write", params: ["i32", "i32", "i32", "i32"], blocks: true },
  { name: "path_create_directory", params: ["i32", "i32", "i32"] },
  { name: "path_filestat_get", params: ["i32", "i32", "i32", "i32", "i32"] },
  { name: "path_filestat_set_times", params: ["i32", "i32", "i32", "i32", "pair", "pair", "i32"] },
  { name: "path_link", params: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"] },
  {
    name: "path_open",
    params: ["i32", "i32", "i32", "i32", "i32", "lo", "lo", "i32", "i32"],
    blocks: true,
  },
  { name: "path_readlink", params: ["i32", "i32", "i32", "i32", "i32", "i32"] },
  { name: "path_remove_directory", params: ["i32", "i32", "i32"] },
  { name: "path_rename", params: ["i32", "i32", "i32", "i32", "i32", "i32"] },
  { name: "path_symlink", params: ["i32", "i32", "i32", "i32", "i32"] },
  { name: "path_unlink_file", params: ["i32", "i32", "i32"] },
  {
    name: "poll_oneoff",
    params: ["i32", "i32", "i32", "i32"],
    blocks: true,
    interrupts: true,
    note: "CPU-time clocks are notsup; at most 65,536 subscriptions",
  },
  { name: "proc_exit", params: ["i32"], noreturn: true },
  { name: "proc_raise", params: ["i32"], note: "default actions; preview1 has no handlers" },
  { name: "random_get", params: ["i32", "i32"] },
  { name: "sched_yield", params: [], blocks: true },
  { name: "sock_accept", params: ["i32", "i32", "i32"], blocks: true, isNew: true },
  {
    name: "sock_recv",
    params: ["i32", "i32", "i32", "i32", "i32", "i32"],
    blocks: true,
    note: "peek fills the first buffer only",
  },
  { name: "sock_send", params: ["i32", "i32", "i32", "i32", "i32"], blocks: true },
  { name: "sock_shutdown", params: ["i32", "i32"] },
];

/** Import module names of the two generations. */
export type WasiModuleName = "wasi_snapshot_preview1" | "wasi_unstable";

/** wasi_unstable counts whence as current, end, start. */
const UNSTABLE_WHENCE = [SEEK_CUR, SEEK_END, SEEK_SET];

/** The functions that a module of this name has. */
export function functionsOf(name: WasiModuleName): readonly SupportedFunction[] {
  return name === "wasi_unstable" ? PREVIEW1.filter((f) => !f.isNew) : PREVIEW1;
}

/** Shims by the functions they have: modules of one kind share one. */
const shims: Map<string, WebAssembly.Module> = new Map();
/** The same by the set of names a guest module uses: its next process finds it at once. */
const shimsOfUsed: WeakMap<ReadonlySet<string>, WebAssembly.Module> = new WeakMap();

/** The shim that was made for this very set of names. */
export const shimOfUsed = (used: ReadonlySet<string> | undefined): WebAssembly.Module | undefined =>
  used && shimsOfUsed.get(used);

/** The shim for those of `functions` that `used` names. */
export function shimOf(
  key: string,
  functions: readonly ShimFunction[],
  used?: ReadonlySet<string>,
): WebAssembly.Module {
  const wanted = used === undefined ? functions : functions.filter((f) => used.has(f.name));
  const id = `${key} ${wanted.map((f) => f.name).join(" ")}`;
  let shim = shims.get(id);
  if (shim === undefined) shims.set(id, shim = new WebAssembly.Module(assembleShim(wanted)));
  if (used !== undefined) shimsOfUsed.set(used, shim);
  return shim;
}

/** The functions of preview1 for one process, by the name of the module they are imported from. */
export function wasiFunctions(p: WasiProcess, name: WasiModuleName): FunctionSet {
  const unstable = name === "wasi_unstable";
  const layout = unstable ? FILESTAT_UNSTABLE : FILESTAT_P1;
  const sets: FunctionSet[] = [
    fdIo(p),
    fdMeta(p, layout),
    paths(p, layout),
    proc(p),
    polling(p, unstable ? SUBSCRIPTION_UNSTABLE : SUBSCRIPTION_P1),
    sockets(p),
  ];
  const plain = Object.assign({}, ...sets.map((s) => s.plain)) as Record<string, PlainFunction>;
  const blocking = Object.assign({}, ...sets.map((s) => s.blocking)) as FunctionSet["blocking"];
  if (unstable) {
    const seek = plain["fd_seek"]!;
    plain["fd_seek"] = (fd, offset, whence, out) => seek(fd!, offset!, UNSTABLE_WHENCE[whence!] ?? -1, out!);
  }
  return { plain, blocking };
}

/** The functions of `name` for one process, ready to be imported; only those that `used` names, if it is given. */
export function wasiImports(
  p: WasiProcess,
  name: WasiModuleName,
  used?: ReadonlySet<string>,
): WebAssembly.ModuleImports {
  const { plain, blocking } = wasiFunctions(p, name);
  const shim = shimOfUsed(used) ?? shimOf(name, functionsOf(name), used);
  return connectShim(shim, plain, blocking, p);
}
