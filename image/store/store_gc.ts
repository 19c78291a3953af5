/** Removes from a store what no name reaches and no running process needs. @module */
import type { ContentOptions } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseDigest } from "../digest.ts";
import { isAbandoned, withLock } from "./file_lock.ts";
import { changeIndex } from "./layout_index.ts";
import { collectorLock, leasedDigests } from "./lease.ts";
import { type Reachable, reachable } from "./reachable.ts";
import type { Store } from "./store.ts";
import { removeTree, unneededTrees } from "./trees/remove_tree.ts";

/** How garbage is collected. */
export interface CollectOptions extends ContentOptions {
  /** Only say what would be removed. */
  readonly dryRun?: boolean;
  /** Images to be kept beside those that have names. */
  readonly keep?: readonly Descriptor[];
  /** Removes a directory whose files may be others'. */
  readonly remove?: (path: string) => Promise<void>;
}

/** What has been removed, or would be. */
export interface Collected {
  /** Files, and directories of extracted layers, relative to the store's directory. */
  readonly files: readonly string[];
  /** Their bytes. */
  readonly bytes: number;
}

/** Names in a directory; none if it does not exist. */
async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** Files named by digests: what the name says, or undefined for other files, which are nobody's here. */
function digestOf(algorithm: string, name: string): string | undefined {
  const digest = `${algorithm}:${name}`;
  return parseDigest(digest) === undefined ? undefined : digest;
}

/** Files of the store that nothing needs. */
async function* garbage(root: string, kept: Reachable, leased: ReadonlySet<string>): AsyncGenerator<string> {
  for (const algorithm of await namesIn(`${root}/blobs`)) {
    for (const name of await namesIn(`${root}/blobs/${algorithm}`)) {
      const digest = digestOf(algorithm, name);
      if (digest !== undefined && !kept.blobs.has(digest) && !leased.has(digest)) {
        yield `blobs/${algorithm}/${name}`;
      }
    }
  }
  for (const algorithm of await namesIn(`${root}/layers`)) {
    for (const name of await namesIn(`${root}/layers/${algorithm}`)) {
      const diffId = digestOf(algorithm, name.replace(/\.(tar|index)$/, ""));
      if (diffId !== undefined && !kept.archives.has(diffId) && !leased.has(diffId)) {
        yield `layers/${algorithm}/${name}`;
      }
    }
  }
  for (const name of await namesIn(`${root}/ingest`)) {
    // Whoever fetches a blob has a lease on it; what is left of a broken download nobody has.
    if (!leased.has(name.replace("-", ":"))) yield `ingest/${name}`;
  }
  for (const name of await namesIn(`${root}/tmp`)) {
    if (await isAbandoned(`${root}/tmp/${name}`)) yield `tmp/${name}`;
  }
  for (const name of await namesIn(root)) {
    const isTemporary = /^(index\.json|oci-layout)\.[0-9a-f-]{36}$/.test(name);
    if (isTemporary && await isAbandoned(`${root}/${name}`)) yield name;
  }
}

/**
 * Collects the garbage of a store. Processes that bring or use content meanwhile wait a moment before they begin with the next piece;
 * what they have begun with stays.
 */
export async function collectGarbage(store: Store, options: CollectOptions = {}): Promise<Collected> {
  const { root } = store;
  const { dryRun = false, keep = [], signal } = options;
  return await withLock(collectorLock(root), true, async () => {
    const files: string[] = [];
    let bytes = 0;
    const leased = await leasedDigests(root);
    const kept = await reachable(store.contents, await store.list(), keep);
    if (kept.orphans.length > 0 && !dryRun) {
      const gone = new Set(kept.orphans.map(({ digest }) => digest).filter((digest) => !leased.has(digest)));
      await changeIndex(
        root,
        (entries) => entries.filter(({ descriptor }) => !gone.has(descriptor.digest)),
        signal,
      );
    }
    for await (const { path: tree, bytes: size } of unneededTrees(root, kept.trees, leased)) {
      signal?.throwIfAborted();
      if (!dryRun) await removeTree(root, tree, options.remove);
      files.push(tree);
      bytes += size;
    }
    for await (const file of garbage(root, kept, leased)) {
      signal?.throwIfAborted();
      const path = `${root}/${file}`;
      const info = await Deno.lstat(path).catch(() => null);
      if (info?.isFile !== true) continue;
      if (!dryRun) await Deno.remove(path);
      files.push(file);
      bytes += info.size;
    }
    return { files, bytes };
  }, signal);
}
