/** WebAssembly modules as the kernel's binary format: reads, compiles, checks what they import, links a personality. @module */
import { EFBIG, ENOEXEC, ENOMEM } from "../../../fs/abi/errno.ts";
import { nameToBytes } from "../../../fs/abi/name.ts";
import { O_DIRECTORY, O_RDONLY } from "../../../fs/abi/open.ts";
import { openPath } from "../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { type Preopen, WasiProcess } from "../abi/wasi_p1/process.ts";
import { RIGHTS_ALL, RIGHTS_DIRECTORY } from "../abi/wasi_p1/types.ts";
import { RLIMIT } from "../../abi/linux/rlimit.ts";
import type { BinaryFormat, LoadedImage, LoadFailure } from "../kernel/binfmt.ts";
import type { Task } from "../kernel/task.ts";
import { type GuestModule, prepareModule } from "./guest_module.ts";
import type { Ticker } from "./interrupt/ticker.ts";
import { unknownImport } from "./link.ts";
import { MemoryLimitError } from "./memory_limit_error.ts";
import { ModuleCache } from "./module_cache.ts";
import { WasmProgram } from "./wasm_program.ts";

/** Largest module that an engine takes; a sparse file may say that it is far larger. */
const MAX_MODULE = 2 ** 30;
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** How guests are run. */
export interface WasmFormatOptions {
  /** Most bytes of memory the guest of a process may have, the same for all that can execute one file; 0 for no limit but its own. */
  readonly memoryLimit?: (task: Task) => number;
  /** The function that starts the module a process executes, in place of `_start`; where it is another, `_initialize` is called before it. */
  readonly startOf?: (task: Task) => string | undefined;
  /** The clock by which guests are interrupted while they compute; undefined: they are not, and run at full speed. */
  readonly ticker?: Ticker | undefined;
  /** Fills bytes with random data. */
  readonly fillRandom: (bytes: Uint8Array) => void;
  /** Hears why a guest ended by a trap: one line without a newline. */
  readonly diagnose: (message: string, task?: Task) => void;
}

/** Reads a whole file. */
function readFile(file: OpenFile): Uint8Array<ArrayBuffer> | number {
  const size = file.inode.size;
  if (size > MAX_MODULE) return -EFBIG;
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const n = file.pread(bytes, at, size - at, at);
    if (n < 0) return n;
    if (n === 0) break;
    at += n;
  }
  return at === size ? bytes : bytes.slice(0, at);
}

/** What is wrong with a module as a program that begins with `start`; undefined when nothing is. */
function unfit(guest: GuestModule, start: string): string | undefined {
  const unknown = unknownImport(guest);
  if (unknown !== undefined) return unknown;
  if (guest.exports.get(start) !== "function") {
    return `it exports no function ${start}${
      start === "_start" ? ": a library (reactor), not a command" : ""
    }`;
  }
  if (guest.importedMemory === null && ![...guest.exports.values()].includes("memory")) {
    return "it exports no memory";
  }
}

/** The binary format of WASI commands: preview1, its predecessor, and WASIX. */
export class WasmFormat implements BinaryFormat {
  /** Name as in /proc/sys/fs/binfmt_misc. */
  readonly name = "wasm";
  #modules = new ModuleCache();
  #ticker: Ticker | undefined;

  /** Guests run as the options say. */
  constructor(readonly options: WasmFormatOptions) {
    this.#ticker = options.ticker;
  }

  /** Guests that are loaded from now on are interrupted by this clock. */
  interruptBy(ticker: Ticker): void {
    this.#ticker = ticker;
    this.#modules = new ModuleCache();
  }

  /** See BinaryFormat. */
  probe(header: Uint8Array): boolean {
    return MAGIC.every((byte, i) => header[i] === byte);
  }

  /** See BinaryFormat. */
  async load(
    task: Task,
    file: OpenFile,
    argv: readonly string[],
    envp: readonly string[],
    commit: () => void,
  ): Promise<LoadedImage | LoadFailure> {
    const ticker = this.#ticker;
    const guest = await this.#prepare(
      file,
      addressSpace(task),
      this.options.memoryLimit?.(task) ?? 0,
      ticker,
    );
    if ("errno" in guest) return guest;
    const start = this.options.startOf?.(task) ?? "_start";
    const message = unfit(guest, start);
    if (message !== undefined) return { errno: ENOEXEC, message };
    commit();
    const preopens = preopen(task);
    const process = new WasiProcess(task, {
      argv: argv.map(nameToBytes),
      envp: envp.map(nameToBytes),
      preopens,
      anchorFd: preopens.length < 2 ? -1 : preopens[preopens.length - 1]!.fd,
      fillRandom: this.options.fillRandom,
    });
    const diagnose = (text: string): void => this.options.diagnose(text, task);
    return WasmProgram.load(guest, process, { start, ticker, diagnose });
  }

  /** `limit` is the process's own, Infinity for none: modules that are edited for one process are not kept. */
  async #prepare(
    file: OpenFile,
    limit: number,
    shared: number,
    ticker: Ticker | undefined,
  ): Promise<GuestModule | LoadFailure> {
    const modules = this.#modules;
    const own = limit !== Infinity && (shared === 0 || limit < shared);
    const memoryLimit = own ? Math.max(limit, 1) : shared;
    const known = own ? undefined : modules.get(file.inode);
    if (known !== undefined) return known;
    const changed = modules.stamp(file.inode);
    const bytes = readFile(file);
    if (typeof bytes === "number") return { errno: -bytes, message: "reading the module failed" };
    try {
      const guest = await prepareModule(bytes, { memoryLimit, interruptible: ticker !== undefined });
      if (!own) modules.set(file.inode, changed, guest);
      return guest;
    } catch (error) {
      const message = error instanceof Error
        ? error.message.replace(/^WebAssembly\.compile\(\): /, "")
        : String(error);
      return { errno: error instanceof MemoryLimitError ? ENOMEM : ENOEXEC, message };
    }
  }
}

/** RLIMIT_AS and RLIMIT_DATA: a guest's memory counts as both (man 2 getrlimit). */
function addressSpace({ rlimits }: Task): number {
  return Math.min(rlimits.get(RLIMIT.RLIMIT_AS)!.soft, rlimits.get(RLIMIT.RLIMIT_DATA)!.soft);
}

/** Opens the directories a preview1 process starts with: "." first when the working directory is not "/", then "/". */
function preopen(task: Task): Preopen[] {
  const { root, cwd } = task;
  const names: [string, typeof root][] = cwd.dentry === root.dentry && cwd.mount === root.mount
    ? [["/", root]]
    : [[".", cwd], ["/", root]];
  const preopens: Preopen[] = [];
  for (const [name, path] of names) {
    const file = openPath(task, path, O_RDONLY | O_DIRECTORY);
    if (typeof file === "number") continue; // not readable by this user: no preopen
    const fd = task.files.install(file, true);
    if (fd < 0) {
      file.close();
      continue;
    }
    const entry = task.files.get(fd)!;
    entry.rights = RIGHTS_DIRECTORY;
    entry.inheriting = RIGHTS_ALL;
    preopens.push({ fd, name: nameToBytes(name) });
  }
  return preopens;
}
