/** Layers: index, builder, filesystem. @module */
import assert from "node:assert/strict";
import { S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG } from "../abi/mode.ts";
import { Files, testCaller } from "../testing/mod.ts";
import { LayerIndexBuilder } from "./builder.ts";
import { LayerIndex, LayerIndexError } from "./layer_index.ts";
import type { NodeAttributes } from "./layer_node.ts";
import { fits } from "./needs.ts";
import { LayerEntryError } from "./path_parts.ts";
import { LayerfsSuper, MemoryBlob } from "./super.ts";

const node = (mode: number, more: Partial<NodeAttributes> = {}): NodeAttributes => ({
  ...{ mode, uid: 0, gid: 0, mtimeSec: 7, mtimeNsec: 0 },
  ...more,
});
const file = (offset = 0, size = 0): NodeAttributes => node(S_IFREG | 0o644, { offset, size });
const link = (target: string): NodeAttributes => node(S_IFLNK | 0o777, { target });

const CONTENT = new TextEncoder().encode("hello world, these are the bytes");

function mount(build: (b: LayerIndexBuilder) => void): Files {
  const builder = new LayerIndexBuilder();
  build(builder);
  // Through its encoded form, as the cache does.
  const index = LayerIndex.decode(builder.build(CONTENT.length).encode().slice());
  return new Files(testCaller(new LayerfsSuper({ index, blob: new MemoryBlob(CONTENT) })));
}

Deno.test("a layer is served from its index", () => {
  const f = mount((b) => {
    b.add(
      "b/file",
      node(S_IFREG | 0o4755, {
        offset: 0,
        size: 5,
        uid: 5,
        gid: 6,
        mtimeSec: -3,
        mtimeNsec: 9,
        xattrs: new Map([["user.x", new Uint8Array([1])]]),
      }),
    );
    b.add("/a", file(6, 5));
    b.add("./c/", node(S_IFDIR | 0o700));
    b.add("link", link("b/file"));
    b.link("hard", "a");
  });
  assert.deepEqual(f.list("/"), ["a", "b", "c", "hard", "link"]);
  assert.equal(f.text("/link"), "hello");
  assert.equal(f.text("/hard"), "world");
  const stat = f.stat("/b/file");
  assert.deepEqual([stat.mode, stat.uid, stat.gid, stat.mtimeSec, stat.mtimeNsec, stat.size], [
    S_IFREG | 0o4755,
    5,
    6,
    -3,
    9,
    5,
  ]);
  assert.deepEqual([f.stat("/a").ino, f.stat("/a").nlink], [f.stat("/hard").ino, 2]);
  assert.equal(f.stat("/b").mode, S_IFDIR | 0o755); // made because something is in it
  assert.equal(f.stat("/c").mode, S_IFDIR | 0o700);
  assert.equal(f.opens("/a", 1), "EROFS");
  assert.equal(f.mkdir("/d"), "EROFS");
  assert.equal(f.exists("/none"), "ENOENT");
});

Deno.test("a sparse file's holes are zeros", () => {
  const f = mount((b) =>
    b.add(
      "s",
      node(S_IFREG | 0o644, {
        offset: 0,
        size: 20,
        sparse: [{ offset: 2, length: 5 }, { offset: 10, length: 6 }],
      }),
    )
  );
  assert.equal(f.text("/s"), "\0\0hello\0\0\0 world\0\0\0\0");
});

Deno.test("names that are not ASCII, and those that begin alike", () => {
  const names = ["a", "aa", "ab", "é", "e", "😀", "bad\udcff"];
  const f = mount((b) => names.forEach((name) => b.add(name, file())));
  assert.deepEqual(f.list("/"), [...names].sort());
  for (const name of names) assert.equal(f.exists(`/${name}`), "ok", name);
});

Deno.test("a later entry replaces an earlier one; directories are merged", () => {
  const f = mount((b) => {
    b.add("x", file(0, 5));
    b.add("d/one", file());
    b.add("d", node(S_IFDIR | 0o711));
    b.add("d/two", file());
    b.add("x", file(6, 5));
  });
  assert.equal(f.text("/x"), "world");
  assert.deepEqual(f.list("/d"), ["one", "two"]);
  assert.equal(f.stat("/d").mode & 0o777, 0o711);
});

Deno.test("whiteouts and opaque directories are shown in overlay's terms (layer.md#whiteouts)", () => {
  const builder = new LayerIndexBuilder();
  builder.whiteout("gone");
  builder.add("d/new", file());
  builder.opaque("d");
  builder.whiteout("both");
  builder.add("both", node(S_IFDIR | 0o755));
  const root = new LayerfsSuper({ index: builder.build(0), blob: new MemoryBlob(CONTENT) }).root;
  const child = (name: string): ReturnType<typeof root.lookup> => root.lookup(name);
  const gone = child("gone"), d = child("d"), both = child("both");
  assert.ok(typeof gone !== "number" && typeof d !== "number" && typeof both !== "number");
  assert.deepEqual([gone.mode & 0o170000, gone.rdev], [S_IFCHR, 0]);
  for (const dir of [d, both]) {
    assert.deepEqual(dir.getxattr("trusted.overlay.opaque"), new Uint8Array([0x79]));
  }
});

