/**
 * Trees of a Linux host through its C library. Every name is resolved in a directory that is open, one component at a time, and no symbolic
 * link is ever followed by the kernel: whatever another process does to the tree meanwhile, nothing outside is reached.
 * @module
 */
import { ENODATA } from "../../../fs/abi/errno.ts";
import { bytesToName } from "../../../fs/abi/name.ts";
import { isDir, isLnk, isReg } from "../../../fs/abi/mode.ts";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
} from "../../../fs/abi/open.ts";
import { cString, failed, type Libc, libc } from "./libc.ts";
import { LinuxFile, LinuxReader, readXattrs, setByDescriptor, timespecs, xattrFailed } from "./linux_file.ts";
import { statOf } from "./linux_stat.ts";
import {
  type HostAttributes,
  type HostDirectory,
  HostError,
  type HostFile,
  type HostReader,
  type HostStat,
  type HostTree,
} from "./types.ts";

/** The two flags that differ between processors (asm/fcntl.h). */
const ARM = Deno.build.arch === "aarch64";
const O_DIRECTORY = ARM ? 0o40000 : 0o200000, O_NOFOLLOW = ARM ? 0o100000 : 0o400000;
const OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

const link = new Uint8Array(4096);
const dents = new Uint8Array(65536), dentsView = new DataView(dents.buffer);

class LinuxDirectory implements HostDirectory {
  constructor(readonly lib: Libc, readonly fd: number, readonly path: string) {}

