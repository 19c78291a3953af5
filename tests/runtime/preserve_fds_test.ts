/** --preserve-fds and socket activation: what a container on the userland kernel gets beside the standard streams. @module */
import assert from "node:assert/strict";
import { testWhen } from "../support/when.ts";
import { type Bench, type Result, runtimeCommand, withBench } from "./support.ts";

const linux = { os: ["linux"] as const };
const PROC = { destination: "/proc", type: "proc", source: "proc" };

/** Runs a container from a shell, which opens descriptors for umiak-runtime as `redirections` say. */
async function run(
  bench: Bench,
  redirections: string,
  args: readonly string[],
  options: readonly string[],
  before = "",
): Promise<Result> {
  const path = bench.bundle("b", args, { mounts: [PROC] });
  const command = [...runtimeCommand(bench.root), "run", "-b", path, ...options, `c${crypto.randomUUID()}`];
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", `${before} exec "$@" ${redirections} </dev/null`, "sh", ...command],
    cwd: bench.dir,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

testWhen(
  linux,
  "--preserve-fds: files keep position, access and O_APPEND; without it nothing is passed",
  () =>
    withBench(async (bench) => {
      Deno.writeTextFileSync(`${bench.dir}/in`, "the first line\nthe second\n");
      Deno.writeTextFileSync(`${bench.dir}/out`, "before ");
      const preserve = ["--preserve-fds", "2"], both = "3<in 4>>out";
      const read = await run(bench, both, ["cat", "/proc/self/fd/3"], preserve);
      assert.deepEqual([read.code, read.stdout], [0, "the first line\nthe second\n"], read.stderr);
      const info = await run(
        bench,
        both,
        ["cat", "/proc/self/fdinfo/3"],
        preserve,
        "exec 3<in; read line <&3;",
      );
      assert.match(info.stdout, /^pos:\s+0$/m);
      const moved = await run(
        bench,
        "4>>out",
        ["cat", "/proc/self/fdinfo/3"],
        preserve,
        "exec 3<in; read line <&3;",
      );
      assert.match(moved.stdout, /^pos:\s+15$/m);
      const appended = await run(bench, both, ["append", "/proc/self/fd/4", "after"], preserve);
      assert.deepEqual([appended.code, Deno.readTextFileSync(`${bench.dir}/out`)], [0, "before after"]);
      assert.match(
        (await run(bench, both, ["cat", "/proc/self/fdinfo/4"], preserve)).stdout,
        /^flags:\s+0?[0-7]*2001$/m,
      );
      const refused = await run(bench, both, ["append", "/proc/self/fd/3", "x"], preserve);
      assert.notEqual(refused.code, 0);
      const none = await run(bench, both, ["cat", "/proc/self/fd/4"], []);
      assert.notEqual(none.code, 0);
    }),
);

testWhen(
  linux,
  "--preserve-fds: pipes are read to their end and written, and close with the container's",
  () =>
    withBench(async (bench) => {
      const read = await run(bench, "", ["cat", "/proc/self/fd/3"], ["--preserve-fds", "1"], "exec 3<in;");
      assert.notEqual(read.code, 0, "there is no such file");
      Deno.writeTextFileSync(`${bench.dir}/in`, "through a pipe");
      const path = bench.bundle("p", ["cat", "/proc/self/fd/3"], { mounts: [PROC] });
      const words = [...runtimeCommand(bench.root), "run", "-b", path, "--preserve-fds", "1", "piped"];
      const piped = await new Deno.Command("/bin/sh", {
        args: ["-c", 'cat in | { exec 3<&0; exec "$@" </dev/null; }', "sh", ...words],
        cwd: bench.dir,
        stdout: "piped",
      }).output();
      assert.deepEqual([piped.code, new TextDecoder().decode(piped.stdout)], [0, "through a pipe"]);
      const written = bench.bundle("w", ["append", "/proc/self/fd/3", "into it"], { mounts: [PROC] });
      const writing = [...runtimeCommand(bench.root), "run", "-b", written, "--preserve-fds", "1", "writes"];
      const out = await new Deno.Command("/bin/sh", {
        args: ["-c", '{ "$@" 3>&1 >/dev/null; } | cat', "sh", ...writing],
        cwd: bench.dir,
        stdout: "piped",
      }).output();
      assert.equal(new TextDecoder().decode(out.stdout), "into it");
    }),
);

testWhen(
  linux,
  "LISTEN_FDS for this process is the container's, as of its process 1 (sd_listen_fds(3)); for another it is not",
  () =>
    withBench(async (bench) => {
      Deno.writeTextFileSync(`${bench.dir}/in`, "");
      const activated = "export LISTEN_FDS=1 LISTEN_PID=$$;";
      const mine = await run(bench, "3<in", ["env"], [], activated);
      assert.match(mine.stdout, /^LISTEN_FDS=1\nLISTEN_PID=1$/m);
      const others = await run(bench, "3<in", ["env"], [], "export LISTEN_FDS=1 LISTEN_PID=1;");
      assert.doesNotMatch(others.stdout, /LISTEN/);
      assert.match(
        (await run(bench, "3<in", ["cat", "/proc/self/fdinfo/3"], [], activated)).stdout,
        /^pos:\s+0$/m,
      );
    }),
);

testWhen(
  linux,
  "--preserve-fds: a descriptor that is not open, and what cannot be opened again, is an error that names it",
  () =>
    withBench(async (bench) => {
      const absent = await run(bench, "3<&-", ["args"], ["--preserve-fds", "1"]);
      assert.deepEqual(
        [absent.code, /descriptor 3 is not open/.test(absent.stderr)],
        [1, true],
        absent.stderr,
      );
      assert.equal(await bench.ok("list", "-q"), "");
    }),
);
