/** Streams of a container in the foreground: this process's own descriptors, or pipes to what a caller has in their places. @module */
import { O_RDONLY } from "../../../fs/abi/open.ts";
import { closingOnError, type Descriptor, makePipe, openPath } from "../ffi/descriptors.ts";
import { sysBlocking } from "../ffi/kernel.ts";
import { readSome } from "../ffi/poll.ts";

/** Where bytes come from. */
export interface ByteReader {
  /** Reads when there is something; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

/** Where bytes go. */
export interface ByteWriter {
  /** Writes some; throws Deno.errors.WouldBlock when there is no room now, or another error when nobody reads any more. */
  writeSync(bytes: Uint8Array): number;
}

/** What a caller has in place of this process's own streams. */
export interface CallerStreams {
  /** Standard input; "own" for this process's, undefined for an empty one. */
  readonly stdin: ByteReader | "own" | undefined;
  /** Standard output; this process's own unless given. */
  readonly stdout?: ByteWriter | undefined;
  /** Standard error. */
  readonly stderr?: ByteWriter | undefined;
}

/** Descriptors for a container that is to be created. */
export interface OpenStreams {
  /** For create. */
  readonly stdio: readonly [stdin: number, stdout: number, stderr: number];
  /** The container has them: bytes begin to flow, and the descriptors are closed here. */
  begin(): void;
  /** The container has ended: what it has written last is passed on. Also if it never began. */
  finish(): Promise<void>;
}

const CHUNK = 64 * 1024;
/** How long to wait for room where nobody tells when there is some. */
const ROOM_MS = 5;

/** Writes all of some bytes. False when nobody wants them any more. */
export async function writeTo(sink: ByteWriter, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += sink.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return false;
      await new Promise((resolve) => setTimeout(resolve, ROOM_MS));
    }
  }
  return true;
}

/** Passes on what is written to a pipe, until its last writer has gone. When nobody wants it the writers are told by their own errors. */
async function passOut(from: Descriptor, sink: ByteWriter): Promise<void> {
  const chunk = new Uint8Array(CHUNK);
  try {
    for (;;) {
      const n = await readSome(from.fd, chunk, "reading a container's output");
      if (n === 0 || !await writeTo(sink, chunk.slice(0, n))) return;
    }
  } finally {
    from.close();
  }
}

/** Passes on what a caller has for standard input, until it or the container ends. */
async function passIn(source: ByteReader, to: Descriptor, isEnded: () => boolean): Promise<void> {
  const chunk = new Uint8Array(CHUNK);
  try {
    while (!isEnded()) {
      const n = await source.read(chunk).catch(() => null);
      if (n === null || isEnded()) return;
      for (let at = 0; at < n;) {
        const written = await sysBlocking("write", to.fd, chunk.slice(at, n), n - at);
        if (written < 0) return; // nobody reads any more
        at += written;
      }
    }
  } finally {
    to.close();
  }
}

/** Opens them. */
export function openStreams({ stdin, stdout, stderr }: CallerStreams): OpenStreams {
  const theirs: Descriptor[] = [], own: Descriptor[] = [];
  const flows: (() => Promise<void>)[] = [];
  let ended = false, begun = false;
  const outputs: Promise<void>[] = [];
  const what = "opening a container's streams";
  const give = (descriptor: Descriptor): number => (theirs.push(descriptor), descriptor.fd);
  const output = (sink: ByteWriter | undefined, otherwise: number): number => {
    if (sink === undefined) return otherwise;
    const [read, write] = makePipe(what);
    own.push(read);
    flows.push(() => passOut(read, sink));
    return give(write);
  };
  const input = (): number => {
    if (stdin === "own") return 0;
    if (stdin === undefined) return give(openPath("/dev/null", O_RDONLY, what));
    const [read, write] = makePipe(what);
    own.push(write);
    flows.unshift(async () => {
      // A source that has nothing to say for now is not waited for when the container has ended.
      void passIn(stdin, write, () => ended);
      return await Promise.resolve();
    });
    return give(read);
  };
  const open = (): OpenStreams["stdio"] => [input(), output(stdout, 1), output(stderr, 2)];
  const stdio = closingOnError(theirs, () => closingOnError(own, open));
  return {
    stdio,
    begin: () => {
      begun = true;
      for (const each of theirs) each.close();
      outputs.push(...flows.map((flow) => flow()));
    },
    finish: async () => {
      ended = true;
      if (!begun) { for (const each of [...theirs, ...own]) each.close(); }
      await Promise.all(outputs);
    },
  };
}
