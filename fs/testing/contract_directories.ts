/** Names: directories, links, listings, special files. @module */
import assert from "node:assert/strict";
import { makedev } from "../abi/device.ts";
import { isFifo, isLnk, S_IFCHR, S_IFIFO, S_IFSOCK } from "../abi/mode.ts";
import { AT_SYMLINK_NOFOLLOW, O_DIRECTORY, O_RDONLY } from "../abi/open.ts";
import type { DirStream } from "../vfs/open_file.ts";
import type { ContractCase } from "./contract.ts";
import type { Files } from "./files.ts";

function stream(f: Files, name: string): { next(): string | null; stream: DirStream; close(): void } {
  const file = f.open(name, O_RDONLY | O_DIRECTORY);
  const dir = file.dirStream();
  assert.ok(typeof dir !== "number");
  return {
    stream: dir,
    next() {
      const entry = dir.next();
      assert.ok(typeof entry !== "number");
      return entry?.name ?? null;
    },
    close: () => void file.close(),
  };
}

/** Cases. */
export const directoryCases: readonly ContractCase[] = [
  {
    name: "mkdir and rmdir",
    run(f) {
      assert.equal(f.mkdir("/t/d"), 0);
      assert.equal(f.mkdir("/t/d"), "EEXIST");
      assert.equal(f.mkdir("/t/x/y"), "ENOENT");
      assert.equal(f.mkdir("/t/e/"), 0);
      f.write("/t/d/a", "");
      assert.equal(f.rmdir("/t/d"), "ENOTEMPTY");
      assert.equal(f.unlink("/t/d"), "EISDIR");
      assert.equal(f.rmdir("/t/d/a"), "ENOTDIR");
      assert.equal(f.mkdir("/t/d/a/b"), "ENOTDIR");
      assert.equal(f.unlink("/t/d/a"), 0);
      assert.equal(f.rmdir("/t/d"), 0);
      assert.equal(f.rmdir("/t/d"), "ENOENT");
      assert.equal(f.rmdir("/t/e/."), "EINVAL");
      assert.equal(f.rmdir("/t/e/.."), "ENOTEMPTY");
      assert.deepEqual(f.list("/t"), ["e"]);
    },
  },
  {
    name: "a removed directory stays empty",
    run(f) {
      f.mkdir("/t/d");
      const open = f.open("/t/d", O_RDONLY | O_DIRECTORY);
      f.rmdir("/t/d");
      const entries = open.dirStream();
      assert.ok(typeof entries === "number" || entries.next() === null || typeof entries.next() === "number");
      open.close();
    },
  },
  {
    name: "hard links share a file",
    run(f) {
      f.write("/t/a", "one");
      assert.equal(f.link("/t/a", "/t/b"), 0);
      assert.equal(f.link("/t/a", "/t/b"), "EEXIST");
      assert.equal(f.stat("/t/a").ino, f.stat("/t/b").ino);
      assert.equal(f.stat("/t/a").nlink, 2);
      f.write("/t/b", "two");
      assert.equal(f.text("/t/a"), "two");
      f.unlink("/t/a");
      assert.equal(f.stat("/t/b").nlink, 1);
      assert.equal(f.text("/t/b"), "two");
      assert.equal(f.link("/t", "/t/c"), "EPERM");
      assert.equal(f.link("/t/none", "/t/c"), "ENOENT");
    },
  },
  {
    name: "symbolic links",
    run(f) {
      f.mkdir("/t/d");
      f.write("/t/d/a", "content");
      f.symlink("d/a", "/t/file");
      f.symlink("/t/d", "/t/dir");
      f.symlink("nowhere", "/t/broken");
      assert.equal(f.text("/t/file"), "content");
      assert.equal(f.text("/t/dir/a"), "content");
      assert.equal(f.readlink("/t/dir"), "/t/d");
      assert.equal(f.readlink("/t/d"), "EINVAL");
      assert.equal(f.opens("/t/broken"), "ENOENT");
      assert.equal(f.exists("/t/broken"), "ok");
      const stat = f.stat("/t/file", AT_SYMLINK_NOFOLLOW);
      assert.ok(isLnk(stat.mode));
      assert.equal(stat.size, 3);
      assert.equal(f.symlink("x", "/t/file"), "EEXIST");
      f.symlink("loop", "/t/loop");
      assert.equal(f.opens("/t/loop"), "ELOOP");
      assert.equal(f.unlink("/t/dir"), 0);
      assert.equal(f.text("/t/d/a"), "content");
    },
  },
  {
    name: "names: 255 bytes, UTF-8, dots, blanks",
    run(f) {
      const long = "x".repeat(255);
      const names = [long, "ünï©ødé", "…", "...", " a b ", "a\nb", "😀", "-rf", "*"];
      for (const name of names) f.write(`/t/${name}`, name);
      assert.deepEqual(f.list("/t"), [...names].sort());
      for (const name of names) assert.equal(f.text(`/t/${name}`), name);
      // The path's own parser knows the limit: no filesystem ever sees a longer name.
      for (const name of ["x".repeat(256), "é".repeat(128)]) {
        assert.throws(() => f.exists(`/t/${name}`), /ENAMETOOLONG/);
      }
    },
  },
  {
    name: "names are bytes: one that is not UTF-8 survives",
    unless: "utf8Names",
    run(f) {
      f.write("/t/bad\udcff\udc80name", "x");
      assert.deepEqual(f.list("/t"), ["bad\udcff\udc80name"]);
      assert.equal(f.text("/t/bad\udcff\udc80name"), "x");
    },
  },
  {
    name: "names differ by case",
    run(f) {
      f.write("/t/a", "lower");
      f.write("/t/A", "upper");
      assert.equal(f.text("/t/a"), "lower");
      assert.equal(f.text("/t/A"), "upper");
    },
  },
  {
    name: "FIFOs and device nodes",
    unless: "noSpecialFiles",
    run(f) {
      assert.equal(f.mknod("/t/fifo", S_IFIFO | 0o600), 0);
      assert.equal(f.mknod("/t/null", S_IFCHR | 0o666, makedev(1, 3)), 0);
      assert.equal(f.mknod("/t/sock", S_IFSOCK | 0o666), 0);
      assert.ok(isFifo(f.stat("/t/fifo").mode));
      assert.equal(f.stat("/t/null").rdev, makedev(1, 3));
      assert.equal(f.opens("/t/sock"), "ENXIO");
      assert.equal(f.unlink("/t/fifo"), 0);
    },
  },
  {
    name: "a listing neither skips nor repeats entries that stay, while others come and go",
    unless: "snapshotListing",
    run(f) {
      const stay = Array.from({ length: 50 }, (_, i) => `stay${i}`);
      for (let i = 0; i < 50; i++) {
        f.write(`/t/go${i}`, "");
        f.write(`/t/stay${i}`, "");
      }
      const listing = stream(f, "/t");
      const seen: string[] = [];
      for (let i = 0;; i++) {
        const name = listing.next();
        if (name === null) break;
        seen.push(name);
        if (i < 50) {
          if (f.exists(`/t/go${i}`) === "ok") f.unlink(`/t/go${i}`);
          f.write(`/t/come${i}`, "");
        }
      }
      listing.close();
      assert.deepEqual(seen.filter((name) => name.startsWith("stay")).sort(), [...stay].sort());
      assert.equal(new Set(seen).size, seen.length);
    },
  },
  {
    name: "a listing resumes at a cookie",
    run(f) {
      for (let i = 0; i < 20; i++) f.write(`/t/f${i}`, "");
      const listing = stream(f, "/t");
      const cookies: number[] = [0], names: string[] = [];
      for (let entry = listing.stream.next(); entry !== null; entry = listing.stream.next()) {
        assert.ok(typeof entry !== "number");
        cookies.push(entry.cookie);
        names.push(entry.name);
      }
      assert.equal(names.length, 20);
      assert.ok(cookies.every((cookie, i) => i === 0 || cookie > cookies[i - 1]!), "cookies grow");
      for (const at of [13, 0, 19, 7]) {
        listing.stream.seek(cookies[at]!);
        assert.equal(listing.next(), names[at]);
      }
      listing.stream.seek(cookies[20]!);
      assert.equal(listing.next(), null);
      listing.close();
    },
  },
  {
    name: "listings agree with stat about inode numbers",
    run(f) {
      f.write("/t/a", "");
      f.mkdir("/t/d");
      f.symlink("a", "/t/l");
      const listing = stream(f, "/t");
      for (let entry = listing.stream.next(); entry !== null; entry = listing.stream.next()) {
        assert.ok(typeof entry !== "number");
        assert.equal(f.stat(`/t/${entry.name}`, AT_SYMLINK_NOFOLLOW).ino, entry.ino);
      }
      listing.close();
    },
  },
];
