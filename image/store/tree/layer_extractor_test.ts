import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { withDirectory } from "../../../tests/support/umiak.ts";
import type { ImageLayer } from "../../source.ts";
import { openTree } from "../host_fs/open_tree.ts";
import { openPortableTree } from "../host_fs/portable_tree.ts";
import {
  describeTree,
  dir,
  file,
  hostileLayer,
  link,
  maps,
  pathsOf,
  symlink,
  unpack,
} from "../testing/trees.ts";

const LINUX = { os: ["linux"] } as const;
const ROOT = { os: ["linux"], root: true } as const;

/** What layers come to, in paths. */
async function paths(...layers: ImageLayer[]): Promise<string[]> {
  return await withDirectory(async (path) => {
    await unpack(layers, `${path}/t`);
    return pathsOf(`${path}/t`);
  });
}

const BASE = hostileLayer([
  dir("a"),
  file("a/one", "1"),
  file("a/two", "2"),
  dir("a/d"),
  file("a/d/three", "3"),
  file("b", "b"),
]);

testWhen(LINUX, "layer.md#whiteouts: a whiteout removes a file, or a directory with all in it", async () => {
  const upper = hostileLayer([file("a/.wh.one"), file("a/.wh.d"), file(".wh.b"), file("a/.wh.never-there")]);
  assert.deepEqual(await paths(BASE, upper), ["a", "a/two"]);
});

testWhen(
  LINUX,
  "layer.md#whiteouts: a whiteout speaks of lower layers only, whatever the order of entries",
  async () => {
    for (const order of [[0, 1], [1, 0]]) {
      const entries = [file("a/.wh.one"), file("a/one", "new")];
      assert.deepEqual(await paths(BASE, hostileLayer(order.map((i) => entries[i]!))), [
        "a",
        "a/d",
        "a/d/three",
        "a/one",
        "a/two",
        "b",
      ]);
      const whole = [file("a/.wh.d"), file("a/d/new", "")];
      assert.deepEqual(await paths(BASE, hostileLayer(order.map((i) => whole[i]!))), [
        "a",
        "a/d",
        "a/d/new",
        "a/one",
        "a/two",
        "b",
      ]);
    }
  },
);

testWhen(
  LINUX,
  "layer.md#opaque-whiteout: it hides what lower layers have in a directory, whatever the order",
  async () => {
    const after = [dir("a"), dir("a/d"), dir("a/d/e"), file("a/d/e/foo"), file("a/.wh..wh..opq")];
    const before = [after[4]!, ...after.slice(0, 4)];
    for (const entries of [after, before]) {
      assert.deepEqual(await paths(BASE, hostileLayer(entries)), ["a", "a/d", "a/d/e", "a/d/e/foo", "b"]);
    }
  },
);

testWhen(LINUX, "layer.md#opaque-whiteout: one in the root hides everything below", async () => {
  assert.deepEqual(await paths(BASE, hostileLayer([file("new"), file(".wh..wh..opq")])), ["new"]);
});

testWhen(
  LINUX,
  "layer.md#whiteouts: a whiteout without a name is an error, aufs' own files are not",
  async () => {
    await assert.rejects(paths(BASE, hostileLayer([file("a/.wh.")])), /whiteout "a\/\.wh\.": it has no name/);
    assert.equal((await paths(BASE, hostileLayer([file(".wh..wh.plnk/1"), file(".wh..wh.aufs")]))).length, 6);
  },
);

testWhen(
  LINUX,
  "layer.md#changeset-over-existing-files: anything but a directory on a directory replaces what is there",
  async () => {
    assert.deepEqual(await paths(BASE, hostileLayer([file("a", "now a file"), dir("b"), file("b/x")])), [
      "a",
      "b",
      "b/x",
    ]);
    assert.deepEqual(await paths(BASE, hostileLayer([symlink("a", "b")])), ["a -> b", "b"]);
  },
);

