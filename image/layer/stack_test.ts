import assert from "node:assert/strict";
import { O_APPEND, O_WRONLY } from "../../fs/abi/open.ts";
import { type LayerfsSuper, MemoryBlob } from "../../fs/layerfs/mod.ts";
import { copyAttributes, OverlaySuper } from "../../fs/overlay/mod.ts";
import { Files, testCaller } from "../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import { squash } from "../mutate/squash.ts";
import { treesInMemory } from "../mutate/trees.ts";
import { bytesOf, memoryImage } from "../testing/memory_image.ts";
import { diffUpper } from "./diff_upper.ts";
import { LayerIndexer } from "./layer_indexer.ts";
import { mergedRoot, stackLayer } from "./stack.ts";
import { type LayerEntry, tarStream } from "./tar_stream.ts";

const file = (name: string, content = name): LayerEntry => ({
  ...{ name, type: "file", mode: 0o640, uid: 1, mtimeSec: 10 },
  content: new TextEncoder().encode(content),
});
const dir = (name: string, mode = 0o755): LayerEntry => ({
  name,
  type: "dir",
  mode,
  uid: 4,
  gid: 5,
  mtimeSec: 20,
});
const link = (name: string, linkname: string): LayerEntry => ({ name, type: "link", mode: 0, linkname });
const symlink = (name: string, linkname: string): LayerEntry => ({
  name,
  type: "symlink",
  mode: 0o777,
  linkname,
});
const gone = (name: string): LayerEntry => ({ name, type: "file", mode: 0o644 });

/** Layers on top of each other, the lowest first, as they are mounted. */
async function stack(...layers: (readonly LayerEntry[])[]): Promise<LayerfsSuper[]> {
  const trees: LayerfsSuper[] = [];
  for (const entries of layers) {
    const bytes = await bytesOf(tarStream(entries));
    const indexer = new LayerIndexer();
    indexer.push(bytes);
    trees.unshift(stackLayer(indexer.finish(), new MemoryBlob(bytes), trees));
  }
  return trees;
}

interface Container {
  readonly f: Files;
  readonly overlay: OverlaySuper;
  readonly upper: Inode;
  readonly lower: Inode;
}

function container(trees: readonly LayerfsSuper[]): Container {
  const upper = new TmpfsSuper(), lower = mergedRoot(trees)!;
  copyAttributes(lower, upper.root);
  const overlay = new OverlaySuper({ lowers: trees.map((tree) => tree.root), upper: upper.root });
  return { f: new Files(testCaller(overlay)), overlay, upper: upper.root, lower };
}

async function files(...layers: (readonly LayerEntry[])[]): Promise<Files> {
  return container(await stack(...layers)).f;
}

const names = (made: Container): string[] =>
  [...diffUpper(made.upper, { lower: made.lower })].map(({ name, type, linkname }) =>
    `${name} ${type}${linkname === undefined ? "" : ` ${linkname}`}`
  );

Deno.test("layer.md#hardlinks: a link to a file of a lower layer is one more name of it", async () => {
  const f = await files([dir("bin"), file("bin/a", "tool")], [link("bin/b", "bin/a")], [link("c", "/bin/b")]);
  assert.equal(f.text("/c"), "tool");
  const [a, b, c] = ["/bin/a", "/bin/b", "/c"].map((name) => f.stat(name));
  assert.deepEqual([b!.ino, c!.ino, b!.nlink, c!.mode, c!.uid], [a!.ino, a!.ino, 3, 0o100640, 1]);
});

Deno.test("layer.md#hardlinks: a link keeps the file that later entries and layers replace or remove", async () => {
  const f = await files([file("a", "old"), file("b", "old b")], [
    link("x", "a"),
    file("a", "new"),
    link("y", "b"),
  ], [
    gone(".wh.b"),
  ]);
  assert.deepEqual([f.text("/x"), f.text("/a"), f.text("/y")], ["old", "new", "old b"]);
  assert.deepEqual([f.stat("/x").nlink, f.stat("/a").nlink, f.stat("/y").nlink], [1, 1, 1]);
});

