import assert from "node:assert/strict";
import { isDir, isLnk, isReg } from "../../fs/abi/mode.ts";
import { Stat } from "../../fs/abi/stat.ts";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import { decompress } from "../layer/compression.ts";
import { memoryLayer } from "../layer/layer_blob.ts";
import type { TarEntry } from "../layer/tar_entry.ts";
import { TarReader } from "../layer/tar_reader.ts";
import type { LayerEntry } from "../layer/tar_stream.ts";
import { sha256 } from "../digest.ts";
import type { Image } from "../source.ts";
import { bytesOf, imageOf, memoryImage } from "../testing/memory_image.ts";
import { exportTree, squash } from "./squash.ts";
import { treesInMemory, walkFiles } from "./trees.ts";

const encoder = new TextEncoder();
const file = (name: string, content = name, more: Partial<LayerEntry> = {}): LayerEntry => ({
  name,
  type: "file",
  mode: 0o644,
  content: encoder.encode(content),
  ...more,
});
const dir = (name: string, more: Partial<LayerEntry> = {}): LayerEntry => ({
  name,
  type: "dir",
  mode: 0o755,
  ...more,
});
const gone = (name: string): LayerEntry => file(name.replace(/([^/]+)$/, ".wh.$1"), "");

/** Everything a tree shows: attributes, content, which names are the same file. */
async function view(image: Image): Promise<Record<string, string>> {
  const overlay = new OverlaySuper({ lowers: (await treesInMemory(image)).map((tree) => tree.root) });
  const seen: Record<string, string> = {};
  const groups = new Map<number, string>();
  const stat = new Stat();
  const visit = (inode: Inode, path: string): void => {
    assert.equal(inode.getattr(stat), 0);
    const { mode, uid, gid, rdev, mtimeSec, mtimeNsec, ino } = stat;
    const xattrs = (inode.listxattr() as string[]).slice().sort()
      .map((name) => `${name}=${inode.getxattr(name)}`);
    let content = "";
    if (isLnk(mode)) content = String(inode.readlink());
    if (isReg(mode)) {
      const open = inode.open(0);
      assert.ok(typeof open !== "number");
      const bytes = new Uint8Array(Math.min(inode.size, 1 << 20));
      assert.equal(open.pread(bytes, 0, bytes.length, 0), bytes.length);
      open.close();
      content = `${inode.size} ${sha256(bytes)}`;
    }
    const same = isDir(mode) ? "" : groups.get(ino) ?? path;
    if (!isDir(mode)) groups.set(ino, same);
    seen[path] = [mode.toString(8), uid, gid, rdev, mtimeSec, mtimeNsec, xattrs, content, same].join(" ");
    if (!isDir(mode)) return;
    const stream = inode.openDir();
    assert.ok(typeof stream !== "number");
    const names: string[] = [];
    for (let entry = stream.next(); entry !== null; entry = stream.next()) {
      assert.ok(typeof entry !== "number");
      names.push(entry.name);
    }
    for (const name of names.sort()) {
      const child = inode.lookup(name);
      assert.ok(typeof child !== "number");
      visit(child, `${path}${path === "/" ? "" : "/"}${name}`);
    }
  };
  visit(overlay.root, "/");
  overlay.shutdown();
  return seen;
}

async function entriesOf(image: Image, layer = -1): Promise<TarEntry[]> {
  return tarEntries(await bytesOf(decompress(image.layers.at(layer)!.open())));
}

function tarEntries(bytes: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader((entry) => entries.push(entry));
  reader.push(bytes);
  reader.end();
  return entries;
}

const names = (entries: readonly TarEntry[]): string[] => entries.map((entry) => entry.name);

Deno.test("squash() of the last layers has what changed, and explicit whiteouts before their siblings (layer.md)", async () => {
  const image = await memoryImage([
    [
      dir("d"),
      file("d/a"),
      file("d/b"),
      file("d/z"),
      dir("e"),
      file("e/x"),
      dir("t"),
      file("t/u"),
      file("same"),
    ],
    [gone("d/a"), file("d/c"), dir("e"), file("e/.wh..wh..opq", ""), file("e/new")],
    [file("d/b", "changed"), gone("d/c"), gone("t"), file("t2", "t")],
  ]);
  const before = await view(image);
  const squashed = await squash(image, { last: 2 });
  assert.equal(squashed.layers.length, 2);
  assert.deepEqual(squashed.layers[0]!.descriptor, image.layers[0]!.descriptor);
  assert.deepEqual(await view(squashed), before);
  const top = names(await entriesOf(squashed));
  assert.deepEqual(top, [
    ".wh.t",
    "d/.wh.a",
    "d/b",
    "e/",
    "e/.wh.x",
    "e/new",
    "t2",
  ]);
});

