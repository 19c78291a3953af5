/** Errno numbers of WASI preview1 (preview1.md#errno) and their Linux counterparts. @module */
import { ERRNO, type ErrnoName } from "../../../../fs/abi/errno.ts";

/** Every preview1 errno in its number's place. */
export const WASI_ERRNO_NAMES = [
  "success",
  "2big",
  "acces",
  "addrinuse",
  "addrnotavail",
  "afnosupport",
  "again",
  "already",
  "badf",
  "badmsg",
  "busy",
  "canceled",
  "child",
  "connaborted",
  "connrefused",
  "connreset",
  "deadlk",
  "destaddrreq",
  "dom",
  "dquot",
  "exist",
  "fault",
  "fbig",
  "hostunreach",
  "idrm",
  "ilseq",
  "inprogress",
  "intr",
  "inval",
  "io",
  "isconn",
  "isdir",
  "loop",
  "mfile",
  "mlink",
  "msgsize",
  "multihop",
  "nametoolong",
  "netdown",
  "netreset",
  "netunreach",
  "nfile",
  "nobufs",
  "nodev",
  "noent",
  "noexec",
  "nolck",
  "nolink",
  "nomem",
  "nomsg",
  "noprotoopt",
  "nospc",
  "nosys",
  "notconn",
  "notdir",
  "notempty",
  "notrecoverable",
  "notsock",
  "notsup",
  "notty",
  "nxio",
  "overflow",
  "ownerdead",
  "perm",
  "pipe",
  "proto",
  "protonosupport",
  "prototype",
  "range",
  "rofs",
  "spipe",
  "srch",
  "stale",
  "timedout",
  "txtbsy",
  "xdev",
  "notcapable",
] as const;

/** Success. */
export const SUCCESS = 0;
/** Bad descriptor. */
export const BADF = 8;
/** Pointer outside memory. */
export const FAULT = 21;
/** Bytes that are not UTF-8. */
export const ILSEQ = 25;
/** Interrupted. */
export const INTR = 27;
/** Invalid argument. */
export const INVAL = 28;
/** Not a directory. */
export const NOTDIR = 54;
/** Not a socket. */
export const NOTSOCK = 57;
/** Not supported. */
export const NOTSUP = 58;
/** Result does not fit. */
export const OVERFLOW = 61;
/** Operation not permitted. */
export const PERM = 63;
/** Rights are missing. */
export const NOTCAPABLE = 76;

const IO = 29;
/** What preview1 has no number for: the nearest one. */
const NEAREST: Partial<Record<ErrnoName, string>> = {
  ENODATA: "noent",
  ENOTBLK: "inval",
  EUSERS: "again",
  EOPNOTSUPP: "notsup",
  ETIME: "timedout",
  ESOCKTNOSUPPORT: "protonosupport",
  ETOOMANYREFS: "nfile",
};

const table = new Uint8Array(256).fill(IO);
table[0] = SUCCESS;
for (const [name, value] of Object.entries(ERRNO)) {
  const wasi = WASI_ERRNO_NAMES.indexOf(
    (NEAREST[name as ErrnoName] ?? name.slice(1).toLowerCase()) as typeof WASI_ERRNO_NAMES[number],
  );
  if (wasi >= 0) table[value] = wasi;
}

/** The preview1 errno for a result of the kernel: 0 for zero and positive results. */
export function toWasi(result: number): number {
  return result >= 0 ? SUCCESS : table[-result] ?? IO;
}