Deno.test("layer.md#hardlinks: links to links and devices of lower layers", async () => {
  const f = await files([symlink("l", "t"), { name: "fifo", type: "fifo", mode: 0o600 }], [
    link("l2", "l"),
    link("fifo2", "fifo"),
  ]);
  assert.equal(f.readlink("/l2"), "t");
  assert.equal(f.stat("/fifo2").ino, f.stat("/fifo").ino);
});

Deno.test("a link to nothing, to a directory, to outside, to what is hidden: the entry and its target are named", async () => {
  const lower = [dir("d"), file("d/f"), file("f")];
  for (
    const [entries, message] of [
      [[link("x", "none")], 'hard link "x" to "none": there is no such file'],
      [[link("x", "f/none")], 'hard link "x" to "f/none": "f" is not a directory'],
      [[link("x", "d")], 'hard link "x" to "d": it is a directory'],
      [[link("x", "../f")], 'hard link "x" to "../f": it leads outside the layer\'s root'],
      [[gone(".wh.f"), link("x", "f")], 'hard link "x" to "f": there is no such file'],
      [[gone("d/.wh..wh..opq"), link("x", "d/f")], 'hard link "x" to "d/f": there is no such file'],
      [[link("d", "d/f")], 'hard link "d" to "d/f": it would take the place of its own target'],
    ] as const
  ) {
    await assert.rejects(stack(lower, entries), (error: Error) => {
      assert.equal(error.message, message);
      return true;
    });
  }
});

Deno.test("entries below a link of a lower layer go where it leads, in the image's root", async () => {
  const lower = [
    dir("usr/lib", 0o711),
    symlink("lib", "usr/lib"),
    symlink("var/run", "/run"),
    symlink("up", "../../new"),
  ];
  const f = await files([...lower, file("usr/lib/old"), file("usr/lib/older")], [
    file("lib/foo"),
    gone("lib/.wh.old"),
    file("var/run/pid"),
    file("up/x"),
    link("l", "lib/older"),
  ]);
  assert.equal(f.readlink("/lib"), "usr/lib");
  assert.deepEqual(f.list("/usr/lib"), ["foo", "older"]);
  assert.equal(f.stat("/usr/lib").mode & 0o777, 0o711);
  assert.deepEqual([f.text("/run/pid"), f.text("/new/x"), f.text("/l")], [
    "var/run/pid",
    "up/x",
    "usr/lib/older",
  ]);
  assert.deepEqual(f.list("/"), ["l", "lib", "new", "run", "up", "usr", "var"]);
});

Deno.test("layer.md#changeset-over-existing-files: a directory's own entry replaces a link", async () => {
  const f = await files([dir("usr/lib"), symlink("lib", "usr/lib")], [dir("lib"), file("lib/foo")]);
  assert.deepEqual([f.list("/lib"), f.list("/usr/lib")], [["foo"], []]);
});

Deno.test("an entry below a file of a lower layer is an error", async () => {
  await assert.rejects(
    stack([file("a")], [file("a/b")]),
    /^Error: entry "a\/b": "a" is not a directory$/,
  );
  await assert.rejects(
    stack([symlink("a", "a")], [file("a/b")]),
    /entry "a\/b": "a" is a symbolic link to "a"/,
  );
});

Deno.test("a directory that no entry describes has the attributes of the one below, opaque or not", async () => {
  const xattrs = new Map([["user.x", new Uint8Array([1])]]);
  const trees = await stack([
    { ...dir("d", 0o1777), xattrs },
    file("d/old"),
    dir("d/sub", 0o700),
    file("d/sub/old"),
  ], [
    file("d/sub/new"),
    gone("d/.wh..wh..opq"),
  ], [file("d/new")]);
  const { f, overlay } = container(trees);
  for (const [path, mode] of [["/d", 0o41777], ["/d/sub", 0o40700]] as const) {
    const stat = f.stat(path);
    assert.deepEqual([stat.mode, stat.uid, stat.gid, stat.mtimeSec], [mode, 4, 5, 20], path);
  }
  assert.deepEqual([f.list("/d"), f.list("/d/sub")], [["new", "sub"], ["new"]]);
  assert.deepEqual((overlay.root.lookup("d") as Inode).listxattr(), ["user.x"]);
});

