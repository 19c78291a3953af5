/**
 * A container on this process's kernel: its init and every other process of it. The process of the host that stands for it, this one or a
 * member's, ends as the init does.
 * @module
 */
import { EACCES, ENOENT } from "../../../../fs/abi/errno.ts";
import type { OpenFile } from "../../../../fs/vfs/open_file.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { exited } from "../../../abi/linux/wait_status.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { withListening } from "../../../lifecycle/host/activation.ts";
import type { StageStep } from "../../../program/types.ts";
import { parseSpec } from "../../../spec/decode.ts";
import type { Hook } from "../../../spec/hook_types.ts";
import type { Status } from "../../../spec/state.ts";
import type { Spec } from "../../../spec/types.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import { ProgramError, type ReadyProcess } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { FrameSocket, type Message } from "../container/frames.ts";
import type { JoinedNamespace } from "../container/pod.ts";
import { createPath } from "../container/sockets.ts";
import type { Sandbox } from "../sandbox.ts";
import type { ShownTerminal } from "../terminal/attach.ts";
import { type Body, memberBody, ownBody } from "./body.ts";
import { takeOrders } from "./control.ts";
import { deliver } from "./deliver.ts";
import { execBeside } from "./exec.ts";
import { runHooksIn } from "./hooks.ts";
import { whenLeft } from "./left.ts";
import { counters, freeze, setLimits } from "./limits.ts";
import { setOomScore } from "./oom_score.ts";
import { leaveKernel, Pod, type PodContainer } from "./pod.ts";
import {
  type BundleRequest,
  FIRST_PLACE,
  hookPath,
  type Prepared,
  prepareFirst,
  prepareMember,
} from "./prepare.ts";

/** What a container is made of. */
interface Parts {
  /** Directory of its state. */
  readonly directory: string;
  /** Directory of its sockets. */
  readonly sockets: string;
  /** The create that waits. */
  readonly creator: FrameSocket;
  /** What it has ordered. */
  readonly order: Message;
  /** The configuration. */
  readonly spec: Spec;
  /** The process of the host. */
  readonly body: Body;
  /** Where the kernel has what belongs to it. */
  readonly place: string;
}

class ContainerHost implements PodContainer {
  init: Task | null = null;
  group: Cgroup | null = null;
  readonly directory: string;
  readonly spec: Spec;
  readonly #starter = Promise.withResolvers<FrameSocket>();
  #asked: FrameSocket | null = null;
  #running = false;
  #over = false;
  #ending: Promise<void> | undefined;
  #terminal: ShownTerminal | null = null;
  #trees: Prepared["trees"] = [];
  #endOrders: () => void = () => {};

  constructor(readonly pod: Pod, readonly parts: Parts) {
    this.directory = parts.directory;
    this.spec = parts.spec;
    this.#starter.promise.catch(() => {}); // it may end before anybody waits
    pod.containers.add(this);
  }

  say(line: string): void {
    this.parts.body.say(line);
  }

