/** Standard streams of a process of a container in this process. @module */
import type { ProcessStreams } from "../../../lifecycle/backend.ts";
import type { Task } from "../../kernel/task.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { EMPTY } from "../host/remote_streams.ts";
import { HostInput, HostOutput } from "../host_stream.ts";
import { type ShownTerminal, showTerminal } from "../terminal/attach.ts";

/** See the module's comment. */
export interface LocalStreams {
  /** The three files; a process that is to have a terminal gets that in their place. */
  readonly files: readonly [HostInput, HostOutput, HostOutput];
  /** Its terminal is there: the descriptor of the master. */
  show(task: Task, fd: number): void;
  /** It is about to run: a reader that has gone is told to it (man 7 pipe). */
  connect(task: Task): void;
  /** It has ended. */
  finish(): Promise<void>;
}

/** Streams as they were asked for; those of this process where they were not, but for its input. */
export function localStreams(asked: ProcessStreams = {}, isTerminal = false): LocalStreams {
  const { stdin = EMPTY, stdout = Deno.stdout, stderr = Deno.stderr } = asked;
  const files = [
    new HostInput(isTerminal ? EMPTY : stdin),
    new HostOutput(stdout),
    new HostOutput(stderr),
  ] as const;
  let shown: ShownTerminal | undefined;
  return {
    files,
    show(task, fd) {
      shown = showTerminal(task, fd, { source: stdin, sink: stdout, raw: false, resizes: false });
    },
    connect(task) {
      for (const output of [files[1], files[2]]) output.onBroken = () => task.raise(SIGNAL.SIGPIPE);
    },
    finish: async () => await shown?.finish(),
  };
}
