/**
 * Containers as directories below one root:
 *
 *     ROOT/~lock            held while a container appears
 *     ROOT/~new-…, ~gone-…  a container on its way in or out; what a killed process has left of one is removed by the next create, or delete by force
 *     ROOT/ID/lock          held by whoever changes the container: a lock of the system's, which goes with its holder
 *     ROOT/ID/state.json    its record, replaced by rename
 *     ROOT/ID/config.json   its configuration, as it was when it was created
 *     ROOT/ID/started       empty: the program runs, or has run
 *     ROOT/ID/paused        empty: it is paused
 *     ROOT/ID/killed        empty: it was sent a SIGKILL
 *     ROOT/ID/exit.json     how its process ended
 *
 * A directory has its name only when it is complete. Nothing is flushed to the disk: states are worth nothing after a restart of the machine.
 * @module
 */
import { LifecycleError } from "../error.ts";
import { type ContainerRecord, parseRecord } from "../record.ts";
import type { ContainerEntry, ExitRecord, LockedContainer, Mark, StateStore } from "../store.ts";

const MARKS: readonly Mark[] = ["started", "paused", "killed"];
const NEW = "~new-", GONE = "~gone-";
const NO_MARKS: ReadonlySet<Mark> = new Set();

const isNotFound = (error: unknown): boolean => error instanceof Deno.errors.NotFound;

