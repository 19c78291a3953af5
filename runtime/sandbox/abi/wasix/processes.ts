/** Processes and their signals: proc_id, proc_parent, proc_join, proc_signal, callback_signal and their relatives. @module */
import { ESRCH } from "../../../../fs/abi/errno.ts";
import { SIGNAL } from "../../../abi/linux/signal.ts";
import { SA_RESTART, SI_KERNEL, SIG_IGN } from "../../kernel/sigaction.ts";
import { SigSet } from "../../kernel/sigset.ts";
import type { Task } from "../../kernel/task.ts";
import { kill } from "../../kernel/task_kill.ts";
import { wait4, type Waited, WNOHANG, WUNTRACED } from "../../kernel/task_wait.ts";
import type { Machine } from "../machine.ts";
import { type BlockingFunction, END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { readText } from "./strings.ts";

/** WASIX numbers signals as Linux does, up to SIGSYS. */
const SIGNALS_MAX = 31;
/** Signals whose handler does not interrupt a call: by default they do nothing, and libc tells us of no SA_RESTART. */
const RESTARTING: readonly number[] = [SIGNAL.SIGCHLD, SIGNAL.SIGURG, SIGNAL.SIGWINCH, SIGNAL.SIGCONT];

const JOIN = { NON_BLOCKING: 1, WAKE_STOPPED: 2 } as const;
/** $join_status: a tag, then what it says. */
const JOINED = { NOTHING: 0, EXITED: 1, SIGNALED: 2, STOPPED: 3 } as const;
const JOIN_STATUS_SIZE = 6, OPTION_PID_SIZE = 8;
/** Longest delay of the host's timers. */
const MAX_TIMER = 2 ** 31 - 1;

/** Sends `task` a signal every `ms` milliseconds, one at least, or once. What ends that. */
function sendEvery(task: Task, signal: number, ms: number, repeat: boolean): () => void {
  const { clock } = task.kernel;
  const period = Math.max(ms, 1);
  let timer: ReturnType<typeof setTimeout>;
  let due = clock.monotonic() + period;
  const arm = (): void => {
    timer = setTimeout(fire, Math.min(Math.max(Math.ceil(due - clock.monotonic()), 0), MAX_TIMER));
  };
  const fire = (): void => {
    const now = clock.monotonic();
    if (now < due) return arm();
    task.signals.send({ signal, code: SI_KERNEL, pid: 0, uid: 0 }, true);
    if (!repeat) return;
    due = Math.max(due + period, now); // what was missed is not made up for
    arm();
  };
  arm();
  return () => clearTimeout(timer);
}

/** The functions of a process on processes; `joinsPlainly`: proc_join has the two arguments of 2023. */
export function processes(p: WasiProcess, machine: Machine, joinsPlainly: boolean): FunctionSet {
  const { task, memory } = p;
  const timers: Map<number, () => void> = new Map();

  function outPid(out: number, pid: number): number {
    out >>>= 0;
    if (!memory.holds(out, 4)) return FAULT;
    memory.view.setUint32(out, pid, true);
    return SUCCESS;
  }

  function joined(found: Waited | number, pidAt: number, statusAt: number): number {
    if (typeof found === "number") return toWasi(found);
    const { view } = memory;
    const { pid, status } = found;
    memory.bytes.fill(0, statusAt, statusAt + JOIN_STATUS_SIZE);
    view.setUint32(pidAt, pid === 0 ? 0 : 1, true);
    view.setUint32(pidAt + 4, pid, true);
    if (pid === 0) return SUCCESS;
    if ((status & 0xff) === 0x7f) {
      view.setUint8(statusAt, JOINED.STOPPED);
      view.setUint8(statusAt + 2, status >>> 8);
    } else if ((status & 0x7f) !== 0) {
      view.setUint8(statusAt, JOINED.SIGNALED);
      view.setUint8(statusAt + 4, status & 0x7f);
    } else {
      view.setUint8(statusAt, JOINED.EXITED);
      view.setUint16(statusAt + 2, status >>> 8, true);
    }
    return SUCCESS;
  }

  /** Starts waiting; a promise where it has to. */
  function join(pidAt: number, flags: number): number | Waited | Promise<number | Waited> {
    const tag = memory.view.getUint8(pidAt);
    const pid = tag === 0 ? -1 : memory.view.getInt32(pidAt + 4, true);
    const options = (flags & JOIN.NON_BLOCKING ? WNOHANG : 0) | (flags & JOIN.WAKE_STOPPED ? WUNTRACED : 0);
    return wait4(task, pid, options);
  }

  let waiting: Promise<number | Waited> | null = null;

  function joinWithOption(pidAt: number, flags: number, statusAt: number): number {
    pidAt >>>= 0, statusAt >>>= 0;
    if (!memory.holds(pidAt, OPTION_PID_SIZE) || !memory.holds(statusAt, JOIN_STATUS_SIZE)) return FAULT;
    if (memory.view.getUint8(pidAt) > 1 || (flags & ~(JOIN.NON_BLOCKING | JOIN.WAKE_STOPPED)) !== 0) {
      return INVAL;
    }
    const found = join(pidAt, flags);
    if (!(found instanceof Promise)) return joined(found, pidAt, statusAt);
    waiting = found;
    return WOULD_BLOCK;
  }

  /** As it was in 2023: a process id or -1 in and out, an exit code out (128 and the signal for one that was killed). */
  function joinPlainly(pidAt: number, codeAt: number): number {
    pidAt >>>= 0, codeAt >>>= 0;
    if (!memory.holds(pidAt, 4) || !memory.holds(codeAt, 4)) return FAULT;
    const pid = memory.view.getInt32(pidAt, true);
    const found = wait4(task, pid === 0 ? -1 : pid, 0);
    if (!(found instanceof Promise)) return joinedPlainly(found, pidAt, codeAt);
    waiting = found;
    return WOULD_BLOCK;
  }

  function joinedPlainly(found: Waited | number, pidAt: number, codeAt: number): number {
    if (typeof found === "number") return toWasi(found);
    const killed = found.status & 0x7f;
    memory.view.setUint32(pidAt, found.pid, true);
    memory.view.setUint32(codeAt, killed === 0 ? found.status >>> 8 : 128 + killed, true);
    return SUCCESS;
  }

  async function joinBlocking(pidAt: number, flagsOrCode: number, statusAt: number): Promise<number> {
    const found = await waiting!;
    waiting = null;
    if (task.dying) return END_GUEST;
    return joinsPlainly
      ? joinedPlainly(found, pidAt >>> 0, flagsOrCode >>> 0)
      : joined(found, pidAt >>> 0, statusAt >>> 0);
  }

  /** Signals that are ignored: what a program has to know at its start. */
  const ignored = (): number[] => {
    const set = task.signals.ignored();
    return Array.from({ length: SIGNALS_MAX }, (_, i) => i + 1).filter((signal) => set.has(signal));
  };

  const plain: Record<string, PlainFunction> = {
    proc_id: (out) => outPid(out!, task.pid),
    proc_parent(pid, out) {
      const target = pid === 0 ? task : task.pidNs.task(pid!);
      if (target === undefined) return toWasi(-ESRCH);
      return outPid(out!, target.parent?.id.in(task.pidNs) ?? 0);
    },
    proc_join: joinsPlainly ? joinPlainly : joinWithOption,
    proc_signal: (pid, signal) => signal! >>> 0 > SIGNALS_MAX ? INVAL : toWasi(kill(task, pid! | 0, signal!)),
    proc_raise: (signal) => signal! >>> 0 > SIGNALS_MAX ? INVAL : toWasi(kill(task, task.pid, signal!)),
    proc_raise_interval(signal, low, high, repeat) {
      if (signal! >>> 0 > SIGNALS_MAX || signal === 0) return INVAL;
      timers.get(signal!)?.();
      timers.delete(signal!);
      const ms = ((high! >>> 0) * 2 ** 32 + (low! >>> 0)) / 1e6;
      if (ms === 0) return SUCCESS;
      if (timers.size === 0) task.atExit(() => timers.forEach((cancel) => cancel()));
      timers.set(signal!, sendEvery(task, signal!, ms, repeat !== 0));
      return SUCCESS;
    },
    proc_signals_sizes_get(out) {
      out! >>>= 0;
      if (!memory.holds(out!, 4)) return FAULT;
      memory.view.setUint32(out!, ignored().length, true);
      return SUCCESS;
    },
    proc_signals_get(out) {
      out! >>>= 0;
      const list = ignored();
      if (!memory.holds(out!, list.length * 2)) return FAULT;
      list.forEach((signal, i) => memory.view.setUint16(out! + i * 2, signal | 1 << 8, true)); // disposition: ignore
      return SUCCESS;
    },
    callback_signal(ptr, length) {
      const name = readText(memory, ptr!, length!);
      if (typeof name === "number" || !machine.setSignalHandler(name)) return SUCCESS;
      // From now on every signal that is not ignored is libc's, which has the dispositions.
      for (let signal = 1; signal <= SIGNALS_MAX; signal++) {
        if (task.signals.action(signal).handler === SIG_IGN) continue;
        const flags = RESTARTING.includes(signal) ? SA_RESTART : 0;
        task.signals.setAction(signal, { handler: CALLBACK, flags, mask: SigSet.EMPTY });
      }
      return SUCCESS;
    },
    proc_exit2(code) {
      p.exited = (code! & 0xff) << 8;
      return END_GUEST;
    },
  };
  const blocking: Record<string, BlockingFunction> = { proc_join: joinBlocking as BlockingFunction };
  return { plain, blocking };
}

/** What a handler is called in a disposition: neither default nor ignored. */
const CALLBACK = 2;