testWhen(
  LINUX,
  "layer.md#changeset-over-existing-files: a directory's attributes replace those it had",
  () =>
    withDirectory(async (path) => {
      const lower = hostileLayer([
        dir("d", { mode: 0o700, mtimeSec: 1, xattrs: new Map([["user.old", Uint8Array.of(1)]]) }),
        file("d/f"),
      ]);
      const upper = hostileLayer([
        dir("d", {
          mode: 0o2755,
          mtimeSec: 2,
          mtimeNsec: 7,
          xattrs: new Map([["user.new", Uint8Array.of(2)]]),
        }),
      ]);
      await unpack([lower, upper], `${path}/t`);
      const tree = openTree(`${path}/t`);
      const stat = tree.root.stat("d")!;
      assert.equal(stat.mode & 0o7777, 0o2755);
      assert.deepEqual([stat.mtimeSec, stat.mtimeNsec], [2, 7]);
      assert.deepEqual([...tree.root.xattrs("d").keys()], ["user.new"]);
      tree.root.close();
    }),
);

testWhen(
  LINUX,
  "LayerExtractor: a directory that a later layer only names something in keeps its time",
  () =>
    withDirectory(async (path) => {
      const lower = hostileLayer([dir("d", { mtimeSec: 5, mtimeNsec: 6 }), dir("e", { mtimeSec: 8 })]);
      await unpack([lower, hostileLayer([file("d/new"), file(".wh.e")])], `${path}/t`);
      assert.match(describeTree(`${path}/t`).find((line) => line.startsWith('"d"'))!, / 5\.6 /);
    }),
);

testWhen(
  ROOT,
  "layer.md#file-attributes: owner, mode, times, attributes, devices and FIFOs are kept",
  () =>
    withDirectory(async (path) => {
      const capability = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      const acl = Uint8Array.of(
        ...[2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 7, 0, 0, 0],
        ...[4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255],
      );
      const xattrs = new Map([["security.capability", capability], ["system.posix_acl_access", acl], [
        "user.k",
        Uint8Array.of(0, 1),
      ]]);
      const layer = hostileLayer([
        file("bin/x", "content", { mode: 0o4755, uid: 1000, gid: 2000, mtimeSec: -5, mtimeNsec: 123456789 }),
        file("bin/cap", "c", { mode: 0o664, uid: 7, gid: 8, xattrs }),
        { name: "dev/c", type: "char", mode: 0o666, devmajor: 5, devminor: 300, uid: 3, mtimeSec: 9 },
        { name: "dev/b", type: "block", mode: 0o660, devmajor: 259, devminor: 1, gid: 6 },
        { name: "dev/p", type: "fifo", mode: 0o622 },
        { ...symlink("l", "../../etc/passwd"), uid: 5, gid: 6, mtimeSec: 3, mtimeNsec: 1 },
      ]);
      await unpack([layer], `${path}/t`);
      const lines = describeTree(`${path}/t`).join("\n");
      assert.match(lines, /"bin\/x" 104755 1000:2000 7 0 -5\.123456789 /);
      assert.match(lines, new RegExp(`"dev/c" 20666 3:0 0 ${0x12c - 0x100 + 0x500 + 0x100000} 9\\.0 `));
      assert.match(lines, /"dev\/b" 60660 0:6 /);
      assert.match(lines, /"dev\/p" 10622 /);
      assert.match(lines, /"l" 120777 5:6 0 0 3\.1 {2}\.\.\/\.\.\/etc\/passwd/);
      const tree = openTree(`${path}/t/bin`);
      const found = tree.root.xattrs("cap");
      tree.root.close();
      assert.deepEqual([...found.keys()].sort(), [...xattrs.keys()]);
      for (const [name, value] of xattrs) assert.deepEqual(found.get(name), value, name);
    }),
);

testWhen(
  ROOT,
  "LayerExtractor: a default ACL does not get into files of the image that have none",
  () =>
    withDirectory(async (path) => {
      const acl = Uint8Array.of(
        ...[2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 7, 0, 9, 0, 0, 0],
        ...[4, 0, 5, 0, 255, 255, 255, 255, 16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 5, 0, 255, 255, 255, 255],
      );
      const layer = hostileLayer([
        dir("d", { xattrs: new Map([["system.posix_acl_default", acl]]) }),
        file("d/f"),
        dir("d/e"),
      ]);
      await unpack([layer], `${path}/t`);
      const tree = openTree(`${path}/t`);
      const d = tree.root.open("d");
      assert.deepEqual([...tree.root.xattrs("d").keys()], ["system.posix_acl_default"]);
      assert.deepEqual([d.xattrs("f").size, d.xattrs("e").size], [0, 0]);
      d.close();
      tree.root.close();
    }),
);

