/** Files of an archive of images, in the order and with the attributes that always give the same bytes. @module */
import type { LayerEntry } from "../layer/tar_stream.ts";

/** A file for an archive. */
export interface Member {
  /** Path in the archive. */
  readonly path: string;
  /** Bytes of content. */
  readonly size: number;
  /** The content. */
  read(): AsyncIterable<Uint8Array>;
}

/** Entries of a tar archive: the files sorted by their paths, with the directories they lie in; no owner, no time. */
export function* archiveEntries(members: readonly Member[]): Generator<LayerEntry> {
  const seen = new Set<string>();
  for (const { path, size, read } of [...members].sort((a, b) => a.path < b.path ? -1 : 1)) {
    const parts = path.split("/");
    for (let i = 1; i < parts.length; i++) {
      const directory = parts.slice(0, i).join("/");
      if (!seen.has(directory)) yield { name: directory, type: "dir", mode: 0o755 };
      seen.add(directory);
    }
    yield { name: path, type: "file", mode: 0o644, size, content: read };
  }
}
