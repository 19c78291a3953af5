import assert from "node:assert/strict";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../fs/abi/mode.ts";
import { makedev } from "../fs/abi/device.ts";
import { bytesToName } from "../fs/abi/name.ts";
import { LayerfsSuper, LayerIndexBuilder, MemoryBlob } from "../fs/layerfs/mod.ts";
import { listFiles, listingLine, modeText, quoteName } from "./list_files.ts";

Deno.test("modeText() writes modes as ls does", () => {
  const cases: [number, string][] = [
    [S_IFREG | 0o644, "-rw-r--r--"],
    [S_IFDIR | 0o1777, "drwxrwxrwt"],
    [S_IFDIR | 0o1776, "drwxrwxrwT"],
    [S_IFREG | 0o4755, "-rwsr-xr-x"],
    [S_IFREG | 0o4644, "-rwSr--r--"],
    [S_IFREG | 0o2711, "-rwx--s--x"],
    [S_IFREG | 0o2701, "-rwx--S--x"],
    [S_IFLNK | 0o777, "lrwxrwxrwx"],
    [S_IFCHR, "c---------"],
    [S_IFBLK, "b---------"],
    [S_IFIFO, "p---------"],
    [S_IFSOCK, "s---------"],
  ];
  for (const [mode, expected] of cases) assert.equal(modeText(mode), expected);
});

Deno.test("quoteName() leaves no byte that could command a terminal or end the line", () => {
  assert.equal(quoteName("/a b/ü/文"), "/a b/ü/文");
  assert.equal(quoteName("a\nb\x1b[2J\\"), "a\\012b\\033[2J\\\\");
  assert.equal(quoteName(bytesToName(new Uint8Array([0x61, 0xff, 0xfe]))), "a\\377\\376");
  assert.equal(quoteName("a\u202eb\x9b"), "a\\342\\200\\256b\\302\\233");
});

Deno.test("listingLine() writes sizes, device numbers, targets and times outside any calendar", () => {
  const file = {
    path: "/x",
    mode: S_IFREG | 0o600,
    uid: 1000,
    gid: 5,
    size: 1234567,
    rdev: 0,
    mtimeSec: 86399,
  };
  assert.equal(listingLine(file), "-rw------- 1000/5      1234567 1970-01-01 23:59 /x");
  assert.equal(
    listingLine({ ...file, mode: S_IFCHR | 0o666, rdev: makedev(1, 3) }),
    "crw-rw-rw- 1000/5          1,3 1970-01-01 23:59 /x",
  );
  assert.match(listingLine({ ...file, mode: S_IFLNK | 0o777, target: "a\nb" }), /\/x -> a\\012b$/);
  assert.match(listingLine({ ...file, mtimeSec: 2 ** 50 }), / @1125899906842624 \/x$/);
  assert.match(listingLine({ ...file, mtimeSec: 253402300800 }), / \+010000-01-01 00:00 \/x$/);
});

Deno.test("listFiles() walks directories in order, however deep", () => {
  const builder = new LayerIndexBuilder();
  const common = { uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0 };
  const deep = Array(1500).fill("d").join("/");
  builder.add(deep, { ...common, mode: S_IFDIR | 0o755 });
  builder.add("b", { ...common, mode: S_IFREG | 0o644, size: 0, offset: 0 });
  builder.add("z", { ...common, mode: S_IFLNK | 0o777, target: "b" });
  const sb = new LayerfsSuper({ index: builder.build(0), blob: new MemoryBlob(new Uint8Array(0)) });
  const files = [...listFiles(sb.root)];
  sb.shutdown();
  assert.equal(files.length, 1502);
  assert.deepEqual([files[0]!.path, files[1]!.path, files.at(-1)!.path], ["/b", "/d", "/z"]);
  assert.equal(files.at(-1)!.target, "b");
  assert.equal(files.at(-2)!.path, `/${deep}`);
});