Deno.test("squash() keeps a directory's attributes when a layer only names something in it", async () => {
  const image = await memoryImage([
    [dir("./", { mode: 0o711 }), dir("tmp", { mode: 0o1777, uid: 5 }), dir("tmp/d", { mode: 0o700 })],
    [file("tmp/d/x"), file("new/y")],
    [gone("tmp/d/x"), file("tmp/d/z")],
  ]);
  const expected = await view(image);
  assert.match(expected["/"]!, /^40711 /);
  assert.match(expected["/tmp"]!, /^41777 5 /);
  assert.match(expected["/tmp/d"]!, /^40700 /);
  const squashed = await squash(image, { last: 2 });
  assert.deepEqual(names(await entriesOf(squashed)), ["new/", "new/y", "tmp/d/z"]);
  assert.deepEqual(await view(squashed), expected);
  assert.deepEqual(await view(await squash(image)), expected);
});

Deno.test("squash() of everything has no whiteouts, and each file once", async () => {
  const image = await memoryImage([
    [dir("./", { mode: 0o700 }), dir("d"), file("d/a"), file("b")],
    [gone("b"), file("d/a", "new"), file("c")],
  ]);
  const squashed = await squash(image);
  assert.deepEqual(names(await entriesOf(squashed)), ["./", "c", "d/", "d/a"]);
  assert.deepEqual(await view(squashed), await view(image));
  assert.equal(squashed.config.diffIds.length, 1);
});

Deno.test("squash() keeps the history: steps of squashed layers make none any more (config.md: history)", async () => {
  const history = [
    { created_by: "one", "x.y": 1 },
    { created_by: "env", empty_layer: true },
    { created_by: "two" },
    { created_by: "three" },
    { created_by: "cmd", empty_layer: true },
  ];
  const image = await memoryImage([[file("1")], [file("2")], [file("3")]], { config: { history } });
  const squashed = await squash(image, {
    last: 2,
    step: { createdBy: "squash", created: "2020-01-01T00:00:00Z" },
  });
  const document = JSON.parse(new TextDecoder().decode(squashed.configBytes));
  assert.deepEqual(document.history, [
    { created_by: "one", "x.y": 1 },
    { created_by: "env", empty_layer: true },
    { created_by: "two", empty_layer: true },
    { created_by: "three", empty_layer: true },
    { created_by: "cmd", empty_layer: true },
    { created: "2020-01-01T00:00:00Z", created_by: "squash" },
  ]);
  assert.equal(document.created, "2020-01-01T00:00:00Z");
});

Deno.test("squash() keeps hard links, xattrs, devices, times, odd names and sparse files", async () => {
  const long = `${"n".repeat(120)}/${"m".repeat(130)}`;
  const image = await memoryImage([
    [
      file("a", "linked", { xattrs: new Map([["user.x", Uint8Array.of(0, 10, 255)]]) }),
      { name: "b", type: "link", mode: 0o644, linkname: "a" },
      { name: "c", type: "link", mode: 0o644, linkname: "a" },
      { name: "null", type: "char", mode: 0o666, devmajor: 1, devminor: 3 },
      { name: "pipe", type: "fifo", mode: 0o600 },
      { name: "link", type: "symlink", mode: 0o777, linkname: "../ä" },
      file("setuid", "x", {
        mode: 0o4755,
        uid: 5_000_000_000 % 0xfffffffe,
        gid: 7,
        mtimeSec: -5,
        mtimeNsec: 250,
      }),
      file("\udc80\udcff", "not UTF-8"),
      file(long, "deep"),
    ],
    [gone("a"), file("top")],
  ]);
  const squashed = await squash(image, { compression: { compression: "zstd" } });
  assert.deepEqual(await view(squashed), await view(image));
  const entries = await entriesOf(squashed);
  assert.deepEqual(entries.filter((each) => each.type === "link").map((each) => [each.name, each.linkname]), [
    ["c", "b"],
  ]);
});

/** A layer with a sparse file, as GNU tar writes it: two parts with data, a hole at the end. */
async function sparseImage(): Promise<Image> {
  const map = new Uint8Array(512);
  map.set(encoder.encode("2\n1048576\n3\n4294967296\n4\n"));
  const layer = await memoryLayer([{
    name: "GNUSparseFile.0/big",
    type: "file",
    mode: 0o600,
    content: Uint8Array.of(...map, ...encoder.encode("abcdefg")),
    records: {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": Uint8Array.of(0x62, 0xff),
      "GNU.sparse.realsize": String(2 ** 43),
    },
  }]);
  return imageOf([layer]);
}

Deno.test("squash() writes a sparse file of 8 TiB as one of 7 bytes", async () => {
  const image = await sparseImage();
  const squashed = await squash(image);
  const [big] = await entriesOf(squashed);
  assert.deepEqual(
    [big!.name, big!.size, big!.stored, big!.sparse],
    ["b\udcff", 2 ** 43, 7, [{ offset: 1048576, length: 3 }, { offset: 4294967296, length: 4 }]],
  );
  assert.deepEqual(await view(squashed), await view(image));
  assert.ok(squashed.layers[0]!.descriptor.size < 8192);
});

