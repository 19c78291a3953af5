/**
 * One tree, whichever way the layers come together: seen through the overlay of their indexes, unpacked to disk, unpacked by umoci, and after
 * a container's changes have become one more layer.
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { isDir, isLnk, isReg } from "../fs/abi/mode.ts";
import { O_APPEND, O_CREAT, O_WRONLY, RENAME_EXCHANGE } from "../fs/abi/open.ts";
import { LayerfsSuper, MemoryBlob } from "../fs/layerfs/mod.ts";
import { copyAttributes, OverlaySuper } from "../fs/overlay/mod.ts";
import { Files, testCaller } from "../fs/testing/mod.ts";
import { TmpfsSuper } from "../fs/tmpfs/mod.ts";
import type { Inode } from "../fs/vfs/inode.ts";
import { diffUpper } from "../image/layer/diff_upper.ts";
import { LayerIndexer } from "../image/layer/layer_indexer.ts";
import { mergedRoot, stackLayer } from "../image/layer/stack.ts";
import type { ImageLayer } from "../image/source.ts";
import { openTree } from "../image/store/host_fs/open_tree.ts";
import type { HostDirectory } from "../image/store/host_fs/types.ts";
import { hostileLayer, layerOf, maps, unpack } from "../image/store/testing/trees.ts";
import { inodeView } from "../image/store/tree/inode_view.ts";
import { Places } from "../image/store/tree/places.ts";
import type { TreeEntry } from "../image/store/tree/tree_entry.ts";
import { contentDigest, scanTree } from "../image/store/tree/tree_scan.ts";
import { extractLayer } from "../image/store/trees/extract_layer.ts";
import { isOpaqueDirectory, openMergedTree } from "../image/store/trees/merged_tree.ts";
import { ROOT } from "../image/store/trees/tree_key.ts";
import { metadataStore } from "../image/store/unpack.ts";
import { Random } from "./fuzz/random.ts";
import { layoutOf, run } from "./support/layouts.ts";
import { type Kind, randomLayer } from "./support/random_layers.ts";
import { reasonAgainst, testWhen } from "./support/when.ts";

/** What is kept on this host: all as root on Linux, else names, links and contents. */
const FULL = reasonAgainst({ root: true, os: ["linux"] }) === undefined;

/** A tree in lines. What a layer does not say is left out: times of access and of status, inode numbers, sizes of directories. */
function lines(
  entries: Iterable<TreeEntry>,
  digest: (path: string) => string,
  timeless: ReadonlySet<string>,
): string[] {
  const all = [...entries], groups = new Map<string, string[]>();
  for (const { leader, path } of all) groups.set(leader, [...groups.get(leader) ?? [], path]);
  return all.map((e) =>
    [
      JSON.stringify(e.path),
      FULL ? e.mode.toString(8) : e.mode >> 12,
      isReg(e.mode) ? `${e.size} ${digest(e.path).slice(0, 8)}` : "",
      isLnk(e.mode) ? `-> ${JSON.stringify(e.target)}` : "",
      FULL ? `${e.uid}:${e.gid} ${e.rdev} ${e.xattrs.slice(0, 6)}` : "",
      FULL && !timeless.has(e.path) ? `${e.mtimeSec}.${e.mtimeNsec}` : "",
      isDir(e.mode) ? "" : JSON.stringify(groups.get(e.leader)!.sort()),
    ].join(" ")
  ).sort();
}

function seen(root: Inode, timeless: ReadonlySet<string> = new Set()): string[] {
  const view = inodeView(root);
  return lines(view.entries.values(), view.digest, timeless);
}

/** The directories of a tree that bear the time of unpacking. */
function unpackedNow(path: string): Set<string> {
  const tree = openTree(path);
  try {
    const entries = [...scanTree(tree, { metadata: metadataStore(!FULL, maps(), tree) })];
    return new Set(entries.filter((e) => isDir(e.mode) && e.mtimeSec > 1e9).map((e) => e.path));
  } finally {
    tree.root.close();
  }
}

