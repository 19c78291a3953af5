/** `umiak run` on the userland kernel: from an image to an exit code. @module */
import { ENOENT } from "../../fs/abi/errno.ts";
import { SIGNAL } from "../abi/linux/signal.ts";
import { isSignaled, shellStatus } from "../abi/linux/wait_status.ts";
import { leaveKernel, type PodContainer } from "../sandbox/exec/host/pod.ts";
import type { Cgroup } from "../sandbox/kernel/cgroup/group.ts";
import { ProgramError, type Stages } from "../sandbox/kernel/program_runner.ts";
import type { Task } from "../sandbox/kernel/task.ts";
import type { Spec } from "../spec/types.ts";
import { setDeadline } from "./deadline.ts";
import { opening } from "./find_image.ts";
import type { PreparedNetwork } from "./network.ts";
import { RunError, type RunOptions } from "./options.ts";
import type { PodKernel } from "./pod_kernel.ts";
import { diagnosis, type NetworkMaker, prepareContainer, withBindNames } from "./prepare_container.ts";
import { type PreparedImage, prepareImage } from "./root_filesystem.ts";
import { noStdio, openStdio, type Stdio, terminalOf } from "./stdio.ts";

/** What makes the network that the options ask for; undefined where there is to be none, or the pod has it. */
async function networkMaker({ network }: RunOptions, pod?: PodKernel): Promise<NetworkMaker | undefined> {
  if (network !== undefined && pod !== undefined && (pod.network !== undefined || pod.shares("network"))) {
    throw new RunError("network: the pod's containers have its network", 125);
  }
  const bridge = pod?.bridge;
  if (bridge !== undefined) {
    if (network?.mode !== undefined && network.mode !== "pod") {
      throw new RunError(`network.mode ${network.mode}: the pod's containers are on its network`, 125);
    }
    return (_sandbox, name, files) => bridge.join(network ?? {}, name, files);
  }
  if (network === undefined) return undefined;
  const { modeOf, prepareNetwork } = await import("./network.ts");
  if (pod !== undefined && modeOf(network) === "host") {
    throw new RunError("network.mode host: it is a pod's, not one container's", 125);
  }
  const bare = modeOf(network) === "none" && (network.listen?.length ?? 0) === 0;
  return bare ? undefined : (sandbox, name, files) => prepareNetwork(sandbox, network, name, files);
}

/** Connects a container's namespaces, when createRuntime hooks would (config.md#posix-platform-hooks). */
function attach(image: PreparedImage, network: PreparedNetwork | undefined, task: Task): void {
  try {
    network?.attach(task);
  } catch (error) {
    throw new RunError(`${image.name}: ${(error as Error).message}`, 125, { cause: error });
  }
}

/** Docker's exit code for a program that could not be started. */
function exitCodeOf(error: ProgramError): number {
  if (error.call !== null && error.call !== "execve") return 125;
  return error.errno === ENOENT ? 127 : error.call === "execve" ? 126 : 125;
}

/** Opens the image. */
function open(options: RunOptions): Promise<PreparedImage> {
  return opening(() => prepareImage(options.image, options.platform, options.prepare));
}

/** What ends a container whose caller has had enough. Returns what calls that off. */
function endings(task: Task, options: RunOptions, interruptible: boolean): () => void {
  const { timeout, signal, stopSignal = SIGNAL.SIGKILL } = options;
  const cancel = timeout === undefined ? undefined : setDeadline(task, timeout, stopSignal, interruptible);
  const abort = (): void => task.raise(stopSignal);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  return () => {
    cancel?.();
    signal?.removeEventListener("abort", abort);
  };
}

/** A container of a pod, for those who ask which one a process belongs to. */
class Member implements PodContainer {
  init: Task | null = null;
  group: Cgroup | null = null;

  constructor(readonly directory: string, readonly spec: Spec, readonly say: (line: string) => void) {}

  /** It has a process, in its control group. */
  begin(task: Task): void {
    this.init ??= task;
    this.group ??= task.kernel.cgroups.of(task);
  }
}

/** Runs a container on a kernel of its own, or in a pod. See runImage(). */
export async function runOn(
  pod: PodKernel | undefined,
  options: RunOptions,
  stdio: Stdio,
  take: () => Promise<PreparedImage> = () => open(options),
): Promise<number> {
  if (pod !== undefined && options.backend === "native") {
    throw new RunError("backend native: the containers of a pod are on its kernel", 125);
  }
  if (pod !== undefined && pod.shares("uts") && options.hostname !== undefined) {
    throw new RunError("hostname: the pod's containers have its host name", 125);
  }
  const terminal = options.tty ? await terminalOf(options, stdio) : undefined;
  const makeNetwork = await networkMaker(options, pod);
  const image = await take();
  if (pod?.closed) {
    for (const layer of image.layers) layer.shutdown();
    throw new RunError(`${image.name}: the pod is closed`, 125);
  }
  const prepared = prepareContainer(image, options, stdio.stderr, makeNetwork, pod);
  const { sandbox, program, network, spec } = prepared;
  const member = new Member(prepared.place, spec, diagnosis(stdio.stderr, options.tty ?? false));
  pod?.containers.containers.add(member);
  try {
    const files = terminal === undefined ? openStdio(options.interactive ?? false, stdio) : noStdio();
    const listeners = network?.listeners ?? [];
    const stages: Stages = (stage, task, fd) => {
      member.begin(task);
      if (stage === "environment") attach(image, network, task);
      if (stage === "terminal") terminal?.show(task, fd);
      return Promise.resolve();
    };
    const start = options.entrypoint === undefined ? image.start : undefined;
    const ready = await sandbox.prepare(program, [...files, ...listeners], stages, start);
    const { task } = ready;
    for (const output of [files[1], files[2]]) output.onBroken = () => task.raise(SIGNAL.SIGPIPE);
    const callOff = endings(task, options, sandbox.interruptible);
    try {
      if (task.dying) task.exit(task.exitStatus ?? 0); // it was killed before its program could begin
      return shellStatus(task.dying ? await task.ended() : await sandbox.run(ready));
    } finally {
      callOff();
    }
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const killed = member.init?.exitStatus ?? 0;
    if (isSignaled(killed)) return shellStatus(killed); // as it was being started
    throw new RunError(`${image.name}: ${withBindNames(error.message, options)}`, exitCodeOf(error), {
      cause: error,
    });
  } finally {
    await terminal?.finish();
    if (pod !== undefined) {
      await leaveKernel(pod.containers, member, prepared.trees);
    }
    await network?.close();
    if (pod === undefined) sandbox.shutdown();
  }
}
