/** The process of the host that a container is to everybody outside: this one, or one that has joined this kernel. @module */
import { markStarted, writeExit } from "../../../lifecycle/host/state_directory.ts";
import type { Task } from "../../kernel/task.ts";
import type { FrameSocket } from "../container/frames.ts";
import { hostStdin } from "../host_stdin.ts";
import { HostInput, HostOutput } from "../host_stream.ts";
import { type ShownTerminal, showTerminal } from "../terminal/attach.ts";
import { EMPTY, RemoteStreams } from "./remote_streams.ts";
import { endAs, listenForSignals } from "./signals.ts";
import type { Streams } from "./tasks.ts";

/** Exit code when the creator has gone, or has been told what is wrong. */
const ABANDONED = 125;

/** See the module's comment. */
export interface Body {
  /** The standard streams; a container that is to have a terminal gets that in their place. */
  streams(terminal: boolean): Streams;
  /** Shows the container's terminal, descriptor `fd` of `init`; on one that is raw already, or is not. */
  show(init: Task, fd: number, isRaw: boolean): ShownTerminal;
  /** Hears of signals that the process is sent; `gone` when it has gone. */
  listen(signal: (signal: number) => void, gone: () => void): void;
  /** Writes a line to its standard error. */
  say(line: string): void;
  /** The program is going to run. */
  started(directory: string): void;
  /** There will be no container. It does not return where the process is this one. */
  abandon(): void;
  /** Ends the process as the container's init has ended. It does not return where the process is this one. */
  end(directory: string, status: number): void;
}

/** This process. */
export const ownBody: Body = {
  streams: (terminal) => [
    new HostInput(terminal ? EMPTY : hostStdin()),
    new HostOutput(Deno.stdout),
    new HostOutput(Deno.stderr),
  ],
  show: (init, fd, isRaw) =>
    showTerminal(init, fd, {
      // On a thread of its own: ^C ends a program that computes, with this process.
      source: Deno.stdin.isTerminal() ? "keyboard" : hostStdin(),
      sink: Deno.stdout,
      raw: !isRaw && Deno.stdin.isTerminal(),
      resizes: Deno.stdout.isTerminal(),
    }),
  listen: (signal) => void listenForSignals(signal),
  say: (line) => console.error(line),
  started: markStarted,
  abandon: () => Deno.exit(ABANDONED),
  end(directory, status) {
    try {
      writeExit(directory, { status });
    } catch {
      // The container has been deleted.
    }
    endAs(status);
  },
};

/** The process at the other end of a socket, a member of this one's pod. */
export function memberBody(socket: FrameSocket): Body {
  const streams = new RemoteStreams(socket);
  let terminal: ShownTerminal | undefined;
  return {
    streams: (isTerminal) => streams.files(isTerminal),
    show(init, fd, isRaw) {
      void socket.message({ op: "terminal", isRaw }).catch(() => {}); // gone() tells
      const how = { source: streams.input, sink: streams.output, raw: false, resizes: false };
      return terminal = showTerminal(init, fd, how);
    },
    listen: (signal, gone) =>
      void streams.serve({ signal, resize: (size) => terminal?.resize(size), gone }).catch(gone),
    say: (line) => streams.say(line),
    started: markStarted,
    abandon: () => socket.abort(),
    end(_directory, status) {
      // It writes down how it ended, and does.
      void socket.message({ op: "exit", status }).catch(() => {}).then(() => socket.close());
    },
  };
}
