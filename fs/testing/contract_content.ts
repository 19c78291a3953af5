/** Content: opening, reading, writing, positions, sizes, holes, files without a name. @module */
import assert from "node:assert/strict";
import {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from "../abi/open.ts";
import { fstat, ftruncate, truncateAt } from "../vfs/mod.ts";
import { Stat } from "../abi/stat.ts";
import type { ContractCase } from "./contract.ts";
import { named, path } from "./files.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A block of bytes that differ by place. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8)) & 0xff);
}

/** Cases. */
export const contentCases: readonly ContractCase[] = [
  {
    name: "open flags (man 2 open)",
    run(f) {
      assert.equal(f.opens("/t/a"), "ENOENT");
      assert.equal(f.opens("/t/a", O_CREAT | O_WRONLY), "ok");
      assert.equal(f.opens("/t/a", O_CREAT | O_EXCL | O_WRONLY), "EEXIST");
      assert.equal(f.opens("/t/a", O_DIRECTORY), "ENOTDIR");
      assert.equal(f.opens("/t", O_WRONLY), "EISDIR");
      assert.equal(f.opens("/t", O_DIRECTORY), "ok");
      assert.equal(f.opens("/t/a/", O_RDONLY), "ENOTDIR");
      assert.equal(f.opens("/t/new/", O_CREAT | O_WRONLY), "EISDIR");
      assert.equal(f.opens("/t/none/b", O_CREAT | O_WRONLY), "ENOENT");
      assert.equal(f.opens("/t/a/b", O_CREAT | O_WRONLY), "ENOTDIR");
      f.symlink("a", "/t/link");
      assert.equal(f.opens("/t/link", O_NOFOLLOW), "ELOOP");
      assert.equal(f.opens("/t/link", O_NOFOLLOW | O_PATH), "ok");
      assert.equal(f.opens("/t/link", O_CREAT | O_EXCL | O_WRONLY), "EEXIST");
      f.symlink("made", "/t/dangling");
      assert.equal(f.opens("/t/dangling", O_CREAT | O_WRONLY), "ok");
      assert.equal(f.exists("/t/made"), "ok");
    },
  },
  {
    name: "reading and writing at positions",
    run(f) {
      const file = f.open("/t/a", O_CREAT | O_RDWR);
      assert.equal(file.write(bytes("hello world"), 0, 11), 11);
      assert.equal(file.pwrite(bytes("HE"), 0, 2, 0), 2);
      const buf = new Uint8Array(16);
      assert.equal(file.pread(buf, 3, 5, 0), 5);
      assert.equal(new TextDecoder().decode(buf.subarray(3, 8)), "HEllo");
      assert.equal(file.seek(0, SEEK_CUR), 11);
      assert.equal(file.seek(-5, SEEK_END), 6);
      assert.equal(file.read(buf, 0, 16), 5);
      assert.equal(file.read(buf, 0, 16), 0);
      assert.equal(named(file.seek(-1, SEEK_SET)), "EINVAL");
      assert.equal(named(file.pread(buf, 0, 1, -1)), "EINVAL");
      assert.equal(file.pread(buf, 0, 16, 1000), 0);
      file.close();
      const reader = f.open("/t/a");
      assert.equal(named(reader.write(buf, 0, 1)), "EBADF");
      reader.close();
      const writer = f.open("/t/a", O_WRONLY);
      assert.equal(named(writer.read(buf, 0, 1)), "EBADF");
      writer.close();
    },
  },
  {
    name: "large content across block borders",
    run(f) {
      const data = pattern(300_001);
      f.write("/t/a", data);
      assert.deepEqual(f.bytes("/t/a"), data);
      const file = f.open("/t/a", O_RDWR);
      const part = pattern(9000).reverse();
      for (const at of [0, 4095, 65_530, 131_072, 299_990]) {
        assert.equal(file.pwrite(part, 0, part.length, at), part.length);
        const copy = new Uint8Array(part.length);
        assert.equal(file.pread(copy, 0, copy.length, at), copy.length);
        assert.deepEqual(copy, part);
      }
      file.close();
      assert.equal(f.stat("/t/a").size, 299_990 + 9000);
    },
  },
  {
    name: "O_APPEND writes at the end, wherever it is",
    run(f) {
      f.write("/t/a", "one");
      const one = f.open("/t/a", O_WRONLY | O_APPEND), two = f.open("/t/a", O_WRONLY | O_APPEND);
      one.write(bytes("two"), 0, 3);
      two.write(bytes("three"), 0, 5);
      one.seek(0, SEEK_SET);
      one.write(bytes("!"), 0, 1);
      one.close();
      two.close();
      assert.equal(f.text("/t/a"), "onetwothree!");
    },
  },
  {
    name: "O_TRUNC, truncate and ftruncate",
    run(f) {
      f.write("/t/a", pattern(70_000));
      assert.equal(named(truncateAt(f.caller, null, path("/t/a"), 10)), 0);
      assert.equal(f.stat("/t/a").size, 10);
      const file = f.open("/t/a", O_RDWR);
      assert.equal(named(ftruncate(f.caller, file, 5000)), 0);
      file.close();
      const content = f.bytes("/t/a");
      assert.deepEqual(content.subarray(0, 10), pattern(10));
      assert.ok(content.subarray(10).every((byte) => byte === 0), "what a truncate adds is zeros");
      f.open("/t/a", O_WRONLY | O_TRUNC).close();
      assert.equal(f.stat("/t/a").size, 0);
      assert.equal(named(truncateAt(f.caller, null, path("/t"), 0)), "EISDIR");
    },
  },
  {
    name: "a hole reads as zeros",
    run(f) {
      const file = f.open("/t/a", O_CREAT | O_RDWR);
      assert.equal(file.pwrite(bytes("end"), 0, 3, 1_000_000), 3);
      const buf = new Uint8Array(8).fill(1);
      assert.equal(file.pread(buf, 0, 8, 500_000), 8);
      assert.deepEqual(buf, new Uint8Array(8));
      assert.equal(file.pread(buf, 0, 8, 999_998), 5);
      assert.equal(new TextDecoder().decode(buf.subarray(0, 5)), "\0\0end");
      file.close();
      assert.equal(f.stat("/t/a").size, 1_000_003);
    },
  },
  {
    name: "an open file outlives its name",
    run(f) {
      f.write("/t/a", "still here");
      const file = f.open("/t/a", O_RDWR);
      assert.equal(f.unlink("/t/a"), 0);
      assert.equal(f.exists("/t/a"), "ENOENT");
      file.write(bytes("STILL"), 0, 5);
      const buf = new Uint8Array(10);
      assert.equal(file.pread(buf, 0, 10, 0), 10);
      assert.equal(new TextDecoder().decode(buf), "STILL here");
      const stat = new Stat();
      assert.equal(fstat(file, stat), 0);
      assert.equal(stat.nlink, 0);
      f.write("/t/a", "another");
      assert.equal(f.text("/t/a"), "another");
      file.close();
    },
  },
  {
    name: "a reader sees what a writer writes, whichever was first",
    run(f) {
      f.write("/t/a", "before");
      const reader = f.open("/t/a");
      const writer = f.open("/t/a", O_WRONLY);
      writer.write(bytes("AFTER"), 0, 5);
      const buf = new Uint8Array(6);
      assert.equal(reader.read(buf, 0, 6), 6);
      assert.equal(new TextDecoder().decode(buf), "AFTERe");
      reader.close();
      writer.close();
    },
  },
  {
    name: "O_TMPFILE makes a file without a name",
    unless: "noTmpfile",
    run(f) {
      const file = f.open("/t", O_TMPFILE | O_RDWR, 0o600);
      file.write(bytes("x"), 0, 1);
      const stat = new Stat();
      fstat(file, stat);
      assert.equal(stat.nlink, 0);
      assert.equal(stat.size, 1);
      assert.deepEqual(f.list("/t"), []);
      file.close();
    },
  },
  {
    name: "allocating grows a file",
    run(f) {
      const file = f.open("/t/a", O_CREAT | O_RDWR);
      assert.equal(named(file.allocate(0, 0, 10_000)), 0);
      file.close();
      assert.equal(f.stat("/t/a").size, 10_000);
    },
  },
];