Deno.test("a directory that was removed and comes back without an entry is a new one", async () => {
  const f = await files([dir("d", 0o700), file("d/old")], [gone(".wh.d"), file("d/new")]);
  const { mode, uid, mtimeSec } = f.stat("/d");
  assert.deepEqual([mode, uid, mtimeSec], [0o40755, 0, 0]);
  assert.deepEqual(f.list("/d"), ["new"]);
});

Deno.test("a directory in the place of a file that the same layer had there hides what is below", async () => {
  const one = { ...file("d"), name: "d/../d" };
  assert.deepEqual((await files([dir("d"), file("d/old")], [one, dir("d")])).list("/d"), []);
});

Deno.test("layer.md#whiteouts: a whiteout makes no directory", async () => {
  assert.deepEqual((await files([file("a")], [gone("none/.wh.x"), gone("other/.wh..wh..opq")])).list("/"), [
    "a",
  ]);
});

Deno.test("the root has the attributes of the topmost layer that describes it, and is hidden like any other", async () => {
  const f = await files([dir("./", 0o711), file("a")], [file("b"), gone(".wh..wh..opq")], [file("c")]);
  const { mode, uid, gid, mtimeSec } = f.stat("/");
  assert.deepEqual([mode, uid, gid, mtimeSec], [0o40711, 4, 5, 20]);
  assert.deepEqual(f.list("/"), ["b", "c"]);
  assert.equal((await files([dir("./", 0o711)], [dir("./", 0o700)])).stat("/").mode, 0o40700);
});

Deno.test("a change of a hard linked file reaches all its names, and the layer made of it has them", async () => {
  const lower = [dir("d"), file("a", "1"), link("d/b", "a"), link("c", "a")];
  const made = container(await stack(lower, [gone(".wh.c"), link("d/e", "a")]));
  const { f } = made;
  assert.equal(f.stat("/d/b").nlink, 3);
  const open = f.open("/d/b", O_WRONLY | O_APPEND);
  open.write(new TextEncoder().encode("2"), 0, 1);
  open.close();
  assert.deepEqual([f.text("/a"), f.text("/d/e"), f.stat("/a").nlink], ["12", "12", 3]);
  assert.equal(f.stat("/d").mtimeSec, 20);
  assert.deepEqual(names(made), ["a file", "d dir", "d/b link a", "d/e link a"]);
  f.unlink("/a");
  assert.deepEqual([f.text("/d/b"), f.stat("/d/b").nlink], ["12", 2]);
  assert.deepEqual(names(made).slice(1), [".wh.a file", "d dir", "d/b file", "d/e link d/b"]);
});

Deno.test("a name that a lower layer hides and a container makes is listed once", async () => {
  const { f } = container(await stack([file("a")], [gone(".wh.a"), file("b")]));
  f.write("/a", "new");
  assert.deepEqual(f.list("/"), ["a", "b"]);
});

Deno.test("squash() keeps links to files of the layers below", async () => {
  const image = await memoryImage([[file("a", "1"), file("b", "2")], [link("c", "a")], [
    link("d", "b"),
    gone(".wh.b"),
  ]]);
  for (const last of [1, 2, 3]) {
    const f = new Files(testCaller(
      new OverlaySuper({
        lowers: (await treesInMemory(await squash(image, { last }))).map((tree) => tree.root),
      }),
    ));
    assert.deepEqual([f.text("/c"), f.text("/d"), f.list("/")], ["1", "2", ["a", "c", "d"]], `${last}`);
    assert.deepEqual([f.stat("/c").ino, f.stat("/a").nlink], [f.stat("/a").ino, 2], `${last}`);
  }
});
