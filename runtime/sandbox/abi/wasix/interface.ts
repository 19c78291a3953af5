/**
 * WASIX as a table: the functions that `wasix_32v1` has beyond preview1, how far each goes, and the shapes that changed between its
 * generations. Modules of 2023 import preview1's functions from it, too. docs/SUPPORT.md is generated from it.
 * @module
 */
import type { Machine } from "../machine.ts";
import { connectShim, type PlainFunction, type ShimParam } from "../shim.ts";
import { NOTSUP } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import { PREVIEW1, shimOf, shimOfUsed, type SupportedFunction, wasiFunctions } from "../wasi_p1/interface.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { descriptors } from "./descriptors.ts";
import { epoll } from "./epoll.ts";
import { forking } from "./fork.ts";
import { processes } from "./processes.ts";
import { socketOptions } from "./socket_options.ts";
import { wasixSockets } from "./sockets.ts";
import { spawning } from "./spawn.ts";
import { type Signatures, WASIX_MODULE } from "./module.ts";
import { threads } from "./threads.ts";

const i = (count: number): ShimParam[] => new Array<ShimParam>(count).fill("i32");

const NO_MULTICAST = "no interface does multicast: nodev";

/** Functions beyond preview1 that do something. */
export const WASIX: readonly SupportedFunction[] = [
  { name: "fd_dup", params: i(2) },
  { name: "fd_dup2", params: i(4) },
  { name: "fd_event", params: ["pair", "i32", "i32"] },
  { name: "fd_pipe", params: i(2), note: "one end reads, the other writes" },
  { name: "fd_fdflags_get", params: i(2) },
  { name: "fd_fdflags_set", params: i(2) },
  { name: "path_open2", params: [...i(5), "lo", "lo", ...i(3)], blocks: true },
  { name: "tty_get", params: i(1) },
  { name: "tty_set", params: i(1) },
  { name: "getcwd", params: i(2) },
  { name: "chdir", params: i(2) },
  {
    name: "callback_signal",
    params: i(2),
    noresult: true,
    note: "the callback gets every signal that is not ignored; fork and setjmp inside it are notsup",
  },
  { name: "thread_sleep", params: ["u64"], blocks: true, interrupts: true },
  { name: "thread_id", params: i(1) },
  { name: "thread_join", params: i(1), note: "a process has one thread" },
  { name: "thread_parallelism", params: i(1), note: "a process has one thread" },
  { name: "thread_signal", params: i(2), note: "a process has one thread" },
  { name: "thread_exit", params: i(1), noreturn: true, note: "a process has one thread" },
  { name: "futex_wait", params: i(4), blocks: true, note: "woken by handlers of signals only" },
  { name: "futex_wake", params: i(2) },
  { name: "futex_wake_all", params: i(2) },
  { name: "stack_checkpoint", params: i(2), note: "with the guest's own asyncify exports, else notsup" },
  {
    name: "stack_restore",
    params: ["i32", "pair"],
    noreturn: true,
    unwinds: true,
    note: "the 4,096 newest checkpoints; SIGABRT without one",
  },
  { name: "proc_raise_interval", params: ["i32", "pair", "i32"] },
  {
    name: "proc_fork",
    params: i(2),
    note: "with the guest's own asyncify exports, else notsup; vfork copies the memory too",
  },
  { name: "proc_fork_env", params: i(1), note: "as proc_fork" },
  { name: "proc_exit2", params: i(1), noreturn: true },
  {
    name: "proc_exec",
    params: i(4),
    noreturn: true,
    blocks: true,
    note: "ends with 127 or 126 when it fails",
  },
  {
    name: "proc_exec2",
    params: i(6),
    noreturn: true,
    blocks: true,
    note: "ends with 127 or 126 when it fails",
  },
  { name: "proc_exec3", params: i(9), blocks: true },
  {
    name: "proc_spawn",
    params: i(13),
    blocks: true,
    note: "chroot, preopens, piped and logged standard streams are notsup",
  },
  { name: "proc_spawn2", params: i(14), blocks: true },
  { name: "proc_id", params: i(1) },
  { name: "proc_parent", params: i(2) },
  { name: "proc_join", params: i(3), blocks: true },
  { name: "proc_signal", params: i(2) },
  { name: "proc_signals_get", params: i(1) },
  { name: "proc_signals_sizes_get", params: i(1) },
  { name: "sock_status", params: i(2) },
  { name: "sock_addr_local", params: i(2) },
  { name: "sock_addr_peer", params: i(2) },
  { name: "sock_open", params: i(4) },
  { name: "sock_pair", params: i(5) },
  { name: "sock_set_opt_flag", params: i(3), note: "promiscuous is noprotoopt" },
  { name: "sock_get_opt_flag", params: i(3), note: "promiscuous is noprotoopt" },
  { name: "sock_set_opt_time", params: i(3) },
  { name: "sock_get_opt_time", params: i(3) },
  { name: "sock_set_opt_size", params: ["i32", "i32", "u64"] },
  { name: "sock_get_opt_size", params: i(3) },
  { name: "sock_join_multicast_v4", params: i(3), note: NO_MULTICAST },
  { name: "sock_leave_multicast_v4", params: i(3), note: NO_MULTICAST },
  { name: "sock_join_multicast_v6", params: i(3), note: NO_MULTICAST },
  { name: "sock_leave_multicast_v6", params: i(3), note: NO_MULTICAST },
  { name: "sock_bind", params: i(2) },
  { name: "sock_listen", params: i(2) },
  { name: "sock_accept_v2", params: i(4), blocks: true },
  { name: "sock_connect", params: i(2), blocks: true },
  { name: "sock_recv_from", params: i(7), blocks: true },
  { name: "sock_send_to", params: i(6), blocks: true },
  { name: "sock_send_file", params: ["i32", "i32", "u64", "u64", "i32"], blocks: true },
  { name: "resolve", params: i(6), blocks: true },
  { name: "epoll_create", params: i(1) },
  { name: "epoll_ctl", params: i(4) },
  { name: "epoll_wait", params: ["i32", "i32", "i32", "u64", "i32"], blocks: true, interrupts: true },
];