/** Replaces a file, whole or not at all. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${Deno.pid}`; // written and renamed before this process does anything else
  try {
    Deno.writeTextFileSync(temporary, text, { mode: 0o600 });
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Text of a file; undefined if there is none. What is no file is never opened: a FIFO would be waited for. */
function readText(path: string): string | undefined {
  try {
    if (!Deno.statSync(path).isFile) throw new Error(`${path} is not a file`);
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Opens the file of a lock, and makes it if it is missing. What is no file locks nothing, and gives way. */
function openLock(path: string): Deno.FsFile {
  try {
    if (!Deno.lstatSync(path).isFile) removeQuietly(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return Deno.openSync(path, { create: true, write: true, mode: 0o600 });
}

/** Names in a directory; none if there is none. A look at all of them costs less than an error for one that is not there. */
function namesIn(directory: string): Set<string> {
  try {
    return new Set(Array.from(Deno.readDirSync(directory), ({ name }) => name));
  } catch (error) {
    if (isNotFound(error)) return new Set();
    throw error;
  }
}

/** Notes how a container's process has ended; its own process does it. */
export function writeExit(directory: string, exit: ExitRecord): void {
  replaceFile(`${directory}/exit.json`, JSON.stringify(exit));
}

/** Notes that a container's program is about to run; its own process does it. */
export function markStarted(directory: string): void {
  Deno.writeTextFileSync(`${directory}/started`, "", { mode: 0o600 });
}

class Entry implements LockedContainer {
  record: ContainerRecord | undefined;
  problem = "";
  marks: ReadonlySet<Mark> = NO_MARKS;
  exit: ExitRecord | undefined;
  #file: Deno.FsFile | null;

  constructor(
    readonly root: string,
    readonly id: string,
    file: Deno.FsFile | null,
    record?: ContainerRecord,
  ) {
    this.#file = file;
    if (record === undefined) this.refresh();
    else this.record = record;
  }

  get directory(): string {
    return `${this.root}/${this.id}`;
  }

  refresh(): void {
    let names: ReadonlySet<string> = new Set();
    try {
      names = namesIn(this.directory);
      const text = names.has("state.json") ? readText(`${this.directory}/state.json`) : undefined;
      this.record = text === undefined ? undefined : parseRecord(text, "state.json");
      this.problem = text === undefined ? "state.json is missing" : "";
      if (this.record !== undefined && this.record.id !== this.id) {
        this.record = undefined;
        this.problem = "state.json is another container's";
      }
    } catch (error) {
      this.record = undefined;
      this.problem = (error as Error).message;
    }
    this.marks = new Set(MARKS.filter((mark) => names.has(mark)));
    this.exit = names.has("exit.json") ? this.#readExit() : undefined;
  }

  #readExit(): ExitRecord | undefined {
    try {
      const text = readText(`${this.directory}/exit.json`);
      if (text === undefined) return undefined;
      const { status } = JSON.parse(text) as { status?: unknown };
      return { status: typeof status === "number" ? status : null };
    } catch {
      return { status: null }; // it has ended, and more cannot be read
    }
  }

  async isLocked(): Promise<boolean> {
    if (this.#file !== null) return false;
    const path = `${this.directory}/lock`;
    let file: Deno.FsFile;
    try {
      if (!Deno.statSync(path).isFile) return false;
      file = Deno.openSync(path, { read: true });
    } catch {
      return false;
    }
    try {
      return !await file.tryLock(false);
    } finally {
      file.close();
    }
  }

  config(): string {
    const text = readText(`${this.directory}/config.json`);
    if (text === undefined) {
      throw new LifecycleError(`container ${JSON.stringify(this.id)}: its config.json is missing`, "failed");
    }
    return text;
  }

  write(record: ContainerRecord): void {
    replaceFile(`${this.directory}/state.json`, JSON.stringify(record));
    this.record = record;
  }

  mark(mark: Mark): void {
    Deno.writeTextFileSync(`${this.directory}/${mark}`, "", { mode: 0o600 });
    this.marks = new Set([...this.marks, mark]);
  }

  unmark(mark: Mark): void {
    removeQuietly(`${this.directory}/${mark}`);
    this.marks = new Set([...this.marks].filter((each) => each !== mark));
  }

  remove(): Promise<void> {
    const gone = `${this.root}/${GONE}${this.record?.init?.pid ?? 0}-${this.id}`;
    if (Deno.build.os === "windows") this.release(); // an open file keeps its directory where it is there
    try {
      Deno.renameSync(this.directory, gone);
    } catch {
      removeQuietly(gone); // what a killed process has left of an earlier one
      Deno.renameSync(this.directory, gone);
    }
    removeQuietly(gone);
    return Promise.resolve();
  }

  release(): void {
    this.#file?.close();
    this.#file = null;
  }
}

async function lock(file: Deno.FsFile): Promise<void> {
  if (!file.tryLockSync(true)) await file.lock(true);
}

/** Removes what killed processes have left; the root's lock is held, also by whoever makes a container, until it has its name. The names there. */
function sweepRoot(root: string): Set<string> {
  const names = namesIn(root);
  for (const name of names) {
    if (name.startsWith(GONE) || name.startsWith(NEW)) removeQuietly(`${root}/${name}`);
  }
  return names;
}

/** See the module's comment. */
export class StateDirectory implements StateStore {
  /** Containers below `root`, which is made when it is needed. */
  constructor(readonly root: string) {}

  /** See StateStore. */
  async create(record: ContainerRecord, config: string): Promise<LockedContainer> {
    const { root } = this;
    try {
      Deno.mkdirSync(root, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new LifecycleError(`making ${root}: ${(error as Error).message}`, "failed", { cause: error });
    }
    const rootLock = openLock(`${root}/~lock`);
    try {
      await lock(rootLock);
      if (sweepRoot(root).has(record.id)) {
        throw new LifecycleError(`container with id exists already: ${JSON.stringify(record.id)}`, "exists");
      }
      return this.#create(record, config);
    } finally {
      rootLock.close();
    }
  }

  #create(record: ContainerRecord, config: string): LockedContainer {
    const { root } = this, { id } = record;
    const fresh = `${root}/${NEW}${Deno.pid}`; // nobody else makes one: the root's lock is held
    Deno.mkdirSync(fresh, { mode: 0o700 });
    const file = Deno.openSync(`${fresh}/lock`, { createNew: true, write: true, mode: 0o600 });
    try {
      file.lockSync(true);
      Deno.writeTextFileSync(`${fresh}/config.json`, config, { mode: 0o600 });
      Deno.writeTextFileSync(`${fresh}/state.json`, JSON.stringify(record), { mode: 0o600 });
      Deno.renameSync(fresh, `${root}/${id}`);
      return new Entry(root, id, file, record);
    } catch (error) {
      file.close();
      removeQuietly(fresh);
      throw error;
    }
  }

  #exists(id: string): boolean {
    try {
      Deno.lstatSync(`${this.root}/${id}`);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** See StateStore. */
  read(id: string): ContainerEntry | undefined {
    if (!this.#exists(id)) return undefined;
    const entry = new Entry(this.root, id, null);
    return entry.record === undefined && !this.#exists(id) ? undefined : entry; // it was deleted meanwhile
  }

  /** See StateStore. A container that was deleted, or replaced by another of its id, while its lock was waited for does not count. */
  async lock(id: string): Promise<LockedContainer | undefined> {
    const path = `${this.root}/${id}/lock`;
    for (;;) {
      let file: Deno.FsFile;
      try {
        // A broken directory without a lock gets one: it must be possible to delete it.
        file = openLock(path);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
      try {
        await lock(file);
        const now = Deno.statSync(path);
        if (now.ino === null || now.ino === file.statSync().ino) return new Entry(this.root, id, file);
      } catch (error) {
        file.close();
        if (isNotFound(error)) return undefined;
        throw error;
      }
      file.close();
    }
  }

  /** See StateStore. */
  async sweep(): Promise<void> {
    let rootLock: Deno.FsFile;
    try {
      rootLock = openLock(`${this.root}/~lock`);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    try {
      await lock(rootLock);
      sweepRoot(this.root);
    } finally {
      rootLock.close();
    }
  }

  /** See StateStore. */
  list(): string[] {
    try {
      return [...Deno.readDirSync(this.root)]
        .filter(({ name, isDirectory }) => isDirectory && !name.startsWith("~"))
        .map(({ name }) => name).sort();
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}
