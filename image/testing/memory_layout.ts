/** Layouts in memory, for tests. @module */
import { sha256 } from "../digest.ts";
import type { FileTree } from "../source.ts";

const encoder = new TextEncoder();

/** A JSON object that tests change. */
// deno-lint-ignore no-explicit-any
export type Json = Record<string, any>;

/** A tree of files in memory. */
export class MemoryTree implements FileTree {
  /** See FileTree. */
  readonly name = "layout";
  /** Content by path. */
  readonly files: Map<string, Uint8Array> = new Map();

  /** Puts a file: bytes, text, or a document. */
  put(path: string, content: unknown): Uint8Array {
    const bytes = content instanceof Uint8Array
      ? content
      : encoder.encode(typeof content === "string" ? content : JSON.stringify(content));
    this.files.set(path, bytes);
    return bytes;
  }
  /** Puts a blob; its descriptor. */
  blob(mediaType: string, content: unknown): Json {
    const bytes = this.put("", content);
    this.files.delete("");
    const digest = sha256(bytes);
    this.files.set(`blobs/${digest.replace(":", "/")}`, bytes);
    return { mediaType, digest, size: bytes.length };
  }
  /** See FileTree. */
  size(path: string): Promise<number | undefined> {
    return Promise.resolve(this.files.get(path)?.length);
  }
  /** See FileTree. */
  async *read(path: string, offset = 0): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(this.files.get(path)!.subarray(offset));
  }
  /** Paths of all files. */
  async *paths(): AsyncGenerator<string> {
    for (const path of this.files.keys()) yield await Promise.resolve(path);
  }
  /** See FileTree. */
  close(): void {}
}
