/**
 * Copying a tree from one directory to another: what tmpcopyup fills a tmpfs with. Every name is opened below its directory's descriptor, and
 * no link is followed: whoever else can write to the tree leads it nowhere.
 * @module
 */
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../../fs/abi/mode.ts";
import { bytesToName } from "../../../fs/abi/name.ts";
import {
  AT_SYMLINK_NOFOLLOW,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
} from "../../../fs/abi/open.ts";
import { openAt, whileOpen } from "../ffi/descriptors.ts";
import { must, sys, thisMachine } from "../ffi/kernel.ts";

const CHUNK = 64 * 1024, STAT_SIZE = 144, MAX_NAMES = 65536;
/** Where a struct linux_dirent64 has its own length, and its name (man 2 getdents). */
const DIRENT_LENGTH = 16, DIRENT_NAME = 19;

/** What there is to know of a file. */
export interface Stat {
  /** Device that it is on. */
  readonly dev: bigint;
  /** Type and permissions. */
  readonly mode: number;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Device that it is. */
  readonly rdev: bigint;
  /** Of access and of modification: two struct timespec. */
  readonly times: Uint8Array<ArrayBuffer>;
}

/** Looks at a name, and follows no link. */
export function statAt(dir: number, name: string, what: string): Stat {
  const bytes = new Uint8Array(STAT_SIZE), view = new DataView(bytes.buffer);
  must(sys("newfstatat", dir, name, bytes, AT_SYMLINK_NOFOLLOW), what);
  const onArm = thisMachine().architecture === "aarch64";
  return {
    dev: view.getBigUint64(0, true),
    mode: view.getUint32(onArm ? 16 : 24, true),
    uid: view.getUint32(onArm ? 24 : 28, true),
    gid: view.getUint32(onArm ? 28 : 32, true),
    rdev: view.getBigUint64(onArm ? 32 : 40, true),
    times: bytes.slice(72, 104),
  };
}

/** Names in an open directory, whatever bytes they have: Deno's own are text. */
export function namesIn(dir: number, what: string): string[] {
  const names: string[] = [], bytes = new Uint8Array(CHUNK), view = new DataView(bytes.buffer);
  for (;;) {
    const length = must(sys("getdents64", dir, bytes, bytes.length), what);
    if (length === 0) return names;
    for (let at = 0; at < length; at += view.getUint16(at + DIRENT_LENGTH, true)) {
      const from = at + DIRENT_NAME, name = bytesToName(bytes.subarray(from, bytes.indexOf(0, from)));
      if (name !== "." && name !== "..") names.push(name);
    }
  }
}

/** Extended attributes; what the target cannot have is left out. */
function copyAttributes(from: number, to: number): void {
  const names = new Uint8Array(MAX_NAMES), value = new Uint8Array(MAX_NAMES);
  const n = sys("flistxattr", from, names, names.length);
  for (const name of n <= 0 ? [] : new TextDecoder().decode(names.subarray(0, n - 1)).split("\0")) {
    const size = sys("fgetxattr", from, name, value, value.length);
    if (size >= 0) sys("fsetxattr", to, name, value, size, 0);
  }
}

function copyFile(from: number, to: number, name: string, what: string): void {
  whileOpen((own) => {
    const source = own(openAt(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, what));
    const target = own(openAt(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, what, 0o600));
    const chunk = new Uint8Array(CHUNK);
    for (;;) {
      const n = must(sys("read", source.fd, chunk, chunk.length), what);
      if (n === 0) break;
      for (let at = 0; at < n;) at += must(sys("write", target.fd, chunk.slice(at, n), n - at), what);
    }
    copyAttributes(source.fd, target.fd);
  });
}

/** Where a symbolic link leads to. */
export function readLinkAt(dir: number, name: string, what: string): string {
  const target = new Uint8Array(4096);
  const n = must(sys("readlinkat", dir, name, target, target.length), what);
  return bytesToName(target.subarray(0, n));
}

function copyLink(from: number, to: number, name: string, what: string): void {
  must(sys("symlinkat", readLinkAt(from, name, what), to, name), what);
}

function copyEntry(from: number, to: number, name: string, device: bigint, doing: string): void {
  const what = `${doing}: ${name}`, stat = statAt(from, name, what), type = stat.mode & S_IFMT;
  if (type === S_IFDIR) {
    must(sys("mkdirat", to, name, 0o700), what);
    if (stat.dev === device) {
      whileOpen((own) => {
        const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
        copyBelow(
          own(openAt(from, name, flags, what)).fd,
          own(openAt(to, name, flags, what)).fd,
          device,
          what,
        );
      });
    }
  } else if (type === S_IFREG) copyFile(from, to, name, what);
  else if (type === S_IFLNK) copyLink(from, to, name, what);
  else must(sys("mknodat", to, name, stat.mode, stat.rdev), what);
  must(sys("fchownat", to, name, stat.uid, stat.gid, AT_SYMLINK_NOFOLLOW), what);
  if (type !== S_IFLNK) must(sys("fchmodat", to, name, stat.mode & 0o7777), what);
  must(sys("utimensat", to, name, stat.times, AT_SYMLINK_NOFOLLOW), what);
}

function copyBelow(from: number, to: number, device: bigint, what: string): void {
  for (const name of namesIn(from, what)) copyEntry(from, to, name, device, what);
  copyAttributes(from, to);
}

/** Copies what is below a directory, other mounts left out, with owners, permissions, attributes and times. */
export function copyTree(from: number, to: number, what: string): void {
  whileOpen((own) => {
    const source = own(openAt(from, ".", O_RDONLY | O_DIRECTORY, what));
    const target = own(openAt(to, ".", O_RDONLY | O_DIRECTORY, what));
    const stat = statAt(source.fd, ".", what);
    copyBelow(source.fd, target.fd, stat.dev, what);
    must(sys("fchownat", target.fd, ".", stat.uid, stat.gid, 0), what);
    must(sys("fchmodat", target.fd, ".", stat.mode & 0o7777), what);
    must(sys("utimensat", target.fd, ".", stat.times, 0), what);
  });
}
