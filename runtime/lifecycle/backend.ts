/**
 * What runs containers: the userland kernel and the real one are two implementations. Nothing outside them asks which one it is; what one
 * cannot do is a LifecycleError of reason "unsupported".
 * @module
 */
import type { Process, Resources, Spec } from "../spec/types.ts";
import type { BackendData, ContainerRecord, ProcessIdentity } from "./record.ts";

/** Streams of a process in place of the caller's own. */
export interface ProcessStreams {
  /** Where its standard input comes from; an empty one by default. */
  readonly stdin?: {
    /** Reads at once; null at the end. Only where it never waits. */
    readSync?(into: Uint8Array): number | null;
    /** Reads when there is something; null at the end. */
    read(into: Uint8Array): Promise<number | null>;
  };
  /** Where its standard output goes. */
  readonly stdout?: {
    /** Writes some. */
    writeSync(bytes: Uint8Array): number;
  };
  /** Where its standard error goes. */
  readonly stderr?: {
    /** Writes some. */
    writeSync(bytes: Uint8Array): number;
  };
}

/** How create and exec are asked to treat descriptors and terminals. */
export interface StreamOptions {
  /** Socket that gets the terminal's other end. */
  readonly consoleSocket?: string;
  /** How many descriptors from 3 on the process gets beside the standard ones. */
  readonly preserveFds: number;
  /** Nobody will wait for it: the caller ends before the process does. */
  readonly detached: boolean;
  /** Its streams; only where the container is in this process. */
  readonly streams?: ProcessStreams;
}

/** Options of create. */
export interface CreateOptions extends StreamOptions {
  /** MS_MOVE in place of pivot_root. */
  readonly noPivot: boolean;
  /** Keep the caller's session keyring. */
  readonly noNewKeyring: boolean;
  /** Leave cgroups to systemd. */
  readonly systemdCgroup: boolean;
  /** Descriptors of this process that the container's has as its standard ones, in place of this process's own. */
  readonly stdio?: readonly [stdin: number, stdout: number, stderr: number];
  /** The container's process is killed when this one ends. */
  readonly endsWithCaller?: boolean;
}

/** A container's process on the host. */
export interface InitProcess extends ProcessIdentity {
  /** What the backend wants to find again in the record. */
  readonly data: BackendData;
}

/** What create is asked to make. */
export interface CreateRequest {
  /** Id of the container. */
  readonly id: string;
  /** Absolute path of the bundle. */
  readonly bundle: string;
  /** Absolute path of the root filesystem. */
  readonly rootfs: string;
  /** Its configuration. */
  readonly spec: Spec;
  /** Directory for the backend's own files; it goes with the container. */
  readonly directory: string;
  /** Options. */
  readonly options: CreateOptions;
  /**
   * To be called when the environment is there and the root has not been changed: prestart and createRuntime hooks run meanwhile. The backend
   * itself then runs createContainer hooks, and startContainer hooks during start, in the container's namespaces.
   */
  environmentCreated(init: InitProcess): Promise<void>;
  /** Logs what the container has to do without, and can. */
  note(message: string): void;
  /** Logs what the specification says is to be a warning (runtime.md#warnings). */
  warn(message: string): void;
}

/** A container that has been created. */
export interface Container {
  /** What is written down about it. */
  readonly record: ContainerRecord;
  /** Directory for the backend's own files. */
  readonly directory: string;
  /** Its configuration, as it was when it was created. */
  spec(): Promise<Spec>;
}

/** What exec is asked to run. */
export interface ExecOptions extends StreamOptions {
  /** Of the container's cgroup, the one to be in; "" for its root. */
  readonly cgroup: string;
  /** Socket that gets a descriptor of the process. */
  readonly pidfdSocket?: string;
  /** Even if the container is paused. */
  readonly ignorePaused: boolean;
  /** Logs a warning (runtime.md#warnings). */
  readonly warn?: (message: string) => void;
}

/** A process that exec has started. */
export interface ExecProcess {
  /** The process of the host that ends as the container's process does, and can be sent signals. */
  readonly pid: number;
  /** Waits for its end. Its wait status. Not for detached ones. */
  wait(): Promise<number>;
}

/** Use of resources, as `events --stats` tells it. */
export interface Stats {
  /** CPU time in nanoseconds. */
  readonly cpuTotal: bigint;
  /** Of it, in the kernel. */
  readonly cpuKernel: bigint;
  /** Memory in bytes. */
  readonly memoryUsage: bigint;
  /** Its limit in bytes; 2^64 - 1 for none. */
  readonly memoryLimit: bigint;
  /** Tasks. */
  readonly pids: number;
  /** Most tasks; 0 for no limit. */
  readonly pidsLimit: number;
  /** All that is counted, in the words of `runc events --stats`; absent where there is nothing but the above. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** See the module's comment. */
export interface Backend {
  /** Its name in records. */
  readonly name: string;
  /** Its containers are in this process, and take streams of it. */
  readonly isHere?: boolean;
  /**
   * Makes the environment and a process that waits for start. If it throws, nothing is left but what `destroy` takes away. The process ends
   * when this one dies before create has returned. It makes the mark `started` before it runs the program.
   */
  create(request: CreateRequest): Promise<InitProcess>;
  /** Runs startContainer hooks and the program. A LifecycleError of reason "start" or "hook" if it cannot be started: the process is gone then. */
  start(container: Container): Promise<void>;
  /** Waits for the end of a process that was created by this very process of the host. Its wait status. */
  wait(container: Container): Promise<number>;
  /** Sends a signal to the container's process, or to all of them. */
  kill(container: Container, signal: number, all: boolean): Promise<void>;
  /** Stops all of its processes where they are. */
  pause(container: Container): Promise<void>;
  /** Lets them go on. */
  resume(container: Container): Promise<void>;
  /** Starts another process in it. */
  exec(container: Container, process: Process, options: ExecOptions): Promise<ExecProcess>;
  /** Its processes, by the ids the host has for them. */
  processes(container: Container): Promise<number[]>;
  /** What it uses. */
  stats(container: Container): Promise<Stats>;
  /** Changes its limits. */
  update(container: Container, resources: Resources): Promise<void>;
  /** Takes away what create has made, whatever is left of it, and whatever runs. Doing it again does nothing. */
  destroy(container: Container): Promise<void>;
}
