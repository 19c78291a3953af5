/** New programs: proc_exec and proc_spawn in all their versions. @module */
import { EACCES, ENAMETOOLONG, ENOENT, ENOTDIR } from "../../../../fs/abi/errno.ts";
import { O_CLOEXEC, O_RDWR } from "../../../../fs/abi/open.ts";
import { openAt, parsePath } from "../../../../fs/vfs/mod.ts";
import { exited } from "../../../abi/linux/wait_status.ts";
import { execInPlace, execve } from "../../kernel/execve.ts";
import { SIG_DFL, SIG_IGN } from "../../kernel/sigaction.ts";
import { SigSet } from "../../kernel/sigset.ts";
import type { Task } from "../../kernel/task.ts";
import { clone } from "../../kernel/task_clone.ts";
import { runTask } from "../../kernel/task_run.ts";
import { type BlockingFunction, END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { FAULT, INVAL, NOTSUP, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { applyFileActions, FD_OP_SIZE } from "./file_actions.ts";
import { discard } from "./fork.ts";
import { readList, readText } from "./strings.ts";

/** $stdio_mode. */
const STDIO = { PIPED: 0, INHERIT: 1, NULL: 2 } as const;
/** $process_handles: a process id and three optional descriptors. */
const HANDLES_SIZE = 28;
const DISPOSITION_SIZE = 2;
/** How a shell names these failures: it cannot be executed, it is not there. */
const CANNOT_EXECUTE = 126, NOT_FOUND = 127;

/** Tries a program under each name it may have, as execvp(3) does. The first result that says more than that there is none. */
async function tryEach(names: readonly string[], run: (path: string) => Promise<number>): Promise<number> {
  let last = -ENOENT;
  for (const name of names) {
    const result = await run(name);
    if (result !== -ENOENT && result !== -ENOTDIR && result !== -EACCES && result !== -ENAMETOOLONG) {
      return result;
    }
    if (result === -EACCES) last = result;
  }
  return last;
}

/** Names of a program without a slash in the directories of PATH. */
function searched(name: string, path: string | undefined): string[] {
  if (path === undefined || name.includes("/") || name === "") return [name];
  return path.split(":").map((directory) => directory === "" ? name : `${directory}/${name}`);
}

interface Program {
  readonly names: readonly string[];
  readonly argv: readonly string[];
  readonly envp: readonly string[];
}

/** The functions of a process that start programs. */
export function spawning(p: WasiProcess): FunctionSet {
  const { task, memory } = p;

  /** Name and arguments, and an environment and PATH where they are given; a number is a preview1 errno. */
  function program(name: number[], args: number[], env?: number[], path?: number[]): Program | number {
    const file = readText(memory, name[0]!, name[1]!);
    if (typeof file === "number") return file;
    const argv = readList(memory, args[0]!, args[1]!);
    if (typeof argv === "number") return argv;
    const envp = env === undefined ? task.envp : readList(memory, env[0]!, env[1]!);
    if (typeof envp === "number") return envp;
    const directories = path === undefined ? undefined : readText(memory, path[0]!, path[1]!);
    if (typeof directories === "number") return directories;
    return { names: searched(file, directories), argv: argv.length === 0 ? [file] : argv, envp };
  }

  /** Replaces this program. A preview1 errno if that fails. */
  async function exec(what: Program | number): Promise<number> {
    if (typeof what === "number") return what;
    const result = await tryEach(what.names, (path) => execInPlace(task, path, what.argv, what.envp));
    if (result < 0) return toWasi(result);
    p.exited = exited(0);
    return END_GUEST;
  }

  /** proc_exec has no way to say that it failed: the process ends as a shell's would. */
  async function execOrEnd(what: Program | number): Promise<number> {
    const result = await exec(what);
    if (result !== END_GUEST) p.exited = exited(result === toWasi(-ENOENT) ? NOT_FOUND : CANNOT_EXECUTE);
    return END_GUEST;
  }

  /** Starts a child, which `prepare` changes before its program is loaded (a preview1 errno ends it). */
  async function spawn(
    what: Program | number,
    prepare: (child: Task) => number,
    out: (pid: number) => void,
  ): Promise<number> {
    if (typeof what === "number") return what;
    const child = clone(task, { flags: 0 });
    if (typeof child === "number") return toWasi(child);
    child.driven = true;
    const pid = child.id.in(task.pidNs);
    let result = prepare(child);
    if (result === SUCCESS) {
      const loaded = await tryEach(what.names, async (path) => {
        const image = await execve(child, path, what.argv, what.envp);
        if (typeof image === "number") return image;
        void runTask(child, image);
        return 0;
      });
      if (task.dying) return END_GUEST;
      result = toWasi(loaded);
    }
    if (result !== SUCCESS) {
      discard(child);
      return result;
    }
    out(pid);
    return SUCCESS;
  }

  /** Dispositions that the child begins with; $signal_disposition is a signal and whether it is ignored. */
  function setDispositions(child: Task, at: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const signal = memory.view.getUint8(at + i * DISPOSITION_SIZE);
      const handler = memory.view.getUint8(at + i * DISPOSITION_SIZE + 1) === 0 ? SIG_DFL : SIG_IGN;
      child.signals.setAction(signal, { handler, flags: 0, mask: SigSet.EMPTY });
    }
  }

  /** One of the first three descriptors of proc_spawn's child. */
  function setStdio(child: Task, fd: number, mode: number): number {
    if (mode === STDIO.INHERIT) return SUCCESS;
    if (mode !== STDIO.NULL) return NOTSUP;
    const path = parsePath("/dev/null");
    const file = typeof path === "number" ? path : openAt(child, null, path, O_RDWR | O_CLOEXEC, 0);
    if (typeof file === "number") return toWasi(file);
    const opened = child.files.install(file);
    if (opened < 0) {
      file.close();
      return toWasi(opened);
    }
    child.files.dup3(opened, fd, false);
    if (opened !== fd) child.files.close(opened);
    return SUCCESS;
  }

  const later: PlainFunction = () => WOULD_BLOCK;
  const blocking: Record<string, BlockingFunction> = {
    proc_exec: (...a) => execOrEnd(program(a.slice(0, 2), a.slice(2, 4))),
    proc_exec2: (...a) => execOrEnd(program(a.slice(0, 2), a.slice(2, 4), a.slice(4, 6))),
    proc_exec3(...a) {
      const env = a[4] === 0 ? undefined : a.slice(4, 6);
      return exec(program(a.slice(0, 2), a.slice(2, 4), env, a[6] === 0 ? undefined : a.slice(7, 9)));
    },
    async proc_spawn(...a) {
      const out = a[12]! >>> 0;
      if (!memory.holds(out, HANDLES_SIZE)) return FAULT;
      const directory = readText(memory, a[10]!, a[11]!);
      if (typeof directory === "number") return directory;
      const preopens = readList(memory, a[5]!, a[6]!);
      if (typeof preopens === "number") return preopens;
      if (a[2] !== 0 || preopens.length > 0) return NOTSUP;
      return await spawn(program(a.slice(0, 2), a.slice(3, 5)), (child) => {
        for (const fd of [0, 1, 2]) {
          const result = setStdio(child, fd, a[7 + fd]!);
          if (result !== SUCCESS) return result;
        }
        return directory === "" || directory === "." ? SUCCESS : applyFileActions.chdir(child, directory);
      }, (pid) => {
        memory.bytes.fill(0, out, out + HANDLES_SIZE);
        memory.view.setUint32(out, pid, true);
      });
    },
    async proc_spawn2(...a) {
      const [ops, count, signals, signalCount, out] = [a[6]!, a[7]!, a[8]!, a[9]!, a[13]!].map((n) =>
        n >>> 0
      );
      if (!memory.holds(out!, 4) || !memory.holds(ops!, count! * FD_OP_SIZE)) return FAULT;
      if (!memory.holds(signals!, signalCount! * DISPOSITION_SIZE)) return FAULT;
      if (count! > 65536 || signalCount! > 1024) return INVAL;
      const env = a[4] === 0 ? undefined : a.slice(4, 6);
      const what = program(a.slice(0, 2), a.slice(2, 4), env, a[10] === 0 ? undefined : a.slice(11, 13));
      return await spawn(what, (child) => {
        setDispositions(child, signals!, signalCount!);
        return applyFileActions.all(child, p, ops!, count!);
      }, (pid) => memory.view.setUint32(out!, pid, true));
    },
  };
  const plain = Object.fromEntries(Object.keys(blocking).map((name) => [name, later]));
  return { plain, blocking };
}
