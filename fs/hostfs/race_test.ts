/** Another process of the host's user that changes a bind all the time, while names are walked in it. @module */
import assert from "node:assert/strict";
import { ELOOP, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { O_NONBLOCK, O_RDONLY, O_RDWR } from "../abi/open.ts";
import { testCaller } from "../testing/caller.ts";
import { openAt, parsePath, type PathName } from "../vfs/mod.ts";
import { testWhen } from "../../tests/support/when.ts";
import { HostfsSuper } from "./super.ts";

const name = (path: string): PathName => parsePath(path) as PathName;

/** Runs `body` on a bind of DIR/bound, while another process runs `step` with `d` = DIR again and again. */
async function meanwhile(step: string, body: (dir: string, sb: HostfsSuper) => void): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-hostfs-" });
  const sb = await (async () => {
    await Deno.mkdir(`${dir}/bound/dir/sub`, { recursive: true });
    await Deno.mkdir(`${dir}/outside`);
    for (const each of ["bound/dir", "bound/dir/sub"]) {
      await Deno.writeTextFile(`${dir}/${each}/file`, "inside");
    }
    for (const each of ["outside", "."]) await Deno.writeTextFile(`${dir}/${each}/file`, "secret");
    return new HostfsSuper({ path: `${dir}/bound` });
  })();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `const d = ${JSON.stringify(dir)}; console.log("ready"); while (!exists(d + "/stop")) { ${step} }
      function exists(path) { try { return Deno.lstatSync(path) !== null; } catch { return false; } }`,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  try {
    await reader.read();
    body(dir, sb);
  } finally {
    await Deno.writeTextFile(`${dir}/stop`, ""); // killed, it could leave a mkfifo that is still at work
    await child.status;
    await reader.cancel();
    sb.shutdown();
    await Deno.remove(dir, { recursive: true });
  }
}

/** What opening `paths` in turn gives, each outcome once. */
function outcomes(sb: HostfsSuper, paths: readonly string[], flags: number): string[] {
  const caller = testCaller(sb);
  const seen = new Set<string>();
  const bytes = new Uint8Array(64);
  for (let i = 0; i < 6000; i++) {
    const file = openAt(caller, null, name(paths[i % paths.length]!), flags, 0);
    if (typeof file === "number") {
      seen.add(`errno ${-file}`);
      continue;
    }
    // A FIFO is the kernel's own inside: it has nobody's bytes.
    const n = file.read(bytes, 0, bytes.length);
    seen.add(n < 0 ? `read errno ${-n}` : new TextDecoder().decode(bytes.subarray(0, n)));
    file.close();
  }
  return [...seen].sort();
}

testWhen(
  { os: ["linux"], tools: ["mkfifo"] },
  "hostfs: a file that is a link to the outside, a FIFO and itself by turns gives nothing of the outside, and nobody waits",
  () =>
    meanwhile(
      `Deno.writeTextFileSync(d + "/new", "inside"); Deno.renameSync(d + "/new", d + "/bound/dir/file");
       Deno.symlinkSync(d + "/outside/file", d + "/new"); Deno.renameSync(d + "/new", d + "/bound/dir/file");
       Deno.symlinkSync("../../outside/file", d + "/new"); Deno.renameSync(d + "/new", d + "/bound/dir/file");
       if (Math.random() < 0.1) {
         new Deno.Command("mkfifo", { args: [d + "/new"] }).outputSync();
         Deno.renameSync(d + "/new", d + "/bound/dir/file");
       }`,
      (dir, sb) => {
        for (const flags of [O_RDONLY | O_NONBLOCK, O_RDWR | O_NONBLOCK]) {
          const seen = outcomes(sb, ["/dir/file"], flags);
          // The names of errors are those of files that were replaced while they were looked at; EAGAIN and no bytes are a FIFO's.
          const known = [
            "",
            "inside",
            ...[ENOENT, ELOOP].map((e) => `errno ${e}`),
            "read errno 11",
            "errno 22",
          ];
          for (const each of seen) assert.ok(known.includes(each), each);
          assert.equal(Deno.readTextFileSync(`${dir}/outside/file`), "secret");
        }
      },
    ),
);

testWhen(
  { os: ["linux"] },
  "hostfs: while a directory on the way is moved outside and back, .. leads to where the walk came from",
  () =>
    meanwhile(
      `Deno.renameSync(d + "/bound/dir", d + "/outside/dir"); Deno.renameSync(d + "/outside/dir", d + "/bound/dir");`,
      (_dir, sb) => {
        const paths = [
          "/dir/sub/../../../file",
          "/dir/../../outside/file",
          "/dir/sub/../file",
          "/dir/sub/file",
        ];
        const known = ["inside", `errno ${ENOENT}`, `errno ${ENOTDIR}`];
        for (const each of outcomes(sb, paths, O_RDONLY)) assert.ok(known.includes(each), each);
      },
    ),
);
