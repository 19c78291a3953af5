import assert from "node:assert/strict";
import { makedev } from "../../fs/abi/device.ts";
import { testWhen } from "../../tests/support/when.ts";
import { withDirectory } from "../../tests/support/umiak.ts";
import { decompress } from "../layer/compression.ts";
import { TarReader } from "../layer/tar_reader.ts";
import type { ImageLayer } from "../source.ts";
import { readBundle, type UnpackedBundle, writeBundleState } from "./bundle_state.ts";
import { openTree } from "./host_fs/open_tree.ts";
import { openPortableTree } from "./host_fs/portable_tree.ts";
import { bundleChanges, compareViews, openBundleView, repackLayer, type RepackOptions } from "./repack.ts";
import { describeTree, dir, file, hostileLayer, link, maps, symlink, unpack } from "./testing/trees.ts";
import type { UnpackOptions } from "./unpack.ts";

const LINUX = { os: ["linux"] } as const;
const ROOT = { os: ["linux"], root: true } as const;
const rootless = Deno.build.os !== "windows" && Deno.uid() !== 0;

const BASE = hostileLayer([
  dir("d", { mtimeSec: 100 }),
  file("d/a", "a", { mtimeSec: 1, mtimeNsec: 5 }),
  file("d/b", "b"),
  dir("d/sub"),
  file("d/sub/x", "x"),
  file("one", "shared"),
  link("two", "one"),
  symlink("l", "d/a"),
]);

/** Unpacks layers as a bundle. */
async function bundleOf(
  layers: readonly ImageLayer[],
  path: string,
  options: Partial<UnpackOptions> = {},
): Promise<UnpackedBundle> {
  const { entries } = await unpack(layers, `${path}/rootfs`, options);
  const digest = `sha256:${"0".repeat(64)}`;
  const state = {
    image: "oci:/nowhere:v1",
    digest,
    rootless: options.rootless ?? rootless,
    maps: options.maps ?? maps(),
  };
  await writeBundleState(path, state, entries);
  return await readBundle(path);
}

const shown = (bundle: UnpackedBundle): string[] =>
  bundleChanges(bundle).changes.map(({ kind, path }) => `${kind} /${path}`);

/** The layer of a bundle's changes as its entries: "name type" and the target of a hard link. */
async function entriesOf(layer: ImageLayer): Promise<string[]> {
  const found: string[] = [];
  const reader = new TarReader(({ name, type, linkname }) =>
    found.push(type === "link" ? `${name} link ${linkname}` : `${name} ${type}`)
  );
  for await (const chunk of decompress(layer.open())) reader.push(chunk);
  reader.end();
  return found;
}

async function repacked(bundle: UnpackedBundle, options: Partial<RepackOptions> = {}): Promise<string[]> {
  const { layer } = await repackLayer(bundle, { directory: bundle.directory, ...options });
  await using made = layer;
  return made === null ? [] : await entriesOf(made);
}

/** Runs `f` with a bundle of BASE. */
function withBundle(
  f: (bundle: UnpackedBundle, rootfs: string, path: string) => Promise<void>,
): () => Promise<void> {
  return () => withDirectory(async (path) => f(await bundleOf([BASE], path), `${path}/rootfs`, path));
}

testWhen(
  LINUX,
  "repackLayer(): no change, no layer",
  withBundle(async (bundle) => {
    assert.deepEqual(shown(bundle), []);
    const { layer } = await repackLayer(bundle, { directory: bundle.directory });
    assert.equal(layer, null);
  }),
);

testWhen(
  LINUX,
  "layer.md#determining-changes: added, modified and deleted",
  withBundle(async (bundle, rootfs) => {
    await Deno.mkdir(`${rootfs}/d/new`);
    await Deno.writeTextFile(`${rootfs}/d/new/f`, "new");
    await Deno.writeTextFile(`${rootfs}/d/a`, "A");
    await Deno.remove(`${rootfs}/d/sub`, { recursive: true });
    await Deno.remove(`${rootfs}/l`);
    assert.deepEqual(shown(bundle), ["M /", "M /d", "M /d/a", "A /d/new", "A /d/new/f", "D /d/sub", "D /l"]);
    assert.deepEqual(await repacked(bundle), [
      "./ dir",
      ".wh.l file",
      "d/ dir",
      "d/.wh.sub file",
      "d/a file",
      "d/new/ dir",
      "d/new/f file",
    ]);
  }),
);

