/** `deno task bundle`. @module */
import assert from "node:assert/strict";
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
    const config = ["--no-lock", "--config", repositoryFile("deno.json")];
    const bundled = (...args: string[]): ReturnType<typeof deno> =>
      deno(["run", "--quiet", "-A", "--no-check", ...config, `${out}/main.js`, ...args]);
    const run = await bundled("run", repositoryFile("tests/guests/hello.wasm"));
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^hello from/);
    assert.match((await bundled("--help")).stdout, /Usage/i);
    const wrong = await bundled("run", `${directory}/none.wasm`);
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /^umiak: .*none\.wasm/);
  }));