function onDisk(path: string, timeless: ReadonlySet<string> = new Set()): string[] {
  const tree = openTree(path), places = new Places(tree.root);
  try {
    const entries = [...scanTree(tree, { metadata: metadataStore(!FULL, maps(), tree) })];
    const digest = (each: string): string => {
      const [directory, name] = places.locate(each);
      const reader = directory.read(name!);
      try {
        return contentDigest(reader);
      } finally {
        reader.close();
      }
    };
    return lines(entries, digest, timeless);
  } finally {
    places.close();
    tree.root.close();
  }
}

async function bytesOf(layer: ImageLayer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of layer.open()) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** The layer on top of the others, as it is mounted from the store; the same comes of an index that is made there. */
async function stacked(layer: ImageLayer, below: readonly LayerfsSuper[]): Promise<LayerfsSuper> {
  const bytes = await bytesOf(layer);
  const blob = new MemoryBlob(bytes);
  const indexer = new LayerIndexer();
  indexer.push(bytes);
  const made = stackLayer(indexer.finish(), blob, below);
  const there = new LayerIndexer(mergedRoot(below));
  there.push(bytes);
  const index = there.finish();
  const other = new LayerfsSuper({ index, blob, aliases: there.aliases });
  assert.deepEqual(seen(mergedRoot([made, ...below])!), seen(mergedRoot([other, ...below])!));
  return made;
}

function kinds(root: Inode): Map<string, Kind> {
  const found = new Map<string, Kind>();
  for (const { path, mode } of inodeView(root).entries.values()) {
    if (path !== "") found.set(path, isDir(mode) ? "dir" : isLnk(mode) ? "symlink" : "other");
  }
  return found;
}

/** Every name of a file is counted, and none that is hidden. */
function checkCounts(root: Inode): void {
  const names = new Map<Inode, number>();
  const walk = (dir: Inode): void => {
    const stream = dir.openDir();
    assert.ok(typeof stream !== "number");
    for (let entry = stream.next(); entry !== null && typeof entry !== "number"; entry = stream.next()) {
      const inode = dir.lookup(entry.name);
      assert.ok(typeof inode !== "number");
      assert.equal(inode.ino, entry.ino);
      if (isDir(inode.mode)) walk(inode);
      else names.set(inode, (names.get(inode) ?? 0) + 1);
    }
  };
  walk(root);
  for (const [inode, count] of names) assert.equal(inode.nlink, count);
}

interface Stack {
  readonly layers: ImageLayer[];
  readonly trees: LayerfsSuper[];
  /** How many layers extraction refused, and the view with it. */
  refused: number;
}

/** What only a layer made to do harm has: its own link as a directory of its own entry, leading out. See docs/RATIONALE.md. */
const HARMFUL = /leads outside the layer|is a symbolic link to "\/.*", not a directory/;

/** A stack of layers that extraction takes; unpacked at `path`. Whenever it refuses one, so does the view. */
async function randomStack(random: Random, path: string, twice: boolean): Promise<Stack> {
  const stack: Stack = { layers: [], trees: [], refused: 0 };
  for (let left = 2 + random.below(4), tries = 0; left > 0 && tries < 40; tries++) {
    const known = stack.trees.length === 0 ? new Map() : kinds(mergedRoot(stack.trees)!);
    const layer = hostileLayer(randomLayer(random, known, twice));
    const failed = await unpack([...stack.layers, layer], path).then(() => null, (error: Error) => error);
    let tree: LayerfsSuper | Error;
    try {
      tree = await stacked(layer, stack.trees);
    } catch (error) {
      tree = error as Error;
      if (error instanceof assert.AssertionError) throw error;
    }
    if (failed === null && tree instanceof Error && !HARMFUL.test(tree.message)) throw tree;
    if (failed !== null && !(tree instanceof Error)) {
      throw new Error(`only extraction says: ${failed.message}`);
    }
    if (failed === null && tree instanceof LayerfsSuper) {
      stack.trees.unshift(tree);
      stack.layers.push(layer);
      left--;
    } else stack.refused++;
    await Deno.remove(path, { recursive: true });
  }
  await unpack(stack.layers, path);
  return stack;
}

