/** Archives of images as files of the host: made beside their place, and in it by rename. @module */
import { archiveEntries, type Member } from "../archive/members.ts";
import { tarStream } from "../layer/tar_stream.ts";
import { DirectoryTree } from "./host_tree.ts";
import { writeAtomically } from "./atomic_file.ts";

/** A directory beside an archive that is to be, for what goes into it. */
export class Workshop {
  readonly #directory: string;
  #made = false;

  /** For the archive at `path`. */
  constructor(readonly path: string) {
    this.#directory = `${path}.partial-${crypto.randomUUID()}`;
  }

  /** The directory, which is made at the first call. */
  directory(): string {
    if (!this.#made) {
      try {
        Deno.mkdirSync(this.#directory, { mode: 0o700 });
      } catch (error) {
        throw new Error(`writing ${this.path}: ${(error as Error).message}`, { cause: error });
      }
    }
    this.#made = true;
    return this.#directory;
  }

  /** A file in it for the archive. */
  async member(name: string, path = name): Promise<Member> {
    const { size } = await Deno.stat(`${this.#directory}/${name}`);
    return { path, size, read: () => new DirectoryTree(this.#directory).read(name) };
  }

  /** Writes the archive in place of one that is there. */
  async write(members: readonly Member[]): Promise<void> {
    await writeAtomically(this.path, tarStream(archiveEntries(members)), `${this.directory()}/archive`);
  }

  /** Removes the directory with everything in it. */
  close(): void {
    if (this.#made) Deno.removeSync(this.#directory, { recursive: true });
    this.#made = false;
  }
}
