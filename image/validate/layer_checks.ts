/** The archive of a layer against layer.md, entry by entry. @module */
import type { TarEntry, TarType } from "../layer/tar_entry.ts";
import { TarReader } from "../layer/tar_reader.ts";
import type { Report, Severity } from "./findings.ts";

const WHITEOUT = ".wh.", AUFS = ".wh..wh.", OPAQUE = ".wh..wh..opq";
const FORMAT = "layer.md#distributable-format",
  WHITEOUTS = "layer.md#whiteouts",
  TYPES = "layer.md#file-types";
const ATTRIBUTES = "layer.md#file-attributes",
  LINKS = "layer.md#hardlinks",
  OPAQUES = "layer.md#opaque-whiteout";
const MAX_ID = 0xfffffffe, NAME_MAX = 255, PATH_MAX = 4096;
/** Paths that are remembered, at most: duplicates behind them are not found. */
const MAX_PATHS = 1 << 24;

/** Takes the bytes of an archive and reports what a layer must not, or should not, contain. */
export class LayerChecks {
  readonly #reader = new TarReader((entry) => this.#entry(entry));
  readonly #paths = new Map<string, TarType>();
  /** Directories in which an entry that is no whiteout has been seen. */
  readonly #filled = new Set<string>();
  #broken = false;
  #full = false;

  /** Checks for the layer that messages call `blob`. Unless it is the lowest its hard links may lead to files of those below. */
  constructor(readonly report: Report, readonly blob: string, readonly isLowest = true) {}

  /** The next bytes. */
  push(chunk: Uint8Array): void {
    if (!this.#broken) this.#attempt(() => this.#reader.push(chunk));
  }

  /** No more bytes. */
  end(): void {
    if (!this.#broken) this.#attempt(() => this.#reader.end());
  }

  /** Behind an error of the archive itself, nothing more can be read. */
  #attempt(f: () => void): void {
    try {
      f();
    } catch (error) {
      this.#broken = true;
      this.report.add("error", this.blob, "", (error as Error).message, FORMAT);
    }
  }

  #find(severity: Severity, entry: TarEntry, message: string, rule: string): void {
    this.report.add(severity, this.blob, `entry ${JSON.stringify(entry.name)}`, message, rule);
  }

  /** The components of a path; undefined if it leads out of the root. */
  #parts(name: string): string[] | undefined {
    const parts: string[] = [];
    for (const part of name.split("/")) {
      if (part === "..") {
        if (parts.pop() === undefined) return undefined;
      } else if (part !== "" && part !== ".") parts.push(part);
    }
    return parts;
  }

  #entry(entry: TarEntry): void {
    const parts = this.#parts(entry.name);
    if (parts === undefined) return this.#find("error", entry, "it leads out of the layer's root", FORMAT);
    if (entry.name === "") this.#find("error", entry, "it has no name", FORMAT);
    if (entry.name.startsWith("/")) this.#find("warning", entry, "its path is not relative", FORMAT);
    else if (entry.name.split("/").includes("..")) {
      this.#find("warning", entry, 'its path contains ".."', FORMAT);
    }
    if (entry.name.length > PATH_MAX) this.#find("error", entry, "its path is too long", FORMAT);
    if (parts.some((part) => part.length > NAME_MAX)) {
      this.#find("error", entry, "a name is too long", FORMAT);
    }
    const path = parts.join("/");
    if (!this.#full && this.#paths.has(path)) {
      this.#find("error", entry, "its path is in the layer twice", FORMAT);
    }
    const base = parts.at(-1) ?? "", parent = parts.slice(0, -1).join("/");
    if (parts.slice(0, -1).some((part) => part.startsWith(WHITEOUT))) {
      this.#find("error", entry, `no directory can have a name that begins with ${WHITEOUT}`, WHITEOUTS);
    }
    if (base.startsWith(WHITEOUT)) this.#whiteout(entry, base, parent);
    else {
      this.#filled.add(parent);
      this.#file(entry, parts, parent);
    }
    if (this.#paths.size < MAX_PATHS) this.#paths.set(path, entry.type === "link" ? "file" : entry.type);
    else this.#full = true;
  }

  #whiteout(entry: TarEntry, base: string, parent: string): void {
    if (base === WHITEOUT) return this.#find("error", entry, "a whiteout without a name", WHITEOUTS);
    if (base === OPAQUE) this.#find("warning", entry, "explicit whiteouts should be used", OPAQUES);
    else if (base.startsWith(AUFS)) {
      return this.#find("warning", entry, "it is of aufs, and means nothing", WHITEOUTS);
    }
    if (entry.type !== "file") this.#find("error", entry, "a whiteout must be a regular file", WHITEOUTS);
    else if (entry.size > 0) this.#find("warning", entry, "a whiteout should be empty", WHITEOUTS);
    if (this.#filled.has(parent)) {
      this.#find("warning", entry, "it should come before its siblings", WHITEOUTS);
    }
  }

  #file(entry: TarEntry, parts: readonly string[], parent: string): void {
    if (parts.length === 0 && entry.type !== "dir") {
      this.#find("error", entry, "the root must be a directory", TYPES);
    }
    const above = this.#paths.get(parent);
    if (parent !== "" && above !== undefined && above !== "dir" && above !== "symlink") {
      this.#find("error", entry, "what it is in is not a directory", FORMAT);
    }
    if (entry.type === "link") this.#link(entry);
    if (entry.type === "symlink" && entry.linkname === "") {
      this.#find("error", entry, "a symbolic link without a target", ATTRIBUTES);
    }
    if (entry.type === "char" && entry.devmajor === 0 && entry.devminor === 0) {
      this.#find("error", entry, "a character device 0:0, which hides files where layers are mounted", TYPES);
    }
    if ([entry.uid, entry.gid].some((id) => id < 0 || id > MAX_ID)) {
      this.#find("error", entry, `owner ${entry.uid}:${entry.gid} is out of range`, ATTRIBUTES);
    }
    if (entry.sparse !== null) this.#find("warning", entry, "sparse files should not be used", ATTRIBUTES);
    for (const name of entry.xattrs?.keys() ?? []) {
      if (/^(?:trusted|user)\.overlay\./.test(name)) {
        this.#find(
          "error",
          entry,
          `attribute ${JSON.stringify(name)} speaks to overlay filesystems`,
          ATTRIBUTES,
        );
      }
    }
  }

  #link(entry: TarEntry): void {
    const target = this.#parts(entry.linkname);
    const what = `hard link to ${JSON.stringify(entry.linkname)}`;
    if (target === undefined) {
      return this.#find("error", entry, `${what}: it leads out of the layer's root`, LINKS);
    }
    const type = this.#paths.get(target.join("/"));
    if (type === "dir" || target.length === 0) this.#find("error", entry, `${what}: a directory`, LINKS);
    else if (type === undefined && !this.#full) {
      const severity = this.isLowest ? "error" : "warning";
      this.#find(severity, entry, `${what}: no entry before it has that name`, LINKS);
    }
  }
}
