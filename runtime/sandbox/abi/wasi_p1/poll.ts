/** poll_oneoff: subscriptions to clocks and descriptors, answered by the kernel's poll. @module */
import { isReg } from "../../../../fs/abi/mode.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import { poll, type PollEntry } from "../../kernel/poll.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import { BADF, FAULT, INVAL, NOTSUP, SUCCESS, toWasi } from "./errno.ts";
import { denied, type FunctionSet } from "./fd_io.ts";
import { CLOCK } from "./proc.ts";
import type { WasiProcess } from "./process.ts";
import { RIGHT } from "./types.ts";

/** How a subscription is laid out (wasi_unstable's clock has an identifier in front). */
export interface SubscriptionLayout {
  /** Bytes in all. */
  readonly size: number;
  /** Offset of the clock id in a clock subscription. */
  readonly clock: number;
}
/** preview1.md#subscription. */
export const SUBSCRIPTION_P1: SubscriptionLayout = { size: 48, clock: 16 };
/** wasi_unstable's subscription. */
export const SUBSCRIPTION_UNSTABLE: SubscriptionLayout = { size: 56, clock: 24 };

/** Most subscriptions of one call: as poll(2) has it, not more than there can be descriptors worth waiting for. */
const SUBSCRIPTIONS_MAX = 65536;
const EVENT_SIZE = 32;
const EVENT_CLOCK = 0, EVENT_FD_READ = 1, EVENT_FD_WRITE = 2;
const CLOCK_ABSTIME = 1;
const RW_HANGUP = 1;

interface Subscription {
  readonly userLow: number;
  readonly userHigh: number;
  readonly type: number;
  /** preview1 errno known at once. */
  error: number;
  /** Monotonic milliseconds at which a clock fires. */
  deadline: number;
  entry: PollEntry | null;
}

/** poll_oneoff of a process. */
export function polling(p: WasiProcess, layout: SubscriptionLayout): FunctionSet {
  const { task, memory } = p;
  const clock = task.kernel.clock;
  let subscriptions: Subscription[] = [];
  let entries: PollEntry[] = [];
  let deadline = Infinity;

  function readSubscription(at: number): Subscription {
    const view = memory.view;
    const s: Subscription = {
      userLow: view.getUint32(at, true),
      userHigh: view.getUint32(at + 4, true),
      type: view.getUint8(at + 8),
      error: SUCCESS,
      deadline: Infinity,
      entry: null,
    };
    if (s.type === EVENT_CLOCK) readClock(s, at + layout.clock);
    else if (s.type === EVENT_FD_READ || s.type === EVENT_FD_WRITE) readFd(s, view.getUint32(at + 16, true));
    else s.error = INVAL;
    return s;
  }

  function readClock(s: Subscription, at: number): void {
    const view = memory.view;
    const id = view.getUint32(at, true);
    const timeout = Number(view.getBigUint64(at + 8, true)) / 1e6;
    const absolute = (view.getUint16(at + 24, true) & CLOCK_ABSTIME) !== 0;
    const now = clock.monotonic();
    if (id === CLOCK.REALTIME) s.deadline = absolute ? now + timeout - clock.realtime() : now + timeout;
    else if (id === CLOCK.MONOTONIC) {
      s.deadline = absolute ? timeout - task.nsproxy.time.monotonicMs : now + timeout;
    } else s.error = id <= CLOCK.THREAD_CPUTIME ? NOTSUP : INVAL;
  }

  function readFd(s: Subscription, fd: number): void {
    const entry = task.files.get(fd);
    if (entry === undefined) {
      s.error = BADF;
      return;
    }
    const right = s.type === EVENT_FD_READ ? RIGHT.FD_READ : RIGHT.FD_WRITE;
    if ((entry.rights & (RIGHT.POLL_FD_READWRITE | right)) !== (RIGHT.POLL_FD_READWRITE | right)) {
      s.error = denied(entry, right);
      return;
    }
    s.entry = { file: entry.file, events: s.type === EVENT_FD_READ ? POLLIN : POLLOUT, revents: 0 };
  }

  /** Bytes that can be read or written now; 1 where a file cannot say. */
  function amount(entry: PollEntry, type: number): number {
    if (type === EVENT_FD_WRITE) return 1;
    const file = entry.file;
    if (isReg(file.inode.mode)) return Math.max(0, file.inode.size - file.pos);
    const n = file.available();
    return n < 0 ? 1 : n;
  }

  function writeEvents(out: number, countOut: number): number {
    const view = memory.view;
    const now = clock.monotonic();
    let count = 0;
    for (const s of subscriptions) {
      const revents = s.entry?.revents ?? 0;
      const fired = s.error !== SUCCESS || (s.entry === null ? s.deadline <= now : revents !== 0);
      if (!fired) continue;
      const at = out + count++ * EVENT_SIZE;
      memory.bytes.fill(0, at, at + EVENT_SIZE);
      view.setUint32(at, s.userLow, true);
      view.setUint32(at + 4, s.userHigh, true);
      view.setUint16(at + 8, s.error, true);
      view.setUint8(at + 10, s.type);
      if (s.entry !== null) {
        memory.setU64(at + 16, amount(s.entry, s.type));
        view.setUint16(at + 24, (revents & (POLLHUP | POLLERR)) !== 0 ? RW_HANGUP : 0, true);
      }
    }
    view.setUint32(countOut, count, true);
    subscriptions = [];
    entries = [];
    return SUCCESS;
  }

  return {
    plain: {
      poll_oneoff(input, out, count, countOut) {
        input! >>>= 0, out! >>>= 0, count! >>>= 0, countOut! >>>= 0;
        if (count === 0) return INVAL;
        if (!memory.holds(input!, count! * layout.size)) return FAULT;
        if (!memory.holds(out!, count! * EVENT_SIZE) || !memory.holds(countOut!, 4)) return FAULT;
        if (count! > SUBSCRIPTIONS_MAX) return INVAL;
        subscriptions = [];
        for (let i = 0; i < count!; i++) subscriptions.push(readSubscription(input! + i * layout.size));
        entries = subscriptions.flatMap((s) => s.entry === null ? [] : [s.entry]);
        const ready = subscriptions.some((s) => s.error !== SUCCESS);
        deadline = ready ? 0 : earliest(subscriptions);
        for (const e of entries) e.revents = e.file.poll() & (e.events | POLLHUP | POLLERR);
        if (ready || entries.some((e) => e.revents !== 0) || deadline <= clock.monotonic()) {
          return writeEvents(out!, countOut!);
        }
        return WOULD_BLOCK;
      },
    },
    blocking: {
      async poll_oneoff(_input, out, _count, countOut) {
        const result = await poll(task, entries, deadline);
        if (task.dying) return END_GUEST;
        if (result < 0) return toWasi(result);
        return writeEvents(out! >>> 0, countOut! >>> 0);
      },
    },
  };
}

function earliest(subscriptions: readonly Subscription[]): number {
  let deadline = Infinity;
  for (const s of subscriptions) if (s.deadline < deadline) deadline = s.deadline;
  return deadline;
}
