/** Which of several manifests is meant. @module */
import type { Descriptor } from "./descriptor.ts";
import { acceptable, type Platform, platformText } from "./platform.ts";

/** The annotation of index.json's entries that holds a name. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/**
 * True for what can be a name in index.json: the characters that annotations.md wants, and the `_` that tags and repositories may have.
 * Which of them may follow which is not restricted (image-layout.md#indexjson-file).
 */
export function isRefName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.:@+/-]*$/.test(text);
}

/** The reference name of an entry of index.json (annotations.md). */
export function refName(descriptor: Descriptor): string | undefined {
  return descriptor.annotations[REF_NAME];
}

/** A name in a message; one that is not a plain reference is quoted. */
function shown(name: string): string {
  return /^[\w./:@+-]+$/.test(name) ? name : JSON.stringify(name);
}

/** The entries of index.json that a tag, or its absence, means. Throws, listing what there is, if it means none or several. */
export function selectTag(
  manifests: readonly Descriptor[],
  tag: string | undefined,
  what: string,
): Descriptor[] {
  const names = [...new Set(manifests.map(refName).filter((name) => name !== undefined))].map(shown);
  const list = names.length === 0 ? "none of its images has a name" : `it has ${names.join(", ")}`;
  if (manifests.length === 0) throw new Error(`${what}: it contains no image`);
  if (tag === undefined) {
    if (names.length <= 1) return [...manifests];
    const latest = manifests.filter((m) => refName(m) === "latest");
    if (latest.length > 0) return latest;
    throw new Error(`${what}: it contains several images, name one of them: ${names.join(", ")}`);
  }
  const exact = manifests.filter((m) => refName(m) === tag);
  if (exact.length > 0) return exact;
  const named = manifests.filter((m) => refName(m)?.endsWith(`:${tag}`));
  if (new Set(named.map(refName)).size === 1) return named;
  throw new Error(`${what}: no image is called ${JSON.stringify(tag)}; ${list}`);
}

/** True if an entry states a platform that serves for one of `wanted`. */
export function hasPlatform(entries: readonly Descriptor[], wanted: readonly Platform[]): boolean {
  return wanted.some((platform) =>
    acceptable(platform).some((each) =>
      entries.some((d) => d.platform !== undefined && platformText(d.platform) === each)
    )
  );
}

/** The entry for the first of `wanted` that any entry serves; entries that state no platform serve last. */
export function selectPlatform(
  manifests: readonly Descriptor[],
  wanted: readonly Platform[],
  what: string,
): Descriptor {
  for (const platform of wanted) {
    for (const each of acceptable(platform)) {
      const found = manifests.find((m) => m.platform !== undefined && platformText(m.platform) === each);
      if (found !== undefined) return found;
    }
  }
  const open = manifests.filter((m) => m.platform === undefined);
  if (open.length > 0) return open[0]!;
  const there = manifests.map((m) => platformText(m.platform!)).join(", ");
  throw new Error(`${what}: no image for ${wanted.map(platformText).join(", ")}; it has ${there || "none"}`);
}
