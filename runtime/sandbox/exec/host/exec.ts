/** Processes that exec starts: in the container's namespaces, with streams that come and go over a socket. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { compileProcess } from "../../../program/compile_exec.ts";
import { parseProcess } from "../../../spec/decode_process.ts";
import { ProgramError, runInTask } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { runTask } from "../../kernel/task_run.ts";
import { FRAME, type FrameSocket, type Message } from "../container/frames.ts";
import { type ByteSink, type ByteSource, HostInput, HostOutput } from "../host_stream.ts";
import { type ShownTerminal, showTerminal } from "../terminal/attach.ts";
import { deliver } from "./deliver.ts";
import { refuseOfProcess } from "./refusals.ts";
import { taskBeside } from "./tasks.ts";

/** Bytes of output on their way at most: a writer waits when its reader does not keep up. */
const MAX_QUEUED = 256 * 1024;

/** An input that is at its end. */
const EMPTY: ByteSource = { readSync: () => null, read: () => Promise.resolve(null) };

/** Standard input: each chunk is asked for, so that nothing piles up here. */
class RemoteInput implements ByteSource {
  #arrived: Uint8Array | null = null;
  #wake: (() => void) | null = null;
  #ended = false;

  constructor(readonly socket: FrameSocket) {}

  /** A chunk has come; an empty one is the end. */
  arrive(bytes: Uint8Array): void {
    if (bytes.length === 0) this.#ended = true;
    else this.#arrived = bytes;
    this.#wake?.();
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#arrived === null && !this.#ended) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      await this.socket.message({ op: "more" });
      await woken;
      this.#wake = null;
    }
    if (this.#arrived === null) return null;
    const n = Math.min(into.length, this.#arrived.length);
    into.set(this.#arrived.subarray(0, n));
    this.#arrived = n === this.#arrived.length ? null : this.#arrived.subarray(n);
    return n;
  }
}

class RemoteOutput implements ByteSink {
  /** Nobody reads it any more. */
  closed = false;

  constructor(readonly socket: FrameSocket, readonly type: number) {}

  writeSync(bytes: Uint8Array): number {
    if (this.closed) throw new Deno.errors.BrokenPipe("the reader has gone");
    if (this.socket.queued >= MAX_QUEUED) throw new Deno.errors.WouldBlock("the reader does not keep up");
    const part = bytes.slice(0, MAX_QUEUED);
    this.socket.send(this.type, part).catch(() => this.closed = true);
    return part.length;
  }
}

/** Takes what comes from the process of the host that stands for `task`; when it goes, the task is killed. */
async function serve(
  task: Task,
  socket: FrameSocket,
  stdin: RemoteInput,
  outputs: readonly RemoteOutput[],
  terminal: ShownTerminal | undefined,
): Promise<void> {
  for (;;) {
    const frame = await socket.receive();
    if (frame === null) break;
    if (frame.type === FRAME.stdin) {
      stdin.arrive(frame.bytes);
      continue;
    }
    const message = JSON.parse(new TextDecoder().decode(frame.bytes)) as Message;
    if (message.op === "signal" && typeof message.signal === "number") deliver(task, message.signal);
    if (message.op === "resize" && typeof message.rows === "number" && typeof message.cols === "number") {
      terminal?.resize({ rows: message.rows, cols: message.cols, xpixel: 0, ypixel: 0 });
    }
    if (message.op === "closed") {
      for (const output of outputs) output.closed ||= output.type === message.stream;
    }
  }
  for (const output of outputs) output.closed = true;
  stdin.arrive(new Uint8Array(0));
  if (!task.exiting) task.raise(SIGNAL.SIGKILL);
}

/** Runs the process that `message` describes beside `init`, and stays with it to its end. */
export async function execBeside(init: Task, socket: FrameSocket, message: Message): Promise<void> {
  let task: Task | undefined;
  await socket.message({ op: "taken" });
  try {
    const process = parseProcess(String(message.process));
    refuseOfProcess(process);
    const stdin = new RemoteInput(socket);
    const outputs = [new RemoteOutput(socket, FRAME.stdout), new RemoteOutput(socket, FRAME.stderr)] as const;
    task = taskBeside(init, [
      new HostInput(process.terminal ? EMPTY : stdin),
      new HostOutput(outputs[0]),
      new HostOutput(outputs[1]),
    ]);
    let terminal: ShownTerminal | undefined;
    const { image } = await runInTask(task, compileProcess(process), (stage, at, fd) => {
      if (stage === "terminal") {
        terminal = showTerminal(at, fd, { source: stdin, sink: outputs[0], raw: false, resizes: false });
      }
      return Promise.resolve();
    });
    await socket.message({ op: "started" });
    const served = serve(task, socket, stdin, outputs, terminal);
    const status = await runTask(task, image);
    await terminal?.finish();
    await socket.message({ op: "exit", status }).catch(() => {}); // it has gone, and the process with it
    await socket.close();
    await served;
  } catch (error) {
    if (task !== undefined && !task.exiting) task.exit(127 << 8);
    const reason = error instanceof ProgramError ? "start" : "failed";
    await socket.message({ op: "error", reason, message: `exec failed: ${(error as Error).message}` });
    await socket.close();
  }
}
