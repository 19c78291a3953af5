/** Archives of images as files of the host: made beside their place, and in it by rename. @module */
import { archiveEntries, type Member } from "../archive/members.ts";
import { tarStream } from "../layer/tar_stream.ts";
import { DirectoryTree } from "./host_tree.ts";
import { directoryOf, nameOf, writeAtomically } from "./atomic_file.ts";
import { makeTemporary, sweepTemporaries, type TemporaryDirectory } from "./temporary_directory.ts";

/** Between an archive's name and what makes the directory's its own. */
const PARTIAL = ".partial-";

/** A directory beside an archive that is to be, for what goes into it. */
export class Workshop {
  #made: TemporaryDirectory | undefined;

  /** For the archive at `path`. */
  constructor(readonly path: string) {}

  /** The directory, which is made at the first call. */
  directory(): string {
    try {
      this.#made ??= makeTemporary(`${this.path}${PARTIAL}${crypto.randomUUID()}`);
    } catch (error) {
      throw new Error(`writing ${this.path}: ${(error as Error).message}`, { cause: error });
    }
    return this.#made.path;
  }

  /** A file in it for the archive. */
  async member(name: string, path = name): Promise<Member> {
    const directory = this.directory();
    const { size } = await Deno.stat(`${directory}/${name}`);
    return { path, size, read: () => new DirectoryTree(directory).read(name) };
  }

  /** Writes the archive in place of one that is there, and removes what killed writers of it have left. */
  async write(members: readonly Member[]): Promise<void> {
    await writeAtomically(this.path, tarStream(archiveEntries(members)), `${this.directory()}/archive`);
    await sweepTemporaries(directoryOf(this.path), `${nameOf(this.path)}${PARTIAL}`).catch(() => {}); // it has been written
  }

  /** Removes the directory with everything in it. */
  close(): void {
    this.#made?.close();
    this.#made = undefined;
  }
}
