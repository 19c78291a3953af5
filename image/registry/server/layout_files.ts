/** Files below a registry's root: whole or not at all, and never half-made under their own name. @module */

/** Puts `why` into words with what was being done. */
function failed(doing: string, error: unknown): Error {
  return new Error(`${doing}: ${(error as Error).message}`, { cause: error });
}

/** Makes renames in a directory last through a loss of power, where the host lets a directory be synced. */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Gives a file its name, if nothing has that name. */
async function linkOrRename(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    // A filesystem without hard links.
    if (!await Deno.stat(to).then(() => true, () => false)) await Deno.rename(from, to);
  }
}

/** Files that are being written. Each is locked by its writer, so that those a killed process left can be told. */
export class Scratch {
  /** `path`: a directory on the filesystem of what is written. */
  constructor(readonly path: string) {}

  /** Makes the directory and removes what nobody is writing any more. */
  async prepare(): Promise<void> {
    await Deno.mkdir(this.path, { recursive: true });
    for await (const entry of Deno.readDir(this.path)) {
      const path = `${this.path}/${entry.name}`;
      try {
        const file = await Deno.open(path, { read: true, write: true });
        try {
          if (await file.tryLock(true)) await Deno.remove(path);
        } finally {
          file.close();
        }
      } catch (error) {
        // Another process removes it at the same time.
        if (!(error instanceof Deno.errors.NotFound)) throw failed(`removing ${path}`, error);
      }
    }
  }

  /** A new locked file. */
  async create(): Promise<{ path: string; file: Deno.FsFile }> {
    while (true) {
      const path = `${this.path}/${crypto.randomUUID()}`;
      const file = await Deno.open(path, { read: true, write: true, createNew: true });
      // A process that starts at this moment may have taken it for a dead one's.
      if (await file.tryLock(true) && await Deno.stat(path).then(() => true, () => false)) {
        return { path, file };
      }
      file.close();
    }
  }

  /** Writes a whole file; it replaces the one at `path` unless `once`. */
  async write(path: string, bytes: Uint8Array, once = false): Promise<void> {
    const { path: temporary, file } = await this.create();
    try {
      try {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
        await file.sync();
      } finally {
        file.close();
      }
      if (once) await linkOrRename(temporary, path);
      else await Deno.rename(temporary, path);
      await syncDirectory(path.slice(0, path.lastIndexOf("/")));
    } catch (error) {
      if (!(once && error instanceof Deno.errors.AlreadyExists)) throw failed(`writing ${path}`, error);
    } finally {
      await Deno.remove(temporary).catch(() => {});
    }
  }
}

/** Reads of a part are of this size. */
const CHUNK = 256 * 1024;

/** The bytes of a file from `start` to before `end`; undefined if there is no such file. */
export async function openPart(
  path: string,
  start: number,
  end: number,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw failed(`reading ${path}`, error);
  }
  try {
    if (start > 0) await file.seek(start, Deno.SeekMode.Start);
    // Up to the end of the file the server sends it without JavaScript in between.
    return end === (await file.stat()).size ? file.readable : part(file, path, end - start);
  } catch (error) {
    file.close();
    throw failed(`reading ${path}`, error);
  }
}

/** `length` bytes of a file from where it is. */
function part(file: Deno.FsFile, path: string, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      try {
        const buffer = new Uint8Array(Math.min(left, CHUNK));
        const n = await file.read(buffer);
        if (n === null) throw new Error(`reading ${path}: it is shorter than it was`);
        left -= n;
        controller.enqueue(buffer.subarray(0, n));
        if (left > 0) return;
        file.close();
        controller.close();
      } catch (error) {
        file.close();
        throw error;
      }
    },
    cancel() {
      file.close();
    },
  }, { highWaterMark: 0 });
}