testWhen(
  LINUX,
  "bundleChanges(): a file that was only touched back, or rewritten with the same bytes and time, has not changed",
  withBundle(async (bundle, rootfs) => {
    await Deno.writeTextFile(`${rootfs}/d/a`, "a");
    await Deno.chmod(`${rootfs}/d/sub/x`, 0o600);
    await Deno.chmod(`${rootfs}/d/sub/x`, 0o644);
    const tree = openTree(`${rootfs}/d`);
    tree.root.set(undefined, { mtime: [100, 0] }, () => {});
    const reset = tree.root.read("a");
    reset.close();
    tree.root.close();
    const parent = openTree(`${rootfs}/d`);
    const stat = parent.root.stat("a")!;
    parent.root.close();
    assert.notEqual(`${stat.mtimeSec}.${stat.mtimeNsec}`, "1.5");
    assert.deepEqual(shown(bundle), ["M /d/a"]);
    Deno.utimeSync(`${rootfs}/d/a`, 1, 1);
    assert.deepEqual(shown(bundle), ["M /d/a"]); // five nanoseconds are missing
  }),
);

testWhen(
  LINUX,
  "bundleChanges(): the content decides where size and time are the same",
  withBundle(async (bundle, rootfs, path) => {
    const base = hostileLayer([file("f", "12", { mtimeSec: 7 }), file("g", "34", { mtimeSec: 7 })]);
    const other = await bundleOf([base], `${path}/other`);
    for (const [name, content] of [["f", "21"], ["g", "34"]] as const) {
      await Deno.writeTextFile(`${path}/other/rootfs/${name}`, content);
      Deno.utimeSync(`${path}/other/rootfs/${name}`, 7, 7);
    }
    assert.deepEqual(shown(other), ["M /f"]);
    assert.deepEqual(shown(bundle), []);
    assert.ok(rootfs.length > 0);
  }),
);

testWhen(
  LINUX,
  "layer.md#hardlinks: all names of a changed file go into its changeset",
  withBundle(async (bundle, rootfs) => {
    await Deno.link(`${rootfs}/one`, `${rootfs}/d/three`);
    assert.deepEqual(shown(bundle), ["M /d", "A /d/three"]);
    assert.deepEqual(await repacked(bundle), [
      "d/ dir",
      "d/three file",
      "one link d/three",
      "two link d/three",
    ]);
  }),
);

testWhen(
  LINUX,
  "layer.md#hardlinks: a link that became a copy is a change, one whose partner was deleted is none",
  withBundle(async (bundle, rootfs) => {
    await Deno.copyFile(`${rootfs}/two`, `${rootfs}/tmp`);
    await Deno.rename(`${rootfs}/tmp`, `${rootfs}/two`);
    Deno.utimeSync(`${rootfs}/two`, 0, 0);
    assert.deepEqual(shown(bundle), ["M /", "M /two"]);
    await Deno.remove(`${rootfs}/one`);
    await Deno.remove(`${rootfs}/two`);
    await Deno.remove(`${rootfs}/d/b`);
    assert.deepEqual(shown(bundle).filter((each) => each.startsWith("D")), ["D /d/b", "D /one", "D /two"]);
  }),
);

testWhen(
  LINUX,
  "layer.md#hardlinks: deleting one of two names leaves the other alone",
  withBundle(async (bundle, rootfs) => {
    await Deno.remove(`${rootfs}/one`);
    assert.deepEqual(await repacked(bundle), ["./ dir", ".wh.one file"]);
  }),
);

testWhen(
  LINUX,
  "repackLayer(): a directory becomes a file, a file a directory",
  withBundle(async (bundle, rootfs) => {
    await Deno.remove(`${rootfs}/d/sub`, { recursive: true });
    await Deno.writeTextFile(`${rootfs}/d/sub`, "");
    await Deno.remove(`${rootfs}/d/b`);
    await Deno.mkdir(`${rootfs}/d/b`);
    assert.deepEqual(
      await repacked(bundle),
      ["d/ dir", "d/a file", "d/b/ dir", "d/sub file"].filter((each) => each !== "d/a file"),
    );
  }),
);