testWhen(
  LINUX,
  "layer.md#hardlinks: inside a layer and across layers they share one inode",
  () =>
    withDirectory(async (path) => {
      const upper = hostileLayer([link("c/link", "a/one"), file("x", "x"), link("y", "/x"), link("x", "x")]);
      await unpack([BASE, upper], `${path}/t`);
      const ino = (name: string): number | null => Deno.lstatSync(`${path}/t/${name}`).ino;
      assert.equal(ino("c/link"), ino("a/one"));
      assert.equal(ino("y"), ino("x"));
      assert.equal(await Deno.readTextFile(`${path}/t/x`), "x");
    }),
);

testWhen(LINUX, "layer.md#hardlinks: without a target, or to a directory, they are errors", async () => {
  await assert.rejects(
    paths(hostileLayer([link("l", "none")])),
    /hard link "l" to "none": there is no such file/,
  );
  await assert.rejects(
    paths(BASE, hostileLayer([link("l", "a/d")])),
    /hard link "l" to "a\/d": it is a directory/,
  );
  await assert.rejects(
    paths(BASE, hostileLayer([link("a", "a/one")])),
    /would take the place of its own target/,
  );
});

testWhen(LINUX, "LayerExtractor keeps sparse files sparse", () =>
  withDirectory(async (path) => {
    const text = new TextEncoder();
    // GNU.sparse 1.0: the map at the beginning of the data.
    const map = text.encode("2\n0\n4\n1073741824\n4\n".padEnd(512, "\0"));
    const data = new Uint8Array(520);
    data.set(map);
    data.set(text.encode("headtail"), 512);
    const records = {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": "s",
      "GNU.sparse.realsize": String(2 ** 31),
    };
    await unpack([hostileLayer([{ ...file("x", data), records }])], `${path}/t`);
    const info = await Deno.stat(`${path}/t/s`);
    assert.equal(info.size, 2 ** 31);
    assert.ok(info.blocks! < 1000, `${info.blocks} blocks`);
    const reader = await Deno.open(`${path}/t/s`);
    await reader.seek(2 ** 30, Deno.SeekMode.Start);
    const tail = new Uint8Array(4);
    await reader.read(tail);
    reader.close();
    assert.equal(new TextDecoder().decode(tail), "tail");
  }));

testWhen(
  LINUX,
  "LayerExtractor: names that are not UTF-8, and paths of 300 characters and more",
  async () => {
    const name = "\udcff\udcfe-\u00e9", long = `${"l".repeat(200)}/${"m".repeat(200)}`;
    assert.deepEqual(await paths(hostileLayer([file(name), file(long), symlink("s", name)])), [
      "l".repeat(200),
      long,
      `s -> ${name}`,
      name,
    ]);
    await assert.rejects(paths(hostileLayer([file("n".repeat(300))])), /a name longer than 255 bytes/);
    await assert.rejects(paths(hostileLayer([file("d/".repeat(2100))])), /its path is too long/);
  },
);

testWhen(
  LINUX,
  "LayerExtractor: a directory 1,300 levels deep does not run out of descriptors",
  () =>
    withDirectory(async (path) => {
      const deep = "d/".repeat(1300);
      await unpack(
        [hostileLayer([file(`${deep}f`, "x")]), hostileLayer([file("d/.wh.d"), file("d/g")])],
        `${path}/t`,
      );
      assert.deepEqual(pathsOf(`${path}/t`), ["d", "d/g"]);
    }),
);

testWhen(
  LINUX,
  "LayerExtractor: links on the way are followed inside the tree; keepDirlinks spares a link to a directory",
  () =>
    withDirectory(async (path) => {
      const lower = hostileLayer([dir("usr/lib"), symlink("lib", "/usr/lib"), symlink("up", "../../usr")]);
      const upper = hostileLayer([file("lib/a"), file("up/b"), dir("lib", { mode: 0o700 }), file("lib/c")]);
      await unpack([lower, upper], `${path}/kept`, { keepDirlinks: true });
      assert.deepEqual(pathsOf(`${path}/kept`), [
        "lib -> /usr/lib",
        "up -> ../../usr",
        "usr",
        "usr/b",
        "usr/lib",
        "usr/lib/a",
        "usr/lib/c",
      ]);
      await unpack([lower, upper], `${path}/plain`);
      assert.deepEqual(pathsOf(`${path}/plain`), [
        "lib",
        "lib/c",
        "up -> ../../usr",
        "usr",
        "usr/b",
        "usr/lib",
        "usr/lib/a",
      ]);
    }),
);

