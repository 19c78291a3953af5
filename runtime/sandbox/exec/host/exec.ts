/** Processes that exec starts: in the container's namespaces, with streams that come and go over a socket. @module */
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { compileProcess } from "../../../program/compile_exec.ts";
import { parseProcess } from "../../../spec/decode_process.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import { ProgramError, runInTask } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { runTask } from "../../kernel/task_run.ts";
import type { FrameSocket, Message } from "../container/frames.ts";
import { type ShownTerminal, showTerminal } from "../terminal/attach.ts";
import { deliver } from "./deliver.ts";
import { refuseOfProcess } from "./refusals.ts";
import { RemoteStreams } from "./remote_streams.ts";
import { enterGroup, taskBeside } from "./tasks.ts";

/** Runs the process that `message` describes beside the init of a container, and stays with it to its end. */
export async function execBeside(
  { init, group }: { readonly init: Task; readonly group: Cgroup },
  socket: FrameSocket,
  message: Message,
): Promise<void> {
  let task: Task | undefined;
  await socket.message({ op: "taken" });
  try {
    const process = parseProcess(String(message.process));
    refuseOfProcess(process);
    const streams = new RemoteStreams(socket);
    const made = task = taskBeside(init, streams.files(process.terminal));
    const cgroup = String(message.cgroup ?? "");
    if (cgroup !== "") enterGroup(made, group, cgroup);
    let terminal: ShownTerminal | undefined;
    const { image } = await runInTask(task, compileProcess(process), (stage, at, fd) => {
      if (stage === "terminal") {
        terminal = showTerminal(at, fd, {
          source: streams.input,
          sink: streams.output,
          raw: false,
          resizes: false,
        });
      }
      return Promise.resolve();
    });
    await socket.message({ op: "started" });
    const served = streams.serve({
      signal: (signal) => deliver(made, signal),
      resize: (size) => terminal?.resize(size),
      gone() {
        if (!made.exiting) made.raise(SIGNAL.SIGKILL);
      },
    });
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
