/** Containers on one kernel in this process, as a backend: the operations of the specification without a process of the host. @module */
import type {
  Backend,
  Container,
  CreateRequest,
  ExecOptions,
  ExecProcess,
  InitProcess,
  Stats,
} from "../../../lifecycle/backend.ts";
import type { Processes } from "../../../lifecycle/context.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { compileProcess } from "../../../program/compile_exec.ts";
import { exactJson } from "../../../spec/encode.ts";
import type { Process } from "../../../spec/types.ts";
import { ProgramError, runInTask } from "../../kernel/program_runner.ts";
import type { Task } from "../../kernel/task.ts";
import { runTask } from "../../kernel/task_run.ts";
import { counters, freeze, setLimits } from "../host/limits.ts";
import { Pod } from "../host/pod.ts";
import { refuseOfProcess } from "../host/refusals.ts";
import { enterGroup, taskBeside } from "../host/tasks.ts";
import { wantsInterruption } from "../interrupt/wanted.ts";
import { Sandbox } from "../sandbox.ts";
import { type Listener, LocalContainer } from "./container.ts";
import { localStreams } from "./streams.ts";

const UNLIMITED = 2n ** 64n - 1n;

/** What containers in this process are made of. */
export interface LocalBackendOptions extends Listener {
  /** Guests can be interrupted while they compute, also where no container asks for it. */
  readonly interruptible: boolean;
}

/** See the module's comment. */
export interface LocalBackend extends Backend, Processes {
  /** No container is made from now on. */
  refuse(): void;
  /** Kills every container, and gives the kernel back. */
  close(): Promise<void>;
}

/** Starts a process beside the init of a container. */
async function execIn(
  container: LocalContainer,
  process: Process,
  options: ExecOptions,
): Promise<ExecProcess> {
  const doing = `exec in container ${JSON.stringify(container.request.id)}`;
  if (options.preserveFds > 0) {
    throw new LifecycleError(
      `${doing}: containers in this process have no descriptors to pass on`,
      "unsupported",
    );
  }
  refuseOfProcess(process);
  container.sandbox.makeInterruptible(); // it shares the thread with the first
  const init = container.init!, streams = localStreams(options.streams, process.terminal);
  let task: Task | undefined;
  try {
    const made = task = taskBeside(init, streams.files);
    if (options.cgroup !== "") enterGroup(made, container.group!, options.cgroup);
    const { image } = await runInTask(made, compileProcess(process), (stage, at, fd) => {
      if (stage === "terminal") streams.show(at, fd);
      return Promise.resolve();
    });
    streams.connect(made);
    const ended = runTask(made, image).then(async (status) => {
      await streams.finish();
      return status;
    });
    return { pid: made.id.in(init.kernel.initial.pid), wait: () => ended };
  } catch (error) {
    if (task !== undefined && !task.exiting) task.exit(127 << 8);
    const reason = error instanceof ProgramError ? "start" : "failed";
    throw new LifecycleError(`${doing}: ${(error as Error).message}`, reason, { cause: error });
  }
}

function statsOf(container: LocalContainer): Stats {
  const { memory, pids } = container.spec.linux.resources ?? {};
  const { pids: count, memory: usage, cpuNanoseconds } = counters(container.init!, container.tasks());
  const limit = memory?.limit ?? -1n, most = pids?.limit ?? 0n;
  return {
    cpuTotal: BigInt(Math.round(cpuNanoseconds)),
    cpuKernel: 0n,
    memoryUsage: BigInt(usage),
    memoryLimit: limit < 0n ? UNLIMITED : limit,
    pids: count,
    pidsLimit: most > 0n ? Number(most) : 0,
  };
}

/** Makes a backend with a kernel, whose containers are told by `options` as they start and end. */
export function localBackend(options: LocalBackendOptions): LocalBackend {
  const pod = new Pod(), containers = new Map<string, LocalContainer>();
  let sandbox: Sandbox | undefined, refuses = false;
  const kernel = (): Sandbox =>
    sandbox ??= pod.sandbox = new Sandbox({
      trees: [],
      hostname: Deno.hostname(),
      interruptible: options.interruptible,
      memoryLimit: (task) => pod.memoryLimitOf(task),
      diagnose: (message, task) => {
        if (task === undefined || pod.containers.size === 0) console.error(`umiak: ${message}`);
        else pod.ownerOf(task).say(`umiak: ${message}`);
      },
    });
  const known = ({ record }: Container): LocalContainer => {
    const found = containers.get(record.id);
    if (found !== undefined) return found;
    throw new LifecycleError(`container ${JSON.stringify(record.id)} is not in this process`, "failed");
  };
  const create = async (request: CreateRequest): Promise<InitProcess> => {
    const doing = `creating container ${JSON.stringify(request.id)}`;
    if (refuses) throw new LifecycleError(`${doing}: its runtime is closed`, "failed");
    if (request.options.preserveFds > 0) {
      throw new LifecycleError(
        `${doing}: containers in this process have no descriptors to pass on`,
        "unsupported",
      );
    }
    const on = kernel();
    if (wantsInterruption(request.spec)) on.makeInterruptible();
    const container = new LocalContainer(pod, on, request, options);
    containers.set(request.id, container);
    return await container.create();
  };
  return {
    name: "local",
    isHere: true,
    create,
    start: (container) => known(container).start(),
    wait: (container) => known(container).wait(),
    kill: (container, signal, all) => Promise.resolve(known(container).signal(signal, all)),
    pause: (container) => Promise.resolve(freeze(known(container).init!, true)),
    resume: (container) => Promise.resolve(freeze(known(container).init!, false)),
    exec: async (container, process, asked) => await execIn(known(container), process, asked),
    processes: (container) =>
      Promise.resolve(known(container).tasks().map((task) => task.id.in(task.kernel.initial.pid))),
    stats: (container) => Promise.resolve(statsOf(known(container))),
    update: (container, resources) =>
      Promise.resolve(setLimits(known(container).init!, exactJson(resources))),
    async destroy({ record: { id } }) {
      await containers.get(id)?.destroy();
      containers.delete(id);
    },
    isAlive({ pid }) {
      const task = sandbox?.kernel.initial.pid.task(pid);
      return task !== undefined && !task.isZombie;
    },
    refuse() {
      refuses = true;
    },
    async close() {
      refuses = true;
      await Promise.all([...containers.values()].map((container) => container.destroy()));
      containers.clear();
      sandbox?.shutdown();
      sandbox = undefined;
    },
  };
}
