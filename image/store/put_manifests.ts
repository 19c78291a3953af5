/** The manifests that were put into a layout, and what its index says about them in the end. @module */
import { manifestFacts } from "../describe_manifest.ts";
import type { Descriptor } from "../descriptor.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "../media_types.ts";
import { refName } from "../select.ts";
import { type IndexEntry, indexEntry } from "./layout_index.ts";

/** A manifest that has been put. */
interface PutManifest {
  /** What it is referred to by. */
  readonly descriptor: Descriptor;
  /** Its name. */
  readonly name: string | undefined;
}

/** Keeps track of the manifests put into a sink: which of them the index must list. */
export class PutManifests {
  readonly #put: PutManifest[] = [];
  readonly #parts = new Set<string>();

  /** Notes a manifest. */
  add(descriptor: Descriptor, bytes: Uint8Array, name: string | undefined, what: string): void {
    if ([...MANIFEST_TYPES, ...INDEX_TYPES].includes(descriptor.mediaType)) {
      for (const part of manifestFacts(bytes, what).parts) this.#parts.add(part.digest);
    }
    this.#put.push({ descriptor, name });
  }

  /** Those with a name, and those that nothing else leads to. */
  #roots(): PutManifest[] {
    return this.#put.filter(({ descriptor, name }) =>
      name !== undefined || !this.#parts.has(descriptor.digest)
    );
  }

  /** Forgets them: they have got their entries. */
  clear(): void {
    this.#put.length = 0;
    this.#parts.clear();
  }

  /** The entries of an index after the roots have got theirs, in place of others of the same names. */
  into(entries: readonly IndexEntry[]): IndexEntry[] {
    const roots = this.#roots();
    const names = new Set(roots.map((root) => root.name));
    const kept = entries.filter(({ descriptor }) => {
      const name = refName(descriptor);
      return name === undefined || !names.has(name);
    });
    const known = new Set(kept.map(({ descriptor }) => descriptor.digest));
    const added = roots.filter(({ name, descriptor }) => name !== undefined || !known.has(descriptor.digest));
    return [...kept, ...added.map(({ descriptor, name }) => indexEntry(descriptor, name))];
  }
}
