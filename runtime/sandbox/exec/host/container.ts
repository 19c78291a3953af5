/** The process of the host that is a container: its kernel, its init and every other process of it. It ends as the init does. @module */
import { EACCES, ENOENT } from "../../../../fs/abi/errno.ts";
import { exited } from "../../../abi/linux/wait_status.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { markStarted, writeExit } from "../../../lifecycle/host/state_directory.ts";
import type { StageStep } from "../../../program/types.ts";
import { parseSpec } from "../../../spec/decode.ts";
import type { Hook } from "../../../spec/hook_types.ts";
import type { Status } from "../../../spec/state.ts";
import type { Spec } from "../../../spec/types.ts";
import { ProgramError, type ReadyProcess } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { FrameSocket, type Message } from "../container/frames.ts";
import { createPath } from "../container/sockets.ts";
import { hostStdin } from "../host_stdin.ts";
import { type ByteSource, HostInput, HostOutput } from "../host_stream.ts";
import { type ShownTerminal, showTerminal } from "../terminal/attach.ts";
import { takeOrders } from "./control.ts";
import { deliver } from "./deliver.ts";
import { execBeside } from "./exec.ts";
import { runHooksIn } from "./hooks.ts";
import { counters, setLimits } from "./limits.ts";
import { hookPath, prepareBundle, type Prepared } from "./prepare.ts";
import { endAs, listenForSignals } from "./signals.ts";
import type { Streams } from "./tasks.ts";

/** Exit code when the creator has gone, or has been told what is wrong. */
const ABANDONED = 125;

/** An input that is at its end. */
const EMPTY: ByteSource = { readSync: () => null, read: () => Promise.resolve(null) };

/** This process's standard streams; a process that is to have a terminal gets that in their place. */
function standardStreams(terminal: boolean): Streams {
  return [
    new HostInput(terminal ? EMPTY : hostStdin()),
    new HostOutput(Deno.stdout),
    new HostOutput(Deno.stderr),
  ];
}

/** oom_score_adj is this process's: it is the one that the kernel of the host would kill (config.md#linux-process). */
function setOomScore(spec: Spec): void {
  const score = spec.process?.oomScoreAdj;
  if (score === undefined || Deno.build.os !== "linux") return;
  if (Number(Deno.readTextFileSync("/proc/self/oom_score_adj")) === score) return;
  try {
    Deno.writeTextFileSync("/proc/self/oom_score_adj", String(score));
  } catch (error) {
    throw new Error(`setting oom_score_adj to ${score}: ${(error as Error).message}`, { cause: error });
  }
}

class ContainerHost {
  #init: Task | null = null;
  #starter = Promise.withResolvers<FrameSocket>();
  #asked: FrameSocket | null = null;
  #running = false;
  #terminal: ShownTerminal | null = null;

  constructor(
    readonly directory: string,
    readonly sockets: string,
    readonly creator: FrameSocket,
    readonly order: Message,
    readonly spec: Spec,
  ) {}

  /** What hooks in the container's namespaces are told (runtime.md#state): there the init is process 1 of its namespace. */
  #state(status: Status): string {
    const { id, bundle } = this.order;
    const { ociVersion, annotations } = this.spec;
    return JSON.stringify({ ociVersion, id, status, pid: this.#init!.pid, bundle, annotations });
  }

  async #told(op: string): Promise<void> {
    const message = await this.creator.receiveMessage();
    if (message?.op !== op) Deno.exit(ABANDONED); // the creator was killed: so is what it began
  }

