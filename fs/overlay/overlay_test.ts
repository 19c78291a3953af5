/** What is particular about overlays: copy-up, whiteouts, merged directories. The rest is in the contract. @module */
import assert from "node:assert/strict";
import { O_RDONLY, O_RDWR, O_WRONLY } from "../abi/open.ts";
import { LayerfsSuper, LayerIndexBuilder, MemoryBlob } from "../layerfs/mod.ts";
import { Files, testCaller } from "../testing/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";
import { fchmod, type Inode } from "../vfs/mod.ts";
import { isWhiteout } from "./marks.ts";
import { OverlaySuper } from "./super.ts";

interface Made {
  readonly f: Files;
  readonly upper: TmpfsSuper;
}

/** An overlay over lower trees that the functions fill, the topmost first. */
function overlay(...fill: ((f: Files) => void)[]): Made {
  const lowers = fill.map((each) => {
    const sb = new TmpfsSuper();
    each(new Files(testCaller(sb)));
    return sb.root;
  });
  const upper = new TmpfsSuper();
  return { f: new Files(testCaller(new OverlaySuper({ lowers, upper: upper.root }))), upper };
}

const base = (f: Files): void => {
  f.mkdir("/d");
  f.write("/d/a", "lower a");
  f.write("/d/b", "lower b");
  f.mkdir("/d/sub");
  f.write("/d/sub/x", "x");
  f.symlink("d/a", "/link");
  f.write("/one", "shared");
  f.link("/one", "/two");
};

/** Names in the upper tree, whiteouts with a "-" in front. */
function upperNames(upper: TmpfsSuper, path = "/"): string[] {
  const f = new Files(testCaller(upper));
  return f.list(path).map((name) => {
    const at = path.split("/").filter((part) => part !== "").reduce<typeof upper.root>(
      (dir, part) => dir.lookup(part) as typeof upper.root,
      upper.root,
    );
    const inode = at.lookup(name);
    return typeof inode !== "number" && isWhiteout(inode) ? `-${name}` : name;
  });
}

Deno.test("nothing is copied up by looking", () => {
  const { f, upper } = overlay(base);
  assert.equal(f.text("/d/a"), "lower a");
  f.list("/d");
  f.stat("/d/sub/x");
  assert.deepEqual(upperNames(upper), []);
});

Deno.test("copying up is not seen in the times of the directory above", () => {
  const { f, upper } = overlay((l) => {
    l.mkdir("/d");
    l.write("/d/a", "a");
  });
  upper.root.setattr({ mtime: { sec: 5, nsec: 6 } });
  const before = f.stat("/d");
  f.write("/d/a", "b");
  const after = f.stat("/d"), root = f.stat("/");
  assert.deepEqual([after.mtimeSec, after.mtimeNsec], [before.mtimeSec, before.mtimeNsec]);
  assert.deepEqual([root.mtimeSec, root.mtimeNsec], [5, 6]);
});

Deno.test("the first write copies up, with mode, owner and times; the inode number stays", () => {
  const { f, upper } = overlay((l) => {
    l.mkdir("/d", 0o711);
    l.write("/d/a", "content", 0o600);
  });
  const before = f.stat("/d/a");
  const file = f.open("/d/a", O_RDWR);
  file.pwrite(new TextEncoder().encode("C"), 0, 1, 0);
  file.close();
  assert.equal(f.text("/d/a"), "Content");
  const after = f.stat("/d/a");
  assert.deepEqual([after.ino, after.mode, after.dev], [before.ino, before.mode, before.dev]);
  assert.deepEqual(upperNames(upper, "/d"), ["a"]);
  assert.equal(f.stat("/d").mode & 0o777, 0o711);
});

Deno.test("a file opened for reading before a copy-up reads what was written after it", () => {
  const { f } = overlay(base);
  const reader = f.open("/d/a", O_RDONLY);
  f.write("/d/a", "upper");
  const buf = new Uint8Array(16);
  assert.equal(reader.read(buf, 0, 16), 5);
  assert.equal(new TextDecoder().decode(buf.subarray(0, 5)), "upper");
  reader.close();
});

