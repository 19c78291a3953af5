/** Volumes as mounts: whose files they are. @module */
import assert from "node:assert/strict";
import { Volume } from "memfs";
import { O_RDONLY, O_RDWR } from "../abi/open.ts";
import { testCaller, userCred } from "../testing/caller.ts";
import { Files } from "../testing/files.ts";
import { MemfsSuper } from "./mod.ts";

Deno.test("memfs: permission is the container's users', not this process's", () => {
  const sb = new MemfsSuper({ volume: new Volume() });
  const root = new Files(testCaller(sb)), user = new Files(testCaller(sb, userCred(1000)));
  root.mkdir("/home", 0o755);
  assert.equal(user.mkdir("/home/x"), "EACCES");
  const home = sb.root.lookup("home");
  assert.ok(typeof home !== "number");
  assert.equal(home.setattr({ uid: 1000, gid: 1000, mode: 0o700 }), 0);
  assert.equal(user.mkdir("/home/x"), 0);
  user.write("/home/x/file", "the user's", 0o400);
  const { uid, gid, mode } = user.stat("/home/x/file");
  assert.deepEqual([uid, gid, mode & 0o7777], [1000, 1000, 0o400]);
  assert.equal(user.opens("/home/x/file", O_RDWR), "EACCES");
  assert.equal(user.opens("/home/x/file", O_RDONLY), "ok");
  // Root passes, whatever the mode (man 7 capabilities, CAP_DAC_OVERRIDE).
  root.write("/home/x/file", "root's");
  assert.equal(root.rename("/home/x/file", "/home/moved"), 0);
  assert.equal(root.text("/home/moved"), "root's");
  assert.equal(root.stat("/home/moved").uid, 1000);
});

Deno.test("memfs: owners are the same in all mounts of a volume, until they are changed in the volume", () => {
  const volume = Volume.fromJSON({ "/file": "x", "/other": "y" });
  const one = new MemfsSuper({ volume }), two = new Files(testCaller(new MemfsSuper({ volume })));
  const file = one.root.lookup("file");
  assert.ok(typeof file !== "number");
  assert.equal(file.setattr({ uid: 7, gid: 8, mode: 0o640 }), 0);
  const seen = (): unknown[] => {
    const { uid, gid, mode } = two.stat("/file");
    return [uid, gid, mode & 0o7777];
  };
  assert.deepEqual(seen(), [7, 8, 0o640]);
  volume.chmodSync("/file", 0o604);
  assert.deepEqual(seen(), [two.stat("/other").uid, two.stat("/other").gid, 0o604]);
});