  #what(name: string | undefined): string {
    if (name === undefined) return this.path === "" ? "the root directory" : this.path;
    return this.path === "" ? name : `${this.path}/${name}`;
  }
  #check(result: number | bigint, doing: string, name: string): void {
    if (result < 0) throw failed(this.lib, `${doing} ${this.#what(name)}`);
  }

  stat(name = ""): HostStat | null {
    return statOf(this.lib, this.fd, name, this.#what(name));
  }
  open(name: string): LinuxDirectory {
    const fd = this.lib.c.openat(this.fd, cString(name), OPEN_DIRECTORY, 0);
    this.#check(fd, "opening", name);
    return new LinuxDirectory(this.lib, fd, this.#what(name));
  }
  names(): string[] {
    const { lib } = this;
    // A descriptor of its own: reading a directory moves a position.
    const fd = lib.c.openat(this.fd, cString("."), OPEN_DIRECTORY, 0);
    if (fd < 0) throw failed(lib, `reading ${this.#what(undefined)}`);
    const names: string[] = [];
    try {
      for (;;) {
        const length = Number(lib.c.getdents64(fd, dents, BigInt(dents.length)));
        if (length < 0) throw failed(lib, `reading ${this.#what(undefined)}`);
        if (length === 0) return names;
        for (let at = 0; at < length;) {
          const size = dentsView.getUint16(at + 16, true);
          const name = bytesToName(dents.subarray(at + 19, dents.indexOf(0, at + 19)));
          if (name !== "." && name !== "..") names.push(name);
          at += size;
        }
      }
    } finally {
      lib.c.close(fd);
    }
  }
  readlink(name: string): string {
    const length = Number(this.lib.c.readlinkat(this.fd, cString(name), link, BigInt(link.length)));
    this.#check(length, "reading the link", name);
    return bytesToName(link.slice(0, length));
  }
  mkdir(name: string, mode: number): void {
    this.#check(this.lib.c.mkdirat(this.fd, cString(name), mode), "making directory", name);
  }
  symlink(name: string, target: string): void {
    this.#check(this.lib.c.symlinkat(cString(target), this.fd, cString(name, 1)), "making the link", name);
  }
  link(name: string, from: LinuxDirectory, fromName: string): void {
    const result = this.lib.c.linkat(from.fd, cString(fromName), this.fd, cString(name, 1), 0);
    this.#check(result, `linking ${JSON.stringify(from.#what(fromName))} as`, name);
  }
  mknod(name: string, mode: number, rdev: number): void {
    this.#check(
      this.lib.c.mknodat(this.fd, cString(name), mode, BigInt(rdev)),
      "making device or FIFO",
      name,
    );
  }
  remove(name: string, directory: boolean): void {
    this.#check(this.lib.c.unlinkat(this.fd, cString(name), directory ? AT_REMOVEDIR : 0), "removing", name);
  }
  create(name: string): HostFile {
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const fd = this.lib.c.openat(this.fd, cString(name), flags, 0o600);
    this.#check(fd, "making", name);
    return new LinuxFile(this.lib, fd, this.#what(name));
  }
  read(name: string): HostReader {
    // A FIFO must not be waited for and a device not be opened: look at the inode first, then open that very one.
    const { c } = this.lib;
    const doing = `reading ${this.#what(name)}`;
    const found = c.openat(this.fd, cString(name), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (found < 0) throw failed(this.lib, doing);
    try {
      const stat = statOf(this.lib, found, "", this.#what(name));
      if (stat === null || !isReg(stat.mode)) throw new HostError(doing, "EINVAL", "not a regular file");
      const fd = c.openat(AT_FDCWD, cString(`/proc/self/fd/${found}`), O_RDONLY | O_CLOEXEC, 0);
      if (fd < 0) throw failed(this.lib, doing);
      return new LinuxReader(this.lib, fd, this.#what(name));
    } finally {
      c.close(found);
    }
  }
  set(name: string | undefined, attributes: HostAttributes, lost: (attribute: string) => void): void {
    if (name === undefined) return setByDescriptor(this.lib, this.fd, this.#what(name), attributes, lost);
    const stat = this.stat(name);
    if (stat !== null && isDir(stat.mode)) {
      const dir = this.open(name);
      try {
        dir.set(undefined, attributes, lost);
      } finally {
        dir.close();
      }
    } else this.#setSpecial(name, stat !== null && isLnk(stat.mode), attributes, lost);
  }

  /** Links, devices and FIFOs, which cannot be opened; /proc leads to the very inode that an O_PATH descriptor holds. */
  #setSpecial(
    name: string,
    isLink: boolean,
    { owner, mode, mtime, xattrs }: HostAttributes,
    lost: (attribute: string) => void,
  ): void {
    const { c } = this.lib;
    if (owner !== undefined) {
      const result = c.fchownat(this.fd, cString(name), owner[0], owner[1], AT_SYMLINK_NOFOLLOW);
      this.#check(result, "changing the owner of", name);
    }
    for (const [key, value] of xattrs ?? []) {
      const path = cString(`/proc/self/fd/${this.fd}/${name}`);
      if (c.lsetxattr(path, cString(key, 1), value as Uint8Array<ArrayBuffer>, BigInt(value.length), 0) < 0) {
        xattrFailed(this.lib, key, this.#what(name), lost);
      }
    }
    if (mode !== undefined && !isLink) {
      const fd = c.openat(this.fd, cString(name), O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
      this.#check(fd, "opening", name);
      try {
        this.#check(c.chmod(cString(`/proc/self/fd/${fd}`), mode), "changing the mode of", name);
      } finally {
        c.close(fd);
      }
    }
    if (mtime !== undefined) {
      const result = c.utimensat(this.fd, cString(name), timespecs(mtime), AT_SYMLINK_NOFOLLOW);
      this.#check(result, "setting the time of", name);
    }
  }

  xattrs(name?: string): Map<string, Uint8Array> {
    const { c } = this.lib;
    if (name === undefined) {
      return readXattrs(
        this.lib,
        this.#what(name),
        (buffer) => Number(c.flistxattr(this.fd, buffer, BigInt(buffer.length))),
        (key, buffer) => Number(c.fgetxattr(this.fd, cString(key), buffer, BigInt(buffer.length))),
      );
    }
    const path = `/proc/self/fd/${this.fd}/${name}`;
    return readXattrs(
      this.lib,
      this.#what(name),
      (buffer) => Number(c.llistxattr(cString(path), buffer, BigInt(buffer.length))),
      (key, buffer) => Number(c.lgetxattr(cString(path), cString(key, 1), buffer, BigInt(buffer.length))),
    );
  }
  removeXattr(attribute: string): void {
    if (this.lib.c.fremovexattr(this.fd, cString(attribute)) < 0 && this.lib.errno() !== ENODATA) {
      throw failed(this.lib, `removing attribute ${attribute} of ${this.#what(undefined)}`);
    }
  }
  close(): void {
    this.lib.c.close(this.fd);
  }
}

/** Opens the directory at `path` of the host; null where the C library cannot be called. The path itself may lead through links. */
export function openLinuxTree(path: string): HostTree | null {
  const lib = libc();
  if (lib === null) return null;
  const fd = lib.c.openat(AT_FDCWD, cString(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) throw failed(lib, `opening ${path}`);
  return { root: new LinuxDirectory(lib, fd, ""), limits: { full: true, folds: false } };
}