testWhen(
  LINUX,
  "repackLayer(): the same changes give the same layer, and no time is later than the timestamp",
  withBundle(async (bundle, rootfs) => {
    await Deno.writeTextFile(`${rootfs}/d/n`, "new");
    await Deno.remove(`${rootfs}/l`);
    const options = { directory: bundle.directory, timestamp: 1000 };
    await using a = (await repackLayer(bundle, options)).layer!;
    Deno.utimeSync(`${rootfs}/d/n`, 2e9, 2e9);
    await using b = (await repackLayer(bundle, options)).layer!;
    assert.equal(a.descriptor.digest, b.descriptor.digest);
    const times: number[] = [];
    const reader = new TarReader((entry) => times.push(entry.mtimeSec));
    for await (const chunk of decompress(a.open())) reader.push(chunk);
    assert.equal(Math.max(...times), 1000);
  }),
);

testWhen(
  LINUX,
  "repackLayer(): what is masked stays out; a socket and a name that marks a deletion cannot go in",
  withBundle(async (bundle, rootfs) => {
    await Deno.mkdir(`${rootfs}/data`);
    await Deno.writeTextFile(`${rootfs}/data/f`, "");
    await Deno.writeTextFile(`${rootfs}/database`, "");
    assert.deepEqual(await repacked(bundle, { masked: ["/data/"] }), ["./ dir", "database file"]);
    const listener = Deno.listen({ transport: "unix", path: `${rootfs}/s` });
    const { notes } = bundleChanges(bundle);
    listener.close();
    assert.match(notes.join(), /"s" is a socket: it is left out/);
    await Deno.writeTextFile(`${rootfs}/.wh.x`, "");
    await assert.rejects(repacked(bundle), /"\.wh\.x": no layer can contain/);
    assert.deepEqual(
      [...Deno.readDirSync(bundle.directory)].filter((each) => each.name.startsWith("layer-")),
      [],
    );
  }),
);

testWhen(LINUX, "compareViews(): two bundles, whatever their inodes", () =>
  withDirectory(async (path) => {
    await bundleOf([BASE], `${path}/a`);
    await bundleOf([BASE], `${path}/b`);
    await Deno.writeTextFile(`${path}/b/rootfs/d/b`, "B");
    Deno.utimeSync(`${path}/b/rootfs/d/b`, 0, 0);
    const a = openBundleView(await readBundle(`${path}/a`)),
      b = openBundleView(await readBundle(`${path}/b`));
    assert.deepEqual(compareViews(a, b), [{ kind: "M", path: "d/b" }]);
    a.close();
    b.close();
  }));

