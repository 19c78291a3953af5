/** Writes a file while its next bytes are being made. @module */

const BUFFER = 256 * 1024;
/** Buffers that wait to be written, at most. */
const MOST_WAITING = 2;

/** Few large writes in place of many small ones, behind the back of whoever makes the bytes. */
export class FileWriter {
  #buffer = new Uint8Array(BUFFER);
  #used = 0;
  #spare: Uint8Array<ArrayBuffer>[] = [];
  #waiting = 0;
  #turn: Promise<void> = Promise.resolve();
  #failed = false;
  #failure: unknown;

  /** Writes into an open file, from where it stands. */
  constructor(readonly file: Deno.FsFile) {}

  /** Takes bytes, which may be used again when it is done. Throws what went wrong with earlier ones. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      const n = Math.min(BUFFER - this.#used, chunk.length - at);
      this.#buffer.set(chunk.subarray(at, at + n), this.#used);
      this.#used += n;
      at += n;
      if (this.#used === BUFFER) this.#send();
    }
    if (this.#waiting >= MOST_WAITING) await this.#turn;
    this.#check();
  }

  /** Hands everything to the system. */
  async flush(): Promise<void> {
    if (this.#used > 0) this.#send();
    await this.#turn;
    this.#check();
  }

  #check(): void {
    if (this.#failed) throw this.#failure;
  }

  #send(): void {
    const buffer = this.#buffer, length = this.#used;
    this.#buffer = this.#spare.pop() ?? new Uint8Array(BUFFER);
    this.#used = 0;
    this.#waiting++;
    this.#turn = this.#turn.then(() => this.#all(buffer.subarray(0, length))).then(() => {
      this.#waiting--;
      this.#spare.push(buffer);
    });
  }

  /** After a failure nothing more is written: what would follow has lost its place. */
  async #all(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length && !this.#failed;) at += await this.file.write(bytes.subarray(at));
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
    }
  }
}