  async #hooks(
    name: "createContainer" | "startContainer",
    pathOf: (hook: Hook, n: number) => string,
  ): Promise<void> {
    const hooks = this.spec.hooks?.[name] ?? [];
    const status = name === "createContainer" ? "creating" : "created";
    await runHooksIn(this.#init!, name, hooks, pathOf, this.#state(status));
  }

  /** A point at which the runtime and the container meet. */
  async #stage(stage: StageStep["stage"], init: Task, fd: number): Promise<void> {
    this.#init = init;
    if (stage === "terminal") {
      this.#terminal = showTerminal(init, fd, {
        source: hostStdin(),
        sink: Deno.stdout,
        raw: this.order.isRaw !== true && Deno.stdin.isTerminal(),
        resizes: Deno.stdout.isTerminal(),
      });
      return;
    }
    if (stage === "environment") {
      await this.creator.message({ op: "environment" });
      await this.#told("continue");
      await this.#hooks("createContainer", (_hook, n) => hookPath(n));
      return;
    }
    this.#listen();
    await this.creator.message({ op: "created" });
    await this.#told("detach");
    this.creator.abort();
    this.#asked = await this.#starter.promise;
    await this.#hooks("startContainer", ({ path }) => path);
  }

  #signal(signal: number, all: boolean): void {
    if (this.#terminal?.takes(signal)) return;
    const init = this.#init!;
    const others = all ? [...init.kernel.tasks()].filter((task) => task !== init) : [];
    for (const task of [...others, init]) deliver(task, signal);
    // Before it is started nobody drives it: its end is this process's.
    if (!this.#running && init.dying) this.end(init.exitStatus ?? 0);
  }

  #listen(): void {
    listenForSignals((signal) => this.#signal(signal, false));
    takeOrders(this.sockets, {
      start: async (socket) => {
        if (this.#asked === null) return this.#starter.resolve(socket);
        await socket.message({ op: "error", reason: "state", message: "it has been started already" });
        await socket.close();
      },
      signal: (socket, { signal, all }) => {
        if (typeof signal === "number") this.#signal(signal, all === true);
        socket.abort();
      },
      exec: (socket, message) => execBeside(this.#init!, socket, message),
      update: async (socket, { resources }) => {
        try {
          setLimits(this.#init!, String(resources));
          await socket.message({ op: "updated" });
        } catch (error) {
          const message = `updating container ${JSON.stringify(this.order.id)}: ${(error as Error).message}`;
          await socket.message({ op: "error", reason: "invalid", message });
        }
        await socket.close();
      },
      stats: async (socket) => {
        await socket.message({ op: "stats", ...counters(this.#init!) });
        await socket.close();
      },
    });
  }

  /** Says why there is no container, or no program, to whoever waits for it. */
  async fail(error: unknown): Promise<never> {
    const starting = this.#asked !== null;
    const reason = error instanceof LifecycleError ? error.reason : starting ? "start" : "failed";
    const socket = this.#asked ?? this.creator;
    await socket.message({ op: "error", reason, message: (error as Error).message }).catch(() => {});
    await socket.close();
    if (!starting) Deno.exit(ABANDONED);
    const errno = error instanceof ProgramError ? error.errno : 0;
    this.end(exited(errno === ENOENT ? 127 : errno === EACCES ? 126 : 125));
  }

  /** Ends this process as the init has ended. */
  end(status: number): never {
    try {
      writeExit(this.directory, { status });
    } catch {
      // The container has been deleted.
    }
    endAs(status);
  }

  /** Prepares, waits for start, runs, ends. */
  async run(): Promise<never> {
    let prepared: Prepared, ready: ReadyProcess;
    try {
      setOomScore(this.spec);
      prepared = prepareBundle(
        String(this.order.id),
        this.spec,
        String(this.order.bundle),
        String(this.order.rootfs),
        (message) => console.error(`umiak: ${message}`),
      );
      const streams = standardStreams(this.spec.process?.terminal ?? false);
      ready = await prepared.sandbox.prepare(
        prepared.program,
        streams,
        (stage, task, fd) => this.#stage(stage, task, fd),
      );
      markStarted(this.directory);
    } catch (error) {
      return await this.fail(error);
    }
    this.#running = true;
    await this.#asked!.message({ op: "started" }).catch(() => {}); // whoever asked was killed: it runs all the same
    await this.#asked!.close();
    const status = await prepared.sandbox.run(ready);
    await this.#terminal?.finish();
    this.end(status);
  }
}

/** Is the container whose state is in `directory`, on the order of the create that waits at its socket. */
export async function hostContainer(directory: string, sockets: string): Promise<never> {
  const creator = new FrameSocket(await Deno.connect({ transport: "unix", path: createPath(sockets) }));
  const order = await creator.receiveMessage();
  if (order === null) Deno.exit(ABANDONED);
  const spec = parseSpec(Deno.readTextFileSync(`${directory}/config.json`));
  return await new ContainerHost(directory, sockets, creator, order, spec).run();
}
