/** Directories that are moved about while they are held, let go of or needed again. @module */
import assert from "node:assert/strict";
import { ELOOP, ENOENT } from "../abi/errno.ts";
import { O_CREAT, O_RDONLY, O_RDWR } from "../abi/open.ts";
import { testCaller } from "../testing/caller.ts";
import { lookupAt, openAt, parsePath, type PathName } from "../vfs/mod.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { openBelow } from "../../tests/support/descriptors.ts";
import { testWhen } from "../../tests/support/when.ts";
import { HostInode } from "./inode.ts";
import { LinuxPlaces } from "./linux_places.ts";
import { HostfsSuper } from "./super.ts";

const isLinux = { os: ["linux"] } as const;
const name = (path: string): PathName => parsePath(path) as PathName;

function withBind(run: (dir: string, sb: HostfsSuper) => void): Promise<void> {
  const dir = Deno.makeTempDirSync({ prefix: "umiak-hostfs-" });
  try {
    const sb = new HostfsSuper({ path: dir });
    assert.ok(sb.places instanceof LinuxPlaces);
    try {
      run(dir, sb);
    } finally {
      sb.shutdown();
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
  return Promise.resolve();
}

const at = (dir: HostInode, ...names: string[]): HostInode =>
  names.reduce((dir, name) => {
    const found = dir.lookup(name);
    assert.ok(found instanceof HostInode, `${name}: ${found}`);
    return found;
  }, dir);

/** Has so many other directories opened that none from before is held. */
function evict(dir: string, sb: HostfsSuper): void {
  for (let i = 0; i < 130; i++) {
    Deno.mkdirSync(`${dir}/evict/${i}/x`, { recursive: true });
    at(sb.root, "evict", String(i), "x");
  }
}

testWhen(
  isLinux,
  "LinuxPlaces: a directory that is moved is the same one, by its descriptor and by its new name",
  () =>
    withBind((dir, sb) => {
      Deno.mkdirSync(`${dir}/a/b/c`, { recursive: true });
      Deno.mkdirSync(`${dir}/z`);
      Deno.writeTextFileSync(`${dir}/a/b/c/file`, "content");
      const c = at(sb.root, "a", "b", "c");
      at(c, "file");
      Deno.renameSync(`${dir}/a/b`, `${dir}/z/b`);
      assert.equal(at(c, "file").size, 7);
      evict(dir, sb);
      assert.equal(c.lookup("file"), -ENOENT, "its old place is all that is known");
      assert.equal(at(sb.root, "z", "b", "c"), c);
      assert.equal(at(c, "file").size, 7);
    }),
);

testWhen(
  isLinux,
  "LinuxPlaces: another directory at the place of one that was let go is not taken for it",
  () =>
    withBind((dir, sb) => {
      Deno.mkdirSync(`${dir}/a/b`, { recursive: true });
      const b = at(sb.root, "a", "b");
      b.lookup("x");
      evict(dir, sb);
      Deno.renameSync(`${dir}/a/b`, `${dir}/a/old`);
      Deno.mkdirSync(`${dir}/a/b`);
      assert.equal(b.create("made", 0o100644), -ENOENT);
      assert.equal(typeof at(sb.root, "a", "old").create("made", 0o100644), "object");
      assert.deepEqual(Array.from(Deno.readDirSync(`${dir}/a/b`)), []);
    }),
);

testWhen(
  isLinux,
  "LinuxPlaces: directories that seem to be in one another end a way up (ELOOP)",
  () =>
    withBind((dir, sb) => {
      Deno.mkdirSync(`${dir}/a/b`, { recursive: true });
      const a = at(sb.root, "a");
      const b = at(a, "b");
      b.lookup("x"); // held
      // The tree turned over, as another bind of the same directory can do it.
      Deno.renameSync(`${dir}/a/b`, `${dir}/b`);
      Deno.renameSync(`${dir}/a`, `${dir}/b/a`);
      assert.equal(at(b, "a"), a);
      evict(dir, sb);
      assert.equal(b.lookup("x"), -ELOOP);
      assert.equal(at(sb.root, "b", "a"), a);
      assert.equal(b.lookup("x"), -ENOENT);
    }),
);

testWhen(
  isLinux,
  "LinuxPlaces: rename and link between directories that are both deep, and not held",
  () =>
    withBind((dir, sb) => {
      const deep = (top: string): HostInode => {
        let here = sb.root;
        for (let i = 0; i < 200; i++) here = here.mkdir(i === 0 ? top : "d", 0o40755) as HostInode;
        return here;
      };
      const [from, to] = [deep("from"), deep("to")];
      assert.ok(from.create("file", 0o100644) instanceof HostInode);
      evict(dir, sb);
      assert.equal(from.rename("file", to, "moved", 0), 0);
      evict(dir, sb);
      assert.equal(from.link("linked", at(to, "moved")), 0);
      assert.equal(at(from, "linked"), at(to, "moved"));
      assert.equal(from.lookup("file"), -ENOENT);
    }),
);

testWhen(isLinux, "LinuxPlaces: .. and absolute links stay inside the bind", () =>
  withBind((dir, sb) => {
    Deno.mkdirSync(`${dir}/a`);
    Deno.writeTextFileSync(`${dir}/file`, "inside");
    for (const target of ["/file", "../../../../../../file", "/../file"]) {
      Deno.symlinkSync(target, `${dir}/a/link`);
      const file = openAt(testCaller(sb), null, name("/a/link"), O_RDONLY, 0) as OpenFile;
      assert.equal(file.inode, at(sb.root, "file"), target);
      file.close();
      Deno.removeSync(`${dir}/a/link`);
    }
    Deno.symlinkSync("/etc/passwd", `${dir}/a/link`);
    assert.equal(openAt(testCaller(sb), null, name("/a/link"), O_CREAT | O_RDWR, 0o644), -ENOENT);
    assert.equal(lookupAt(testCaller(sb), null, name("/a/../../../etc/passwd"), true), -ENOENT);
  }));

testWhen(
  isLinux,
  "LinuxPlaces: 20,000 files listed, opened and dropped leave no descriptor",
  () =>
    withBind((dir, sb) => {
      for (let d = 0; d < 200; d++) {
        Deno.mkdirSync(`${dir}/d${d}`);
        for (let f = 0; f < 100; f++) Deno.writeTextFileSync(`${dir}/d${d}/f${f}`, "");
      }
      const before = openBelow(dir);
      const caller = testCaller(sb);
      let seen = 0;
      for (let d = 0; d < 200; d++) {
        const stream = at(sb.root, `d${d}`).openDir();
        assert.ok(typeof stream !== "number");
        for (let entry = stream.next(); entry !== null; entry = stream.next()) {
          assert.ok(typeof entry !== "number");
          const file = openAt(caller, null, name(`/d${d}/${entry.name}`), O_RDONLY, 0) as OpenFile;
          assert.equal(file.close(), 0);
          seen++;
        }
      }
      assert.equal(seen, 20_000);
      assert.ok(openBelow(dir) - before <= 128);
      sb.shutdown();
      sb.shutdown(); // once more does nothing
      assert.equal(openBelow(dir), 0, "the root's too");
      assert.equal(sb.root.lookup("d0"), -ENOENT);
    }),
);

testWhen(
  isLinux,
  "LinuxPlaces: without the permissions it needs nobody is asked for them, and paths are used",
  async () => {
    const dir = Deno.makeTempDirSync({ prefix: "umiak-hostfs-" });
    try {
      Deno.writeTextFileSync(`${dir}/file`, "content");
      const script = `import { HostfsSuper } from ${JSON.stringify(import.meta.resolve("./super.ts"))};
      const sb = new HostfsSuper({ path: ${JSON.stringify(dir)} });
      console.log(sb.places.constructor.name, sb.root.lookup("file").size);`;
      await Deno.writeTextFile(`${dir}/script.ts`, script);
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--no-lock", "--quiet", "--allow-read", `${dir}/script.ts`],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        env: { NO_COLOR: "1" },
      }).output();
      assert.deepEqual(
        [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)),
        ["PathPlaces 7\n", ""],
      );
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  },
);