Deno.test("removing a lower file leaves a whiteout; making it again takes that away", () => {
  const { f, upper } = overlay(base);
  assert.equal(f.unlink("/d/a"), 0);
  assert.equal(f.exists("/d/a"), "ENOENT");
  assert.deepEqual(f.list("/d"), ["b", "sub"]);
  assert.deepEqual(upperNames(upper, "/d"), ["-a"]);
  f.write("/d/a", "again");
  assert.deepEqual(upperNames(upper, "/d"), ["a"]);
  assert.equal(f.unlink("/d/a"), 0);
  assert.equal(f.exists("/d/a"), "ENOENT");
});

Deno.test("a directory made in place of a removed one is empty", () => {
  const { f } = overlay(base);
  assert.equal(f.rmdir("/d/sub"), "ENOTEMPTY");
  f.unlink("/d/sub/x");
  assert.equal(f.rmdir("/d/sub"), 0);
  assert.equal(f.mkdir("/d/sub"), 0);
  assert.deepEqual(f.list("/d/sub"), []);
  f.write("/d/sub/y", "");
  assert.deepEqual(f.list("/d/sub"), ["y"]);
});

Deno.test("a merged directory can be renamed with all that is in it, and its old name is free", () => {
  const { f, upper } = overlay(base);
  f.write("/d/new", "new");
  assert.equal(f.rename("/d", "/moved"), 0);
  assert.deepEqual(f.list("/moved"), ["a", "b", "new", "sub"]);
  assert.equal(f.text("/moved/sub/x"), "x");
  assert.equal(f.exists("/d"), "ENOENT");
  assert.deepEqual(upperNames(upper), ["-d", "moved"]);
  assert.equal(f.mkdir("/d"), 0);
  assert.deepEqual(f.list("/d"), []);
  // Back onto a name that a lower tree has: nothing of that shines through.
  assert.equal(f.rename("/moved/sub", "/d/sub"), 0);
  assert.deepEqual(f.list("/d"), ["sub"]);
  assert.deepEqual(f.list("/d/sub"), ["x"]);
});

Deno.test("hard links of a lower tree stay one file", () => {
  const { f } = overlay(base);
  const { ino } = f.stat("/one");
  f.write("/two", "changed");
  assert.equal(f.text("/one"), "changed");
  assert.deepEqual([f.stat("/one").ino, f.stat("/two").ino, f.stat("/one").nlink], [ino, ino, 2]);
  f.unlink("/two");
  assert.equal(f.text("/one"), "changed");
  assert.equal(f.stat("/one").nlink, 1);
  f.link("/one", "/three");
  assert.equal(f.stat("/three").nlink, 2);
  f.unlink("/one");
  f.unlink("/three");
  assert.equal(f.exists("/one"), "ENOENT");
});

Deno.test("several lower trees: the topmost counts, whiteouts and opaque directories hide", () => {
  const top = (l: Files): void => {
    l.mkdir("/d");
    l.write("/d/a", "top");
    l.mknod("/d/b", 0o020000, 0);
    l.write("/only-top", "");
  };
  const { f } = overlay(top, base);
  assert.deepEqual(f.list("/d"), ["a", "sub"]);
  assert.equal(f.text("/d/a"), "top");
  assert.deepEqual(f.list("/"), ["d", "link", "one", "only-top", "two"]);
});

Deno.test("a listing under way does not lose what is copied up meanwhile", () => {
  const { f } = overlay((l) => {
    for (let i = 0; i < 30; i++) l.write(`/f${i}`, "");
  });
  const dir = f.open("/", O_RDONLY);
  const stream = dir.dirStream();
  assert.ok(typeof stream !== "number");
  const seen: string[] = [];
  for (let entry = stream.next(); entry !== null; entry = stream.next()) {
    assert.ok(typeof entry !== "number");
    seen.push(entry.name);
    for (let i = 0; i < 30; i += 7) f.write(`/f${i}`, "copied up");
    f.write("/fresh", "");
  }
  assert.deepEqual(
    seen.filter((name) => name !== "fresh").sort(),
    Array.from({ length: 30 }, (_, i) => `f${i}`).sort(),
  );
  dir.close();
});

