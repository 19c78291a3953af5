/** epoll_create, epoll_ctl, epoll_wait. @module */
import { ETIMEDOUT } from "../../../../fs/abi/errno.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP } from "../../../../fs/abi/poll.ts";
import { EPOLLET, EpollFile, EPOLLONESHOT } from "../../kernel/epoll.ts";
import { type BlockingFunction, END_GUEST, type PlainFunction, WOULD_BLOCK } from "../shim.ts";
import { BADF, FAULT, INVAL, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";
import { installAll } from "./descriptors.ts";

/** $epoll_event: events, and at 8 what the guest gave along: pointer, descriptor, 32 and 64 bits. */
const EVENT_SIZE = 32, DATA_AT = 8;
const CTL = { ADD: 0, MOD: 1, DEL: 2 } as const;
/** Bits of $epoll_type, in their order. */
const BITS = [POLLIN, POLLOUT, POLLRDHUP, POLLPRI, POLLERR, POLLHUP, EPOLLET, EPOLLONESHOT];
/** A timeout of as many nanoseconds or more is none. */
const FOREVER = 2 ** 63;
/** Most events of one call. */
const EVENTS_MAX = 65536;

const fromWasix = (events: number): number =>
  BITS.reduce((all, bit, i) => events & 1 << i ? all | bit : all, 0);
const toWasix = (events: number): number =>
  BITS.reduce((all, bit, i) => events & bit ? all | 1 << i : all, 0);

/** The epoll functions of a process. */
export function epoll(p: WasiProcess): FunctionSet {
  const { task, memory } = p;

  function list(fd: number): EpollFile | number {
    const entry = task.files.get(fd);
    if (entry === undefined) return BADF;
    return entry.file instanceof EpollFile ? entry.file : INVAL;
  }

  function report(file: EpollFile, events: number, max: number, out: number): number {
    const found = file.take(task, max);
    found.forEach(({ events: happened, data }, i) => {
      const at = events + i * EVENT_SIZE;
      memory.view.setUint32(at, toWasix(happened), true);
      memory.view.setUint32(at + 4, 0, true);
      memory.bytes.set(data, at + DATA_AT);
    });
    memory.view.setUint32(out, found.length, true);
    return found.length;
  }

  const plain: Record<string, PlainFunction> = {
    epoll_create(out) {
      out! >>>= 0;
      return memory.holds(out!, 4) ? installAll(p, [new EpollFile()], [out!]) : FAULT;
    },
    epoll_ctl(epfd, op, fd, event) {
      event! >>>= 0;
      const file = list(epfd!);
      if (typeof file === "number") return file;
      if (op === CTL.DEL) return toWasi(file.delete(task, fd!));
      if (!memory.holds(event!, EVENT_SIZE)) return FAULT;
      const events = fromWasix(memory.view.getUint32(event!, true));
      const data = memory.bytes.slice(event! + DATA_AT, event! + EVENT_SIZE);
      if (op === CTL.ADD) return toWasi(file.add(task, fd!, events, data));
      return op === CTL.MOD ? toWasi(file.modify(task, fd!, events, data)) : INVAL;
    },
    epoll_wait(epfd, events, max, timeout, out) {
      events! >>>= 0, max! >>>= 0, out! >>>= 0;
      const file = list(epfd!);
      if (typeof file === "number") return file;
      if (max === 0 || max! > EVENTS_MAX) return INVAL;
      if (!memory.holds(events!, max! * EVENT_SIZE) || !memory.holds(out!, 4)) return FAULT;
      return report(file, events!, max!, out!) > 0 || timeout === 0 ? SUCCESS : WOULD_BLOCK;
    },
  };
  const blocking: Record<string, BlockingFunction> = {
    async epoll_wait(epfd, events, max, timeout, out) {
      const file = list(epfd!);
      if (typeof file === "number") return file;
      const deadline = timeout! >= FOREVER ? Infinity : task.kernel.clock.monotonic() + timeout! / 1e6;
      for (;;) {
        const result = await task.block(file, POLLIN, deadline);
        if (task.dying) return END_GUEST;
        if (result < 0 && result !== -ETIMEDOUT) return toWasi(result);
        if (report(file, events! >>> 0, max! >>> 0, out! >>> 0) > 0 || result === -ETIMEDOUT) return SUCCESS;
      }
    },
  };
  return { plain, blocking };
}
