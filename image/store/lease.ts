/**
 * Leases: what running processes need of a store. A lease is a file of digests that its process holds a lock on as long as it lives, so
 * the collector of garbage knows which leases still count. A digest is written down under a shared lock that the collector takes
 * exclusively: once `add` has returned, what has that digest stays.
 * @module
 */
import { directoryOf, makeDirectory } from "./atomic_file.ts";
import { lockFile, withLock } from "./file_lock.ts";

/** The file whose lock the collector holds while it works. */
export function collectorLock(root: string): string {
  return `${root}/gc.lock`;
}

/** What one process needs, until it closes the lease or dies. */
export class Lease {
  readonly #path: string;
  readonly #held = new Set<string>();
  #file: Deno.FsFile | undefined;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  /** A lease in the store at `root`; nothing is written before something is added. */
  constructor(readonly root: string) {
    this.#path = `${root}/leases/${crypto.randomUUID()}`;
  }

  /** Adds digests of blobs, or diff_ids of layers. */
  add(digests: Iterable<string>, signal?: AbortSignal): Promise<void> {
    const added = this.#turn.then(() => this.#add([...digests], signal));
    this.#turn = added.catch(() => {}); // whoever asked is told
    return added;
  }

  async #add(digests: readonly string[], signal?: AbortSignal): Promise<void> {
    const fresh = digests.filter((digest) => !this.#held.has(digest));
    if (fresh.length === 0) return;
    if (this.#closed) throw new Error(`lease ${this.#path}: it is closed`);
    await makeDirectory(directoryOf(this.#path), 0o700);
    await withLock(collectorLock(this.root), false, async () => {
      if (this.#file === undefined) {
        const file = await Deno.open(this.#path, { createNew: true, write: true, mode: 0o600 });
        this.#file = file;
        await lockFile(file, true);
      }
      const bytes = new TextEncoder().encode(fresh.map((digest) => `${digest}\n`).join(""));
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    }, signal);
    for (const digest of fresh) this.#held.add(digest);
  }

  /** Needs nothing any more. */
  close(): void {
    this.#closed = true;
    if (this.#file === undefined) return;
    try {
      Deno.removeSync(this.#path);
    } catch {
      // It counts only as long as it is locked.
    }
    this.#file.close();
    this.#file = undefined;
  }
}

/** Everything in an open file: its name may have gone already. */
async function textOf(file: Deno.FsFile): Promise<string> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(size);
  let used = 0;
  for (let n; used < size && (n = await file.read(bytes.subarray(used))) !== null;) used += n;
  return new TextDecoder().decode(bytes.subarray(0, used));
}

/**
 * The digests of all leases that count; files of dead processes are removed. The caller holds the collector's lock, and reads the index
 * afterwards: a lease is given back only when the index leads to what it was for.
 */
export async function leasedDigests(root: string): Promise<Set<string>> {
  const digests = new Set<string>();
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(`${root}/leases`)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (const name of names) {
    const path = `${root}/leases/${name}`;
    let file: Deno.FsFile;
    try {
      file = await Deno.open(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue; // it has just been closed
      throw error;
    }
    try {
      if (await file.tryLock(true)) await Deno.remove(path).catch(() => {}); // its own process was faster
      else for (const digest of (await textOf(file)).split("\n")) digests.add(digest);
    } finally {
      file.close();
    }
  }
  digests.delete("");
  return digests;
}