Deno.test("entries that cannot be are errors that name them", () => {
  const cases: [RegExp, (b: LayerIndexBuilder) => void][] = [
    [/"\.\.\/\.\.\/x": it leads outside the layer's root/, (b) => b.add("../../x", file())],
    [/"a\/\.\.\/\.\.\/x": it leads outside/, (b) => b.add("a/../../x", file())],
    [
      /"etc\/passwd": "etc" is a symbolic link to "\/etc"/,
      (b) => (b.add("etc", link("/etc")), b.add("etc/passwd", file())),
    ],
    [/"l\/x": a link on its way leads outside/, (b) => (b.add("l", link("../..")), b.add("l/x", file()))],
    [/"f\/x": "f" is not a directory/, (b) => (b.add("f", file()), b.add("f/x", file()))],
    [/hard link "h" to "none": there is no such file/, (b) => b.link("h", "none")],
    [/hard link "h" to "o\/f": there is no such file/, (b) => (b.opaque("o"), b.link("h", "o/f"))],
    [
      /hard link "d" to "d\/f": it would take the place of its own target/,
      (b) => (b.add("d/f", file()), b.link("d", "d/f")),
    ],
    [/hard link "h" to "\.\.\/\.\.\/etc\/shadow": it leads outside/, (b) => b.link("h", "../../etc/shadow")],
    [
      /hard link "h" to "d": it is a directory/,
      (b) => (b.add("d", node(S_IFDIR | 0o755)), b.link("h", "d")),
    ],
    [/the root must be a directory/, (b) => b.add("/", file())],
    [/a name longer than 255 bytes/, (b) => b.add("x".repeat(256), file())],
    [/a symbolic link to "loop"/, (b) => (b.add("loop", link("loop")), b.add("loop/x", file()))],
  ];
  for (const [message, build] of cases) {
    assert.throws(
      () => build(new LayerIndexBuilder(null)),
      (error) => error instanceof LayerEntryError && message.test(error.message),
      String(message),
    );
  }
});

Deno.test("a relative link inside the layer is followed to a parent", () => {
  const f = mount((b) => {
    b.add("usr/lib/x", file());
    b.add("lib", link("usr/lib"));
    b.add("lib/y", file(0, 5));
  });
  assert.deepEqual(f.list("/usr/lib"), ["x", "y"]);
});

Deno.test("a damaged index is refused", () => {
  const builder = new LayerIndexBuilder();
  builder.add("a", file());
  const good = builder.build(5).encode();
  assert.equal(LayerIndex.decode(good.slice()).archiveSize, 5);
  for (
    const change of [
      (b: Uint8Array) => b.fill(0, 0, 4),
      (b: Uint8Array) => b[b.length - 1]! ^= 1,
      (b: Uint8Array) => b[8]!++,
    ]
  ) {
    const bad = good.slice();
    change(bad);
    assert.throws(() => LayerIndex.decode(bad), LayerIndexError);
  }
  for (const length of [0, 10, 64, good.length - 4]) {
    assert.throws(() => LayerIndex.decode(good.slice(0, length)), LayerIndexError);
  }
});

Deno.test("what an index takes for granted costs a name for each directory, however deep", () => {
  const builder = new LayerIndexBuilder();
  for (let i = 0; i < 20; i++) builder.add(`${i}${"/d".repeat(2000)}/f`, file());
  const index = builder.build(0);
  assert.equal(index.counts.needs, 20 * 2001);
  assert.ok(index.encode().length < 20 * 2001 * 150, `${index.encode().length} bytes`);
  const lower = new LayerIndexBuilder();
  lower.add(`19${"/d".repeat(1999)}`, node(S_IFDIR | 0o755));
  const fitting = new LayerfsSuper({ index: lower.build(0), blob: new MemoryBlob(CONTENT) });
  assert.ok(fits(index, fitting.root));
  lower.add(`19${"/d".repeat(2000)}`, link("x"));
  const other = new LayerfsSuper({ index: lower.build(0), blob: new MemoryBlob(CONTENT) });
  assert.ok(!fits(index, other.root));
});

Deno.test("opening an index of 20,000 files makes no object for each", () => {
  const builder = new LayerIndexBuilder();
  for (let i = 0; i < 20_000; i++) builder.add(`usr/share/dir${i % 200}/file${i}`, file(i, 1));
  const data = builder.build(20_000).encode().slice();
  const opened: LayerIndex[] = [];
  LayerIndex.decode(data.slice()); // whatever the first call costs once
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < 20; i++) opened.push(LayerIndex.decode(data.slice()));
  const each = (Deno.memoryUsage().heapUsed - before) / opened.length;
  assert.ok(each < 20_000, `${each} bytes of heap for one index`); // one byte a file would be 20,000
  const f = new Files(testCaller(new LayerfsSuper({ index: opened[0]!, blob: new MemoryBlob(data) })));
  assert.equal(f.list("/usr/share/dir7").length, 100);
});
