/** `deno task bundle`. @module */
import assert from "node:assert/strict";
import { V8_FLAGS } from "../cli/runtime/self.ts";
import { importsOf } from "../tools/bundle/imports.ts";
import { repositoryFile, withDirectory } from "./support/umiak.ts";

async function deno(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("deno task bundle: what it makes runs a module, helps, and reports errors, as the sources do", () =>
  withDirectory(async (directory) => {
    const out = `${directory}/umiak`;
    const made = await deno(["run", "-A", "--no-check", "--no-lock", repositoryFile("tools/bundle.ts"), out]);
    assert.equal(made.code, 0, made.stderr);
    // As bin/umiak does: without an import map.
    const flags = ["--no-lock", "--no-config", "--unstable-net", V8_FLAGS];
    const bundled = (...args: string[]): ReturnType<typeof deno> =>
      deno(["run", "--quiet", "-A", "--no-check", ...flags, `${out}/main.js`, ...args]);
    // What a command needs in any case is in one file beside its own.
    for (const entry of ["main.js", "images/images.js", "run/run.js", "runtime/main.js"]) {
      const files = new Set(importsOf(await Deno.readTextFile(`${out}/${entry}`)));
      assert.deepEqual([...files], ["common.js"], entry);
    }
    const all = `${directory}/all.js`;
    await Deno.writeTextFile(
      all,
      `for (const of of ["", "/images", "/run", "/runtime"]) {
        for (const { name } of Deno.readDirSync("${out}" + of)) {
          if (name.endsWith(".js")) await import("${out}" + of + "/" + name);
        }
      }`,
    );
    assert.ok((await Deno.readTextFile(repositoryFile("bin/umiak-runtime"))).includes(` ${V8_FLAGS} `));
    const linked = await deno(["run", "--quiet", "-A", "--no-check", ...flags, all]);
    assert.equal(linked.code, 0, linked.stderr);
    const run = await bundled("run", repositoryFile("tests/guests/hello.wasm"));
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^hello from/);
    assert.match((await bundled("--help")).stdout, /Usage/i);
    const wrong = await bundled("run", `${directory}/none.wasm`);
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /^umiak: .*none\.wasm/);
  }));