/** Functions of the generation of 2023 that later ones do not have. */
export const WASIX_2023: readonly SupportedFunction[] = [
  { name: "thread_local_create", params: ["pair", "i32"] },
  { name: "thread_local_destroy", params: i(1) },
  { name: "thread_local_set", params: ["i32", "pair"] },
  { name: "thread_local_get", params: i(2) },
];

/** Functions that answer notsup, and why. */
export const WASIX_UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  "the time is the host's": ["clock_time_set"],
  "a process has one thread": ["thread_spawn_v2", "thread_spawn"],
  "processes are not written to files": ["proc_snapshot"],
  "interfaces and routes are the container's": [
    ...[
      "port_bridge",
      "port_unbridge",
      "port_dhcp_acquire",
      "port_addr_add",
      "port_addr_remove",
      "port_addr_clear",
    ],
    ...[
      "port_mac",
      "port_addr_list",
      "port_gateway_set",
      "port_route_add",
      "port_route_remove",
      "port_route_clear",
    ],
    "port_route_list",
  ],
  "programs are linked statically": [
    ...[
      "dl_invalid_handle",
      "dlopen",
      "dlsym",
      "call_dynamic",
      "closure_prepare",
      "closure_allocate",
      "closure_free",
    ],
    "reflect_signature",
  ],
  "a program has one stack": ["context_create", "context_switch", "context_destroy"],
  "requests are for the guest to make": ["http_request", "http_status", "ws_connect"],
};

const UNSUPPORTED: ReadonlySet<string> = new Set(Object.values(WASIX_UNSUPPORTED).flat());

const I64 = 0x7e;

/** A function that answers notsup, in whatever shape the guest imports it. */
function unsupported(name: string, signatures: Signatures): SupportedFunction {
  const { params, results } = signatures.get(name) ?? { params: [], results: [0x7f] };
  const shape = params.map((type): ShimParam => type === I64 ? "unused" : "i32");
  return { name, params: shape, ...results.length === 0 ? { noresult: true } : {} };
}

/** proc_join of 2023: without flags. */
const joinsPlainly = (signatures: Signatures): boolean => signatures.get("proc_join")?.params.length === 2;

/** The functions that a module with these imports is given. */
export function wasixFunctions(signatures: Signatures): readonly SupportedFunction[] {
  const own = [...WASIX, ...WASIX_2023];
  const known = new Set(own.map((f) => f.name));
  return [
    ...own.map((f) => f.name === "proc_join" && joinsPlainly(signatures) ? { ...f, params: i(2) } : f),
    ...PREVIEW1.filter((f) => !known.has(f.name)),
    ...[...signatures.keys()].filter((name) => UNSUPPORTED.has(name)).map((name) =>
      unsupported(name, signatures)
    ),
  ];
}

/** The shim for the functions that `used` names, in the shapes of this guest's generation. */
function shimFor(signatures: Signatures, used: ReadonlySet<string>): WebAssembly.Module {
  const key = joinsPlainly(signatures) ? "wasix of 2023" : WASIX_MODULE;
  const shapes = [...signatures].filter(([name]) => UNSUPPORTED.has(name))
    .map(([name, { params, results }]) => `${name}(${params})${results}`);
  return shimOf([key, ...shapes].join(" "), wasixFunctions(signatures), used);
}

const PREVIEW1_NAMES: ReadonlySet<string> = new Set(PREVIEW1.map((f) => f.name));
const NOTHING: FunctionSet = { plain: {}, blocking: {} };

const refused: Record<string, PlainFunction> = {};
for (const name of UNSUPPORTED) refused[name] = () => NOTSUP;

/** The functions of WASIX for one process, ready to be imported: those that `used` names. */
export function wasixImports(
  p: WasiProcess,
  machine: Machine,
  signatures: Signatures,
  used: ReadonlySet<string>,
): WebAssembly.ModuleImports {
  // Processes are many and short: what a guest has no use for is not made.
  const uses = (test: (name: string) => boolean): boolean => [...used].some(test);
  const opens = uses((name) => PREVIEW1_NAMES.has(name) || name === "path_open2");
  const preview1 = opens ? wasiFunctions(p, "wasi_snapshot_preview1") : NOTHING;
  const sockets = uses((name) => name.startsWith("sock_") || name === "resolve");
  const sets: FunctionSet[] = [
    preview1,
    descriptors(p, preview1),
    processes(p, machine, joinsPlainly(signatures)),
    forking(p, machine),
    spawning(p),
    threads(p),
    ...uses((name) => name.startsWith("epoll_")) ? [epoll(p)] : [],
    ...sockets ? [wasixSockets(p), socketOptions(p)] : [],
  ];
  const plain: Record<string, PlainFunction> = Object.assign({}, refused, ...sets.map((s) => s.plain));
  const blocking: FunctionSet["blocking"] = Object.assign({}, ...sets.map((s) => s.blocking));
  return connectShim(shimOfUsed(used) ?? shimFor(signatures, used), plain, blocking, p);
}
