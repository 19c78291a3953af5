/**
 * WasmEdge's socket extension: functions in the module wasi_snapshot_preview1 beside preview1's own. There are two generations, which share
 * names: a function is told by its name and the number of its parameters (all are 32 bits), as WasmEdge itself does.
 * @module
 */
import type { BlockingFunction, PlainFunction } from "../shim.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { SupportedFunction } from "../wasi_p1/interface.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { addrinfo } from "./addrinfo.ts";
import { connections } from "./connection.ts";
import { options } from "./options.ts";
import { transfers } from "./transfer.ts";

/** A function of the extension. */
export interface WasmEdgeFunction extends SupportedFunction {
  /** What does it: a name in the sets of this folder, or of preview1 for those that are the same there. */
  readonly does: string;
}

const i = (n: number): "i32"[] => new Array(n).fill("i32");
const f = (
  name: string,
  params: number,
  does: string,
  more: Partial<SupportedFunction> = {},
): WasmEdgeFunction => ({
  name,
  params: i(params),
  does,
  ...more,
});
const BLOCKS = { blocks: true };
const OPTION_NOTE = {
  note:
    "the level is SOL_SOCKET; SO_BINDTODEVICE is noprotoopt; DONTROUTE, KEEPALIVE and OOBINLINE are kept and have no effect",
};
const RECV_NOTE = {
  note: "peek fills the first buffer only",
};

/** Every function, in every shape it has. */
export const WASMEDGE: readonly WasmEdgeFunction[] = [
  f("sock_open", 3, "open"),
  f("sock_open_v2", 3, "open"),
  f("sock_bind", 3, "bind"),
  f("sock_bind_v2", 3, "bind"),
  f("sock_listen", 2, "listen"),
  f("sock_listen_v2", 2, "listen"),
  f("sock_accept", 2, "accept1", BLOCKS),
  f("sock_accept_v2", 3, "accept2", BLOCKS),
  f("sock_connect", 3, "connect", BLOCKS),
  f("sock_connect_v2", 3, "connect", BLOCKS),
  f("sock_recv_v2", 6, "sock_recv", { ...BLOCKS, ...RECV_NOTE }),
  f("sock_recv_from", 7, "recvFrom1", { ...BLOCKS, ...RECV_NOTE }),
  f("sock_recv_from", 8, "recvFrom2", { ...BLOCKS, ...RECV_NOTE }),
  f("sock_recv_from_v2", 8, "recvFrom2", { ...BLOCKS, ...RECV_NOTE }),
  f("sock_send_v2", 5, "sock_send", BLOCKS),
  f("sock_send_to", 7, "sendTo", BLOCKS),
  f("sock_send_to_v2", 7, "sendTo", BLOCKS),
  f("sock_getlocaladdr", 4, "local1"),
  f("sock_getlocaladdr", 3, "local2"),
  f("sock_getlocaladdr_v2", 3, "local2"),
  f("sock_getpeeraddr", 4, "peer1"),
  f("sock_getpeeraddr", 3, "peer2"),
  f("sock_getpeeraddr_v2", 3, "peer2"),
  f("sock_getsockopt", 5, "getsockopt", OPTION_NOTE),
  f("sock_setsockopt", 5, "setsockopt", OPTION_NOTE),
  f("sock_getaddrinfo", 8, "getaddrinfo", {
    ...BLOCKS,
    note: "services are numbers or the common names; canonical names are the name that was asked",
  }),
];

/** Types of imported functions by name: the first byte of each value type. */
export type ImportTypes = ReadonlyMap<
  string,
  { readonly params: readonly number[]; readonly results: readonly number[] }
>;

const I32 = 0x7f;

/** Functions of the extension that a module imports, told by their types. */
export function wasmedgeFunctions(types: ImportTypes): readonly WasmEdgeFunction[] {
  return WASMEDGE.filter(({ name, params }) => {
    const type = types.get(name);
    return type !== undefined && type.params.length === params.length && type.params.every((t) =>
      t === I32
    ) &&
      type.results.length === 1 && type.results[0] === I32;
  });
}

/** These functions for one process, by their names; `preview1` are those that are the same there. */
export function wasmedgeSet(
  p: WasiProcess,
  functions: readonly WasmEdgeFunction[],
  preview1: FunctionSet,
): FunctionSet {
  const sets = [preview1, connections(p), transfers(p), options(p), addrinfo(p)];
  const all = Object.assign({}, ...sets.map((s) => s.plain)) as Record<string, PlainFunction>;
  const waiting = Object.assign({}, ...sets.map((s) => s.blocking)) as Record<string, BlockingFunction>;
  const plain: Record<string, PlainFunction> = {}, blocking: Record<string, BlockingFunction> = {};
  for (const { name, does, blocks } of functions) {
    plain[name] = all[does]!;
    if (blocks) blocking[name] = waiting[does]!;
  }
  return { plain, blocking };
}
