/** Changes of nf_tables, each made as a whole or not at all. @module */
import { EAFNOSUPPORT, EINVAL, ENOENT, EOPNOTSUPP, EPROTONOSUPPORT } from "../../../../fs/abi/errno.ts";
import type { Netlink, Request } from "../conversation.ts";
import { NetlinkError } from "../error.ts";
import * as nf from "./numbers.ts";

/** Bytes of struct nfgenmsg. */
export const NFGENMSG = 4;

/** struct nfgenmsg: the family, the version, and a number in the network's order. */
export function nfgenmsg(family: number, id = 0): Uint8Array {
  return Uint8Array.of(family, 0, id >> 8, id & 0xff);
}

/** The kernel's refusal, with what it means where a part of the kernel is missing. */
function explain(error: unknown): unknown {
  if (!(error instanceof NetlinkError)) return error;
  const missing = [EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT, EINVAL, ENOENT];
  if (error.said !== undefined || !missing.includes(error.errno)) return error;
  return new Error(`${error.message}: this kernel has no nf_tables, or not all of it that is needed here`, {
    cause: error,
  });
}

/** Makes changes. Throws a NetlinkError. */
export function change(netlink: Netlink, what: string, requests: readonly Request[]): void {
  const payload = [nfgenmsg(0, nf.NFNL_SUBSYS_NFTABLES)];
  const [begin, end] = [nf.NFNL_MSG_BATCH.BEGIN, nf.NFNL_MSG_BATCH.END].map((type) => ({
    ...{ what, type, payload },
  }));
  netlink.batch(begin!, requests, end!);
}

/** Makes changes, with an error that says what it means if the kernel knows nothing of them. `open` gives the socket. */
export function changeOrExplain(open: () => Netlink, what: string, requests: readonly Request[]): void {
  try {
    change(open(), what, requests);
  } catch (error) {
    throw explain(error);
  }
}