testWhen(
  LINUX,
  "a bundle of an ordinary user: owners, devices and modes come back from attributes, and nothing counts as changed",
  () =>
    withDirectory(async (path) => {
      const layer = hostileLayer([
        file("f", "f", { uid: 5, gid: 70000, mode: 0o040 }),
        file("setuid", "f", { mode: 0o4000 }), // which a write by an ordinary user takes away (man 2 write)
        dir("closed", { mode: 0o000, uid: 1 }),
        file("closed/inside", "x"),
        { name: "dev", type: "char", mode: 0o620, devmajor: 5, devminor: 1, gid: 5 },
        { name: "pipe", type: "fifo", mode: 0o600, uid: 3 },
        { ...symlink("l", "f"), uid: 9 },
      ]);
      const bundle = await bundleOf([layer], path, { rootless: true });
      assert.deepEqual(shown(bundle), []);
      const tree = openTree(`${path}/rootfs`);
      const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
      // Field 1 is the user, field 2 the group, as varints.
      assert.deepEqual(
        tree.root.xattrs("f").get("user.rootlesscontainers"),
        Uint8Array.of(8, 5, 16, 0xf0, 0xa2, 4),
      );
      assert.equal(text(tree.root.xattrs("f").get("user.containers.override_stat")), "5:70000:0040:file");
      assert.equal(text(tree.root.xattrs("setuid").get("user.containers.override_stat")), "0:0:4000:file");
      assert.equal(text(tree.root.xattrs("closed").get("user.containers.override_stat")), "1:0:0000:dir");
      assert.equal(text(tree.root.xattrs("dev").get("user.containers.override_stat")), "0:5:0620:char-5-1");
      assert.equal(tree.root.stat("dev")!.mode & 0o170000, 0o100000);
      tree.root.close();
      const entry = (name: string) => bundle.entries.get(name)!;
      assert.deepEqual([entry("f").mode, entry("f").uid, entry("f").gid], [0o100040, 5, 70000]);
      assert.equal(entry("setuid").mode, 0o104000);
      assert.deepEqual([entry("closed").mode, entry("dev").mode, entry("dev").rdev], [
        0o40000,
        0o20620,
        makedev(5, 1),
      ]);
      assert.deepEqual([entry("l").uid, entry("pipe").uid], [9, 3]);
      await Deno.writeTextFile(`${path}/rootfs/f`, "changed");
      const { layer: made } = await repackLayer(bundle, { directory: path });
      await using changed = made!;
      const found: string[] = [];
      const reader = new TarReader((e) =>
        found.push(`${e.name} ${e.mode.toString(8)} ${e.uid}:${e.gid} ${e.xattrs?.size ?? 0}`)
      );
      for await (const chunk of decompress(changed.open())) reader.push(chunk);
      assert.deepEqual(found, ["f 40 5:70000 0"]);
    }),
);

testWhen(
  ROOT,
  "a bundle with mapped ids: the layer has the container's",
  () =>
    withDirectory(async (path) => {
      const ranges = [{ container: 0, host: 200000, size: 65536 }];
      const bundle = await bundleOf([hostileLayer([file("f", "f", { uid: 33, gid: 44 })])], path, {
        maps: maps(ranges),
      });
      await Deno.writeTextFile(`${path}/rootfs/f`, "changed");
      const { layer } = await repackLayer(bundle, { directory: path });
      await using made = layer!;
      const owners: string[] = [];
      const reader = new TarReader((entry) => owners.push(`${entry.uid}:${entry.gid}`));
      for await (const chunk of decompress(made.open())) reader.push(chunk);
      assert.deepEqual(owners, ["33:44"]);
    }),
);

Deno.test("a bundle on a host without the C library: unchanged is unchanged, and a changed file keeps its owner", () =>
  withDirectory(async (path) => {
    const layer = hostileLayer([
      file("f", "f", { uid: 5, mtimeSec: 9, mtimeNsec: 123_456_789 }),
      { name: "dev", type: "char", mode: 0o620, devmajor: 5, devminor: 1 },
      dir("d", { gid: 7 }),
    ]);
    const options = { open: openPortableTree, rootless: false };
    const bundle = await bundleOf([layer], path, options);
    assert.deepEqual(bundleChanges(bundle, options).changes, []);
    await Deno.writeTextFile(`${path}/rootfs/f`, "changed");
    assert.deepEqual(bundleChanges(bundle, options).changes, [{ kind: "M", path: "f" }]);
    const { layer: made } = await repackLayer(bundle, { directory: path, ...options });
    await using changed = made!;
    const reader = new TarReader((entry) => assert.deepEqual([entry.name, entry.uid], ["f", 5]));
    for await (const chunk of decompress(changed.open())) reader.push(chunk);
  }));

Deno.test("readBundle() says what is missing, and what is damaged", () =>
  withDirectory(async (path) => {
    await assert.rejects(readBundle(path), /it has no umiak\.json: only what "umiak image unpack" made/);
    await Deno.writeTextFile(`${path}/umiak.json`, JSON.stringify({ version: 2 }));
    await assert.rejects(readBundle(path), /version: version 2 is not supported/);
    const good = {
      version: 1,
      image: "i",
      digest: `sha256:${"0".repeat(64)}`,
      rootless: false,
      uidMap: ["0:1"],
      gidMap: [],
    };
    await Deno.writeTextFile(`${path}/umiak.json`, JSON.stringify(good));
    await assert.rejects(readBundle(path), /id map "0:1": expected CONTAINER:HOST:SIZE/);
    await Deno.writeTextFile(`${path}/umiak.json`, JSON.stringify({ ...good, uidMap: [] }));
    await assert.rejects(readBundle(path), /reading .*umiak\.tree/);
    await Deno.writeTextFile(`${path}/umiak.tree`, "umiak tree 1\nx\t1");
    await assert.rejects(readBundle(path), /not a list of files, or cut off/);
    await Deno.writeTextFile(`${path}/umiak.tree`, "umiak tree 1\nx\t1\n");
    await assert.rejects(readBundle(path), /umiak\.tree: line 2 is malformed/);
  }));

