/** What a program that runs many containers holds in the end: no more than after the first ones. @module */
import assert from "node:assert/strict";
import { repositoryFile, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const MB = 1024 * 1024;

testWhen(
  { os: ["linux"] },
  "300 containers one after another in one process leave no descriptor, thread, map, file or memory behind",
  () =>
    withDirectory(async (dir) => {
      for (const each of ["work", "tmp"]) await Deno.mkdir(`${dir}/${each}`);
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--allow-all", "--no-check", "--no-lock", "--v8-flags=--expose-gc"],
          ...["--config", repositoryFile("deno.json"), repositoryFile("tests/support/many_containers.ts")],
          ...[`${dir}/work`, "300"],
        ],
        stdout: "piped",
        stderr: "piped",
        env: { NO_COLOR: "1", UMIAK_ROOT: `${dir}/work/store`, TMPDIR: `${dir}/tmp` },
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const said = new TextDecoder().decode(stderr);
      assert.equal(said, "", "what goes wrong inside is told on the caller's standard error");
      const { early, late, outcomes } = JSON.parse(new TextDecoder().decode(stdout));
      assert.deepEqual(Object.keys(outcomes).sort(), [
        "error 125",
        "error 127",
        "exit 0",
        "exit 134",
        "exit 137",
      ]);
      for (const what of ["descriptors", "files"]) assert.equal(late[what], early[what], what);
      // The runtime's own threads and heaps come and go.
      // Deno's own pools grow with the machine's load, by a few; a leak would be one for each container.
      assert.ok(late.threads <= early.threads + 16, `threads: ${early.threads}, ${late.threads}`);
      assert.ok(late.maps < early.maps * 1.5, `maps: ${early.maps}, ${late.maps}`);
      assert.ok(late.heap - early.heap < 8 * MB, `heap: ${early.heap}, ${late.heap}`);
      assert.ok(late.memory - early.memory < 64 * MB, `memory: ${early.memory}, ${late.memory}`);
      assert.deepEqual(Array.from(Deno.readDirSync(`${dir}/tmp`)), []);
    }),
);
