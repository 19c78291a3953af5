/** WebAssembly modules as the kernel's binary format: checks the imports, compiles, links a personality, runs `_start`. @module */
import { EFBIG, ENOEXEC, ENOMEM } from "../../../fs/abi/errno.ts";
import { nameToBytes } from "../../../fs/abi/name.ts";
import { O_DIRECTORY, O_RDONLY } from "../../../fs/abi/open.ts";
import { openPath } from "../../../fs/vfs/mod.ts";
import type { OpenFile } from "../../../fs/vfs/open_file.ts";
import { functionsOf, wasiImports, type WasiModuleName } from "../abi/wasi_p1/interface.ts";
import { type Preopen, WasiProcess } from "../abi/wasi_p1/process.ts";
import { RIGHTS_ALL, RIGHTS_DIRECTORY } from "../abi/wasi_p1/types.ts";
import type { BinaryFormat, LoadedImage, LoadFailure } from "../kernel/binfmt.ts";
import type { Task } from "../kernel/task.ts";
import { MemoryLimitError, withMemoryLimit } from "./memory_limit.ts";
import { hasStart } from "./start_section.ts";
import { signalOfTrap } from "./trap.ts";

/** Largest module that an engine takes; a sparse file may say that it is far larger. */
const MAX_MODULE = 2 ** 30;
const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const WASI_MODULES: readonly string[] = [
  "wasi_snapshot_preview1",
  "wasi_unstable",
] satisfies WasiModuleName[];

/** How guests are run. */
export interface WasmFormatOptions {
  /** Most bytes of memory a guest may have; 0 for no limit but its own. */
  readonly memoryLimit?: number;
  /** The function that starts the first module, in place of `_start`; where it is another, `_initialize` is called before it. */
  readonly start?: string;
  /** Fills bytes with random data. */
  readonly fillRandom: (bytes: Uint8Array) => void;
  /** Hears why a guest ended by a trap: one line without a newline. */
  readonly diagnose: (message: string) => void;
}

interface Promising {
  promising(f: () => void): () => Promise<void>;
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

/** Why a module cannot be linked: names the first import that nobody provides; undefined when all is well. */
function unknownImport(imports: readonly WebAssembly.ModuleImportDescriptor[]): string | undefined {
  for (const { module, name, kind } of imports) {
    if (kind === "memory") continue;
    if (!WASI_MODULES.includes(module)) {
      return `it imports the ${kind} "${name}" from the unknown module "${module}"`;
    }
    if (kind !== "function" || !functionsOf(module as WasiModuleName).some((f) => f.name === name)) {
      return `it imports the unknown ${kind} "${module}.${name}"`;
    }
  }
}

/** The binary format of wasi_snapshot_preview1 and wasi_unstable commands. */
export class WasmFormat implements BinaryFormat {
  /** Name as in /proc/sys/fs/binfmt_misc. */
  readonly name = "wasm";

  /** What the next module is started by. */
  #start: string;

  /** Guests run as the options say. */
  constructor(readonly options: WasmFormatOptions) {
    this.#start = options.start ?? "_start";
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
    const bytes = readFile(file);
    if (typeof bytes === "number") return { errno: -bytes, message: "reading the module failed" };
    let module: WebAssembly.Module;
    try {
      const limit = this.options.memoryLimit ?? 0;
      module = await WebAssembly.compile(limit > 0 ? withMemoryLimit(bytes, limit) : bytes);
    } catch (error) {
      const message = error instanceof Error
        ? error.message.replace(/^WebAssembly\.compile\(\): /, "")
        : String(error);
      return { errno: error instanceof MemoryLimitError ? ENOMEM : ENOEXEC, message };
    }
    const imports = WebAssembly.Module.imports(module);
    const unknown = unknownImport(imports);
    if (unknown !== undefined) return { errno: ENOEXEC, message: unknown };
    const exports = WebAssembly.Module.exports(module);
    const start = this.#start;
    if (!exports.some((e) => e.name === start && e.kind === "function")) {
      const why = start === "_start" ? ": a library (reactor), not a command" : "";
      return { errno: ENOEXEC, message: `it exports no function ${start}${why}` };
    }
    if (!exports.some((e) => e.kind === "memory") && !imports.some((i) => i.kind === "memory")) {
      return { errno: ENOEXEC, message: "it exports no memory" };
    }
    if (imports.some((i) => i.kind === "memory")) {
      return { errno: ENOEXEC, message: "it imports its memory (threads): not supported" };
    }
    commit();
    this.#start = "_start";
    return this.#link(task, module, argv, envp, start, hasStart(bytes));
  }

  /** Connects the module with the personality. */
  #link(
    task: Task,
    module: WebAssembly.Module,
    argv: readonly string[],
    envp: readonly string[],
    start: string,
    deferred: boolean,
  ): LoadedImage | LoadFailure {
    const preopens = preopen(task);
    const atRoot = preopens.length < 2;
    const process = new WasiProcess(task, {
      argv: argv.map(nameToBytes),
      envp: envp.map(nameToBytes),
      preopens,
      anchorFd: atRoot ? -1 : preopens[preopens.length - 1]!.fd,
      fillRandom: this.options.fillRandom,
    });
    const used = new Set(WebAssembly.Module.imports(module).map((i) => i.module));
    const imports: WebAssembly.Imports = {};
    for (const name of used) imports[name] = wasiImports(process, name as WasiModuleName);
    const instantiate = (): (() => void)[] => {
      const { exports } = new WebAssembly.Instance(module, imports);
      process.memory.attach(
        Object.values(exports).find((e) => e instanceof WebAssembly.Memory) as WebAssembly.Memory,
      );
      const initialize = start === "_start" ? undefined : exports["_initialize"] as (() => void) | undefined;
      return [...initialize === undefined ? [] : [initialize], exports[start] as () => void];
    };
    // A start section is guest code, which may not end: it belongs to the run, when there are deadlines.
    if (deferred) return { run: () => this.#run(process, instantiate) };
    try {
      const functions = instantiate();
      return { run: () => this.#run(process, () => functions) };
    } catch (error) {
      // An import of another type than ours, a data segment outside the memory.
      return { errno: ENOEXEC, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #run(process: WasiProcess, functions: () => readonly (() => void)[]): Promise<number> {
    const { task } = process;
    try {
      for (const f of functions()) await (WebAssembly as unknown as Promising).promising(f)();
      return task.exitStatus ?? 0;
    } catch (error) {
      if (process.exited !== null) return process.exited;
      if (task.dying) return task.exitStatus ?? 0;
      const message = error instanceof Error ? error.message : String(error);
      this.options.diagnose(`${task.argv[0] ?? "module"}: ${message}`);
      return signalOfTrap(error);
    }
  }
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
    const fd = task.files.install(file);
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
