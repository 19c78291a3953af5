/** A container on a kernel in this process, from create to delete. @module */
import { EACCES, ENOENT } from "../../../../fs/abi/errno.ts";
import { exited, signaled } from "../../../abi/linux/wait_status.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import type { CreateRequest, InitProcess } from "../../../lifecycle/backend.ts";
import { LifecycleError, type LifecycleReason } from "../../../lifecycle/error.ts";
import type { StageStep } from "../../../program/types.ts";
import type { Status } from "../../../spec/state.ts";
import type { Spec } from "../../../spec/types.ts";
import type { Cgroup } from "../../kernel/cgroup/group.ts";
import { ProgramError, type ReadyProcess } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { deliver } from "../host/deliver.ts";
import { runHooksIn } from "../host/hooks.ts";
import { leaveKernel, type Pod, type PodContainer, tasksIn } from "../host/pod.ts";
import { hookPath, prepareBeside, type Prepared } from "../host/prepare.ts";
import type { Sandbox } from "../sandbox.ts";
import { type LocalStreams, localStreams } from "./streams.ts";

/** Who hears of a container. */
export interface Listener {
  /** Its program is going to run. */
  started(id: string): void;
  /** Its first process has ended. */
  ended(id: string, status: number): void;
}

/** Something that is promised, and need not be waited for. */
function promised<T>(): PromiseWithResolvers<T> {
  const made = Promise.withResolvers<T>();
  made.promise.catch(() => {});
  return made;
}

/** See the module's comment. */
export class LocalContainer implements PodContainer {
  init: Task | null = null;
  group: Cgroup | null = null;
  readonly directory: string;
  readonly spec: Spec;
  readonly #streams: LocalStreams;
  readonly #place: string;
  readonly #created = promised<InitProcess>();
  readonly #start = promised<void>();
  readonly #started = promised<void>();
  readonly #ended = promised<number>();
  #trees: Prepared["trees"] = [];
  #asked = false;
  #running = false;
  #over = false;
  #left: Promise<void> | undefined;

  /** One that is not there yet. */
  constructor(
    readonly pod: Pod,
    readonly sandbox: Sandbox,
    readonly request: CreateRequest,
    readonly listener: Listener,
  ) {
    this.directory = request.directory;
    this.spec = request.spec;
    this.#place = pod.nextPlace();
    this.#streams = localStreams(request.options.streams, request.spec.process?.terminal ?? false);
    pod.containers.add(this);
  }

  say(line: string): void {
    const { stderr = Deno.stderr } = this.request.options.streams ?? {};
    stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  }

  /** Prepares everything. Its process waits for start. */
  create(): Promise<InitProcess> {
    void this.#live();
    return this.#created.promise;
  }

  /** Runs startContainer hooks and the program. */
  start(): Promise<void> {
    this.#asked = true;
    this.#start.resolve();
    return this.#started.promise;
  }

  /** Its wait status, at its end. */
  wait(): Promise<number> {
    return this.#ended.promise;
  }

  /** Its living processes. */
  tasks(): Task[] {
    return tasksIn(this.pod, this).filter((task) => !task.isZombie);
  }

  /** Sends a signal from outside. */
  signal(signal: number, all: boolean): void {
    const { init } = this;
    if (init === null || this.#over) return;
    const others = all ? this.tasks().filter((task) => task !== init) : [];
    for (const task of [...others, init]) deliver(task, signal);
    // Before it is started nobody drives it: its end is this container's.
    if (!this.#running && init.dying) this.#end(init.exitStatus ?? signaled(signal));
  }

  /** Kills what still runs, and waits until nothing is left. */
  async destroy(): Promise<void> {
    this.signal(SIGNAL.SIGKILL, true);
    if (this.#running) await this.#ended.promise;
    else if (this.init === null) this.#leave();
    await this.#left;
  }

  /** What hooks in the container's namespaces are told (runtime.md#state): there the init is process 1 of its namespace. */
  #state(status: Status): string {
    const { id, bundle } = this.request, { ociVersion, annotations } = this.spec;
    return JSON.stringify({ ociVersion, id, status, pid: this.init!.pid, bundle, annotations });
  }

  /** A point at which the runtime and the container meet. */
  async #stage(stage: StageStep["stage"], init: Task, fd: number): Promise<void> {
    if (this.#over) throw new Error("the container has ended");
    this.init = init;
    this.group ??= init.kernel.cgroups.of(init);
    if (stage === "terminal") return this.#streams.show(init, fd);
    const { hooks } = this.spec;
    const identity = { pid: init.id.in(init.kernel.initial.pid), startTime: "", data: {} };
    if (stage === "environment") {
      await this.request.environmentCreated(identity);
      const pathOf = (_: unknown, n: number): string => hookPath(this.#place, n);
      return await runHooksIn(
        init,
        "createContainer",
        hooks?.createContainer ?? [],
        pathOf,
        this.#state("creating"),
      );
    }
    this.#created.resolve(identity);
    await this.#start.promise;
    await runHooksIn(
      init,
      "startContainer",
      hooks?.startContainer ?? [],
      ({ path }) => path,
      this.#state("created"),
    );
  }

  #prepare(): Prepared {
    const { pod, spec, request: { id, bundle, rootfs }, sandbox } = this;
    if (!spec.linux.namespaces.some(({ type, path }) => type === "mount" && path === undefined)) {
      throw new Error("linux.namespaces: containers of one process need a mount namespace each");
    }
    const place = this.#place;
    return prepareBeside({ id, spec, bundle, rootfs, place }, spec.linux.namespaces, pod.sandbox ?? sandbox);
  }

  /** Prepares, waits for start, runs, ends. */
  async #live(): Promise<void> {
    let ready: ReadyProcess;
    try {
      const { program, trees } = this.#prepare();
      this.#trees = trees;
      ready = await this.sandbox.prepare(program, this.#streams.files, (...at) => this.#stage(...at));
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (this.#over) return;
    this.#streams.connect(ready.task);
    this.#running = true;
    this.listener.started(this.request.id);
    this.#started.resolve();
    const status = await this.sandbox.run(ready);
    await this.#streams.finish();
    this.#end(status);
  }

  /** Says why there is no container, or no program, to whoever waits for it. */
  #fail(error: Error): void {
    const reason: LifecycleReason = error instanceof LifecycleError
      ? error.reason
      : this.#asked
      ? "start"
      : "failed";
    const told = error instanceof LifecycleError
      ? error
      : new LifecycleError(error.message, reason, { cause: error });
    this.#created.reject(told);
    this.#started.reject(told);
    const errno = error instanceof ProgramError ? error.errno : 0;
    this.#end(exited(errno === ENOENT ? 127 : errno === EACCES ? 126 : 125));
  }

  #end(status: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#start.reject(new Error("the container has ended"));
    this.#started.reject(
      new LifecycleError(`container ${JSON.stringify(this.request.id)}: it has ended`, "state"),
    );
    this.listener.ended(this.request.id, status);
    this.#leave();
    this.#ended.resolve(status);
  }

  /** It leaves the kernel as it was before it came. */
  #leave(): void {
    this.#left ??= leaveKernel(this.pod, this, this.#trees);
  }
}
