/** epoll(7): a list of files one waits for, as a file. @module */
import { EBADF, EEXIST, EINVAL, ENOENT, EPERM } from "../../../fs/abi/errno.ts";
import { O_RDWR } from "../../../fs/abi/open.ts";
import { POLLERR, POLLHUP, POLLIN } from "../../../fs/abi/poll.ts";
import { OpenFile } from "../../../fs/vfs/open_file.ts";
import { type Waiter, WaitQueue } from "../../../fs/vfs/wait_queue.ts";
import { anonInode } from "./eventfd.ts";
import type { Task } from "./task.ts";

/** Report a change once, not a state (EPOLLET). */
export const EPOLLET = 0x80000000;
/** Report once, then not until EPOLL_CTL_MOD (EPOLLONESHOT). */
export const EPOLLONESHOT = 0x40000000;

/** One file on the list. */
interface Interest {
  readonly file: OpenFile;
  readonly fd: number;
  events: number;
  data: Uint8Array;
  /** EPOLLET: something has happened since it was reported. EPOLLONESHOT: it may be reported. */
  armed: boolean;
  readonly waiter: Waiter;
}

/** What has happened. */
export interface EpollEvent {
  /** POLL* events. */
  readonly events: number;
  /** What the list's maker gave along. */
  readonly data: Uint8Array;
}

/** See the module's comment. A file leaves the list when the descriptor it was put there by is closed. */
export class EpollFile extends OpenFile {
  readonly #interests: Map<number, Interest> = new Map();
  readonly #queue = new WaitQueue();

  /** An empty list. */
  constructor() {
    super(anonInode, O_RDWR);
  }

  #live(task: Task, fd: number): Interest | undefined {
    const interest = this.#interests.get(fd);
    if (interest === undefined || task.files.get(fd)?.file === interest.file) return interest;
    this.#remove(interest);
  }

  #remove(interest: Interest): void {
    interest.file.waitQueue()?.remove(interest.waiter);
    this.#interests.delete(interest.fd);
  }

  /** EPOLL_CTL_ADD. */
  add(task: Task, fd: number, events: number, data: Uint8Array): number {
    const file = task.files.get(fd)?.file;
    if (file === undefined) return -EBADF;
    if (file === this) return -EINVAL;
    if (this.#live(task, fd) !== undefined) return -EEXIST;
    const queue = file.waitQueue();
    if (queue === null) return -EPERM; // a regular file or a directory
    const interest: Interest = {
      ...{ file, fd, events, data, armed: true },
      waiter: {
        wake: (now) => {
          if ((interest.events & EPOLLONESHOT) === 0) interest.armed = true;
          if ((now & (interest.events | POLLERR | POLLHUP)) !== 0) this.#queue.wake(POLLIN);
        },
      },
    };
    queue.add(interest.waiter);
    this.#interests.set(fd, interest);
    this.#queue.wake(POLLIN);
    return 0;
  }

  /** EPOLL_CTL_MOD. */
  modify(task: Task, fd: number, events: number, data: Uint8Array): number {
    if (task.files.get(fd) === undefined) return -EBADF;
    const interest = this.#live(task, fd);
    if (interest === undefined) return -ENOENT;
    interest.events = events;
    interest.data = data;
    interest.armed = true;
    this.#queue.wake(POLLIN);
    return 0;
  }

  /** EPOLL_CTL_DEL. */
  delete(task: Task, fd: number): number {
    if (task.files.get(fd) === undefined) return -EBADF;
    const interest = this.#live(task, fd);
    if (interest === undefined) return -ENOENT;
    this.#remove(interest);
    return 0;
  }

  /** Events of an interest that are to be reported. */
  #ready({ file, events, armed }: Interest): number {
    if ((events & (EPOLLET | EPOLLONESHOT)) !== 0 && !armed) return 0;
    return file.poll() & (events | POLLERR | POLLHUP);
  }

  /** Takes up to `max` events that are true now. */
  take(task: Task, max: number): EpollEvent[] {
    const found: EpollEvent[] = [];
    for (const fd of [...this.#interests.keys()]) {
      if (found.length === max) break;
      const interest = this.#live(task, fd);
      if (interest === undefined) continue;
      const events = this.#ready(interest);
      if (events === 0) continue;
      interest.armed = false;
      found.push({ events, data: interest.data });
      // Whoever is reported goes to the end: a busy file does not hide the others.
      this.#interests.delete(fd);
      this.#interests.set(fd, interest);
    }
    return found;
  }

  override poll(): number {
    for (const interest of this.#interests.values()) if (this.#ready(interest) !== 0) return POLLIN;
    return 0;
  }
  override waitQueue(): WaitQueue {
    return this.#queue;
  }
  protected override release(): number {
    for (const interest of [...this.#interests.values()]) this.#remove(interest);
    return 0;
  }
}
