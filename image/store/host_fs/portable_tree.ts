/**
 * Trees of any host through Deno alone. Before every step each component on the way is looked at, so that no link planted in the tree is
 * followed; unlike linux_tree.ts this is no protection against another process that changes the tree at that very moment.
 * @module
 */
import {
  isBlk,
  isChr,
  isDir,
  isFifo,
  isReg,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
} from "../../../fs/abi/mode.ts";
import {
  type HostAttributes,
  type HostDirectory,
  HostError,
  type HostFile,
  type HostLimits,
  type HostReader,
  type HostStat,
  type HostTree,
} from "./types.ts";

const WINDOWS = Deno.build.os === "windows";
/** Names that Windows gives another meaning: devices, streams, and what it would cut off. */
// deno-lint-ignore no-control-regex
const NOT_ON_WINDOWS = /[\x00-\x1f<>:"|?*\\]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  if (error instanceof Deno.errors.NotFound) return "ENOENT";
  return error instanceof Deno.errors.AlreadyExists ? "EEXIST" : "EIO";
}

function attempt<T>(doing: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof HostError) throw error;
    throw new HostError(doing, codeOf(error), (error as Error).message);
  }
}

function typeBits(info: Deno.FileInfo): number {
  if (info.isSymlink) return S_IFLNK;
  if (info.isDirectory) return S_IFDIR;
  if (info.isFifo) return S_IFIFO;
  if (info.isBlockDevice) return S_IFBLK;
  return info.isCharDevice ? S_IFCHR : S_IFREG;
}

function statOf(info: Deno.FileInfo): HostStat {
  const type = typeBits(info);
  const permissions = info.mode === null ? (type === S_IFDIR ? 0o755 : 0o644) : info.mode & 0o7777;
  const time = (date: Date | null): [number, number] => {
    const ms = date?.getTime() ?? 0, sec = Math.floor(ms / 1000);
    return [sec, Math.round(ms - sec * 1000) * 1e6];
  };
  const [mtimeSec, mtimeNsec] = time(info.mtime), [ctimeSec, ctimeNsec] = time(info.ctime);
  return {
    mode: type | permissions,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    size: info.size,
    blocks: info.blocks ?? Math.ceil(info.size / 512),
    rdev: info.rdev ?? 0,
    nlink: info.nlink ?? 1,
    ino: info.ino ?? 0,
    dev: info.dev,
    ...{ mtimeSec, mtimeNsec, ctimeSec, ctimeNsec },
  };
}

class PortableFile implements HostFile, HostReader {
  constructor(readonly file: Deno.FsFile, readonly path: string, readonly what: string) {}

  stat(): HostStat {
    return attempt(`looking at ${this.what}`, () => statOf(this.file.statSync()));
  }
  write(bytes: Uint8Array, position: number): void {
    attempt(`writing ${this.what}`, () => {
      this.file.seekSync(position, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += this.file.writeSync(bytes.subarray(at));
    });
  }
  truncate(size: number): void {
    attempt(`making ${this.what} ${size} bytes long`, () => this.file.truncateSync(size));
  }
  set(attributes: HostAttributes, lost: (attribute: string) => void): void {
    const { mode, mtime, owner, xattrs } = attributes;
    if (owner !== undefined && (owner[0] !== 0 || owner[1] !== 0)) lost("owner");
    for (const name of xattrs?.keys() ?? []) lost(name);
    // Deno changes a mode by path only; the file is still where it was made unless somebody else is at work here.
    if (mode !== undefined && !WINDOWS) {
      attempt(`changing the mode of ${this.what}`, () => Deno.chmodSync(this.path, mode));
    }
    if (mtime !== undefined) {
      attempt(`setting the time of ${this.what}`, () => this.file.utimeSync(seconds(mtime), seconds(mtime)));
    }
  }
  read(buffer: Uint8Array, position: number): number {
    return attempt(`reading ${this.what}`, () => {
      this.file.seekSync(position, Deno.SeekMode.Start);
      return this.file.readSync(buffer) ?? 0;
    });
  }
  data(position: number): number {
    return position;
  }
  hole(): number {
    return this.stat().size;
  }
  close(): void {
    this.file.close();
  }
}

const seconds = ([sec, nsec]: readonly [number, number]): Date =>
  new Date(sec * 1000 + Math.floor(nsec / 1e6));

class PortableDirectory implements HostDirectory {
  constructor(readonly root: string, readonly parts: readonly string[]) {}

  #what(name: string | undefined): string {
    const path = [...this.parts, ...(name === undefined ? [] : [name])].join("/");
    return path === "" ? "the root directory" : path;
  }