Deno.test("a guest sees nothing of overlay's own marks, and cannot make them", () => {
  const { f } = overlay(base);
  assert.equal(f.mknod("/fake", 0o020666, 0), "EPERM");
  f.unlink("/d/a");
  assert.equal(f.opens("/d/a"), "ENOENT");
});

Deno.test("without an upper tree everything is EROFS", () => {
  const lower = new TmpfsSuper();
  const l = new Files(testCaller(lower));
  base(l);
  const f = new Files(testCaller(new OverlaySuper({ lowers: [lower.root] })));
  assert.equal(f.text("/d/a"), "lower a");
  assert.equal(f.opens("/d/a", O_WRONLY), "EROFS");
  assert.deepEqual([f.mkdir("/x"), f.unlink("/d/a"), f.rename("/d", "/e"), f.symlink("a", "/b")], [
    "EROFS",
    "EROFS",
    "EROFS",
    "EROFS",
  ]);
});

Deno.test("a full upper tree: a copy-up that fails leaves the file as it was", () => {
  const lower = new TmpfsSuper();
  new Files(testCaller(lower)).write("/big", new Uint8Array(500_000).fill(7));
  const f = new Files(
    testCaller(new OverlaySuper({ lowers: [lower.root], upper: new TmpfsSuper({ size: 65536 }).root })),
  );
  assert.equal(f.opens("/big", O_WRONLY), "ENOSPC");
  assert.deepEqual(f.bytes("/big"), new Uint8Array(500_000).fill(7));
  assert.deepEqual(f.list("/"), ["big"]);
});

Deno.test("a lower file that has lost its name can still be changed through its descriptors", () => {
  const { f } = overlay(base);
  const one = f.open("/d/a", O_RDONLY), two = f.open("/d/a", O_RDONLY);
  f.unlink("/d/a");
  assert.equal(fchmod(f.caller, one, 0o600), 0);
  one.close();
  const buf = new Uint8Array(16);
  assert.equal(two.read(buf, 0, 16), 7);
  assert.equal(new TextDecoder().decode(buf.subarray(0, 7)), "lower a");
  two.close();
});

Deno.test("a layer that only names something in a directory leaves the directory's attributes to the layer below", () => {
  const layer = (build: (b: LayerIndexBuilder) => void): LayerfsSuper => {
    const builder = new LayerIndexBuilder();
    build(builder);
    return new LayerfsSuper({ index: builder.build(0), blob: new MemoryBlob(new Uint8Array(0)) });
  };
  const attributes = { uid: 5, gid: 6, mtimeSec: 7, mtimeNsec: 0 };
  const file = { mode: 0o100644, ...attributes };
  const below = layer((b) => b.add("tmp", { mode: 0o041777, ...attributes }));
  const above = layer((b) => b.add("tmp/new/x", file));
  const upper = new TmpfsSuper();
  const merged = new OverlaySuper({ lowers: [above.root, below.root], upper: upper.root });
  const f = new Files(testCaller(merged));
  const { mode, uid, mtimeSec } = f.stat("/tmp");
  assert.deepEqual([mode, uid, mtimeSec], [0o041777, 5, 7]);
  assert.equal(f.stat("/tmp/new").mode, 0o040755);
  f.write("/tmp/y", "y"); // copied up with the attributes it shows
  assert.equal(f.stat("/tmp").mode, 0o041777);
  assert.deepEqual(f.list("/tmp"), ["new", "y"]);
  assert.deepEqual((merged.root.lookup("tmp") as Inode).listxattr(), []);
});
