/** Attributes: modes, owners, times, links, extended attributes. @module */
import assert from "node:assert/strict";
import { S_IFMT } from "../abi/mode.ts";
import { AT_SYMLINK_NOFOLLOW, O_RDONLY, O_WRONLY } from "../abi/open.ts";
import { XATTR_CREATE, XATTR_REPLACE } from "../abi/xattr.ts";
import { Stat } from "../abi/stat.ts";
import {
  chmodAt,
  chownAt,
  fstat,
  getxattrAt,
  listxattrAt,
  removexattrAt,
  setxattrAt,
  utimensAt,
} from "../vfs/mod.ts";
import type { ContractCase } from "./contract.ts";
import { named, path } from "./files.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Cases. */
export const attributeCases: readonly ContractCase[] = [
  {
    name: "modes: the umask takes bits away, chmod sets them",
    run(f) {
      f.write("/t/a", "", 0o666);
      assert.equal(f.stat("/t/a").mode & ~S_IFMT, 0o644);
      f.mkdir("/t/d", 0o777);
      assert.equal(f.stat("/t/d").mode & ~S_IFMT, 0o755);
      assert.equal(named(chmodAt(f.caller, null, path("/t/a"), 0o4751, 0)), 0);
      assert.equal(f.stat("/t/a").mode & ~S_IFMT, 0o4751);
      assert.equal(named(chmodAt(f.caller, null, path("/t/none"), 0o600, 0)), "ENOENT");
    },
  },
  {
    name: "owners",
    unless: "noOwners",
    run(f) {
      f.write("/t/a", "");
      assert.equal(named(chownAt(f.caller, null, path("/t/a"), 1000, 100, 0)), 0);
      assert.deepEqual([f.stat("/t/a").uid, f.stat("/t/a").gid], [1000, 100]);
      assert.equal(named(chownAt(f.caller, null, path("/t/a"), -1, 200, 0)), 0);
      assert.deepEqual([f.stat("/t/a").uid, f.stat("/t/a").gid], [1000, 200]);
    },
  },
  {
    name: "owners of a link itself",
    unless: "noLinkTimes",
    run(f) {
      f.write("/t/a", "");
      f.symlink("a", "/t/l");
      assert.equal(named(chownAt(f.caller, null, path("/t/l"), 5, 6, AT_SYMLINK_NOFOLLOW)), 0);
      assert.equal(f.stat("/t/l", AT_SYMLINK_NOFOLLOW).uid, 5);
      assert.equal(f.stat("/t/a").uid, 0);
    },
  },
  {
    name: "times can be set, and are told exactly",
    run(f) {
      f.write("/t/a", "");
      const at = { sec: 981_173_106, nsec: 123_000_000 };
      assert.equal(named(utimensAt(f.caller, null, path("/t/a"), at, { sec: 5, nsec: 0 }, 0)), 0);
      const stat = f.stat("/t/a");
      assert.deepEqual([stat.atimeSec, stat.atimeNsec], [at.sec, at.nsec]);
      assert.deepEqual([stat.mtimeSec, stat.mtimeNsec], [5, 0]);
      assert.equal(named(utimensAt(f.caller, null, path("/t/a"), "omit", { sec: 7, nsec: 0 }, 0)), 0);
      assert.deepEqual([f.stat("/t/a").atimeSec, f.stat("/t/a").mtimeSec], [at.sec, 7]);
    },
  },
  {
    name: "times have nanoseconds",
    unless: "millisecondTimes",
    run(f) {
      f.write("/t/a", "");
      const at = { sec: -3, nsec: 987_654_321 };
      utimensAt(f.caller, null, path("/t/a"), at, at, 0);
      assert.deepEqual([f.stat("/t/a").mtimeSec, f.stat("/t/a").mtimeNsec], [at.sec, at.nsec]);
    },
  },
  {
    name: "times of a link itself",
    unless: "noLinkTimes",
    run(f) {
      f.write("/t/a", "");
      f.symlink("a", "/t/l");
      const before = f.stat("/t/a").mtimeSec;
      assert.equal(
        named(utimensAt(f.caller, null, path("/t/l"), "omit", { sec: 9, nsec: 0 }, AT_SYMLINK_NOFOLLOW)),
        0,
      );
      assert.equal(f.stat("/t/l", AT_SYMLINK_NOFOLLOW).mtimeSec, 9);
      assert.equal(f.stat("/t/a").mtimeSec, before);
    },
  },
  {
    name: "changes move mtime and ctime, of the file or of its directory",
    run(f) {
      f.write("/t/a", "x");
      const old = { sec: 1000, nsec: 0 };
      utimensAt(f.caller, null, path("/t/a"), old, old, 0);
      utimensAt(f.caller, null, path("/t"), old, old, 0);
      const file = f.open("/t/a", O_WRONLY);
      file.write(bytes("y"), 0, 1);
      file.close();
      assert.ok(f.stat("/t/a").mtimeSec > 1000, "a write moves mtime");
      assert.equal(f.stat("/t").mtimeSec, 1000, "a write leaves the directory alone");
      f.write("/t/b", "");
      assert.ok(f.stat("/t").mtimeSec > 1000, "a new name moves the directory's mtime");
    },
  },
  {
    name: "link counts of directories and files",
    run(f) {
      f.write("/t/a", "");
      f.link("/t/a", "/t/b");
      const open = f.open("/t/a", O_RDONLY);
      f.unlink("/t/a");
      f.unlink("/t/b");
      const stat = new Stat();
      fstat(open, stat);
      assert.equal(stat.nlink, 0);
      open.close();
    },
  },
  {
    name: "extended attributes",
    unless: "noXattrs",
    run(f) {
      f.write("/t/a", "");
      const set = (name: string, value: string, flags = 0): number | string =>
        named(setxattrAt(f.caller, null, path("/t/a"), name, bytes(value), flags, true));
      const get = (name: string): string => {
        const value = getxattrAt(f.caller, null, path("/t/a"), name, true);
        return typeof value === "number" ? String(named(value)) : new TextDecoder().decode(value);
      };
      assert.equal(set("user.one", "1"), 0);
      assert.equal(set("user.one", "2", XATTR_CREATE), "EEXIST");
      assert.equal(set("user.two", "2", XATTR_REPLACE), "ENODATA");
      assert.equal(set("user.one", "changed", XATTR_REPLACE), 0);
      assert.equal(set("user.empty", ""), 0);
      assert.equal(get("user.one"), "changed");
      assert.equal(get("user.empty"), "");
      assert.equal(get("user.none"), "ENODATA");
      assert.deepEqual([...listxattrAt(f.caller, null, path("/t/a"), true) as readonly string[]].sort(), [
        "user.empty",
        "user.one",
      ]);
      assert.equal(named(removexattrAt(f.caller, null, path("/t/a"), "user.one", true)), 0);
      assert.equal(named(removexattrAt(f.caller, null, path("/t/a"), "user.one", true)), "ENODATA");
      assert.equal(set("nonsense", "x"), "EOPNOTSUPP");
    },
  },
];