/** Random changes to a tree of the host. */
function mutate(rootfs: string, random: (n: number) => number, steps: number): void {
  const names = ["a", "b", "d", "sub", "x", "one", "two", "l", "\u00e9\u4e2d", "n".repeat(120)];
  const path = (): string =>
    `${rootfs}/${Array.from({ length: 1 + random(3) }, () => names[random(names.length)]).join("/")}`;
  const attempt = (f: () => void): void => {
    try {
      f();
    } catch {
      // What cannot be done where it hits is not done.
    }
  };
  for (let step = 0; step < steps; step++) {
    const at = path();
    attempt(
      [
        () => Deno.mkdirSync(at),
        () => Deno.lstatSync(at).isFile && Deno.writeTextFileSync(at, `content ${step} `.repeat(random(20))),
        () => Deno.removeSync(at, { recursive: random(3) === 0 }),
        () => Deno.symlinkSync(path().slice(rootfs.length - 3), at),
        () => Deno.linkSync(path(), at),
        () => Deno.renameSync(path(), at),
        () => Deno.lstatSync(at).isSymlink || Deno.chmodSync(at, 0o400 | random(0o1000)),
        () => Deno.lstatSync(at).isSymlink || Deno.utimeSync(at, random(1e9), random(1e9)),
        () => Deno.lstatSync(at).isSymlink || Deno.chownSync(at, random(1000), random(1000)),
        () => Deno.writeTextFileSync(at, "new", { createNew: true }),
      ][random(10)]!,
    );
  }
}

for (let seed = 1; seed <= 15; seed++) {
  const asRootless = seed % 5 === 0;
  testWhen(
    asRootless ? LINUX : ROOT,
    `round trip ${seed}: unpack, change at random, repack, unpack: the same tree`,
    () =>
      withDirectory(async (path) => {
        let state = seed * 104729;
        const random = (n: number): number => {
          state = Math.imul(state, 1664525) + 1013904223 | 0;
          return (state >>> 8) % n;
        };
        const options = { rootless: asRootless };
        const layers = [
          BASE,
          hostileLayer([dir("sub"), file("sub/x", "y"), link("sub/l", "one"), {
            name: "x",
            type: "fifo",
            mode: 0o600,
          }]),
        ];
        for (let round = 0; round < 3; round++) {
          const bundle = await bundleOf(layers, `${path}/${round}`, options);
          assert.deepEqual(shown(bundle), []);
          // Owners of an ordinary user's files are attributes: chown would change what they are kept for.
          mutate(
            `${path}/${round}/rootfs`,
            asRootless ? ((n) => n === 10 ? [0, 1, 2, 3, 4, 5, 9][random(7)]! : random(n)) : random,
            80,
          );
          const { layer } = await repackLayer(bundle, {
            directory: path,
            compression: { compression: round === 1 ? "zstd" : "gzip", level: 1 },
          });
          if (layer === null) continue;
          await using made = layer;
          const [again] = [await unpack([...layers, made], `${path}/${round}-again`, options)];
          assert.ok(again.entries.length > 0);
          assert.deepEqual(
            describeTree(`${path}/${round}-again`, options),
            describeTree(`${path}/${round}/rootfs`, options),
          );
          const chunks: Uint8Array[] = [];
          for await (const chunk of made.open()) chunks.push(chunk.slice());
          layers.push({
            ...made,
            open: async function* () {
              for (const chunk of chunks) yield await Promise.resolve(chunk);
            },
          });
        }
      }),
  );
}
