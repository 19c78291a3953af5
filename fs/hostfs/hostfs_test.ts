/** Binds of host directories: what nobody may get out of them, whatever the host's users do meanwhile. @module */
import assert from "node:assert/strict";
import { EACCES, EEXIST, EINVAL, EIO, EISDIR, ELOOP, ENOENT, ENOTDIR, ENXIO, EROFS } from "../abi/errno.ts";
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../abi/open.ts";
import { testCaller } from "../testing/caller.ts";
import { lookupAt, openAt, parsePath, type PathName } from "../vfs/mod.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import { openBelow } from "../../tests/support/descriptors.ts";
import { reasonAgainst, testWhen } from "../../tests/support/when.ts";
import { hostErrno } from "./host_errno.ts";
import { isHostName } from "./host_name.ts";
import { HostfsSuper } from "./mod.ts";
import { HostInode } from "./inode.ts";
import { PathPlaces } from "./places.ts";

const name = (path: string): PathName => parsePath(path) as PathName;

/** A bind of `DIR/bound` beside `DIR/outside`, which holds a secret. */
async function withBind(
  run: (dir: string, sb: HostfsSuper) => void | Promise<void>,
  places?: (path: string) => PathPlaces,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-hostfs-" });
  try {
    for (const each of ["bound/dir", "outside"]) {
      await Deno.mkdir(`${dir}/${each}`, { recursive: true });
      await Deno.writeTextFile(`${dir}/${each}/file`, each === "outside" ? "secret" : "inside");
    }
    const sb = new HostfsSuper({ path: `${dir}/bound`, ...places === undefined ? {} : { places } });
    try {
      await run(dir, sb);
    } finally {
      sb.shutdown();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function read(file: OpenFile): string {
  const bytes = new Uint8Array(64);
  const n = file.pread(bytes, 0, bytes.length, 0);
  return new TextDecoder().decode(bytes.subarray(0, n));
}

/** Puts a link to the outside where the bind's directory is. */
function swap(dir: string): void {
  Deno.renameSync(`${dir}/bound/dir`, `${dir}/bound/aside`);
  Deno.symlinkSync("../outside", `${dir}/bound/dir`);
}

const isLinux = { os: ["linux"] } as const;
const both = [["by descriptor", undefined], ["by path", (path: string) => new PathPlaces(path)]] as const;

for (const [how, places] of both) {
  if (how === "by descriptor" && reasonAgainst(isLinux) !== undefined) continue;
  testWhen(
    { os: ["linux", "darwin"] },
    `hostfs ${how}: a directory that becomes a link is not followed after it was looked up`,
    () =>
      withBind((dir, sb) => {
        const at = sb.root.lookup("dir") as HostInode;
        const file = at.lookup("file") as HostInode;
        swap(dir);
        const opened = file.open(O_RDONLY);
        if (typeof opened !== "number") {
          assert.equal(read(opened), "inside");
          opened.close();
        } else assert.ok([-ENOENT, -ENOTDIR, -ELOOP].includes(opened), String(opened));
        for (
          const made of [
            at.create("made", 0o100644),
            at.mkdir("made-dir", 0o40755),
            at.symlink("made-link", "x"),
            at.unlink("file"),
            at.rename("file", sb.root, "stolen", 0),
            sb.root.link("linked", file),
            file.setattr({ size: 0, mode: 0o777 }),
          ]
        ) assert.ok(typeof made !== "number" || made <= 0);
        const names = Array.from(Deno.readDirSync(`${dir}/outside`), (entry) => entry.name);
        assert.deepEqual(names, ["file"]);
        assert.equal(Deno.readTextFileSync(`${dir}/outside/file`), "secret");
        for (const taken of ["stolen", "linked"]) {
          const there = sb.root.lookup(taken);
          if (typeof there !== "number") assert.notEqual(there.size, "secret".length + 1);
        }
        const listed = at.openDir();
        assert.ok(typeof listed === "number" || listed.next() !== undefined);
      }, places),
  );

  testWhen(
    { os: ["linux", "darwin"], tools: ["mkfifo"] },
    `hostfs ${how}: a file that becomes a FIFO, a link or another file is not opened`,
    () =>
      withBind(async (dir, sb) => {
        const at = sb.root.lookup("dir") as HostInode;
        const replaced = async (by: (path: string) => Promise<unknown>): Promise<number> => {
          const path = `${dir}/bound/dir/victim`;
          await Deno.writeTextFile(path, "victim");
          const file = at.lookup("victim") as HostInode;
          await Deno.rename(path, `${path}.old`);
          await by(path);
          const opened = file.open(O_RDWR);
          const changed = file.setattr({ size: 0 });
          await Deno.remove(path);
          assert.equal(changed, opened);
          return opened as number;
        };
        const gone = [-ENOENT, -ELOOP];
        for (
          const by of [
            (path: string) => new Deno.Command("mkfifo", { args: [path] }).output(),
            (path: string) => Deno.symlink(`${dir}/outside/file`, path),
            (path: string) => Deno.writeTextFile(path, "another"),
          ]
        ) assert.ok(gone.includes(await replaced(by)));
        assert.equal(Deno.readTextFileSync(`${dir}/outside/file`), "secret");
      }, places),
  );
}

testWhen(
  isLinux,
  "hostfs: directories swapped with links all the time lead no walk outside",
  () =>
    withBind(async (dir, sb) => {
      const script = `const d = ${JSON.stringify(dir)} + "/bound";
      for (;;) {
        Deno.renameSync(d + "/dir", d + "/aside"); Deno.symlinkSync("../outside", d + "/dir");
        Deno.removeSync(d + "/dir"); Deno.renameSync(d + "/aside", d + "/dir");
      }`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", `console.log("ready");${script}`],
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      try {
        const caller = testCaller(sb);
        const seen = new Map<string, number>();
        for (let i = 0; i < 5000; i++) {
          const file = openAt(
            caller,
            null,
            name(i % 5 === 0 ? `/dir/new${i}` : "/dir/file"),
            i % 5 === 0 ? O_CREAT | O_RDWR : O_RDONLY,
            0o644,
          );
          const what = typeof file === "number" ? `errno ${-file}` : i % 5 === 0 ? "made" : read(file);
          if (typeof file !== "number") file.close();
          seen.set(what, (seen.get(what) ?? 0) + 1);
        }
        assert.equal(seen.get("secret"), undefined);
        assert.deepEqual(Array.from(Deno.readDirSync(`${dir}/outside`), (entry) => entry.name), ["file"]);
        const known = [
          "inside",
          "made",
          ...[ENOENT, ENOTDIR, ELOOP, EEXIST].map((errno) => `errno ${errno}`),
        ];
        for (const what of seen.keys()) assert.ok(known.includes(what), what);
      } finally {
        child.kill("SIGKILL");
        await child.status;
        await reader.cancel();
      }
    }),
);

testWhen(
  { os: ["linux"], tools: ["mkfifo", "python3"] },
  "hostfs: FIFOs and sockets of the host are not the host's inside",
  () =>
    withBind(async (dir, sb) => {
      await new Deno.Command("mkfifo", { args: [`${dir}/bound/fifo`] }).output();
      const bind = `import socket; socket.socket(socket.AF_UNIX).bind("${dir}/bound/socket")`;
      await new Deno.Command("python3", { args: ["-c", bind] }).output();
      const caller = testCaller(sb);
      const open = (path: string, flags: number): number | string => {
        const file = openAt(caller, null, name(path), flags, 0);
        if (typeof file === "number") return file;
        file.close();
        return "opened";
      };
      assert.equal(open("/fifo", O_RDWR), "opened"); // the kernel's own, which has no other end on the host
      assert.equal(open("/socket", O_RDONLY), -ENXIO);
      assert.equal((sb.root.lookup("fifo") as HostInode).open(O_RDONLY), -EINVAL);
    }),
);

testWhen(
  isLinux,
  "hostfs holds a bounded number of descriptors, and gives them back",
  () =>
    withBind((dir, sb) => {
      for (let i = 0; i < 400; i++) {
        Deno.mkdirSync(`${dir}/bound/d${i}/e`, { recursive: true });
        Deno.writeTextFileSync(`${dir}/bound/d${i}/e/f`, String(i));
      }
      const before = openBelow(dir);
      const caller = testCaller(sb);
      for (let round = 0; round < 2; round++) {
        for (let i = 0; i < 400; i++) {
          const file = openAt(caller, null, name(`/d${i}/e/f`), O_RDONLY, 0) as OpenFile;
          assert.equal(read(file), String(i));
          file.close();
        }
      }
      assert.ok(openBelow(dir) - before <= 128, `${openBelow(dir) - before} more`);
      sb.places.close();
      assert.equal(openBelow(dir), 0, "also the root's");
    }),
);

Deno.test("hostfs: paths deeper than the descriptors that are held", () =>
  withBind((_dir, sb) => {
    let at = sb.root;
    const chain: HostInode[] = [];
    for (let i = 0; i < 300; i++) {
      at = at.mkdir("d", 0o40755) as HostInode;
      assert.ok(at instanceof HostInode, String(at));
      chain.push(at);
    }
    assert.ok(chain[0]!.create("shallow", 0o100644) instanceof HostInode);
    assert.ok(at.create("deep", 0o100644) instanceof HostInode);
  }));

Deno.test("hostfs: a read-only bind changes nothing", () =>
  withBind((dir) => {
    const sb = new HostfsSuper({ path: `${dir}/bound`, readOnly: true });
    const caller = testCaller(sb);
    assert.equal(openAt(caller, null, name("/dir/file"), O_WRONLY | O_TRUNC, 0), -EROFS);
    assert.equal(openAt(caller, null, name("/new"), O_CREAT | O_RDWR, 0o644), -EROFS);
    const file = (sb.root.lookup("dir") as HostInode).lookup("file") as HostInode;
    assert.equal(file.setattr({ size: 0 }), -EROFS);
    assert.equal(file.open(O_RDWR), -EROFS);
    sb.shutdown();
  }));

Deno.test("hostfs: a bind of one file stays with that file", () =>
  withBind((dir) => {
    const sb = new HostfsSuper({ path: `${dir}/bound/dir/file` });
    const file = sb.root.open(O_RDONLY) as OpenFile;
    assert.equal(read(file), "inside");
    file.close();
    assert.equal(sb.root.setattr({ mode: 0o600 }), 0);
    assert.equal(sb.root.setattr({ size: 2 }), 0);
    assert.equal(Deno.readTextFileSync(`${dir}/bound/dir/file`), "in");
    assert.equal(sb.root.lookup("x"), -ENOTDIR);
    sb.shutdown();
  }));

Deno.test("hostfs: names that are gone when they are needed", () =>
  withBind((dir, sb) => {
    const caller = testCaller(sb);
    assert.notEqual(typeof lookupAt(caller, null, name("/dir/file"), true), "number");
    Deno.removeSync(`${dir}/bound/dir`, { recursive: true });
    assert.equal(lookupAt(caller, null, name("/dir/file"), true), -ENOENT);
    Deno.writeTextFileSync(`${dir}/bound/dir`, "now a file");
    assert.equal(lookupAt(caller, null, name("/dir/file"), true), -ENOTDIR);
  }));

Deno.test("isHostName() keeps from a Windows host what it would take for something else", () => {
  const refused = [
    ...'<>:"/\\|?*'.split("").map((each) => `a${each}b`),
    ...["C:", "file:stream", "..\\up", "dot.", "blank ", "tab\t", "\u0001", "zero\0"],
    ...[
      "CON",
      "con",
      "Nul",
      "nul.txt",
      "aux.",
      "PRN",
      "COM1",
      "com9.tar.gz",
      "LPT0",
      "COM¹",
      "lpt².x",
      "CONIN$",
      "conout$",
    ],
    ...["\ud800", "caf\udcc3"],
  ];
  for (const each of refused) assert.equal(isHostName(each, "windows"), false, JSON.stringify(each));
  for (const each of ["console", "com10", "nula", ".hidden", "a.b", "ü", "con-fig", "😀"]) {
    assert.equal(isHostName(each, "windows"), true, each);
  }
  for (const each of ["CON", "a:b", "a\\b", "dot.", "blank ", "😀"]) {
    assert.equal(isHostName(each, "linux"), true, each);
  }
  for (const each of ["\0", "\udcff"]) assert.equal(isHostName(each, "linux"), false);
});

Deno.test("hostErrno() is the host's errno, or what its class says", () => {
  const { errors } = Deno;
  const cases: [unknown, number][] = [
    [Object.assign(new Error("x"), { code: "EXDEV" }), 18],
    [new errors.NotFound("x"), ENOENT],
    [new errors.AlreadyExists("x"), EEXIST],
    [new errors.NotADirectory("x"), ENOTDIR],
    [new errors.IsADirectory("x"), EISDIR],
    [new errors.PermissionDenied("x"), EACCES],
    [new Error("x"), EIO],
  ];
  for (const [error, errno] of cases) assert.equal(hostErrno(error), -errno);
});
