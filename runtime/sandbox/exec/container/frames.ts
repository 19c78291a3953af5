/**
 * What the processes around a container say to each other, over a socket of the host: frames of a type, a length and that many bytes. Messages
 * are JSON; the standard streams of a process that exec starts travel beside them.
 * @module
 */

/** Types of frames. */
export const FRAME = { message: 0, stdin: 1, stdout: 2, stderr: 3 } as const;

const HEADER = 5;
/** Longest frame that is read: more can only be a mistake. */
const MAX_LENGTH = 16 * 1024 * 1024;

/** A frame. */
export interface Frame {
  /** Its type. */
  readonly type: number;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A message: what is asked or answered, with whatever belongs to it. */
export interface Message {
  /** What it is. */
  readonly op: string;
  /** The rest. */
  readonly [field: string]: unknown;
}

/** Why something that was asked for could not be done. */
export interface Failure extends Message {
  /** "error". */
  readonly op: "error";
  /** What was being done, to what, why it failed. */
  readonly message: string;
  /** A LifecycleReason. */
  readonly reason: string;
}

/** One end of a socket, in frames. */
export class FrameSocket {
  #input = new Uint8Array(0);
  #writing: Promise<void> = Promise.resolve();
  #queued = 0;
  #closed = false;

  /** Frames over `conn`. */
  constructor(readonly conn: Deno.Conn) {}

  /** Bytes that have been sent and not yet been taken by the system. */
  get queued(): number {
    return this.#queued;
  }

  /** Sends a frame after those before it. Resolves when the system has taken it; rejects when the other end is gone. */
  send(type: number, bytes: Uint8Array): Promise<void> {
    const frame = new Uint8Array(HEADER + bytes.length);
    frame[0] = type;
    new DataView(frame.buffer).setUint32(1, bytes.length, true);
    frame.set(bytes, HEADER);
    this.#queued += frame.length;
    const sent = this.#writing.then(async () => {
      for (let at = 0; at < frame.length;) at += await this.conn.write(frame.subarray(at));
    }).finally(() => this.#queued -= frame.length);
    this.#writing = sent.catch(() => {}); // the next one fails by itself
    return sent;
  }

  /** Sends a message. */
  message(message: Message): Promise<void> {
    return this.send(FRAME.message, new TextEncoder().encode(JSON.stringify(message)));
  }

  async #fill(wanted: number): Promise<boolean> {
    if (this.#input.length >= wanted) return true;
    const chunks = [this.#input];
    let have = this.#input.length;
    while (have < wanted) {
      const chunk = new Uint8Array(Math.max(wanted - have, 4096));
      const n = await this.conn.read(chunk);
      if (n === null) return false;
      chunks.push(chunk.subarray(0, n));
      have += n;
    }
    const joined = new Uint8Array(have);
    let at = 0;
    for (const chunk of chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.#input = joined;
    return true;
  }

  /** The next frame; null when the other end is gone. */
  async receive(): Promise<Frame | null> {
    try {
      if (!await this.#fill(HEADER)) return null;
      const type = this.#input[0]!;
      const length = new DataView(this.#input.buffer, this.#input.byteOffset).getUint32(1, true);
      if (length > MAX_LENGTH) throw new Error(`a frame of ${length} bytes from a container's process`);
      if (!await this.#fill(HEADER + length)) return null;
      const bytes = this.#input.slice(HEADER, HEADER + length);
      this.#input = this.#input.subarray(HEADER + length);
      return { type, bytes };
    } catch (error) {
      if (
        error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
        error instanceof Deno.errors.Interrupted
      ) return null;
      throw error;
    }
  }

  /** The next message; null when the other end is gone. Frames of other types are passed over. */
  async receiveMessage(): Promise<Message | null> {
    for (;;) {
      const frame = await this.receive();
      if (frame === null) return null;
      if (frame.type === FRAME.message) return JSON.parse(new TextDecoder().decode(frame.bytes)) as Message;
    }
  }

  /** Closes the socket once what has been sent is out. */
  async close(): Promise<void> {
    await this.#writing;
    this.abort();
  }

  /** Closes the socket at once. */
  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.conn.close();
    } catch {
      // The other end was faster.
    }
  }
}