const tried = (work: () => unknown): void => {
  try {
    work();
  } catch (error) {
    if (!/^(open|write) /.test((error as Error).message)) throw error; // a call that a program would see fail
  }
};

/** What a program does in a container. */
function change(random: Random, f: Files, root: Inode): void {
  const paths = (): string[] => ["", ...kinds(root).keys()].map((path) => `/${path}`);
  const any = (): string => random.pick(paths());
  const fresh = (): string => `${any()}/${random.pick(["a", "b", "new", "x\udcff"])}`;
  for (let i = 4 + random.below(12); i > 0; i--) {
    const at = any(), to = random.oneIn(2) ? fresh() : any();
    switch (random.below(10)) {
      case 0:
        tried(() => f.write(to, random.bytes(random.below(20))));
        break;
      case 1:
        tried(() => {
          const file = f.open(at, O_WRONLY | O_APPEND | O_CREAT);
          file.write(new Uint8Array([1]), 0, 1);
          file.close();
        });
        break;
      case 2:
        f.mkdir(to, 0o700);
        break;
      case 3:
        f.symlink(at, to);
        break;
      case 4:
        f.link(at, to);
        break;
      case 5:
        f.unlink(at);
        break;
      case 6:
      case 7:
        f.rename(at, to, random.oneIn(3) ? RENAME_EXCHANGE : 0);
        break;
      case 8:
        f.rmdir(at);
        break;
      case 9: {
        const inode = at.split("/").reduce<Inode | number>(
          (dir, part) => typeof dir === "number" || part === "" ? dir : dir.lookup(part),
          root,
        );
        if (typeof inode === "number") break;
        if (random.oneIn(2)) inode.setattr({ uid: 7, mtime: { sec: 77, nsec: 7 } });
        else if (isReg(inode.mode)) inode.setxattr("user.new", new Uint8Array([7]), 0);
      }
    }
  }
}

/** A container on the stack: after its changes, what is seen in it is what comes of its changeset. */
async function commits(random: Random, stack: Stack, path: string): Promise<void> {
  const lower = mergedRoot(stack.trees)!, upper = new TmpfsSuper();
  copyAttributes(lower, upper.root);
  const overlay = new OverlaySuper({ lowers: stack.trees.map((tree) => tree.root), upper: upper.root });
  assert.deepEqual([...diffUpper(upper.root, { lower })], []);
  change(random, new Files(testCaller(overlay)), overlay.root);
  checkCounts(overlay.root);
  for (const options of [{ lower }, {}]) {
    const layer = await layerOf(diffUpper(upper.root, options));
    const tree = await stacked(layer, stack.trees);
    assert.deepEqual(seen(mergedRoot([tree, ...stack.trees])!), seen(overlay.root));
    await unpack([...stack.layers, layer], path);
    assert.deepEqual(onDisk(path), seen(overlay.root));
    await Deno.remove(path, { recursive: true });
  }
}

const SEED = Number(Deno.env.get("UMIAK_FUZZ_SEED") ?? 1000);
const ROUNDS = Number(Deno.env.get("UMIAK_FUZZ_ROUNDS") ?? 0);

async function rounds(usual: number, work: (random: Random, dir: string) => Promise<void>): Promise<void> {
  for (let seed = SEED; seed < SEED + (ROUNDS || usual); seed++) {
    const dir = await Deno.makeTempDir({ prefix: "umiak-stacks-" });
    try {
      await work(new Random(seed), dir);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }
}

Deno.test("the overlay of random layers shows what unpacking them leaves, and refuses what it refuses", async () => {
  let layers = 0, refused = 0;
  await rounds(40, async (random, dir) => {
    const stack = await randomStack(random, `${dir}/root`, random.oneIn(4));
    layers += stack.layers.length;
    refused += stack.refused;
    assert.deepEqual(seen(mergedRoot(stack.trees)!), onDisk(`${dir}/root`));
    checkCounts(mergedRoot(stack.trees)!);
  });
  console.log(`${layers} layers, ${refused} refused`);
});

Deno.test("a container's changes on random layers make a layer that gives the same tree", async () => {
  await rounds(25, async (random, dir) => {
    const stack = await randomStack(random, `${dir}/root`, false);
    for (let i = 0; i < 2; i++) await commits(random, stack, `${dir}/committed`);
  });
});

/** Without the names that a file has: of a file that layers share, each has a copy for the kernel's overlay. */
const withoutNames = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/ \[[^[]*\]$/, ""));

