/** What a caller of the engine asks for; every value is parsed already. @module */
import type { Platform } from "../../image/platform.ts";
import type { NetworkOptions } from "./network_options.ts";
import type { PrepareOptions } from "./leased_image.ts";

/** A directory or file of the host to be shown in the container. */
export interface BindOption {
  /** Which kind of mount. */
  readonly kind: "bind";
  /** Path on the host. */
  readonly source: string;
  /** Path in the container. */
  readonly target: string;
  /** The container cannot write there. */
  readonly readOnly: boolean;
  /** Propagation of mounts made below it: "rshared"; "rprivate" by default. */
  readonly propagation?: string;
}

/** A filesystem in memory. */
export interface TmpfsOption {
  /** Which kind of mount. */
  readonly kind: "tmpfs";
  /** Path in the container. */
  readonly target: string;
  /** Mount options: "size=64m", "mode=1777", "ro". */
  readonly options: readonly string[];
}

/** A mount asked for. */
export type MountOption = BindOption | TmpfsOption;

/** How a container is made from an image: what the image's configuration does not say, or says otherwise. */
export interface ContainerOptions {
  /** Arguments in place of the image's Cmd. */
  readonly args?: readonly string[];
  /** In place of the image's Entrypoint; [] for none. */
  readonly entrypoint?: readonly string[];
  /** `NAME=value`, over the image's. */
  readonly env?: readonly string[];
  /** Working directory. */
  readonly workdir?: string;
  /** `user[:group]`, names or numbers. */
  readonly user?: string;
  /** Host name; a short random one by default. */
  readonly hostname?: string;
  /** Mounts. */
  readonly mounts?: readonly MountOption[];
  /** The root filesystem cannot be written. */
  readonly readOnly?: boolean;
  /** Network; by default the loopback interface only, and for native containers of root a private one with a way out, as with docker. */
  readonly network?: NetworkOptions;
  /** The process has a terminal. */
  readonly tty?: boolean;
  /** Annotations added to the specification. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Most bytes of memory: of all its processes together, and of what they keep in filesystems in memory. */
  readonly memory?: number;
  /** Most processes; 0 and less for no limit. */
  readonly pidsLimit?: number;
  /** Most CPU time in a second, in seconds: 0.5 is half of a processor. A limit below 1 makes guests slower (docs/RATIONALE.md). */
  readonly cpus?: number;
}

/** What runs a container: the userland kernel, or Linux itself. */
export type BackendName = "sandbox" | "native";

/** Engines that run a module. */
export type EngineName = "kernel" | "wasmer";

/** What `runImage` is asked for. */
export interface RunOptions extends ContainerOptions {
  /** An image reference, or the path of a module. */
  readonly image: string;
  /** Standard input is passed on; without it the process reads an empty input. */
  readonly interactive?: boolean;
  /** The platform wanted of an image for several. */
  readonly platform?: Platform;
  /** How the image is got if it is not there. */
  readonly prepare?: PrepareOptions;
  /**
   * Milliseconds after which the process is killed. Nothing stops WebAssembly that computes without a pause unless it is `interruptible`: such
   * a process ends together with the one that runs it, this one.
   */
  readonly timeout?: number;
  /** Ends the process when it is aborted. The program is made `interruptible` for it. */
  readonly signal?: AbortSignal;
  /** Signal that ends the process when it is aborted or the timeout is over; SIGKILL, which cannot be ignored, by default. */
  readonly stopSignal?: number;
  /**
   * The program, and others that it starts, can be ended and held up while they compute, and the caller's own events are served meanwhile. It
   * costs speed (docs/RATIONALE.md), so only those have it who ask: by this, by `signal`, by a limit of CPU time, or by running in a pod.
   */
  readonly interruptible?: boolean;
  /** Which backend; the one that the image is for unless it is said: sandbox for WebAssembly, native for this Linux's own programs. */
  readonly backend?: BackendName;
  /** Which engine of the sandbox. */
  readonly engine?: EngineName;
  /** No program gains privileges, as by a set-user-ID bit. Of the native backend: in the sandbox none ever does. */
  readonly noNewPrivileges?: boolean;
  /** "unconfined": the native backend's container may make every system call; by default a filter allows those that programs need. */
  readonly seccomp?: "unconfined";
  /** Name of the container; a foreground container is known by it to nobody else. */
  readonly name?: string;
}

/** An error whose exit code is known: 125 umiak's own, 126 not executable, 127 not found (as docker run's). */
export class RunError extends Error {
  /** An error with the exit code of `umiak run`. */
  constructor(message: string, readonly exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "RunError";
  }
}
