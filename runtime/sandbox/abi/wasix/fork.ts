/** fork and longjmp: the guest saves its stack (asyncify), and it or a copy of it goes on from there. @module */
import { EAGAIN, ENOMEM } from "../../../../fs/abi/errno.ts";
import { clone, waitForVfork } from "../../kernel/task_clone.ts";
import { releaseTask } from "../../kernel/task_exit.ts";
import type { Task } from "../../kernel/task.ts";
import type { Machine, SavedStack } from "../machine.ts";
import { END_GUEST, type PlainFunction } from "../shim.ts";
import { FAULT, NOTSUP, SUCCESS, toWasi } from "../wasi_p1/errno.ts";
import type { FunctionSet } from "../wasi_p1/fd_io.ts";
import type { WasiProcess } from "../wasi_p1/process.ts";

/** Saved stacks a process may have, and bytes in them: more than any program has places to return to. */
const SNAPSHOTS_MAX = 4096, SNAPSHOT_BYTES = 64 * 1024 * 1024;
/** $stack_snapshot: a number of the guest's, and 128 bits of ours. */
const SNAPSHOT_SIZE = 24;

/** What tells a place with a number from memory that only looks like one; the place's address is added. */
const MARK = 0x5afe_0000_0000;

interface Snapshot {
  readonly stack: SavedStack;
  readonly stackPointer: number;
  /** Where the call that saved it has its result. */
  readonly out: number;
}

/** Stacks a process can go back to, oldest first; its copies have them too. */
export class Snapshots {
  readonly #stacks: Map<number, Snapshot>;
  #bytes: number;
  #next: number;

  /** None, or those of another process. */
  constructor(from?: Snapshots) {
    this.#stacks = new Map(from === undefined ? [] : from.#stacks);
    this.#bytes = from === undefined ? 0 : from.#bytes;
    this.#next = from === undefined ? 1 : from.#next;
  }

  /** Keeps one in place of `old`, for as long as there is room; its number. */
  keep(snapshot: Snapshot, old: number): number {
    this.#drop(old);
    this.#bytes += snapshot.stack.length;
    this.#stacks.set(this.#next, snapshot);
    for (const id of this.#stacks.keys()) {
      if (this.#stacks.size <= SNAPSHOTS_MAX && this.#bytes <= SNAPSHOT_BYTES) break;
      this.#drop(id);
    }
    return this.#next++;
  }

  /** One by its number. */
  get(id: number): Snapshot | undefined {
    return this.#stacks.get(id);
  }

  #drop(id: number): void {
    this.#bytes -= this.#stacks.get(id)?.stack.length ?? 0;
    this.#stacks.delete(id);
  }
}

/** Takes back a child that never ran: nobody hears of it. */
export function discard(child: Task): void {
  child.exitSignal = 0;
  child.exit(0);
  if (child.isZombie && child.id.task === child) releaseTask(child);
}

const snapshotsOf: WeakMap<WasiProcess, Snapshots> = new WeakMap();

/** The functions of a process that unwind it. */
export function forking(p: WasiProcess, machine: Machine): FunctionSet {
  const { task, memory } = p;
  let snapshots = snapshotsOf.get(p);
  if (snapshots === undefined) snapshotsOf.set(p, snapshots = new Snapshots());
  const stacks = snapshots;

  function fork(out: number, isVfork: boolean): number {
    const answer = machine.rewound();
    if (answer !== null) return answer();
    out >>>= 0;
    if (!memory.holds(out, 4)) return FAULT;
    if (!machine.canFork) return NOTSUP;
    const started = machine.unwind(async (stack) => {
      const child = clone(task, { flags: 0 });
      if (typeof child === "number") return { stack, answer: () => toWasi(child) };
      const pid = child.id.in(task.pidNs);
      try {
        machine.fork(child, stack, (process) => {
          process.memory.view.setUint32(out, 0, true);
          return SUCCESS;
        }, (process) => snapshotsOf.set(process, new Snapshots(stacks)));
      } catch (error) {
        discard(child);
        const errno = error instanceof RangeError ? ENOMEM : EAGAIN;
        return { stack, answer: () => toWasi(-errno) };
      }
      if (isVfork) await waitForVfork(task, child);
      return {
        stack,
        answer: () => {
          memory.view.setUint32(out, pid, true);
          return SUCCESS;
        },
      };
    });
    return started ? SUCCESS : toWasi(-ENOMEM);
  }

  /** The number of the stack that is kept for this place; 0 where the memory has something else. */
  const numberAt = (at: number): number => {
    const { view } = memory;
    const mark = view.getUint32(at + 20, true) * 2 ** 32 + view.getUint32(at + 16, true);
    return mark === MARK + at ? view.getUint32(at + 8, true) : 0;
  };

  const plain: Record<string, PlainFunction> = {
    proc_fork: (copy, out) => fork(out!, copy === 0),
    proc_fork_env: (out) => fork(out!, false),
    stack_checkpoint(snapshot, out) {
      const answer = machine.rewound();
      if (answer !== null) return answer();
      snapshot! >>>= 0, out! >>>= 0;
      if (!memory.holds(snapshot!, SNAPSHOT_SIZE) || !memory.holds(out!, 8)) return FAULT;
      if (!machine.canUnwind) return NOTSUP;
      const { stackPointer } = machine;
      const started = machine.unwind((stack) => {
        const id = stacks.keep({ stack, stackPointer, out: out! }, numberAt(snapshot!));
        memory.setU64(snapshot! + 8, id);
        memory.setU64(snapshot! + 16, MARK + snapshot!);
        return Promise.resolve({
          stack,
          answer: () => {
            memory.setU64(out!, 0);
            return SUCCESS;
          },
        });
      });
      return started ? SUCCESS : toWasi(-ENOMEM);
    },
    stack_restore(snapshot, low, high) {
      snapshot! >>>= 0;
      const saved = memory.holds(snapshot!, SNAPSHOT_SIZE)
        ? stacks.get(memory.view.getUint32(snapshot! + 8, true))
        : undefined;
      if (saved === undefined || !machine.canJump) {
        task.die(SIGABRT);
        return END_GUEST;
      }
      const started = machine.unwind(() => {
        machine.stackPointer = saved.stackPointer;
        return Promise.resolve({
          stack: saved.stack,
          answer: () => {
            memory.view.setUint32(saved.out, (low! | high!) === 0 ? 1 : low!, true);
            memory.view.setUint32(saved.out + 4, high!, true);
            return SUCCESS;
          },
        });
      });
      return started ? SUCCESS : END_GUEST;
    },
  };
  return { plain, blocking: {} };
}

const SIGABRT = 6;