/** Paths below an open directory, which is closed. */
function namesBelow(directory: HostDirectory, path = ""): string[] {
  const found: string[] = [];
  for (const name of directory.names().sort()) {
    found.push(`${path}/${name}`);
    if (isDir(directory.stat(name)!.mode)) found.push(...namesBelow(directory.open(name), `${path}/${name}`));
  }
  directory.close();
  return found;
}

/** Extracts a stack for the kernel, mounts that where nobody else sees it, and copies what it shows. */
async function throughKernel(stack: Stack, dir: string): Promise<string> {
  const lowers: string[] = [];
  for (const [i, layer] of stack.trees.entries()) {
    await Deno.mkdir(`${dir}/t${i}`);
    const tree = openTree(`${dir}/t${i}`);
    try {
      extractLayer(layer, tree, { owner: ROOT, beneath: mergedRoot(stack.trees.slice(i + 1)) });
      lowers.push(`t${i}`);
      if (isOpaqueDirectory(tree.root)) break; // what is below is not mounted: see openTrees()
    } finally {
      tree.root.close();
    }
  }
  const empty = lowers.length > 1 ? [] : ["below"];
  const script =
    `mkdir below at && mount -t overlay none -o lowerdir=${[...lowers, ...empty].join(":")} at && ` +
    "cp -a --sparse=always at copy";
  await run(dir, "unshare", "--mount", "sh", "-ec", script);
  return `${dir}/copy`;
}

testWhen(
  { root: true, os: ["linux"], tools: ["unshare", "mount", "cp"] },
  "the kernel's overlay of extracted random layers shows what unpacking them leaves, and so does their merged tree",
  async () => {
    await rounds(25, async (random, dir) => {
      const stack = await randomStack(random, `${dir}/root`, random.oneIn(4));
      const expected = withoutNames(onDisk(`${dir}/root`));
      assert.deepEqual(withoutNames(onDisk(await throughKernel(stack, dir))), expected);
      const trees = stack.trees.map((_, i) => `${dir}/t${i}`).filter((path) => existsSync(path));
      const merged = openMergedTree(trees);
      const { mode } = merged.root.stat()!;
      assert.ok(isDir(mode));
      assert.deepEqual(namesBelow(merged.root), namesBelow(openTree(`${dir}/root`).root));
    });
  },
);

testWhen(
  { root: true, os: ["linux"], tools: ["umoci"] },
  "the overlay of random layers shows what umoci unpacks",
  async () => {
    let refused = 0;
    await rounds(15, async (random, dir) => {
      const stack = await randomStack(random, `${dir}/root`, false);
      await layoutOf(`${dir}/l`, stack.layers);
      try {
        await run(dir, "umoci", "raw", "unpack", "--image", "l:v1", "umoci");
      } catch (error) {
        // umoci removes a name before it links it: a hard link to itself finds nothing.
        assert.match((error as Error).message, /link: no such file or directory/);
        refused++;
        return;
      }
      // Where an entry implies directories umoci leaves the time of unpacking, in them and in the one they are in: no entry is about that
      // one, so it is not modified (layer.md#change-types).
      const timeless = unpackedNow(`${dir}/umoci`);
      assert.deepEqual(seen(mergedRoot(stack.trees)!, timeless), onDisk(`${dir}/umoci`, timeless));
    });
    console.log(`${refused} refused by umoci`);
  },
);
