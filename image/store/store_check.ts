/** Verifies every byte of a store: `umiak store check`. @module */
import { LayerIndex } from "../../fs/layerfs/mod.ts";
import { type ContentOptions, MissingContentError } from "../content.ts";
import type { Descriptor } from "../descriptor.ts";
import { hasher, isVerifiable, parseDigest } from "../digest.ts";
import { LayerIndexer } from "../layer/layer_indexer.ts";
import { blobPath } from "../layout.ts";
import { INDEX_TYPES, isForeignLayer } from "../media_types.ts";
import { contentName } from "../read_content.ts";
import { refName } from "../select.ts";
import { withLock } from "./file_lock.ts";
import { DirectoryTree } from "./host_tree.ts";
import { collectorLock } from "./lease.ts";
import { type Visitor, walk } from "./reachable.ts";
import type { Store } from "./store.ts";

/** What has been looked at, and what is wrong. */
export interface CheckResult {
  /** One line each. */
  readonly findings: readonly string[];
  /** Blobs that were read. */
  readonly blobs: number;
  /** Decompressed layers that were read. */
  readonly layers: number;
  /** Bytes that were read. */
  readonly bytes: number;
}

/** Files below a directory of digests: `ALGORITHM/NAME`. */
async function* digestFiles(path: string): AsyncGenerator<{ algorithm: string; name: string; size: number }> {
  for (const algorithm of await sorted(path)) {
    for (const name of await sorted(`${path}/${algorithm}`)) {
      const info = await Deno.stat(`${path}/${algorithm}/${name}`).catch(() => null);
      if (info?.isFile) yield { algorithm, name, size: info.size };
    }
  }
}

async function sorted(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}

class Check {
  readonly findings: string[] = [];
  readonly #sizes = new Map<string, number>();
  readonly #damaged = new Set<string>();
  blobs = 0;
  layers = 0;
  bytes = 0;

  constructor(readonly store: Store, readonly signal: AbortSignal | undefined) {}

  async #digest(
    tree: DirectoryTree,
    path: string,
    algorithm: string,
    each?: (chunk: Uint8Array) => void,
  ): Promise<string> {
    const hash = hasher(algorithm);
    for await (const chunk of tree.read(path)) {
      this.signal?.throwIfAborted();
      hash.update(chunk);
      this.bytes += chunk.length;
      each?.(chunk);
    }
    return `${algorithm}:${hash.digest("hex")}`;
  }

  /** image-layout.md#blobs: the content of a blob matches its name. */
  async everyBlob(): Promise<void> {
    const tree = new DirectoryTree(`${this.store.root}/blobs`);
    for await (const { algorithm, name, size } of digestFiles(tree.path)) {
      const digest = parseDigest(`${algorithm}:${name}`);
      if (digest === undefined || !isVerifiable(digest)) continue; // somebody else's file, or one that cannot be checked
      this.blobs++;
      const stated = `${algorithm}:${name}`;
      const actual = await this.#digest(tree, `${algorithm}/${name}`, algorithm);
      this.#sizes.set(stated, size);
      if (actual === stated) continue;
      this.#damaged.add(stated);
      this.findings.push(`blob ${stated}: its content has digest ${actual}`);
    }
  }

  /** A decompressed layer is what its name says, and its index is the one that its archive gives. */
  async everyLayer(): Promise<void> {
    const tree = new DirectoryTree(`${this.store.root}/layers`);
    const found = new Set<string>();
    for await (const { algorithm, name } of digestFiles(tree.path)) found.add(`${algorithm}/${name}`);
    for (const path of found) {
      if (!path.endsWith(".tar")) continue;
      const base = path.slice(0, -".tar".length), diffId = base.replace("/", ":");
      const digest = parseDigest(diffId);
      if (digest === undefined || !isVerifiable(digest)) continue;
      this.layers++;
      const indexer = new LayerIndexer();
      let failure: Error | undefined;
      const actual = await this.#digest(tree, path, digest.algorithm, (chunk) => {
        try {
          if (failure === undefined) indexer.push(chunk);
        } catch (error) {
          failure = error as Error;
        }
      });
      if (actual !== diffId) {
        this.findings.push(`layer ${diffId}: its archive has digest ${actual}`);
        continue;
      }
      // A process that is killed between the two leaves an archive without an index: the next user makes both anew.
      if (!found.has(`${base}.index`)) continue;
      try {
        if (failure !== undefined) throw failure;
        const kept = LayerIndex.decode(await Deno.readFile(`${tree.path}/${base}.index`));
        if (!equal(kept.encode(), indexer.finish().encode())) {
          throw new Error("it is not the one of its archive");
        }
      } catch (error) {
        this.findings.push(`layer ${diffId}: index: ${(error as Error).message}`);
      }
    }
  }

  /** Everything that a name leads to is there, and fits together; parts that an index refers to may be missing (image-layout.md#blobs). */
  async everyName(): Promise<void> {
    const entries = await this.store.list();
    const seen = new Set<string>(), reported = new Set<string>();
    for (const entry of entries) {
      const name = refName(entry) ?? entry.digest;
      const report = (descriptor: Descriptor, why: string): void => {
        if (reported.has(descriptor.digest)) return;
        reported.add(descriptor.digest);
        this.findings.push(`${name}: ${contentName(descriptor)}: ${why}`);
      };
      const visitor: Visitor = {
        reach: async (descriptor, from) => {
          const { digest, size, data, mediaType } = descriptor;
          const there = this.#sizes.get(digest) ?? await this.store.contents.tree.size(blobPath(digest));
          if (there === undefined) {
            const mayBe = data !== undefined || indexes.has(from) || isForeignLayer(mediaType);
            if (!mayBe) report(descriptor, "it is missing");
          } else if (there !== size) {
            report(descriptor, `${there} bytes, not the ${size} its descriptor states`);
          }
          const first = !seen.has(digest);
          seen.add(digest);
          if (INDEX_TYPES.includes(mediaType)) indexes.add(digest);
          return first && there === size && !this.#damaged.has(digest);
        },
        archive: () => {},
        subject: () => {},
        problem: (descriptor, error) => {
          if (error instanceof MissingContentError) return; // told already, or a sparse index
          report(descriptor, (error as Error).message);
        },
      };
      const indexes = new Set<string>();
      await walk(this.store.contents, entry, visitor);
    }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Reads everything in a store and says what is wrong with it. */
export async function checkStore(store: Store, options: ContentOptions = {}): Promise<CheckResult> {
  const { signal } = options;
  const check = new Check(store, signal);
  // Nothing is to be collected meanwhile: it would be missing.
  await withLock(collectorLock(store.root), false, async () => {
    await check.everyBlob();
    await check.everyLayer();
    await check.everyName();
  }, signal);
  const { findings, blobs, layers, bytes } = check;
  return { findings, blobs, layers, bytes };
}
