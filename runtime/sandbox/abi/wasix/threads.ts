/**
 * Threads as far as a program has one: its own. Sleeping, its number, values of its own, and futexes, which only its signal handlers can
 * wake.
 * @module
 */
import { EAGAIN, EDEADLK, EINTR, ESRCH, ETIMEDOUT } from "../../../../fs/abi/errno.ts";
import { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { kill } from "../../kernel/task_kill.ts";
import { type BlockingFunction, END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { FAULT, INVAL, NOTSUP, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";

/** $option_timestamp: a tag, and nanoseconds at 8. */
const OPTION_TIMESTAMP_SIZE = 16;
const SIGNALS_MAX = 31;
/** Keys of thread-local values (PTHREAD_KEYS_MAX of limits.h is 128 at least; musl's). */
const KEYS_MAX = 1024;

/** The functions of a process that concern threads. */
export function threads(p: WasiProcess): FunctionSet {
  const { task, memory } = p;
  const { clock } = task.kernel;
  const futexes: Map<number, WaitQueue> = new Map();
  const locals: Map<number, bigint> = new Map();
  let nextKey = 1;

  const out32 = (out: number, value: number): number => {
    out >>>= 0;
    if (!memory.holds(out, 4)) return FAULT;
    memory.view.setUint32(out, value, true);
    return SUCCESS;
  };

  const out8 = (out: number, value: number): number => {
    memory.view.setUint8(out >>> 0, value);
    return SUCCESS;
  };

  /** Wakes whoever waits: there can be one at most for each handler that runs on top of it. */
  function wake(at: number, out: number): number {
    at >>>= 0, out >>>= 0;
    if (!memory.holds(at, 4) || !memory.holds(out, 1)) return FAULT;
    const queue = futexes.get(at);
    const any = queue !== undefined && queue.size > 0;
    queue?.wake(-1);
    return out8(out, any ? 1 : 0);
  }

  const plain: Record<string, PlainFunction> = {
    thread_id: (out) => out32(out!, task.pid),
    thread_parallelism: (out) => out32(out!, 1),
    thread_sleep: () => task.dying ? END_GUEST : WOULD_BLOCK,
    thread_join: (tid) => toWasi(tid === task.pid ? -EDEADLK : -ESRCH),
    thread_signal(tid, signal) {
      if (signal! >>> 0 > SIGNALS_MAX) return INVAL;
      return toWasi(tid === task.pid ? kill(task, task.pid, signal!) : -ESRCH);
    },
    thread_exit(code) {
      p.exited = (code! & 0xff) << 8;
      return END_GUEST;
    },
    thread_local_create(low, high, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 4)) return FAULT;
      if (locals.size >= KEYS_MAX) return toWasi(-EAGAIN);
      void low, high; // a destructor's argument: the only thread ends with the process
      locals.set(nextKey, 0n);
      return out32(out!, nextKey++);
    },
    thread_local_destroy: (key) => locals.delete(key!) ? SUCCESS : INVAL,
    thread_local_set(key, low, high) {
      if (!locals.has(key!)) return INVAL;
      locals.set(key!, BigInt(high! >>> 0) << 32n | BigInt(low! >>> 0));
      return SUCCESS;
    },
    thread_local_get(key, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 8)) return FAULT;
      const value = locals.get(key!);
      if (value === undefined) return INVAL;
      memory.view.setBigUint64(out!, value, true);
      return SUCCESS;
    },
    futex_wait(at, expected, timeout, out) {
      at! >>>= 0, timeout! >>>= 0, out! >>>= 0;
      if (!memory.holds(at!, 4) || !memory.holds(out!, 1)) return FAULT;
      if (!memory.holds(timeout!, OPTION_TIMESTAMP_SIZE)) return FAULT;
      return memory.view.getInt32(at!, true) === expected ? WOULD_BLOCK : out8(out!, 0);
    },
    futex_wake: wake,
    futex_wake_all: wake,
    thread_spawn_v2: () => NOTSUP,
    thread_spawn: () => NOTSUP,
  };
  const blocking: Record<string, BlockingFunction> = {
    async thread_sleep(ns) {
      const deadline = clock.monotonic() + ns! / 1e6;
      for (;;) {
        const result = await task.waitFor([], 0, deadline);
        if (task.dying) return END_GUEST;
        if (result === -EINTR) return toWasi(result);
        if (clock.monotonic() >= deadline) return SUCCESS;
      }
    },
    async futex_wait(at, _expected, timeout, out) {
      at! >>>= 0, timeout! >>>= 0;
      const { view } = memory;
      const ns = view.getUint8(timeout!) === 0 ? Infinity : Number(view.getBigUint64(timeout! + 8, true));
      let queue = futexes.get(at!);
      if (queue === undefined) futexes.set(at!, queue = new WaitQueue());
      const result = await task.block(queue, -1, clock.monotonic() + ns / 1e6);
      if (queue.size === 0) futexes.delete(at!);
      if (task.dying) return END_GUEST;
      if (result === -ETIMEDOUT) return toWasi(result);
      return result < 0 ? toWasi(result) : out8(out!, 1);
    },
  };
  return { plain, blocking };
}
