/** exec on the userland kernel: a process of the host stands for the container's, and passes its streams, signals and status on. @module */
import type { Container, ExecOptions, ExecProcess } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { closeOnExec } from "../../../lifecycle/host/descriptors.ts";
import { identify } from "../../../lifecycle/host/processes.ts";
import type { Process } from "../../../spec/types.ts";
import { attachProcess } from "./attach.ts";
import { exactJson } from "../../../spec/encode.ts";
import { FrameSocket, type Message } from "./frames.ts";
import { hostCommand, hostEnvironment } from "./host_command.ts";
import { noteExec } from "./processes.ts";
import { socketsOf } from "./socket_directory.ts";
import { controlPath, failureOf } from "./sockets.ts";

function checkOptions(container: Container, process: Process, options: ExecOptions): void {
  const refuse = (what: string): LifecycleError =>
    new LifecycleError(`exec in container ${JSON.stringify(container.record.id)}: ${what}`, "unsupported");
  if (options.preserveFds > 0) throw refuse("the userland kernel cannot pass descriptors of the host on");
  if (options.cgroup !== "") throw refuse("the userland kernel has no cgroups of the host");
  if (!process.terminal) return;
  if (options.consoleSocket !== undefined) {
    throw refuse("the userland kernel has no terminals for console sockets");
  }
  if (options.detached) {
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
  if (options.detached) {
    return {
      pid: await detach(container, control, process),
      wait: () => Promise.reject(new Error("detached")),
    };
  }
  const attached = await attachProcess(control, processJson(process));
  const forget = noteExec(container.directory, identify(Deno.pid));
  return { pid: Deno.pid, wait: () => attached.wait().finally(forget) };
}

/** Starts a process of the host that stands for the container's, and waits until the program runs. Its id. */
async function detach(container: Container, control: string, process: Process): Promise<number> {
  const { id } = container.record;
  const path = `${socketsOf(container)}/e-${crypto.randomUUID().slice(0, 8)}`;
  const listener = Deno.listen({ transport: "unix", path });
  try {
    const words = [...hostCommand(), "exec", container.directory, control, path];
    closeOnExec();
    const child = new Deno.Command(words[0]!, {
      args: words.slice(1),
      env: hostEnvironment(),
      clearEnv: true,
      ...{ stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const,
      detached: true,
    }).spawn();
    const conn = await Promise.race([listener.accept(), child.status.then(() => null)]);
    const answer = conn === null ? null : await ask(new FrameSocket(conn), processJson(process));
    if (answer === null) {
      throw new LifecycleError(
        `exec in container ${JSON.stringify(id)}: its process ended unexpectedly`,
        "failed",
      );
    }
    const failure = failureOf(answer);
    if (failure !== undefined) throw failure;
    child.unref();
    return child.pid;
  } finally {
    listener.close();
    try {
      Deno.removeSync(path);
    } catch {
      // The container has been deleted.
    }
  }
}

async function ask(socket: FrameSocket, process: string): Promise<Message | null> {
  try {
    await socket.message({ op: "process", process });
    return await socket.receiveMessage();
  } finally {
    socket.abort();
  }
}