Deno.test("squash() refuses a number of layers that the image has not, and zstd in Docker's format", async () => {
  const image = await memoryImage([[file("a")]]);
  for (const last of [0, 2, 1.5]) {
    await assert.rejects(squash(image, { last }), /squashing .* layers: it has 1/);
  }
  const docker = await memoryImage([[file("a")]], {
    manifest: { mediaType: "application/vnd.docker.distribution.manifest.v2+json" },
  });
  await assert.rejects(squash(docker, { compression: { compression: "zstd" } }), /no media type for zstd/);
});

/** Random numbers that are the same each time. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
}

/** A layer that adds, replaces, links and removes among few names, so that layers often meet. */
function randomLayer(next: (below: number) => number): LayerEntry[] {
  const entries = new Map<string, LayerEntry>();
  const types = new Map<string, string>();
  const path = (): string => Array.from({ length: 1 + next(3) }, () => "abcd"[next(4)]!).join("/");
  const makeParents = (name: string): boolean => {
    const parts = name.split("/");
    for (let i = 1; i < parts.length; i++) {
      const parent = parts.slice(0, i).join("/");
      const type = types.get(parent);
      if (type !== undefined && type !== "dir") return false;
      if (type === undefined) {
        types.set(parent, "dir");
        if (next(4) > 0) entries.set(parent, dir(parent, { mode: 0o700 + next(64), mtimeSec: next(1000) }));
      }
    }
    return true;
  };
  for (let i = 0; i < 12; i++) {
    const name = path();
    if (types.has(name) || !makeParents(name)) continue;
    const kind = next(8);
    const common = { mtimeSec: next(1000), uid: next(3), mode: 0o600 + next(64) };
    if (kind < 2) entries.set(name, dir(name, common));
    else if (kind < 4) entries.set(name, file(name, `${next(1000)}`, common));
    else if (kind === 4) entries.set(name, { name, type: "symlink", mode: 0o777, linkname: path() });
    else if (kind === 5) {
      const target = [...types].find(([, type]) => type === "file")?.[0];
      if (target === undefined) continue;
      entries.set(name, { name, type: "link", mode: 0o644, linkname: target });
    } else if (kind === 6) {
      entries.set(`.wh.${name}`, gone(name));
      continue;
    } else {
      entries.set(name, dir(name, common));
      entries.set(`${name}/.wh..wh..opq`, file(`${name}/.wh..wh..opq`, ""));
    }
    types.set(name, kind < 2 || kind === 7 ? "dir" : kind < 4 ? "file" : "other");
  }
  return [...entries.values()];
}

Deno.test("squash() of random layers shows what the overlay shows, for every number of layers", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed);
    const count = 2 + next(4), layers: LayerEntry[][] = [];
    let image = imageOf([]);
    while (layers.length < count) {
      const layer = randomLayer(next);
      const tried = await memoryImage([...layers, layer], { compression: { compression: "none" } });
      // A path may lead through a file of a lower layer: that is no layer for those below.
      if (!await view(tried).catch(() => false)) continue;
      image = tried;
      layers.push(layer);
    }
    const expected = await view(image);
    for (let last = 1; last <= layers.length; last++) {
      const squashed = await squash(image, { last });
      assert.deepEqual(await view(squashed), expected, `seed ${seed}, last ${last}`);
      assert.equal((await squash(image, { last })).digest, squashed.digest);
    }
    const exported = tarEntries(await bytesOf(exportTree(image)));
    const shown = exported.map((entry) => `/${entry.name.replace(/^\.\/|\/$/g, "")}`);
    // Nothing describes the root.
    assert.deepEqual(["/", ...shown].sort(), Object.keys(expected).sort(), `seed ${seed}`);
  }
});

Deno.test("exportTree() of an image without layers is an empty archive", async () => {
  assert.deepEqual(await bytesOf(exportTree(imageOf([]))), new Uint8Array(1024));
});

Deno.test("walkFiles() lists what the layers come to, and says which layer is not what it should be", async () => {
  const image = await memoryImage([[dir("d"), file("d/a"), file("d/b", "bbb")], [gone("d/a"), file("c")]]);
  const files = await Array.fromAsync(walkFiles(image));
  assert.deepEqual(files.map(({ path, size }) => [path, size]), [["/c", 1], ["/d", 4096], ["/d/b", 3]]);
  assert.deepEqual(await Array.fromAsync(walkFiles(imageOf([]))), []);
  const wrong = imageOf([{ ...image.layers[0]!, diffId: `sha256:${"0".repeat(64)}` }]);
  await assert.rejects(Array.fromAsync(walkFiles(wrong)), /memory: layer sha256:\w+: its archive has digest/);
  const aborted = { signal: AbortSignal.abort(new Error("enough")) };
  const slow = imageOf([{
    ...image.layers[0]!,
    open: (options) => {
      options?.signal?.throwIfAborted();
      return image.layers[0]!.open(options);
    },
  }]);
  await assert.rejects(Array.fromAsync(walkFiles(slow, aborted)), /^Error: enough$/);
});
