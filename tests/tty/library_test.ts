/** A terminal for a program that gives its own streams: runImage() with `tty`. @module */
import assert from "node:assert/strict";
import { runImage } from "../../runtime/engine/run_image.ts";
import { repositoryFile, withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { quoted, Typist, TYPIST_NEEDS } from "./typist.ts";

const image = repositoryFile("tests/tty/terminal.wasm");

Deno.test("runImage() with tty: keys from a source, whose end is an end of file; output with CR NL", async () => {
  const keys = [new TextEncoder().encode("hellx\x7fo\r"), null];
  let shown = "";
  const code = await runImage({ image, args: [], tty: true, interactive: true }, {
    stdin: {
      read(into) {
        const next = keys.shift() ?? null;
        if (next !== null) into.set(next);
        return Promise.resolve(next?.length ?? null);
      },
    },
    stdout: {
      writeSync(bytes) {
        shown += new TextDecoder().decode(bytes);
        return bytes.length;
      },
    },
  });
  assert.equal(code, 7);
  assert.ok(shown.startsWith("hellx\b \bo\r\nisatty 111\r\n"), "typed ahead");
  assert.match(shown, /read 6: h e l l o 0a\r\nend of file\r\n$/);
});

Deno.test("runImage() with tty: output that finds no room waits, and one that nobody reads hangs up", async () => {
  let full = true, shown = 0;
  const stdout = {
    writeSync(bytes: Uint8Array): number {
      full = !full;
      if (full) throw new Deno.errors.WouldBlock("no room now");
      const n = Math.min(bytes.length, 7);
      shown += n;
      return n;
    },
  };
  assert.equal(await runImage({ image, args: ["quit"], tty: true }, { stdout }), 5);
  assert.ok(shown > 60);
  const broken = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("nobody reads");
    },
  };
  assert.equal(await runImage({ image, args: [], tty: true }, { stdout: broken }), 128 + 1);
});

testWhen(
  TYPIST_NEEDS,
  "what needs the C library goes without it where there is no permission, and does not ask the terminal for it",
  async () => {
    const module = (name: string): string =>
      JSON.stringify(new URL(`../../runtime/sandbox/exec/${name}`, import.meta.url));
    const program = `
      import { hugePages } from ${module("huge_pages.ts")};
      import { hostClock } from ${module("host_clock.ts")};
      const clock = hostClock();
      for (let i = 0; i < 5000; i++) clock.sample(1);
      console.log(hugePages().allocate() === undefined ? "without" : "with");`;
    await withDirectory(async (directory) => {
      const path = `${directory}/program.ts`;
      await Deno.writeTextFile(path, program);
      const flags = ["run", "--quiet", "--no-check", "--no-lock", "--config", repositoryFile("deno.json")];
      const typist = new Typist(quoted([Deno.execPath(), ...flags, path]));
      assert.equal(await typist.until("\n"), "without\r\n");
      assert.equal(await typist.end(), "");
    });
  },
);
