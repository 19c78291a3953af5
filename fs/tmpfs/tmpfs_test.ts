/** What is particular about tmpfs: limits, options, holes. The rest is in the contract. @module */
import assert from "node:assert/strict";
import { Volume } from "memfs";
import { O_CREAT, O_RDWR, SEEK_DATA, SEEK_HOLE } from "../abi/open.ts";
import { Statfs } from "../abi/stat.ts";
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from "../abi/open.ts";
import { Files, named, testCaller } from "../testing/mod.ts";
import { TmpfsSuper, tmpfsType } from "./mod.ts";

Deno.test("the size limit is ENOSPC, and what is removed makes room again", () => {
  const sb = new TmpfsSuper({ size: 65536 });
  const f = new Files(testCaller(sb));
  f.write("/a", new Uint8Array(60_000).fill(1));
  const file = f.open("/b", O_CREAT | O_RDWR);
  const n = file.write(new Uint8Array(20_000).fill(2), 0, 20_000);
  assert.ok(n === -28 || n < 20_000, String(n));
  file.close();
  f.unlink("/b");
  f.unlink("/a");
  assert.equal(sb.usedBytes, 0);
  f.write("/c", new Uint8Array(65536));
  const out = new Statfs();
  sb.statfs(out);
  assert.deepEqual([out.blocks, out.bfree], [16, 0]);
});

Deno.test("the limit on files is ENOSPC", () => {
  const f = new Files(testCaller(new TmpfsSuper({ inodes: 3 })));
  assert.equal(f.mkdir("/a"), 0);
  assert.equal(f.mkdir("/b"), 0);
  assert.equal(f.mkdir("/c"), "ENOSPC");
  f.rmdir("/a");
  assert.equal(f.mkdir("/c"), 0);
});

Deno.test("mount options (man 5 tmpfs)", () => {
  const caller = testCaller(new TmpfsSuper());
  const make = (...options: string[]): string => {
    const sb = tmpfsType.create(options, "tmpfs", caller);
    return typeof sb === "number" ? String(named(sb)) : sb.showOptions();
  };
  assert.equal(
    make("size=1m", "nr_inodes=10", "mode=0700", "uid=5", "gid=6"),
    "size=1024k,nr_inodes=10,mode=700,uid=5,gid=6",
  );
  assert.equal(make("size=64k"), "size=64k");
  for (const bad of ["size=x", "mode=9", "nonsense", "uid=-1"]) assert.equal(make(bad), "EINVAL", bad);
});

Deno.test("holes take no memory, are found, and can be punched", () => {
  const sb = new TmpfsSuper();
  const f = new Files(testCaller(sb));
  const file = f.open("/s", O_CREAT | O_RDWR);
  file.pwrite(new Uint8Array([1]), 0, 1, 0);
  file.pwrite(new Uint8Array([2]), 0, 1, 2 ** 40);
  assert.ok(sb.usedBytes < 200_000, String(sb.usedBytes));
  const hole = file.seek(0, SEEK_HOLE);
  assert.ok(hole > 0 && hole <= 65536);
  const data = file.seek(hole, SEEK_DATA);
  assert.ok(data > 2 ** 40 - 65536 && data <= 2 ** 40);
  assert.equal(named(file.seek(2 ** 41, SEEK_DATA)), "ENXIO");
  assert.equal(file.allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 65536), 0);
  const buf = new Uint8Array(1).fill(9);
  file.pread(buf, 0, 1, 0);
  assert.equal(buf[0], 0);
  file.close();
});

Deno.test("random operations, compared with memfs", () => {
  const f = new Files(testCaller(new TmpfsSuper()));
  const oracle = new Volume();
  let seed = 99;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * n);
  };
  const name = (): string => `/${"abc"[random(3)]}${random(2) === 0 ? "" : `/${"xy"[random(2)]}`}`;
  /** The oracle's result in our words. */
  const ask = (call: () => void): number | string => {
    try {
      call();
      return 0;
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const ours = (call: () => void): number | string => {
    try {
      call();
      return 0;
    } catch (error) {
      return /: (E[A-Z]+)$/.exec((error as Error).message)?.[1] ?? String(error);
    }
  };
  const tree = (
    list: (path: string) => string[],
    isDir: (path: string) => boolean,
    read: (path: string) => string,
    at = "/",
  ): string[] =>
    list(at).flatMap((each) => {
      const path = `${at === "/" ? "" : at}/${each}`;
      return isDir(path) ? [path, ...tree(list, isDir, read, path)] : [`${path}=${read(path)}`];
    });
  for (let i = 0; i < 3000; i++) {
    const a = name();
    const kind = random(4);
    // Where errors differ between the two (memfs follows Node's platform in some), success must agree and the trees stay alike.
    if (kind === 0) assert.equal(f.mkdir(a) === 0, ask(() => void oracle.mkdirSync(a)) === 0, `mkdir ${a}`);
    else if (kind === 1) {
      assert.equal(
        ours(() => f.write(a, `v${i}`)) === 0,
        ask(() => oracle.writeFileSync(a, `v${i}`)) === 0,
        `write ${a}`,
      );
    } else if (kind === 2) {
      assert.equal(
        f.unlink(a) === 0,
        oracle.existsSync(a) && !oracle.statSync(a).isDirectory() && ask(() => oracle.unlinkSync(a)) === 0,
        `unlink ${a}`,
      );
    } else assert.equal(f.rmdir(a) === 0, ask(() => oracle.rmdirSync(a)) === 0, `rmdir ${a}`);
  }
  const mine = tree(
    (path) => f.list(path),
    (path) => (f.stat(path).mode & 0o170000) === 0o040000,
    (path) => f.text(path),
  );
  const theirs = tree(
    (path) => (oracle.readdirSync(path) as string[]).sort(),
    (path) => oracle.statSync(path).isDirectory(),
    (path) => oracle.readFileSync(path, "utf8") as string,
  );
  assert.deepEqual(mine, theirs);
});
