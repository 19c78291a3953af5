/** Locks on files, which the system takes back when their holder dies. @module */

const FIRST_WAIT_MS = 2, LONGEST_WAIT_MS = 50;

/**
 * Waits for a lock on an open file. Closing the file gives it back. Throws the signal's reason once it is aborted: a lock that is asked for
 * and not yet given could not be taken back, so it is tried for again and again.
 */
export async function lockFile(file: Deno.FsFile, exclusive: boolean, signal?: AbortSignal): Promise<void> {
  for (let wait = FIRST_WAIT_MS;; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    signal?.throwIfAborted();
    if (await file.tryLock(exclusive)) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Runs `body` while a lock on the file at `path`, which is made if needed, is held. */
export async function withLock<T>(
  path: string,
  exclusive: boolean,
  body: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
  try {
    await lockFile(file, exclusive, signal);
    return await body();
  } finally {
    file.close();
  }
}

/** Files younger than this may be on their way to being locked. */
const YOUNG_MS = 60_000;

/** True if a file was left behind by a process that has ended: nobody holds a lock on it, and it is not new. Also if it has gone. */
export async function isAbandoned(path: string): Promise<boolean> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
  try {
    const { mtime } = await file.stat();
    return mtime !== null && Date.now() - mtime.getTime() > YOUNG_MS && await file.tryLock(true);
  } finally {
    file.close();
  }
}
