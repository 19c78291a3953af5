/** Directories and tar archives of the host as file trees of images. @module */
import { decompress, detectCompression } from "../layer/compression.ts";
import type { TarEntry } from "../layer/tar_entry.ts";
import { TarReader } from "../layer/tar_reader.ts";
import type { FileTree } from "../source.ts";

const CHUNK = 128 * 1024;
/** Files in an archive of images, at most: each takes memory before anything of it is known to be wanted. */
const MAX_FILES = 200_000;

/**
 * Chunks of an open file from `start`, `length` bytes at most. Seeking and reading are one step that nothing comes between, because
 * two members of an archive may be read at the same time.
 */
async function* chunks(file: Deno.FsFile, start: number, length: number): AsyncGenerator<Uint8Array> {
  let at = start;
  while (at < start + length) {
    const buffer = new Uint8Array(Math.min(CHUNK, start + length - at));
    file.seekSync(at, Deno.SeekMode.Start);
    const n = file.readSync(buffer);
    if (n === null) return;
    at += n;
    yield n === buffer.length ? buffer : buffer.subarray(0, n);
  }
}

/** An OCI layout's directory. Links in it are followed: it is the user's own. */
export class DirectoryTree implements FileTree {
  /** See FileTree. */
  readonly name: string;

  /** The directory at `path`. */
  constructor(readonly path: string) {
    this.name = path;
  }
  /** See FileTree. */
  async size(path: string): Promise<number | undefined> {
    try {
      const info = await Deno.stat(`${this.path}/${path}`);
      return info.isFile ? info.size : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        return undefined;
      }
      throw new Error(`reading ${this.path}/${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  /** See FileTree. */
  async *read(path: string, offset = 0): AsyncGenerator<Uint8Array> {
    const file = await open(`${this.path}/${path}`);
    try {
      yield* chunks(file, offset, Infinity);
    } finally {
      file.close();
    }
  }
  /** See FileTree. */
  close(): void {}
}

/** A tar archive, perhaps compressed; its members are found by their headers and read in place. */
export class ArchiveTree implements FileTree {
  readonly #entries: Map<string, TarEntry> = new Map();

  private constructor(readonly name: string, readonly file: Deno.FsFile, readonly temporary: string | null) {}

  /** Opens an archive. A compressed one is decompressed into a temporary file that is gone when the tree is closed. */
  static async open(path: string): Promise<ArchiveTree> {
    const packed = await open(path);
    const head = new Uint8Array(4);
    packed.readSync(head);
    const tree = detectCompression(head) === "none"
      ? new ArchiveTree(path, packed, null)
      : new ArchiveTree(path, ...await unpacked(packed, path));
    try {
      await tree.#scan();
      return tree;
    } catch (error) {
      tree.close();
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  async #scan(): Promise<void> {
    const reader = new TarReader((entry) => {
      this.#entries.set(clean(entry.name), entry);
      if (this.#entries.size > MAX_FILES) throw new Error(`more than ${MAX_FILES} files in one archive`);
    });
    const { size } = await this.file.stat();
    const buffer = new Uint8Array(16384);
    let at = 0;
    while (at < size) {
      this.file.seekSync(at, Deno.SeekMode.Start);
      const n = this.file.readSync(buffer);
      if (n === null) break;
      reader.push(buffer.subarray(0, n));
      at += n;
      at += reader.passOver(size - at);
    }
    reader.end();
  }

  /** The entry of a path; links inside the archive are followed (docker save writes some for layers it has already written). */
  #find(path: string): TarEntry | undefined {
    let at = clean(path);
    for (let i = 0; i < 10; i++) {
      const entry = this.#entries.get(at);
      if (entry?.type === "symlink") {
        at = clean(`${at.includes("/") ? at.slice(0, at.lastIndexOf("/")) : ""}/${entry.linkname}`);
      } else if (entry?.type === "link") at = clean(entry.linkname);
      else return entry?.type === "file" && entry.sparse === null ? entry : undefined;
    }
  }

  /** See FileTree. */
  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.#find(path)?.size);
  }
  /** See FileTree. */
  read(path: string, offset = 0): AsyncIterable<Uint8Array> {
    const entry = this.#find(path);
    if (entry === undefined) throw new Error(`${this.name}: ${path} is missing`);
    return chunks(this.file, entry.offset + offset, Math.max(0, entry.size - offset));
  }
  /** See FileTree. */
  close(): void {
    this.file.close();
    if (this.temporary !== null) Deno.removeSync(this.temporary);
  }
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    throw new Error(`opening ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A path inside an archive without ".", ".." and slashes at its ends. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** Decompresses into a temporary file. Its name is null where a file without a name can live as long as it is open. */
async function unpacked(
  packed: Deno.FsFile,
  path: string,
): Promise<[file: Deno.FsFile, temporary: string | null]> {
  const name = await Deno.makeTempFile({ prefix: "umiak-archive-" });
  const file = await Deno.open(name, { read: true, write: true });
  const unlinked = Deno.build.os !== "windows";
  if (unlinked) Deno.removeSync(name);
  try {
    for await (const chunk of decompress(chunks(packed, 0, Infinity), { transient: true })) {
      for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
    }
    return [file, unlinked ? null : name];
  } catch (error) {
    file.close();
    if (!unlinked) Deno.removeSync(name);
    throw new Error(`decompressing ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    packed.close();
  }
}
