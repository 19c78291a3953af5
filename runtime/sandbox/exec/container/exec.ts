/** exec on the userland kernel: a process of the host stands for the container's, and passes its streams, signals and status on. @module */
import type { Container, ExecOptions, ExecProcess } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { sendPidfd } from "../../../lifecycle/host/send_descriptor.ts";
import { sendTerminal } from "../../../lifecycle/host/console.ts";
import { identify } from "../../../lifecycle/host/processes.ts";
import type { Process } from "../../../spec/types.ts";
import { exactJson } from "../../../spec/encode.ts";
import { attachProcess } from "./attach.ts";
import { waitStatusOf } from "./create.ts";
import { FrameSocket, type Message } from "./frames.ts";
import { noteExec } from "./processes.ts";
import { socketsOf } from "./socket_directory.ts";
import { controlPath, failureOf } from "./sockets.ts";
import { spawnHostProcess } from "./spawn.ts";

function checkOptions(container: Container, process: Process, options: ExecOptions): void {
  const refuse = (what: string): LifecycleError =>
    new LifecycleError(`exec in container ${JSON.stringify(container.record.id)}: ${what}`, "unsupported");
  if (options.preserveFds > 0) {
    throw refuse("the process that hosts the container cannot be given descriptors");
  }
  if (/(^|\/)\.\.(\/|$)|:/.test(options.cgroup)) {
    throw refuse(
      `--cgroup ${options.cgroup}: not a path below the container's cgroup, which is of version 2`,
    );
  }
  if (process.terminal && options.detached && options.consoleSocket === undefined) {
    throw new LifecycleError(
      "cannot allocate tty if the caller will detach without setting console socket",
      "invalid",
    );
  }
}

/** The process as JSON that parseProcess() reads. */
const processJson = (process: Process): string => exactJson(process);

/** Starts a process in a container. A detached one gets a process of the host of its own, else this one stands for it. */
export async function execIn(
  container: Container,
  process: Process,
  options: ExecOptions,
): Promise<ExecProcess> {
  checkOptions(container, process, options);
  const control = controlPath(socketsOf(container));
  const ownTerminal = process.terminal && options.consoleSocket !== undefined;
  if (options.detached || ownTerminal) {
    const child = await detach(container, control, process, options);
    if (options.pidfdSocket !== undefined) sendPidfd(options.pidfdSocket, child.pid, "setns");
    if (options.detached) child.unref();
    return { pid: child.pid, wait: async () => waitStatusOf(await child.status) };
  }
  const attached = await attachProcess(
    control,
    { process: processJson(process), cgroup: options.cgroup },
    process.terminal ? { isRaw: false } : undefined,
    options.ignorePaused ? Infinity : undefined,
  );
  if (options.pidfdSocket !== undefined) sendPidfd(options.pidfdSocket, Deno.pid, "setns");
  const forget = noteExec(container.directory, identify(Deno.pid));
  return { pid: Deno.pid, wait: () => attached.wait().finally(forget) };
}

/**
 * Starts a process of the host that stands for the container's, and waits until the program runs. Once detached, it ends when this one has
 * left (see host/left.ts): the socket stays open.
 */
async function detach(
  container: Container,
  control: string,
  process: Process,
  options: ExecOptions,
): Promise<Deno.ChildProcess> {
  const { consoleSocket } = options;
  const { id } = container.record;
  const path = `${socketsOf(container)}/e-${crypto.randomUUID().slice(0, 8)}`;
  const listener = Deno.listen({ transport: "unix", path });
  try {
    const terminal = consoleSocket !== undefined && process.terminal
      ? sendTerminal(consoleSocket, { size: process.consoleSize, raw: true })
      : undefined;
    const child = spawnHostProcess({ args: ["exec", container.directory, control, path], terminal });
    const conn = await Promise.race([listener.accept(), child.status.then(() => null)]);
    const answer = conn === null ? null : await order(new FrameSocket(conn), process, options);
    if (answer === null) {
      throw new LifecycleError(
        `exec in container ${JSON.stringify(id)}: its process ended unexpectedly`,
        "failed",
      );
    }
    const failure = failureOf(answer);
    if (failure !== undefined) throw failure;
    return child;
  } finally {
    listener.close();
    try {
      Deno.removeSync(path);
    } catch {
      // The container has been deleted.
    }
  }
}

async function order(
  socket: FrameSocket,
  process: Process,
  { detached, ignorePaused, cgroup }: ExecOptions,
): Promise<Message | null> {
  let stays = false;
  try {
    await socket.message({
      op: "process",
      process: processJson(process),
      cgroup,
      terminal: process.terminal,
      patient: ignorePaused,
    });
    const answer = await socket.receiveMessage();
    stays = detached && answer?.op === "started";
    return answer;
  } finally {
    if (!stays) socket.abort();
  }
}
