/** Arguments, environment, clocks, random bytes, exit, signals to oneself, yielding. @module */
import type { BlockingFunction, PlainFunction } from "../shim.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import { FAULT, INVAL, SUCCESS } from "./errno.ts";
import type { FunctionSet } from "./fd_io.ts";
import type { WasiProcess } from "./process.ts";

/** Clock ids of preview1.md#clockid. */
export const CLOCK = { REALTIME: 0, MONOTONIC: 1, PROCESS_CPUTIME: 2, THREAD_CPUTIME: 3 } as const;

/** Linux's numbers of preview1's signals (preview1.md#signal), which count 0 to 30 in Linux's order but skip SIGSTKFLT. */
const LINUX_SIGNALS = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  ...[17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31],
];

/** Exit codes a program can give: 0 to 255 as on Linux, where the rest of the number is lost. */
const exitStatus = (code: number): number => (code & 0xff) << 8;

/** The functions of a process that concern itself. */
export function proc(p: WasiProcess): FunctionSet {
  const { task, memory, options } = p;
  const clock = task.kernel.clock;

  function sizes(list: readonly Uint8Array[], countOut: number, sizeOut: number): number {
    countOut >>>= 0, sizeOut >>>= 0;
    if (!memory.holds(countOut, 4) || !memory.holds(sizeOut, 4)) return FAULT;
    memory.view.setUint32(countOut, list.length, true);
    memory.view.setUint32(sizeOut, list.reduce((sum, item) => sum + item.length + 1, 0), true);
    return SUCCESS;
  }

  function copy(list: readonly Uint8Array[], pointers: number, buffer: number): number {
    pointers >>>= 0, buffer >>>= 0;
    const total = list.reduce((sum, item) => sum + item.length + 1, 0);
    if (!memory.holds(pointers, list.length * 4) || !memory.holds(buffer, total)) return FAULT;
    const { bytes, view } = memory;
    list.forEach((item, i) => {
      view.setUint32(pointers + i * 4, buffer, true);
      bytes.set(item, buffer);
      bytes[buffer + item.length] = 0;
      buffer += item.length + 1;
    });
    return SUCCESS;
  }

  const plain: Record<string, PlainFunction> = {
    args_get: (argv, buffer) => copy(options.argv, argv!, buffer!),
    args_sizes_get: (count, size) => sizes(options.argv, count!, size!),
    environ_get: (envp, buffer) => copy(options.envp, envp!, buffer!),
    environ_sizes_get: (count, size) => sizes(options.envp, count!, size!),
    clock_res_get(id, out) {
      out! >>>= 0;
      if (id! >>> 0 > CLOCK.THREAD_CPUTIME) return INVAL;
      if (!memory.holds(out!, 8)) return FAULT;
      memory.setNs(out!, 0, clock.resolutionNs);
      return SUCCESS;
    },
    clock_time_get(id, out) {
      out! >>>= 0;
      if (!memory.holds(out!, 8)) return FAULT;
      if (id === CLOCK.REALTIME || id === CLOCK.MONOTONIC) {
        clock.sample(id);
        if (id === CLOCK.MONOTONIC) task.nsproxy.time.shift(clock);
        memory.setNs(out!, clock.sec, clock.nsec);
        return SUCCESS;
      }
      if (id !== CLOCK.PROCESS_CPUTIME && id !== CLOCK.THREAD_CPUTIME) return INVAL;
      const ms = task.cpuTime();
      const sec = Math.floor(ms / 1000);
      memory.setNs(out!, sec, Math.floor((ms - sec * 1000) * 1e6));
      return SUCCESS;
    },
    random_get(buffer, length) {
      buffer! >>>= 0, length! >>>= 0;
      if (!memory.holds(buffer!, length!)) return FAULT;
      options.fillRandom(memory.bytes.subarray(buffer!, buffer! + length!));
      return SUCCESS;
    },
    proc_exit(code) {
      p.exited = exitStatus(code!);
      return END_GUEST;
    },
    proc_raise(signal) {
      const linux = LINUX_SIGNALS[signal!];
      if (linux === undefined) return INVAL;
      if (linux !== 0) task.raise(linux);
      return task.dying ? END_GUEST : SUCCESS;
    },
    sched_yield: () => task.dying ? END_GUEST : WOULD_BLOCK,
  };
  const blocking: Record<string, BlockingFunction> = {
    async sched_yield() {
      await task.yield();
      return task.dying ? END_GUEST : SUCCESS;
    },
  };
  return { plain, blocking };
}
