/** Bundles of umiak image unpack, run by other runtimes. */
import assert from "node:assert/strict";
import { dir, file, hostileLayer } from "../image/store/testing/trees.ts";
import { layoutOf, run } from "./support/layouts.ts";
import { umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const PROGRAM = '#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n';

/** Why crun cannot run here: it knows cgroups of one kind at a time only. */
function mixedCgroups(): string | undefined {
  const kinds = new Set(Deno.readTextFileSync("/proc/self/mountinfo").match(/ - cgroup2? /g));
  return kinds.size > 1 ? "needs cgroups of one kind, here are both" : undefined;
}

for (const runtime of ["crun", "runc"]) {
  const missing = runtime === "crun" && Deno.build.os === "linux" ? mixedCgroups() : undefined;
  const needs = { os: ["linux"], root: true, tools: [runtime, "clang", "unshare"], missing } as const;
  testWhen(needs, `umiak image unpack: ${runtime} runs the bundle`, () =>
    withDirectory(async (path) => {
      await Deno.writeTextFile(`${path}/p.c`, PROGRAM);
      await run(path, "clang", "-static", "-o", "p", "p.c");
      const program = file("bin/sh", await Deno.readFile(`${path}/p`), { mode: 0o755 });
      await layoutOf(`${path}/l`, [hostileLayer([program, dir("proc"), dir("dev"), dir("sys")])]);
      const { code, stderr } = await umiak(["image", "unpack", "oci:l:v1", "b"], { cwd: path });
      assert.equal(code, 0, stderr);
      const command = [
        runtime,
        "--root",
        `${path}/state`,

        "run",
        "--bundle",
        "b",
        `umiak-test-${Deno.pid}`,
      ];
      const isolated = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
      assert.match(await run(path, "unshare", ...isolated, ...command), /^ran$/m);
    }));
}
