/** A repository's index.json: which manifests it has, and what its tags mean (image-layout.md#indexjson-file). @module */
import { Cursor, parseJson } from "../../../json/mod.ts";
import { decodeDescriptor } from "../../descriptor.ts";
import { decodeIndex } from "../../manifest.ts";
import { OCI_INDEX } from "../../media_types.ts";
import { isTag } from "./names.ts";
import type { ManifestEntry } from "./storage.ts";

/** The annotation that carries a tag (annotations.md). */
const REF_NAME = "org.opencontainers.image.ref.name";

/** An index without manifests. */
export const EMPTY_INDEX: Uint8Array = new TextEncoder().encode(
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }),
);

/** The document. Whatever other writers put into it stays: unknown fields, entries of other types, names that are no tags. */
export class LayoutIndex {
  #fields: Record<string, unknown>;
  #items: Record<string, unknown>[];

  /** Reads it; `what` names it in errors. Throws if it is not an index. */
  constructor(bytes: Uint8Array, what: string) {
    decodeIndex(bytes, what);
    const cursor = new Cursor(parseJson(bytes, what), what);
    this.#fields = cursor.object();
    this.#items = cursor.field("manifests").items().map((item) => item.object());
  }

  /** Its entries. */
  entries(): { entry: ManifestEntry; tag: string | undefined }[] {
    return this.#items.map((item) => {
      const { digest, mediaType, size, annotations } = decodeDescriptor(new Cursor(item, "index.json"));
      const name = annotations[REF_NAME];
      return {
        entry: { digest, mediaType, size },
        tag: name !== undefined && isTag(name) ? name : undefined,
      };
    });
  }

  /** Adds a manifest, with tags that mean it from now on. */
  add(entry: ManifestEntry, tags: readonly string[]): void {
    for (const tag of tags) this.untag(tag);
    const { mediaType, digest, size } = entry;
    const known = this.#items.filter((item) => item["digest"] === digest);
    // The last push says what it is.
    for (const item of known) item["mediaType"] = mediaType;
    const descriptor = { mediaType, digest, size };
    if (tags.length > 0) {
      this.#items = this.#items.filter((item) =>
        item["digest"] !== digest || item["annotations"] !== undefined
      );
      this.#items.push(...tags.map((tag) => ({ ...descriptor, annotations: { [REF_NAME]: tag } })));
    } else if (known.length === 0) this.#items.push(descriptor);
  }

  /** Removes a tag; what it meant stays, without a name if it has no other. False if there is no such tag. */
  untag(tag: string): boolean {
    // Of two entries with one name the first is meant (image-layout.md), so the others must not come to light.
    const named = this.#items.filter((item) => annotationsOf(item)[REF_NAME] === tag);
    for (const item of named) {
      if (this.#items.some((other) => other !== item && other["digest"] === item["digest"])) {
        this.#items = this.#items.filter((other) => other !== item);
        continue;
      }
      const { [REF_NAME]: _, ...others } = annotationsOf(item);
      if (Object.keys(others).length > 0) item["annotations"] = others;
      else delete item["annotations"];
    }
    return named.length > 0;
  }

  /** Removes a manifest with all its names. False if it is not there. */
  remove(digest: string): boolean {
    const before = this.#items.length;
    this.#items = this.#items.filter((item) => item["digest"] !== digest);
    return this.#items.length < before;
  }

  /** The document's bytes. */
  encode(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify({ ...this.#fields, manifests: this.#items }));
  }
}

function annotationsOf(item: Record<string, unknown>): Record<string, unknown> {
  return (item["annotations"] ?? {}) as Record<string, unknown>;
}
