/** Where containers are written down, as the operations see it; host/state_directory.ts is the one there is. @module */
import type { ContainerRecord } from "./record.ts";

/** How a container's process ended. */
export interface ExitRecord {
  /** Wait status (man 2 wait); null if nobody could know it. */
  readonly status: number | null;
}

/**
 * Facts that are files of their own, because others than the holder of the lock write them: `started` by the backend, before it runs the
 * program; `paused` around a pause; `killed` after a SIGKILL, which leaves its victim no time to note how it ended.
 */
export type Mark = "started" | "paused" | "killed";

/** A container as it is written down at this moment. */
export interface ContainerEntry {
  /** Its id. */
  readonly id: string;
  /** Directory of its state; a backend may keep files of its own there. */
  readonly directory: string;
  /** Its record; undefined when that cannot be read, for the reason in `problem`. */
  readonly record: ContainerRecord | undefined;
  /** Why there is no record. */
  readonly problem: string;
  /** Facts that are known. */
  readonly marks: ReadonlySet<Mark>;
  /** How its process ended, once that is known. */
  readonly exit: ExitRecord | undefined;
  /** Somebody is changing it. */
  isLocked(): Promise<boolean>;
  /** Text of its config.json, as it was when it was created. */
  config(): string;
  /** Notes a fact. */
  mark(mark: Mark): void;
  /** Reads everything anew. */
  refresh(): void;
}

/** A container that nobody else changes meanwhile. The lock goes with the process that holds it. */
export interface LockedContainer extends ContainerEntry {
  /** Writes its record, whole or not at all. */
  write(record: ContainerRecord): void;
  /** Takes a fact back. */
  unmark(mark: Mark): void;
  /** Removes it from the store; its id is free then. */
  remove(): Promise<void>;
  /** Gives the lock back. */
  release(): void;
}

/** All containers of one root. */
export interface StateStore {
  /** Writes a new container down, locked. Throws a LifecycleError ("exists") if the id is in use: then nothing has changed. */
  create(record: ContainerRecord, config: string): Promise<LockedContainer>;
  /** A container; undefined if there is none. */
  read(id: string): ContainerEntry | undefined;
  /** Waits for a container's lock; undefined if there is no such container. */
  lock(id: string): Promise<LockedContainer | undefined>;
  /** Removes what killed processes have left of containers on their way in or out. */
  sweep(): Promise<void>;
  /** Ids of all containers. */
  list(): string[];
}
