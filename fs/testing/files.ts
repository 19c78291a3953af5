/** Calls in the short form that tests read well in: paths as strings, errors as names. @module */
import { errnoName } from "../abi/errno.ts";
import { nameToBytes } from "../abi/name.ts";
import { O_CREAT, O_DIRECTORY, O_RDONLY, O_TRUNC, O_WRONLY } from "../abi/open.ts";
import { Stat } from "../abi/stat.ts";
import {
  linkAt,
  mkdirAt,
  mknodAt,
  openAt,
  type OpenFile,
  parsePath,
  readlinkAt,
  renameAt,
  statAt,
  symlinkAt,
  unlinkAt,
} from "../vfs/mod.ts";
import type { Caller } from "../vfs/vfs.ts";
import type { PathName } from "../vfs/path_name.ts";

/** A result: the number, or the name of the error. */
export function named(result: number): number | string {
  return result < 0 ? errnoName(-result) : result;
}

/** A parsed path. Throws for what cannot be one. */
export function path(text: string): PathName {
  const parsed = parsePath(text);
  if (typeof parsed === "number") throw new Error(`path ${JSON.stringify(text)}: ${errnoName(-parsed)}`);
  return parsed;
}

/** The calls of one caller. */
export class Files {
  /** Calls as `caller`. */
  constructor(readonly caller: Caller) {}

  /** Opens a file, or names the error. */
  tryOpen(name: string, flags: number = O_RDONLY, mode = 0o644): OpenFile | string {
    const file = openAt(this.caller, null, path(name), flags, mode);
    return typeof file === "number" ? errnoName(-file) : file;
  }
  /** Opens a file; throws if that fails. */
  open(name: string, flags: number = O_RDONLY, mode = 0o644): OpenFile {
    const file = this.tryOpen(name, flags, mode);
    if (typeof file === "string") throw new Error(`open ${name}: ${file}`);
    return file;
  }
  /** Opens and closes: "ok" or the error. */
  opens(name: string, flags: number = O_RDONLY): string {
    const file = this.tryOpen(name, flags);
    if (typeof file === "string") return file;
    file.close();
    return "ok";
  }
  /** Replaces a file's content. */
  write(name: string, content: string | Uint8Array, mode = 0o644): void {
    const file = this.open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);
    const bytes = typeof content === "string" ? nameToBytes(content) : content;
    for (let at = 0; at < bytes.length;) {
      const n = file.write(bytes, at, bytes.length - at);
      if (n <= 0) throw new Error(`write ${name}: ${errnoName(-n)}`);
      at += n;
    }
    file.close();
  }
  /** A file's content. */
  bytes(name: string): Uint8Array {
    const file = this.open(name);
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = new Uint8Array(65536);
      const n = file.read(chunk, 0, chunk.length);
      if (n < 0) throw new Error(`read ${name}: ${errnoName(-n)}`);
      if (n === 0) break;
      chunks.push(chunk.subarray(0, n));
    }
    file.close();
    const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
  /** A file's content as text. */
  text(name: string): string {
    return new TextDecoder().decode(this.bytes(name));
  }
  /** 0 or the error. */
  mkdir(name: string, mode = 0o755): number | string {
    return named(mkdirAt(this.caller, null, path(name), mode));
  }
  /** 0 or the error. */
  mknod(name: string, mode: number, rdev = 0): number | string {
    return named(mknodAt(this.caller, null, path(name), mode, rdev));
  }
  /** 0 or the error. */
  symlink(target: string, name: string): number | string {
    return named(symlinkAt(this.caller, target, null, path(name)));
  }
  /** 0 or the error. */
  link(from: string, to: string): number | string {
    return named(linkAt(this.caller, null, path(from), null, path(to), 0));
  }
  /** 0 or the error. */
  unlink(name: string): number | string {
    return named(unlinkAt(this.caller, null, path(name), 0));
  }
  /** 0 or the error. */
  rmdir(name: string): number | string {
    return named(unlinkAt(this.caller, null, path(name), 0x200));
  }
  /** 0 or the error. */
  rename(from: string, to: string, flags = 0): number | string {
    return named(renameAt(this.caller, null, path(from), null, path(to), flags));
  }
  /** The target, or the error. */
  readlink(name: string): string {
    const target = readlinkAt(this.caller, null, path(name));
    return typeof target === "number" ? errnoName(-target) : target;
  }
  /** Attributes; a final link is followed unless `flags` say otherwise. */
  stat(name: string, flags = 0): Stat {
    const out = new Stat();
    const error = statAt(this.caller, null, path(name), flags, out);
    if (error < 0) throw new Error(`stat ${name}: ${errnoName(-error)}`);
    return out;
  }
  /** "ok" if the name exists, or the error. */
  exists(name: string): string {
    const error = statAt(this.caller, null, path(name), 0x100, new Stat());
    return error < 0 ? errnoName(-error) : "ok";
  }
  /** Names in a directory, sorted. */
  list(name: string): string[] {
    const file = this.open(name, O_RDONLY | O_DIRECTORY);
    const stream = file.dirStream();
    if (typeof stream === "number") throw new Error(`readdir ${name}: ${errnoName(-stream)}`);
    const names: string[] = [];
    for (let entry = stream.next(); entry !== null; entry = stream.next()) {
      if (typeof entry === "number") throw new Error(`readdir ${name}: ${errnoName(-entry)}`);
      names.push(entry.name);
    }
    file.close();
    return names.sort();
  }
}