testWhen(
  ROOT,
  "LayerExtractor: ids are mapped to the host's, and ids without one are an error",
  () =>
    withDirectory(async (path) => {
      const ranges = [{ container: 0, host: 100000, size: 1000 }];
      await unpack([hostileLayer([file("f", "", { uid: 5, gid: 999 })])], `${path}/t`, {
        maps: maps(ranges),
      });
      const info = await Deno.stat(`${path}/t/f`);
      assert.deepEqual([info.uid, info.gid], [100005, 100999]);
      assert.match(describeTree(`${path}/t`, { maps: maps(ranges) })[1]!, /"f" 100644 5:999 /);
      const outside = hostileLayer([file("f", "", { uid: 1000 })]);
      await assert.rejects(
        unpack([outside], `${path}/u`, { maps: maps(ranges) }),
        /entry "f": user 1000 has no id on the host/,
      );
    }),
);

Deno.test("LayerExtractor on a host without the C library: what is lost is told, and nothing else is", () =>
  withDirectory(async (path) => {
    const layer = hostileLayer([
      file("d/f", "content", { uid: 7, mode: 0o640, mtimeSec: 5, mtimeNsec: 250_000_001 }),
      { name: "d/c", type: "char", mode: 0o600, devmajor: 5, devminor: 1 },
      link("d/g", "d/f"),
    ]);
    const { entries, notes } = await unpack([layer], `${path}/t`, {
      open: openPortableTree,
      rootless: false,
    });
    assert.equal(await Deno.readTextFile(`${path}/t/d/g`), "content");
    const found = new Map(entries.map((entry) => [entry.path, entry]));
    assert.deepEqual([found.get("d/f")!.uid, found.get("d/f")!.mtimeNsec], [7, 250_000_001]);
    assert.deepEqual([found.get("d/c")!.mode, found.get("d/c")!.rdev], [0o020600, 0x501]);
    assert.match(notes[0]!, /host keeps less/);
    assert.match(notes.join("\n"), /devices and FIFOs \(empty files take their places\).*1 file/);
    assert.match(notes.join("\n"), /owner: not kept for 1 file \("d\/f"\)/);
  }));

Deno.test("CVE-2026-23950, CVE-2021-37712: names that the host cannot tell apart are an error, not one file", () =>
  withDirectory(async (path) => {
    const open = (directory: string) => {
      const tree = openPortableTree(directory);
      return { ...tree, limits: { ...tree.limits, folds: true } };
    };
    for (
      const [a, b] of [["Foo", "foo"], ["caf\u00e9", "cafe\u0301"], ["stra\u00dfe", "STRASSE"], [
        "\u212a",
        "k",
      ]] as const
    ) {
      const layer = hostileLayer([symlink(a, "/etc"), dir(b), file(`${b}/passwd`, "own")]);
      await assert.rejects(
        unpack([layer], `${path}/${crypto.randomUUID()}`, { open, rootless: false }),
        /this host cannot tell it from/,
      );
    }
    const layers = [
      hostileLayer([file("Foo"), file("bar")]),
      hostileLayer([file(".wh.Foo"), file("bar", "2")]),
      hostileLayer([file("foo")]),
    ];
    await unpack(layers, `${path}/fine`, { open, rootless: false });
  }));

testWhen(
  ROOT,
  "attributes that would command the kernel's overlay are left out, and told of",
  () =>
    withDirectory(async (path) => {
      const xattrs = new Map(
        ["trusted.overlay.redirect", "user.overlay.opaque", "user.kept"].map((
          name,
        ) => [name, Uint8Array.of(0x79)]),
      );
      const { notes } = await unpack([hostileLayer([dir("d", { xattrs })])], `${path}/t`);
      const tree = openTree(`${path}/t`);
      try {
        assert.deepEqual([...tree.root.xattrs("d").keys()], ["user.kept"]);
      } finally {
        tree.root.close();
      }
      assert.deepEqual(notes, ['attributes of overlay filesystems: not kept for 1 file ("d")']);
    }),
);
