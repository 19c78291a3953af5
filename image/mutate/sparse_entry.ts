/** Sparse files as GNU tar writes them, PAX format 1.0: https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html @module */
import { nameToBytes } from "../../fs/abi/name.ts";
import type { SparsePart } from "../layer/tar_entry.ts";
import { BLOCK } from "../layer/tar_header.ts";
import type { LayerEntry } from "../layer/tar_stream.ts";

/** The map in front of the data: counts and places in decimal lines, filled up to a block. */
function mapBytes(parts: readonly SparsePart[]): Uint8Array {
  const numbers = [parts.length, ...parts.flatMap((part) => [part.offset, part.length])];
  const text = new TextEncoder().encode(numbers.map((n) => `${n}\n`).join(""));
  const map = new Uint8Array(Math.ceil(text.length / BLOCK) * BLOCK);
  map.set(text);
  return map;
}

/** The entry of a file of which only `parts` have data. `read` gives the bytes of one part. */
export function sparseEntry(
  entry: LayerEntry,
  size: number,
  parts: readonly SparsePart[],
  read: (part: SparsePart) => Iterable<Uint8Array>,
): LayerEntry {
  const { name } = entry;
  // A file that ends in a hole has an empty part at its end: readers learn the size from it.
  const last = parts.at(-1);
  const all = last !== undefined && last.offset + last.length === size
    ? parts
    : [...parts, { offset: size, length: 0 }];
  const map = mapBytes(all);
  const slash = name.lastIndexOf("/");
  return {
    ...entry,
    // Readers that know nothing of sparse files shall not take the map for the file.
    name: `${name.slice(0, slash + 1)}GNUSparseFile.0/${name.slice(slash + 1)}`,
    size: map.length + parts.reduce((sum, part) => sum + part.length, 0),
    records: {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": nameToBytes(name),
      "GNU.sparse.realsize": String(size),
    },
    content: function* () {
      yield map;
      for (const part of parts) yield* read(part);
    },
  };
}
