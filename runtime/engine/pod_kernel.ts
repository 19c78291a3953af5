/** A kernel that several containers of one process of the host run on, and the namespaces that they have in common. @module */
import { CLONE_CLEAR_SIGHAND } from "../abi/linux/clone.ts";
import { SIGNAL } from "../abi/linux/signal.ts";
import { cloneFlagsOf } from "../program/compile_namespaces.ts";
import { Pod as Containers } from "../sandbox/exec/host/pod.ts";
import { Sandbox } from "../sandbox/exec/sandbox.ts";
import { DEFAULT_ACTION, SA_NOCLDWAIT } from "../sandbox/kernel/sigaction.ts";
import type { Task } from "../sandbox/kernel/task.ts";
import { clone } from "../sandbox/kernel/task_clone.ts";
import type { Spec } from "../spec/types.ts";
import type { PreparedBridge, PreparedNetwork } from "./network.ts";

/** A namespace that containers can have in common. */
export type SharedNamespace = "network" | "ipc" | "uts" | "pid";

/** Namespaces that containers can have in common, and the names of their files below /proc/PID/ns. */
export const NAMESPACE_FILES: Readonly<Record<SharedNamespace, string>> = {
  network: "net",
  ipc: "ipc",
  uts: "uts",
  pid: "pid",
};

/** What a kernel for a pod is made of. */
export interface PodKernelOptions {
  /** Namespaces that its containers have in common. */
  readonly share: readonly SharedNamespace[];
  /** Host name of a shared uts namespace. */
  readonly hostname: string;
  /** Guests can be interrupted while they compute. */
  readonly interruptible: boolean;
}

/** See the module's comment. */
export class PodKernel {
  /** The containers. */
  readonly containers: Containers = new Containers();
  /** The kernel. */
  readonly sandbox: Sandbox;
  /** The process that holds the shared namespaces, and does nothing else; null if nothing is shared. */
  readonly holder: Task | null;
  /** Their host name, if that is one for all. */
  readonly hostname: string | undefined;
  /** The network, if that is one for all. */
  network: PreparedNetwork | undefined;
  /** What their own networks are attached to. */
  bridge: PreparedBridge | undefined;
  /** Network namespaces are the kernel's initial one, which leads to the host. */
  onHost = false;
  /** Nobody can join any more. */
  closed = false;
  #closing: Promise<void> | undefined;
  readonly #share: ReadonlySet<string>;

  /** A kernel without containers. */
  constructor({ share, hostname, interruptible }: PodKernelOptions) {
    const { containers } = this;
    this.#share = new Set(share);
    this.sandbox = containers.sandbox = new Sandbox({
      trees: [],
      interruptible,
      memoryLimit: (task) => containers.memoryLimitOf(task),
      diagnose: (message, task) => {
        if (task === undefined || containers.containers.size === 0) console.error(`umiak: ${message}`);
        else containers.ownerOf(task).say(message);
      },
    });
    this.holder = share.length === 0 ? null : this.#hold(share);
    if (this.holder !== null && this.#share.has("uts")) this.holder.nsproxy.uts.hostname = hostname;
    this.hostname = this.#share.has("uts") ? hostname : undefined;
  }

  #hold(share: readonly SharedNamespace[]): Task {
    const flags = cloneFlagsOf(share.map((type) => ({ type })));
    const task = clone(this.sandbox.kernel.swapper, { flags: flags + CLONE_CLEAR_SIGHAND });
    if (typeof task === "number") throw new Error(`making the namespaces of a pod: errno ${-task}`);
    task.comm = "pod";
    // As the init of a shared pid namespace it is the parent of orphans, and nobody waits for those.
    task.signals.setAction(SIGNAL.SIGCHLD, { ...DEFAULT_ACTION, flags: SA_NOCLDWAIT });
    return task;
  }

  /** True if containers have this namespace in common. */
  shares(type: SharedNamespace): boolean {
    return this.#share.has(type);
  }

  /** The specification of a container that joins. */
  join(spec: Spec): Spec {
    const { holder } = this;
    const namespaces = spec.linux.namespaces
      .filter(({ type }) => !(this.onHost && type === "network"))
      .map((namespace) => {
        const { type } = namespace;
        if (holder === null || !this.#share.has(type)) return namespace;
        const pid = holder.id.in(this.sandbox.kernel.initial.pid);
        return { type, path: `/proc/${pid}/ns/${NAMESPACE_FILES[type as SharedNamespace]}` };
      });
    const { hostname, ...rest } = spec;
    const own = this.shares("uts") || hostname === undefined ? {} : { hostname };
    return { ...rest, ...own, linux: { ...spec.linux, namespaces } };
  }

  /** Ends what still runs, waits for those who wait for it, and gives everything back. */
  close(running: Iterable<Promise<unknown>>): Promise<void> {
    this.closed = true;
    return this.#closing ??= this.#close(running);
  }

  async #close(running: Iterable<Promise<unknown>>): Promise<void> {
    const { sandbox, holder } = this;
    for (const task of [...sandbox.kernel.tasks()]) {
      if (task !== holder && !task.exiting) task.raise(SIGNAL.SIGKILL);
    }
    await Promise.allSettled(running);
    holder?.raise(SIGNAL.SIGKILL);
    await this.network?.close();
    await this.bridge?.close();
    sandbox.shutdown();
  }
}
