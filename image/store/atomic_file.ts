/** Files that appear complete or not at all, whatever happens to the process or the machine in between. @module */

const BUFFER = 1024 * 1024;

/** Makes a directory with those it lies in. */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, ...mode === undefined ? {} : { mode } });
  } catch (error) {
    throw new Error(`making ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes the names in a directory last. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return; // its file systems keep names safe themselves, and directories cannot be opened
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Few large writes in place of many small ones. */
export class BufferedWriter {
  readonly #buffer = new Uint8Array(BUFFER);
  #used = 0;

  /** Writes into an open file, from where it stands. */
  constructor(readonly file: Deno.FsFile) {}

  /** Takes bytes. */
  write(chunk: Uint8Array): void {
    if (this.#used + chunk.length > BUFFER) this.flush();
    if (chunk.length >= BUFFER) return this.#all(chunk);
    this.#buffer.set(chunk, this.#used);
    this.#used += chunk.length;
  }

  /** Hands what it has to the system. */
  flush(): void {
    this.#all(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #all(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += this.file.writeSync(bytes.subarray(at));
  }
}

/** The directory that a path lies in. */
export function directoryOf(path: string): string {
  const at = Math.max(path.lastIndexOf("/"), Deno.build.os === "windows" ? path.lastIndexOf("\\") : -1);
  return at < 0 ? "." : path.slice(0, at) || "/";
}

/**
 * Writes a file from a stream: into `temporary`, which is locked meanwhile, then by rename to `path`. Nothing is left of it if the stream
 * throws.
 */
export async function writeAtomically(
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  temporary: string = `${path}.${crypto.randomUUID()}`,
): Promise<void> {
  try {
    const file = await Deno.open(temporary, { write: true, createNew: true });
    try {
      await file.lock(true);
      const out = new BufferedWriter(file);
      for await (const chunk of content) out.write(chunk);
      out.flush();
      await file.syncData();
      await Deno.rename(temporary, path);
    } finally {
      file.close();
    }
    await syncDirectory(directoryOf(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // renamed away, or never made
    throw error;
  }
}
