/** What the names of a store lead to. @module */
import { decodeImageConfig, MAX_CONFIG } from "../config.ts";
import type { ImageSource } from "../content.ts";
import { manifestFacts } from "../describe_manifest.ts";
import type { Descriptor } from "../descriptor.ts";
import { compressionOf } from "../layer/compression.ts";
import { MAX_MANIFEST } from "../manifest.ts";
import { CONFIG_TYPES, INDEX_TYPES, MANIFEST_TYPES } from "../media_types.ts";
import { collect, readBlob, readManifest } from "../read_content.ts";
import { refName } from "../select.ts";
import { treeKeys } from "./trees/tree_key.ts";

/** What walks a store is told. */
export interface Visitor {
  /** Something is referred to; `from` says by what. False: it has been seen before, or is not to be followed. */
  reach(descriptor: Descriptor, from: string): Promise<boolean>;
  /** A configuration says what a layer's archive is. */
  archive(diffId: string, layer: Descriptor): void;
  /** A configuration says which archives, the lowest first, are on top of each other. */
  stack?(diffIds: readonly string[]): Promise<void>;
  /** A manifest is about another one. */
  subject(manifest: Descriptor, subject: Descriptor): void;
  /** Something cannot be read, or is not what it should be. */
  problem(descriptor: Descriptor, error: unknown): void;
}

const isManifest = ({ mediaType }: Descriptor): boolean =>
  MANIFEST_TYPES.includes(mediaType) || INDEX_TYPES.includes(mediaType);

/** Visits a descriptor and all that it leads to. A store is as deep as it is: each manifest is read once. */
export async function walk(source: ImageSource, root: Descriptor, visitor: Visitor): Promise<void> {
  const todo: [Descriptor, string][] = [[root, "index.json"]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [descriptor, from] = next;
    if (!await visitor.reach(descriptor, from)) continue;
    if (!isManifest(descriptor) || descriptor.size > MAX_MANIFEST) continue;
    try {
      const bytes = await readManifest(source, descriptor);
      const { parts, subject } = manifestFacts(bytes, `manifest ${descriptor.digest}`);
      if (subject !== undefined) visitor.subject(descriptor, subject);
      todo.push(...parts.map((part): [Descriptor, string] => [part, descriptor.digest]).reverse());
      if (MANIFEST_TYPES.includes(descriptor.mediaType)) await visitArchives(source, parts, visitor);
    } catch (error) {
      visitor.problem(descriptor, error);
    }
  }
}

/** Finds the configuration's diff_ids for the layers of a manifest. */
async function visitArchives(
  source: ImageSource,
  parts: readonly Descriptor[],
  visitor: Visitor,
): Promise<void> {
  const [config, ...layers] = parts;
  if (config === undefined || !CONFIG_TYPES.includes(config.mediaType)) return;
  if (layers.some((layer) => compressionOf(layer.mediaType) === undefined)) return;
  try {
    const bytes = await collect(readBlob(source, config), config, `config ${config.digest}`, MAX_CONFIG);
    const { diffIds } = decodeImageConfig(bytes, `config ${config.digest}`, layers.length);
    diffIds.forEach((diffId, i) => visitor.archive(diffId, layers[i]!));
    await visitor.stack?.(diffIds);
  } catch (error) {
    visitor.problem(config, error);
  }
}

/** What is to be kept of a store. */
export interface Reachable {
  /** Digests of blobs. */
  readonly blobs: ReadonlySet<string>;
  /** diff_ids of layers. */
  readonly archives: ReadonlySet<string>;
  /** Keys of extracted layers (trees/tree_key.ts). */
  readonly trees: ReadonlySet<string>;
  /** Entries of index.json without a name that are about something that is not kept. */
  readonly orphans: readonly Descriptor[];
}

/**
 * Follows the entries of an index, and `also`. Entries without a name that have a subject do not count by themselves: they stay as long as
 * what they are about.
 */
export async function reachable(
  source: ImageSource,
  entries: readonly Descriptor[],
  also: readonly Descriptor[] = [],
): Promise<Reachable> {
  const blobs = new Set<string>(), archives = new Set<string>(), trees = new Set<string>();
  const visitor: Visitor = {
    reach: ({ digest }) => Promise.resolve(!blobs.has(digest) && blobs.add(digest) !== undefined),
    archive: (diffId) => archives.add(diffId),
    stack: async (diffIds) => {
      for (const key of await treeKeys(diffIds)) trees.add(key);
    },
    subject: () => {},
    problem: () => {}, // what is missing or damaged leads nowhere
  };
  for (const descriptor of also) await walk(source, descriptor, visitor);
  let waiting: { entry: Descriptor; subject: string }[] = [];
  for (const entry of entries) {
    const subject = refName(entry) === undefined ? await subjectOf(source, entry) : undefined;
    if (subject === undefined) await walk(source, entry, visitor);
    else waiting.push({ entry, subject });
  }
  for (let kept = true; kept;) {
    kept = false;
    const still: typeof waiting = [];
    for (const each of waiting) {
      if (blobs.has(each.subject)) {
        kept = true;
        await walk(source, each.entry, visitor);
      } else still.push(each);
    }
    waiting = still;
  }
  return { blobs, archives, trees, orphans: waiting.map(({ entry }) => entry) };
}

async function subjectOf(source: ImageSource, descriptor: Descriptor): Promise<string | undefined> {
  if (!isManifest(descriptor)) return undefined;
  try {
    return manifestFacts(await readManifest(source, descriptor), descriptor.digest).subject?.digest;
  } catch {
    return undefined; // it stays listed, and the check tells what is wrong with it
  }
}
