/** Regular files of a Linux host, by descriptor. @module */
import { ENODATA, ENXIO, EOPNOTSUPP, EPERM, ERANGE } from "../../../fs/abi/errno.ts";
import { SEEK_DATA, SEEK_HOLE } from "../../../fs/abi/open.ts";
import { cString, failed, type Libc } from "./libc.ts";
import { statOf } from "./linux_stat.ts";
import type { HostAttributes, HostFile, HostReader, HostStat } from "./types.ts";

/** access(2) ACLs and file capabilities name the mode and the owner they go with: they come after those. */
const isAcl = (name: string): boolean => name.startsWith("system.posix_acl_");
const UTIME_OMIT = 0x3ffffffen;

const times = new BigInt64Array(4), timesBytes = new Uint8Array(times.buffer);

/** struct timespec[2] that leaves the access time alone. */
export function timespecs([sec, nsec]: readonly [number, number]): Uint8Array<ArrayBuffer> {
  times[0] = 0n;
  times[1] = UTIME_OMIT;
  times[2] = BigInt(sec);
  times[3] = BigInt(nsec);
  return timesBytes;
}

/** Sets attributes of whatever a descriptor (not an O_PATH one) refers to. */
export function setByDescriptor(
  lib: Libc,
  fd: number,
  what: string,
  { owner, mode, mtime, xattrs }: HostAttributes,
  lost: (attribute: string) => void,
): void {
  const { c } = lib;
  if (owner !== undefined && c.fchown(fd, owner[0], owner[1]) < 0) {
    throw failed(lib, `changing the owner of ${what}`);
  }
  const setXattrs = (acl: boolean): void => {
    for (const [name, value] of xattrs ?? []) {
      if (isAcl(name) !== acl) continue;
      if (c.fsetxattr(fd, cString(name), value as Uint8Array<ArrayBuffer>, BigInt(value.length), 0) < 0) {
        xattrFailed(lib, name, what, lost);
      }
    }
  };
  if (xattrs !== undefined) setXattrs(false);
  if (mode !== undefined && c.fchmod(fd, mode) < 0) throw failed(lib, `changing the mode of ${what}`);
  if (xattrs !== undefined) setXattrs(true);
  if (mtime !== undefined && c.futimens(fd, timespecs(mtime)) < 0) {
    throw failed(lib, `setting the time of ${what}`);
  }
}

/** An attribute that this filesystem has not, or this user may not set, is lost; anything else is an error. */
export function xattrFailed(lib: Libc, name: string, what: string, lost: (attribute: string) => void): void {
  const errno = lib.errno();
  if (errno !== EOPNOTSUPP && errno !== EPERM) throw failed(lib, `setting attribute ${name} of ${what}`);
  lost(name);
}

const decoder = new TextDecoder();

/** Extended attributes, read by two functions that fill a buffer (man 2 listxattr, getxattr). */
export function readXattrs(
  lib: Libc,
  what: string,
  list: (buffer: Uint8Array<ArrayBuffer>) => number,
  get: (name: string, buffer: Uint8Array<ArrayBuffer>) => number,
): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const length = list(buffer);
  if (length < 0) {
    if (lib.errno() === EOPNOTSUPP) return found;
    throw failed(lib, `listing the attributes of ${what}`);
  }
  if (length === 0) return found;
  for (const name of decoder.decode(buffer.slice(0, length)).split("\0")) {
    if (name === "") continue;
    const size = get(name, buffer);
    if (size >= 0) found.set(name, buffer.slice(0, size));
    else if (lib.errno() !== ENODATA && lib.errno() !== ERANGE) {
      throw failed(lib, `reading attribute ${name} of ${what}`);
    }
  }
  return found;
}
/** No list and no value is longer (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
const buffer = new Uint8Array(65536);

/** A file that has just been made. */
export class LinuxFile implements HostFile {
  /** The file behind a descriptor; `what` it is called in messages. */
  constructor(readonly lib: Libc, readonly fd: number, readonly what: string) {}

  /** See HostFile. */
  stat(): HostStat {
    return statOf(this.lib, this.fd, "", this.what)!;
  }
  /** See HostFile. */
  write(bytes: Uint8Array, position: number): void {
    for (let at = 0; at < bytes.length;) {
      const part = at === 0 ? bytes : bytes.subarray(at);
      const n = Number(
        this.lib.c.pwrite(
          this.fd,
          part as Uint8Array<ArrayBuffer>,
          BigInt(part.length),
          BigInt(position + at),
        ),
      );
      if (n < 0) throw failed(this.lib, `writing ${this.what}`);
      at += n;
    }
  }
  /** See HostFile. */
  truncate(size: number): void {
    if (this.lib.c.ftruncate(this.fd, BigInt(size)) < 0) {
      throw failed(this.lib, `making ${this.what} ${size} bytes long`);
    }
  }
  /** See HostFile. */
  set(attributes: HostAttributes, lost: (attribute: string) => void): void {
    setByDescriptor(this.lib, this.fd, this.what, attributes, lost);
  }
  /** See HostFile. */
  close(): void {
    this.lib.c.close(this.fd);
  }
}

/** A file that is read. */
export class LinuxReader implements HostReader {
  /** The file behind a descriptor; `what` it is called in messages. */
  constructor(readonly lib: Libc, readonly fd: number, readonly what: string) {}

  /** See HostReader. */
  stat(): HostStat {
    return statOf(this.lib, this.fd, "", this.what)!;
  }
  /** See HostReader. */
  read(buffer: Uint8Array, position: number): number {
    const n = Number(
      this.lib.c.pread(this.fd, buffer as Uint8Array<ArrayBuffer>, BigInt(buffer.length), BigInt(position)),
    );
    if (n < 0) throw failed(this.lib, `reading ${this.what}`);
    return n;
  }
  #seek(position: number, whence: number): number {
    const at = Number(this.lib.c.lseek(this.fd, BigInt(position), whence));
    if (at >= 0) return at;
    return this.lib.errno() === ENXIO ? -1 : -2;
  }
  /** See HostReader. */
  data(position: number): number {
    const at = this.#seek(position, SEEK_DATA);
    return at === -2 ? position : at;
  }
  /** See HostReader. */
  hole(position: number): number {
    const at = this.#seek(position, SEEK_HOLE);
    return at < 0 ? this.stat().size : at;
  }
  /** See HostReader. */
  close(): void {
    this.lib.c.close(this.fd);
  }
}
