/** A container on the userland kernel, in this process: filesystems and devices registered, its program run to the end. @module */
import {
  CgroupfsSuper,
  devptsType,
  overlayType,
  ProcfsSuper,
  procType,
  registerDevices,
  SysfsSuper,
  sysfsType,
  tmpfsType,
} from "../../../fs/mod.ts";
import { CAP_SYS_ADMIN } from "../../../fs/vfs/cred.ts";
import type { SuperBlock } from "../../../fs/vfs/inode.ts";
import type { FsType } from "../../../fs/vfs/vfs.ts";
import { isReg } from "../../../fs/abi/mode.ts";
import {
  AT_REMOVEDIR,
  O_NONBLOCK,
  O_RDONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from "../../../fs/abi/open.ts";
import { lookupAt, openAt, parsePath, type PathName, unlinkAt } from "../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import type { SyscallProgram } from "../../program/types.ts";
import type { Cgroup } from "../kernel/cgroup/group.ts";
import { FdTable } from "../kernel/fd_table.ts";
import { privilegedOver } from "../kernel/filesystems.ts";
import { hostDevices } from "../kernel/host_devices.ts";
import { Kernel } from "../kernel/kernel.ts";
import { procHost } from "../kernel/proc_host.ts";
import { type ReadyProcess, runProgram, type Stages } from "../kernel/program_runner.ts";
import { Task } from "../kernel/task.ts";
import { runTask } from "../kernel/task_run.ts";
import { hostClock } from "./host_clock.ts";
import { hugePages } from "./huge_pages.ts";
import { Ticker } from "./interrupt/ticker.ts";
import { WasmFormat } from "./wasm_format.ts";

/** A tree that programs find at an absolute path of the initial namespace. */
export interface Tree {
  /** The path. */
  readonly path: string;
  /** What is there. */
  readonly sb: SuperBlock;
  /** Its source, as mountinfo shows it. */
  readonly source?: string;
}

/** What a sandbox is made of. */
export interface SandboxOptions {
  /** Trees that are there from the start: the root filesystem, sources of binds. */
  readonly trees: readonly Tree[];
  /** Host name of the initial UTS namespace. */
  readonly hostname?: string;
  /** Most bytes of memory a process may have; 0: no limit. One for all, or by process. */
  readonly memoryLimit?: number | ((task: Task) => number);
  /** Processes can be paused, limited and killed while they compute: costs speed (docs/RATIONALE.md). */
  readonly interruptible?: boolean;
  /** Hears why a process ended by a trap. */
  readonly diagnose: (message: string, task?: Task) => void;
}

/** Where the kernel's initial namespace has the control groups, and programs of configurations look for them. */
const CGROUPS = "/sys/fs/cgroup";

function parsed(path: string): PathName {
  const name = parsePath(path);
  if (typeof name === "number") throw new Error(`path ${JSON.stringify(path)}: errno ${-name}`);
  return name;
}

/** Largest request that crypto.getRandomValues takes. */
const RANDOM_CHUNK = 65536;

function fillRandom(bytes: Uint8Array): void {
  // A view on guest memory may be on a buffer the generator does not take (shared): fill a copy.
  for (let at = 0; at < bytes.length; at += RANDOM_CHUNK) {
    bytes.set(crypto.getRandomValues(new Uint8Array(Math.min(RANDOM_CHUNK, bytes.length - at))), at);
  }
}

/** See the module's comment. */
export class Sandbox {
  /** The kernel. */
  readonly kernel: Kernel;
  readonly #format: WasmFormat;
  #ticker: Ticker | undefined;
  /** Functions that start the modules of first processes, in place of `_start`. */
  readonly #starts: WeakMap<Task, string> = new WeakMap();

  /** A sandbox that has not been started. */
  constructor(options: SandboxOptions) {
    const { memoryLimit = 0, diagnose, hostname } = options;
    const ticker = this.#ticker = options.interruptible ? new Ticker() : undefined;
    const limitOf = typeof memoryLimit === "number" ? () => memoryLimit : memoryLimit;
    const format = this.#format = new WasmFormat({
      memoryLimit: limitOf,
      ticker,
      fillRandom,
      diagnose,
      startOf: (task) => this.#starts.get(task),
    });
    const kernel = this.kernel = new Kernel({
      clock: hostClock(),
      audit: diagnose,
      ...hostname === undefined ? {} : { hostname },
      formats: [format],
      pages: hugePages(),
    });
    const memory = (): { total: number; free: number } => {
      const { caller } = kernel.vfs.walk;
      const limit = caller instanceof Task ? limitOf(caller) : 0;
      const { total, available } = Deno.systemMemoryInfo();
      return limit > 0 ? { total: limit, free: limit } : { total, free: available };
    };
    const add = (type: FsType, mayMount: FsType["mayMount"], revealing = false): void => {
      kernel.vfs.filesystems.set(type.name, { ...type, mayMount, revealing });
    };
    for (const type of [tmpfsType, overlayType, devptsType]) {
      add(type, (caller) => caller.cred.capable(CAP_SYS_ADMIN));
    }
    add(sysfsType, privilegedOver((task) => task.nsproxy.net), true);
    const proc = procType((caller) => procHost(kernel, caller, memory));
    add(proc, privilegedOver((task) => task.pidNs), true);
    registerDevices(kernel.vfs.devices, { fillRandom });
    kernel.mountHost("/dev", hostDevices(), "devtmpfs");
    kernel.mountHost("/proc", new ProcfsSuper({ host: procHost(kernel, kernel.swapper, memory) }), "proc");
    kernel.mountHost("/sys", new SysfsSuper(), "sysfs");
    kernel.mountHost(CGROUPS, new CgroupfsSuper(kernel.cgroups.root, kernel.vfs), "cgroup2");
    for (const { path, sb, source } of options.trees) kernel.mountHost(path, sb, source);
  }

  /**
   * The content of a small regular file below a tree, as a process of the container would see it: links do not lead out of
   * the tree. undefined if there is no such file. Throws when it is too large to be what it should.
   */
  readFile(tree: string, path: string, limit: number): Uint8Array | undefined {
    const caller = this.kernel.swapper;
    const base = lookupAt(caller, null, parsed(tree), true);
    if (typeof base === "number") return undefined;
    const file = openAt(
      caller,
      base,
      parsed(path),
      O_RDONLY | O_NONBLOCK,
      0,
      RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    );
    if (typeof file === "number") return undefined;
    try {
      const { mode, size } = file.inode;
      if (!isReg(mode)) return undefined;
      if (size > limit) {
        throw new Error(`${path} of the container: ${size} bytes, more than the ${limit} that are read`);
      }
      const bytes = new Uint8Array(size);
      let at = 0;
      while (at < size) {
        const n = file.pread(bytes, at, size - at, at);
        if (n <= 0) break;
        at += n;
      }
      return bytes.subarray(0, at);
    } finally {
      file.close();
    }
  }

  /** Shows further trees: all of them, or it throws and shows none. */
  show(trees: readonly Tree[]): void {
    try {
      for (const { path, sb, source } of trees) this.kernel.mountHost(path, sb, source);
    } catch (error) {
      for (const { path } of trees) this.kernel.unmountHost(path);
      throw error;
    }
  }

  /** Takes trees away and lets them release what they hold. */
  hide(trees: readonly Tree[]): void {
    for (const { path, sb } of trees) {
      this.kernel.unmountHost(path);
      sb.end();
      this.#clear(path);
    }
  }

  /** Removes a control group, unless somebody is in it or below. */
  removeGroup(group: Cgroup): void {
    unlinkAt(this.kernel.swapper, null, parsed(`${CGROUPS}${group.path}`), AT_REMOVEDIR);
  }

  /** Removes a place where something was mounted, and the directories above it that nothing else is in. */
  #clear(path: string): void {
    const caller = this.kernel.swapper;
    const remove = (at: string): number =>
      unlinkAt(caller, null, parsed(at), 0) && unlinkAt(caller, null, parsed(at), AT_REMOVEDIR);
    for (let at = path; at !== "" && remove(at) === 0;) at = at.slice(0, at.lastIndexOf("/"));
  }

  /**
   * Runs a program up to its execve. `stdio` are standard input, output, error and those behind them, which the process closes; `stages`
   * is awaited at each of its stages; `start` starts its module in place of `_start`. Throws a ProgramError that says which step failed.
   */
  async prepare(
    program: SyscallProgram,
    stdio: readonly [OpenFile, OpenFile, OpenFile, ...OpenFile[]],
    stages?: Stages,
    start?: string,
  ): Promise<ReadyProcess> {
    const files = new FdTable();
    for (const file of stdio) files.install(file);
    const ready = await runProgram(this.kernel, program, files, async (stage, task, fd) => {
      if (start !== undefined) this.#starts.set(task, start);
      await stages?.(stage, task, fd);
    });
    this.#starts.delete(ready.task);
    return ready;
  }

  /** Runs a prepared process to its end. Its wait status. */
  run({ task, image }: ReadyProcess): Promise<number> {
    return runTask(task, image);
  }

  /** Programs that are loaded from now on can be paused, limited and killed while they compute. */
  makeInterruptible(): void {
    if (this.#ticker !== undefined) return;
    this.#format.interruptBy(this.#ticker = new Ticker());
  }

  /** Programs that are loaded now can be. */
  get interruptible(): boolean {
    return this.#ticker !== undefined;
  }

  /** Gives everything back. */
  shutdown(): void {
    this.#ticker?.close();
    this.kernel.shutdown();
  }
}