  /** What hooks in the container's namespaces are told (runtime.md#state): there the init is process 1 of its namespace. */
  #state(status: Status): string {
    const { id, bundle } = this.parts.order;
    const { ociVersion, annotations } = this.spec;
    return JSON.stringify({ ociVersion, id, status, pid: this.init!.pid, bundle, annotations });
  }

  async #told(op: string): Promise<void> {
    const message = await this.parts.creator.receiveMessage();
    if (message?.op !== op) throw new Error("the create has been killed"); // so is what it began
  }

  async #hooks(
    name: "createContainer" | "startContainer",
    pathOf: (hook: Hook, n: number) => string,
  ): Promise<void> {
    const hooks = this.spec.hooks?.[name] ?? [];
    const status = name === "createContainer" ? "creating" : "created";
    await runHooksIn(this.init!, name, hooks, pathOf, this.#state(status));
  }

  /** A point at which the runtime and the container meet. */
  async #stage(stage: StageStep["stage"], init: Task, fd: number): Promise<void> {
    const { body, creator, order, place } = this.parts;
    if (this.#over) throw new Error("the container has ended");
    this.init = init;
    this.group ??= init.kernel.cgroups.of(init);
    if (stage === "terminal") {
      this.#terminal = body.show(init, fd, order.isRaw === true);
      return;
    }
    if (stage === "environment") {
      await creator.message({ op: "environment" });
      await this.#told("continue");
      await this.#hooks("createContainer", (_hook, n) => hookPath(place, n));
      return;
    }
    this.#listen();
    await creator.message({ op: "created" });
    await this.#told("detach");
    this.#asked = await this.#starter.promise;
    await this.#hooks("startContainer", ({ path }) => path);
  }

  #signal(signal: number, all: boolean): void {
    if (this.#terminal?.takes(signal)) return;
    const init = this.init!;
    const others = all ? this.pod.tasksOf(this).filter((task) => task !== init) : [];
    for (const task of [...others, init]) deliver(task, signal);
    // Before it is started nobody drives it: its end is this container's.
    if (!this.#running && init.dying) this.#ending = this.end(init.exitStatus ?? 0);
  }

  /** Its process of the host has gone: nothing of it stays. */
  #gone(): void {
    this.parts.creator.abort();
    if (this.init !== null && !this.#over) this.#signal(SIGNAL.SIGKILL, true);
  }

  /** Answers an order that may fail. */
  async #answer(socket: FrameSocket, doing: string, work: () => void): Promise<void> {
    try {
      work();
      await socket.message({ op: "done" });
    } catch (error) {
      const message = `${doing} container ${JSON.stringify(this.parts.order.id)}: ${
        (error as Error).message
      }`;
      await socket.message({ op: "error", reason: "invalid", message });
    }
    await socket.close();
  }

  #listen(): void {
    if (this.parts.body === ownBody) {
      ownBody.listen((signal) => this.#signal(signal, false), () => this.#gone());
    }
    this.#endOrders = takeOrders(this.parts.sockets, {
      start: async (socket) => {
        if (this.#asked === null) return this.#starter.resolve(socket);
        await socket.message({ op: "error", reason: "state", message: "it has been started already" });
        await socket.close();
      },
      signal: (socket, { signal, all }) => {
        if (typeof signal === "number") this.#signal(signal, all === true);
        socket.abort();
      },
      exec: (socket, message) => this.#exec(socket, message),
      join: (socket, message) => hostMember(this.pod, socket, message),
      update: (socket, { resources }) =>
        this.#answer(socket, "updating", () => setLimits(this.init!, String(resources))),
      freeze: (socket, { frozen }) =>
        this.#answer(socket, "pausing", () => freeze(this.init!, frozen === true)),
      stats: async (socket) => {
        await socket.message({ op: "stats", ...counters(this.init!, this.pod.tasksOf(this)) });
        await socket.close();
      },
    });
  }

  /** A second program shares the thread with the first: it can be interrupted, so that both are served whatever it does. */
  #exec(socket: FrameSocket, message: Message): Promise<void> {
    this.pod.sandbox!.makeInterruptible();
    return execBeside({ init: this.init!, group: this.group! }, socket, message);
  }

  /** Says why there is no container, or no program, to whoever waits for it. */
  async #fail(error: unknown): Promise<void> {
    const starting = this.#asked !== null;
    const reason = error instanceof LifecycleError ? error.reason : starting ? "start" : "failed";
    const socket = this.#asked ?? this.parts.creator;
    await socket.message({ op: "error", reason, message: (error as Error).message }).catch(() => {});
    await socket.close();
    if (!starting) {
      this.#over = true;
      this.#leave();
      return this.parts.body.abandon();
    }
    const errno = error instanceof ProgramError ? error.errno : 0;
    await this.end(exited(errno === ENOENT ? 127 : errno === EACCES ? 126 : 125));
  }

  /** Ends the process of the host as the init has ended, once a detached create has left. */
  async end(status: number): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#leave();
    const left = whenLeft(this.parts.creator);
    this.#starter.reject(new Error("the container has ended"));
    await left;
    this.parts.body.end(this.directory, status);
  }

  /** A member leaves the kernel as it was before it came; its last processes may take until they are killed. */
  #leave(): void {
    if (this.parts.body === ownBody) return; // the kernel goes, too
    this.#endOrders();
    void leaveKernel(this.pod, this, this.#trees);
  }

  /** Descriptors of this process that the container's is to have. */
  async #preserved(sandbox: Sandbox): Promise<readonly OpenFile[]> {
    const { order: { preserveFds }, place } = this.parts;
    if (typeof preserveFds !== "number" || preserveFds === 0) return [];
    const { preservedFiles } = await import("../preserved.ts");
    return preservedFiles(sandbox, place, preserveFds);
  }

  /** Prepares, waits for start, runs, ends. */
  async run(prepared: () => Prepared): Promise<void> {
    const { body } = this.parts;
    if (body !== ownBody) {
      body.listen((signal) => this.init && this.#signal(signal, false), () => this.#gone());
    }
    let sandbox: Sandbox, ready: ReadyProcess;
    try {
      const { program, trees, sandbox: kernel } = prepared();
      this.pod.sandbox = sandbox = kernel;
      this.#trees = trees;
      const streams = body.streams(this.spec.process?.terminal ?? false);
      const preserved = await this.#preserved(sandbox);
      ready = await sandbox.prepare(
        program,
        [...streams, ...preserved],
        (stage, task, fd) => this.#stage(stage, task, fd),
      );
      body.started(this.directory);
    } catch (error) {
      return await (this.#over ? this.#ending : this.#fail(error));
    }
    this.#running = true;
    await this.#asked!.message({ op: "started" }).catch(() => {}); // whoever asked was killed: it runs all the same
    await this.#asked!.close();
    const status = await sandbox.run(ready);
    await this.#terminal?.finish();
    await this.end(status);
  }
}

/** The create that waits for a container, what it orders, and the configuration. Throws when it was killed. */
async function orderOf(
  directory: string,
  sockets: string,
): Promise<Pick<Parts, "directory" | "sockets" | "creator" | "order" | "spec">> {
  const creator = new FrameSocket(await Deno.connect({ transport: "unix", path: createPath(sockets) }));
  try {
    const order = await creator.receiveMessage();
    if (order === null) throw new Error("the create has been killed");
    const spec = withListening(
      parseSpec(Deno.readTextFileSync(`${directory}/config.json`)),
      Number(order.listening ?? 0),
    );
    return { directory, sockets, creator, order, spec };
  } catch (error) {
    creator.abort();
    throw error;
  }
}

const bundleOf = ({ order, spec, place }: Parts): BundleRequest => ({
  ...{ id: String(order.id), bundle: String(order.bundle), rootfs: String(order.rootfs), spec, place },
});

/** Is the container whose state is in `directory`, on the order of the create that waits at its socket. */
export async function hostContainer(directory: string, sockets: string): Promise<void> {
  const pod = new Pod();
  const order = await orderOf(directory, sockets).catch(() => undefined);
  if (order === undefined) return ownBody.abandon();
  const parts = { ...order, body: ownBody, place: FIRST_PLACE };
  await new ContainerHost(pod, parts).run(() => {
    setOomScore(parts.spec);
    return prepareFirst(bundleOf(parts), {
      memoryLimit: (task) => pod.memoryLimitOf(task),
      diagnose: (message, task) =>
        (task === undefined ? ownBody : pod.ownerOf(task)).say(`umiak: ${message}`),
    });
  });
}

/** Hosts a container that joins others of the pod, for the process at the other end of `socket`. */
async function hostMember(pod: Pod, socket: FrameSocket, message: Message): Promise<void> {
  await socket.message({ op: "taken" });
  const order = await orderOf(String(message.directory), String(message.sockets));
  const parts = { ...order, body: memberBody(socket), place: pod.nextPlace() };
  const joined = message.joined as Readonly<Record<string, JoinedNamespace>>;
  await new ContainerHost(pod, parts).run(() =>
    prepareMember(bundleOf(parts), pod.namespacesOf(parts.spec, joined), pod.sandbox!)
  );
}
