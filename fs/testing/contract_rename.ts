/** rename(2) in all its cases. @module */
import assert from "node:assert/strict";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../abi/open.ts";
import type { ContractCase } from "./contract.ts";

/** Cases. */
export const renameCases: readonly ContractCase[] = [
  {
    name: "rename moves files and directories",
    run(f) {
      f.mkdir("/t/d");
      f.mkdir("/t/e");
      f.write("/t/d/a", "content");
      const { ino } = f.stat("/t/d/a");
      assert.equal(f.rename("/t/d/a", "/t/e/b"), 0);
      assert.equal(f.exists("/t/d/a"), "ENOENT");
      assert.equal(f.text("/t/e/b"), "content");
      assert.equal(f.stat("/t/e/b").ino, ino);
      assert.equal(f.rename("/t/e", "/t/d/moved"), 0);
      assert.equal(f.text("/t/d/moved/b"), "content");
      assert.deepEqual(f.list("/t"), ["d"]);
      assert.equal(f.rename("/t/none", "/t/x"), "ENOENT");
      assert.equal(f.rename("/t/d", "/t/none/x"), "ENOENT");
    },
  },
  {
    name: "rename replaces files",
    run(f) {
      f.write("/t/a", "new");
      f.write("/t/b", "old");
      const open = f.open("/t/b");
      assert.equal(f.rename("/t/a", "/t/b"), 0);
      assert.equal(f.text("/t/b"), "new");
      assert.deepEqual(f.list("/t"), ["b"]);
      const buf = new Uint8Array(3);
      assert.equal(open.read(buf, 0, 3), 3);
      assert.equal(new TextDecoder().decode(buf), "old");
      open.close();
      f.symlink("b", "/t/l");
      assert.equal(f.rename("/t/b", "/t/l"), 0);
      assert.equal(f.readlink("/t/l"), "EINVAL");
    },
  },
  {
    name: "rename replaces empty directories only, and only with directories",
    run(f) {
      f.mkdir("/t/d");
      f.mkdir("/t/empty");
      f.mkdir("/t/full");
      f.write("/t/full/x", "");
      f.write("/t/file", "");
      assert.equal(f.rename("/t/d", "/t/full"), "ENOTEMPTY");
      assert.equal(f.rename("/t/file", "/t/empty"), "EISDIR");
      assert.equal(f.rename("/t/d", "/t/file"), "ENOTDIR");
      assert.equal(f.rename("/t/full", "/t/empty"), 0);
      assert.deepEqual(f.list("/t"), ["d", "empty", "file"]);
      assert.deepEqual(f.list("/t/empty"), ["x"]);
    },
  },
  {
    name: "rename refuses a directory's own subtree, dots and itself without harm",
    run(f) {
      f.mkdir("/t/d");
      f.mkdir("/t/d/e");
      assert.equal(f.rename("/t/d", "/t/d/e/x"), "EINVAL");
      assert.equal(f.rename("/t/d/e", "/t/d"), "ENOTEMPTY");
      assert.equal(f.rename("/t/d/.", "/t/x"), "EBUSY");
      assert.equal(f.rename("/t/d", "/t/d/.."), "EBUSY");
      assert.equal(f.rename("/t/d", "/t/d"), 0);
      f.write("/t/a", "same");
      f.link("/t/a", "/t/b");
      assert.equal(f.rename("/t/a", "/t/b"), 0); // two names of one file: both stay (man 2 rename)
      assert.deepEqual(f.list("/t"), ["a", "b", "d"]);
      assert.equal(f.rename("/t/a/", "/t/c"), "ENOTDIR");
      assert.equal(f.rename("/t/d", "/t/moved/"), 0);
      assert.equal(f.exists("/t/moved/e"), "ok");
    },
  },
  {
    name: "RENAME_NOREPLACE",
    run(f) {
      f.write("/t/a", "a");
      f.write("/t/b", "b");
      assert.equal(f.rename("/t/a", "/t/b", RENAME_NOREPLACE), "EEXIST");
      assert.equal(f.text("/t/b"), "b");
      assert.equal(f.rename("/t/a", "/t/c", RENAME_NOREPLACE), 0);
      assert.equal(f.text("/t/c"), "a");
    },
  },
  {
    name: "RENAME_EXCHANGE",
    unless: "noExchange",
    run(f) {
      f.write("/t/a", "file");
      f.mkdir("/t/d");
      f.write("/t/d/x", "inside");
      assert.equal(f.rename("/t/a", "/t/none", RENAME_EXCHANGE), "ENOENT");
      assert.equal(f.rename("/t/a", "/t/d", RENAME_EXCHANGE), 0);
      assert.equal(f.text("/t/d"), "file");
      assert.equal(f.text("/t/a/x"), "inside");
      assert.equal(f.rename("/t/a", "/t/d", RENAME_EXCHANGE | RENAME_NOREPLACE), "EINVAL");
    },
  },
  {
    name: "a directory stays usable through its old descriptor after a rename",
    run(f) {
      f.mkdir("/t/d");
      f.write("/t/d/a", "x");
      f.rename("/t/d", "/t/e");
      f.mkdir("/t/d");
      assert.deepEqual(f.list("/t/d"), []);
      assert.deepEqual(f.list("/t/e"), ["a"]);
    },
  },
];
