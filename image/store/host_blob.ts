/** Files of the host as the bytes behind a layer. @module */
import { EIO } from "../../fs/abi/errno.ts";
import type { BlobSource } from "../../fs/layerfs/mod.ts";

/** Reads smaller than this go through a buffer that is read ahead. */
const AHEAD = 64 * 1024;

/** An open host file, read by position. */
export class HostBlob implements BlobSource {
  /** See BlobSource. */
  readonly size: number;
  readonly #file: Deno.FsFile;
  #position = 0;
  #ahead: Uint8Array | null = null;
  #aheadAt = 0;
  #aheadLength = 0;

  /** Opens `path`. Throws if it cannot be opened. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true });
    this.size = this.#file.statSync().size;
  }

  /** See BlobSource. */
  readAt(buf: Uint8Array, off: number, len: number, pos: number): number {
    try {
      if (len >= AHEAD) {
        return this.#read(off === 0 && len === buf.length ? buf : buf.subarray(off, off + len), pos);
      }
      const ahead = this.#ahead ??= new Uint8Array(AHEAD);
      if (pos < this.#aheadAt || pos >= this.#aheadAt + this.#aheadLength) {
        this.#aheadLength = this.#read(ahead, pos);
        this.#aheadAt = pos;
      }
      const start = pos - this.#aheadAt;
      const n = Math.min(len, this.#aheadLength - start);
      buf.set(ahead.subarray(start, start + n), off);
      return n;
    } catch {
      return -EIO;
    }
  }

  #read(into: Uint8Array, pos: number): number {
    if (pos !== this.#position) this.#file.seekSync(pos, Deno.SeekMode.Start);
    this.#position = pos;
    const n = this.#file.readSync(into) ?? 0;
    this.#position += n;
    return n;
  }

  /** See BlobSource. */
  close(): void {
    this.#file.close();
  }
}
