/** The beginning of a file in a tree, as a process would find it whose root that is: openat2(2) follows links inside. @module */
import { EAGAIN, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from "../../../fs/abi/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from "../../../fs/abi/open.ts";
import { isReg } from "../../../fs/abi/mode.ts";
import { MOST_AGAIN } from "../table/record.ts";
import { Descriptor, whileOpen } from "./descriptors.ts";
import { must, sys } from "./kernel.ts";

/** struct statx: where stx_mode is; what is asked for: type and mode. */
const STATX_SIZE = 256, STX_MODE = 28, STATX_TYPE = 1;
/** struct open_how: flags, mode, resolve. */
const HOW = new Uint8Array(
  BigUint64Array.of(BigInt(O_PATH | O_CLOEXEC), 0n, BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)).buffer,
);
/** Nothing is there that could be executed. */
const ABSENT = [ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG];

/**
 * At most `length` bytes of the regular file at `path` in the directory `root`; undefined if there is none. What is no regular file is not opened:
 * that may do something by itself. Throws what else the kernel says.
 */
export function headInside(root: string, path: string, length: number): Uint8Array | undefined {
  const what = `reading ${path} in ${root}`;
  return whileOpen((own) => {
    const opened = (fd: number): number => own(new Descriptor(must(fd, what))).fd;
    const directory = opened(sys("openat", AT_FDCWD, root, O_PATH | O_CLOEXEC, 0));
    let found = sys("openat2", directory, path, HOW, HOW.length);
    // Somebody has renamed or mounted something meanwhile (man 2 openat2).
    for (let again = 0; found === -EAGAIN && again < MOST_AGAIN; again++) {
      found = sys("openat2", directory, path, HOW, HOW.length);
    }
    if (ABSENT.includes(-found)) return undefined;
    const place = opened(found), stat = new Uint8Array(STATX_SIZE);
    must(sys("statx", place, "", AT_EMPTY_PATH, STATX_TYPE, stat), what);
    if (!isReg(new DataView(stat.buffer).getUint16(STX_MODE, true))) return undefined;
    const file = opened(
      sys("openat", AT_FDCWD, `/proc/self/fd/${place}`, O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0),
    );
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, must(sys("read", file, bytes, length), what));
  });
}
