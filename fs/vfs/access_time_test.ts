/** Access times by the options of mounts (man 8 mount). @module */
import assert from "node:assert/strict";
import {
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
} from "../abi/mount.ts";
import { O_NOATIME } from "../abi/open.ts";
import { Files, testCaller } from "../testing/mod.ts";
import { TmpfsSuper } from "../tmpfs/mod.ts";

const HOUR = 3600;

/** A filesystem with a file and a directory, an hour old, seen through a mount with flags. */
function world(flags: number) {
  let now = 1e9;
  const c = testCaller(new TmpfsSuper({ mode: 0o755, clock: { now: () => now * 1000 } }));
  const f = new Files(c);
  f.write("/file", "content");
  f.mkdir("/dir");
  now += HOUR;
  c.mountNs.root.flags = flags;
  const pass = (seconds: number): void => void (now += seconds);
  const read = (name: string, open = 0): number => {
    const file = f.open(name, open);
    if (name === "/dir") file.dirStream();
    else file.read(new Uint8Array(3), 0, 3);
    file.close();
    return f.stat(name).atimeSec - 1e9;
  };
  return { f, pass, read };
}

Deno.test("relatime: only when the file has changed since, or a day has passed", () => {
  const { f, pass, read } = world(0);
  assert.equal(read("/file"), HOUR);
  pass(HOUR);
  assert.equal(read("/file"), HOUR);
  f.write("/file", "changed");
  assert.equal(read("/file"), 2 * HOUR);
  pass(24 * HOUR);
  assert.equal(read("/file"), 26 * HOUR);
  assert.equal(read("/dir"), 26 * HOUR);
});

Deno.test("noatime, a read-only mount and O_NOATIME leave it; nodiratime that of directories; strictatime always changes it", () => {
  assert.equal(world(MOUNT_ATTR_NOATIME).read("/file"), 0);
  assert.equal(world(MOUNT_ATTR_RDONLY).read("/file"), 0);
  assert.equal(world(0).read("/file", O_NOATIME), 0);
  const { read } = world(MOUNT_ATTR_NODIRATIME);
  assert.deepEqual([read("/dir"), read("/file")], [0, HOUR]);
  const strict = world(MOUNT_ATTR_STRICTATIME);
  strict.read("/file");
  strict.pass(5);
  assert.equal(strict.read("/file"), HOUR + 5);
});