  /** The host's path of an entry, every component before it having been looked at. */
  #path(name: string | undefined, doing: string): string {
    let path = this.root;
    for (const part of this.parts) {
      path += `/${part}`;
      if (!Deno.lstatSync(path).isDirectory) {
        throw new HostError(`${doing} ${this.#what(name)}`, "ENOTDIR", `${part} is no longer a directory`);
      }
    }
    if (name === undefined) return path;
    if (/[/\0]/.test(name) || name === "" || name === "." || name === "..") {
      throw new HostError(`${doing} ${this.#what(name)}`, "EINVAL", "not a name");
    }
    if (/[\udc80-\udcff](?<![\ud800-\udbff][\udc00-\udfff])/.test(name)) {
      throw new HostError(
        `${doing} ${this.#what(name)}`,
        "EILSEQ",
        "the name is not UTF-8, which this host requires",
      );
    }
    if (WINDOWS && NOT_ON_WINDOWS.test(name)) {
      throw new HostError(
        `${doing} ${this.#what(name)}`,
        "EINVAL",
        "Windows cannot have a file of this name",
      );
    }
    return `${path}/${name}`;
  }

  #do<T>(doing: string, name: string | undefined, call: (path: string) => T): T {
    return attempt(`${doing} ${this.#what(name)}`, () => call(this.#path(name, doing)));
  }

  stat(name?: string): HostStat | null {
    try {
      return this.#do("looking at", name, (path) => statOf(Deno.lstatSync(path)));
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as HostError).code)) return null;
      throw error;
    }
  }
  open(name: string): HostDirectory {
    const stat = this.stat(name);
    if (stat === null || !isDir(stat.mode)) {
      throw new HostError(
        `opening ${this.#what(name)}`,
        stat === null ? "ENOENT" : "ENOTDIR",
        "not a directory",
      );
    }
    return new PortableDirectory(this.root, [...this.parts, name]);
  }
  names(): string[] {
    return this.#do("reading", undefined, (path) => [...Deno.readDirSync(path)].map((entry) => entry.name));
  }
  readlink(name: string): string {
    return this.#do("reading the link", name, (path) => Deno.readLinkSync(path));
  }
  mkdir(name: string, mode: number): void {
    this.#do("making directory", name, (path) => Deno.mkdirSync(path, { mode }));
  }
  symlink(name: string, target: string): void {
    this.#do("making the link", name, (path) => Deno.symlinkSync(target, path, { type: "file" }));
  }
  link(name: string, from: PortableDirectory, fromName: string): void {
    const source = attempt(`linking ${from.#what(fromName)}`, () => from.#path(fromName, "linking"));
    this.#do(
      `linking ${JSON.stringify(from.#what(fromName))} as`,
      name,
      (path) => Deno.linkSync(source, path),
    );
  }
  mknod(name: string, _mode: number, _rdev: number): void {
    throw new HostError(`making device or FIFO ${this.#what(name)}`, "ENOSYS", "this host cannot");
  }
  remove(name: string, _directory: boolean): void {
    this.#do("removing", name, (path) => Deno.removeSync(path));
  }
  create(name: string): HostFile {
    return this.#do("making", name, (path) => {
      const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
      return new PortableFile(file, path, this.#what(name));
    });
  }
  read(name: string): HostReader {
    return this.#do("reading", name, (path) => {
      const before = Deno.lstatSync(path);
      if (!isReg(typeBits(before))) throw new Error("not a regular file");
      const file = Deno.openSync(path);
      const after = file.statSync();
      if (after.ino === before.ino && after.dev === before.dev) {
        return new PortableFile(file, path, this.#what(name));
      }
      file.close();
      throw new Error("it was replaced meanwhile");
    });
  }
  set(name: string | undefined, attributes: HostAttributes, lost: (attribute: string) => void): void {
    const { owner, mode, mtime, xattrs } = attributes;
    if (owner !== undefined && (owner[0] !== 0 || owner[1] !== 0)) lost("owner");
    for (const key of xattrs?.keys() ?? []) lost(key);
    const stat = this.stat(name);
    if (stat === null || !isDir(stat.mode) && !isReg(stat.mode)) {
      if (mtime !== undefined) lost("time of a link");
      return;
    }
    if (mode !== undefined && !WINDOWS) {
      this.#do("changing the mode of", name, (path) => Deno.chmodSync(path, mode));
    }
    if (mtime !== undefined) {
      this.#do("setting the time of", name, (path) => Deno.utimeSync(path, seconds(mtime), seconds(mtime)));
    }
  }
  xattrs(): Map<string, Uint8Array> {
    return new Map();
  }
  removeXattr(): void {}
  close(): void {}
}

/** True for what such a tree keeps an empty file in place of. */
export function needsStandIn(mode: number): boolean {
  return isChr(mode) || isBlk(mode) || isFifo(mode);
}

/** True if names that differ in case or Unicode form only are one name below `path`. */
function foldsNames(path: string): boolean {
  const name = `.umiak-${crypto.randomUUID()}-\u00e9A`;
  Deno.writeTextFileSync(`${path}/${name}`, "", { createNew: true });
  try {
    return [name.toLowerCase(), name.normalize("NFD")].some((other) => {
      try {
        return other !== name && Deno.lstatSync(`${path}/${other}`).isFile;
      } catch {
        return false;
      }
    });
  } finally {
    Deno.removeSync(`${path}/${name}`);
  }
}

/** Found out when it is first asked for: only who makes files wants to know, and looking for it leaves a trace in the root's time. */
class PortableLimits implements HostLimits {
  readonly full = false;
  readonly reason: string = `${Deno.build.os} host`;
  #folds: boolean | undefined;

  constructor(readonly path: string) {}

  get folds(): boolean {
    return this.#folds ??= attempt(`making a file in ${this.path}`, () => foldsNames(this.path));
  }
}

/** Opens the directory at `path` of the host. */
export function openPortableTree(path: string): HostTree {
  const root = new PortableDirectory(path, []);
  const stat = root.stat();
  if (stat === null || !isDir(stat.mode)) {
    throw new HostError(`opening ${path}`, stat === null ? "ENOENT" : "ENOTDIR", "not a directory");
  }
  return { root, limits: new PortableLimits(path) };
}
