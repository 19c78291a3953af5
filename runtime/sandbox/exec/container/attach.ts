/** This process of the host stands for one of a container's: its standard streams and signals go there, its status comes back. @module */
import { exited } from "../../../abi/linux/wait_status.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { listenForSignals } from "../host/signals.ts";
import { FRAME, type Frame, FrameSocket, type Message } from "./frames.ts";
import { failureOf } from "./sockets.ts";

/** Bytes of standard input that are sent at once; the container asks for more. */
const CHUNK = 64 * 1024;
/** Status when the container ends under it: as if by SIGKILL, like everything in a pid namespace whose init has ended. */
const KILLED = 9;
/** How long a container may take to say that it has heard. */
export const ANSWER_MS = 5000;

/** What is started. */
export interface ProcessToStart {
  /** JSON that parseProcess() reads. */
  readonly process: string;
  /** The control group below the container's that it is put into; "" for that of the container's process. */
  readonly cgroup: string;
}

/** A process that has been started. */
export interface Attached {
  /** Passes everything on until it ends. Its wait status. */
  wait(): Promise<number>;
}

const messageOf = (frame: Frame): Message | undefined =>
  frame.type === FRAME.message ? JSON.parse(new TextDecoder().decode(frame.bytes)) as Message : undefined;

function writeAll(to: typeof Deno.stdout, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    try {
      at += to.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // until whoever reads has made room
    }
  }
}

/** Sends one chunk of standard input; an empty one at its end. */
async function sendInput(socket: FrameSocket): Promise<void> {
  const chunk = new Uint8Array(CHUNK);
  const n = await Deno.stdin.read(chunk).catch(() => null);
  await socket.send(FRAME.stdin, chunk.subarray(0, n ?? 0)).catch(() => {}); // the other end is gone: wait() knows
}

/**
 * Carries the streams until the process at the other end of `socket` ends, and hands what else is said to `other`. Its wait status.
 */
export async function carryStreams(
  socket: FrameSocket,
  other: (message: Message) => void = () => {},
): Promise<number> {
  for (;;) {
    const frame = await socket.receive();
    if (frame === null) return KILLED;
    const message = messageOf(frame);
    if (message !== undefined) other(message);
    if (message?.op === "exit") return typeof message.status === "number" ? message.status : exited(255);
    if (message?.op === "more") void sendInput(socket);
    else if (frame.type === FRAME.stdout || frame.type === FRAME.stderr) {
      try {
        writeAll(frame.type === FRAME.stdout ? Deno.stdout : Deno.stderr, frame.bytes);
      } catch {
        await socket.message({ op: "closed", stream: frame.type }); // nobody reads any more: the next write fails there
      }
    }
  }
}

/** How this process's terminal shows the one that its process in the container has. */
export interface OwnTerminal {
  /** It passes keys on as they are already. */
  readonly isRaw: boolean;
}

/** Makes the terminal raw, and tells of its size, now and whenever it changes. Returns what ends that. */
export async function showOn(socket: FrameSocket, { isRaw }: OwnTerminal): Promise<() => void> {
  const { watchWindowSize, windowSize } = await import("../terminal/window_size.ts");
  const tell = ({ rows, cols }: { rows: number; cols: number }): void =>
    void socket.message({ op: "resize", rows, cols }).catch(() => {}); // the other end is gone: carryStreams() knows
  const size = windowSize();
  if (size !== undefined) tell(size);
  const endWatch = watchWindowSize(tell);
  const restore = isRaw || !Deno.stdin.isTerminal()
    ? undefined
    : (await import("../terminal/raw_mode.ts")).makeRaw();
  return () => {
    endWatch();
    restore?.();
  };
}

/** True if something happens within `ms` milliseconds. */
export async function withinTime(work: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms === Infinity) return await work.then(() => true);
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts a process in the container whose host process listens at `control`, and which may take `patience` milliseconds to say that it has
 * heard. Throws if it cannot be started.
 */
export async function attachProcess(
  control: string,
  what: ProcessToStart,
  terminal: OwnTerminal | undefined,
  patience: number = ANSWER_MS,
): Promise<Attached> {
  let conn: Deno.Conn;
  try {
    conn = await Deno.connect({ transport: "unix", path: control });
  } catch (error) {
    throw new LifecycleError(
      `exec: the container's process has gone: ${(error as Error).message}`,
      "failed",
      { cause: error },
    );
  }
  const socket = new FrameSocket(conn);
  await socket.message({ op: "exec", ...what });
  if (!await withinTime(socket.receiveMessage(), patience)) {
    socket.abort();
    throw new LifecycleError(
      "exec: the container's process does not answer: a program in it computes without a pause " +
        "(the annotation umiak.interruptible=true lets others in)",
      "failed",
    );
  }
  let answer = await socket.receiveMessage(), asked = false;
  // A terminal asks for keys before its program runs.
  for (; answer?.op === "more"; answer = await socket.receiveMessage()) asked = true;
  const failure = answer === null
    ? new LifecycleError("exec: the container's process ended unexpectedly", "failed")
    : failureOf(answer);
  if (failure !== undefined) {
    socket.abort();
    throw failure;
  }
  const stop = listenForSignals((signal) => void socket.message({ op: "signal", signal }).catch(() => {}));
  const leave = terminal === undefined ? undefined : await showOn(socket, terminal);
  if (asked) void sendInput(socket);
  return {
    wait: () =>
      carryStreams(socket).finally(() => {
        stop();
        leave?.();
        socket.abort();
      }),
  };
}
