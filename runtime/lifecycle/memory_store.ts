/** Containers that are written down nowhere but in this process: they go with it. @module */
import { LifecycleError } from "./error.ts";
import type { ContainerRecord } from "./record.ts";
import type { ContainerEntry, ExitRecord, LockedContainer, Mark, StateStore } from "./store.ts";

/** One container. An entry is what it is now: nothing is read anew. */
class Entry implements LockedContainer {
  readonly marks: Set<Mark> = new Set();
  readonly problem = "";
  exit: ExitRecord | undefined;
  /** Resolves when whoever has the lock gives it back; null while nobody has it. */
  held: PromiseWithResolvers<void> | null = null;

  constructor(readonly store: Map<string, Entry>, public record: ContainerRecord, readonly text: string) {}

  get id(): string {
    return this.record.id;
  }
  get directory(): string {
    return this.id;
  }
  isLocked(): Promise<boolean> {
    return Promise.resolve(this.held !== null);
  }
  config(): string {
    return this.text;
  }
  refresh(): void {}
  write(record: ContainerRecord): void {
    this.record = record;
  }
  mark(mark: Mark): void {
    this.marks.add(mark);
  }
  unmark(mark: Mark): void {
    this.marks.delete(mark);
  }
  remove(): Promise<void> {
    this.store.delete(this.id);
    return Promise.resolve();
  }
  release(): void {
    this.held?.resolve();
    this.held = null;
  }
}

/** See the module's comment. A container's directory is its id: a backend may keep no files there. */
export class MemoryStore implements StateStore {
  readonly #containers: Map<string, Entry> = new Map();

  /** See StateStore. */
  create(record: ContainerRecord, config: string): Promise<LockedContainer> {
    if (this.#containers.has(record.id)) {
      const message = `container with id exists already: ${JSON.stringify(record.id)}`;
      return Promise.reject(new LifecycleError(message, "exists"));
    }
    const entry = new Entry(this.#containers, record, config);
    entry.held = Promise.withResolvers();
    this.#containers.set(record.id, entry);
    return Promise.resolve(entry);
  }

  /** See StateStore. */
  read(id: string): ContainerEntry | undefined {
    return this.#containers.get(id);
  }

  /** See StateStore. */
  async lock(id: string): Promise<LockedContainer | undefined> {
    for (let entry = this.#containers.get(id); entry !== undefined; entry = this.#containers.get(id)) {
      if (entry.held === null) {
        entry.held = Promise.withResolvers();
        return entry;
      }
      await entry.held.promise;
    }
    return undefined;
  }

  /** See StateStore. */
  sweep(): Promise<void> {
    return Promise.resolve(); // whoever was killed has taken all of it along
  }

  /** See StateStore. */
  list(): string[] {
    return [...this.#containers.keys()].sort();
  }

  /** The program of a container runs, or is going to. */
  started(id: string): void {
    this.#containers.get(id)?.mark("started");
  }

  /** The process of a container has ended. */
  ended(id: string, status: number): void {
    const entry = this.#containers.get(id);
    if (entry !== undefined) entry.exit = { status };
  }
}
