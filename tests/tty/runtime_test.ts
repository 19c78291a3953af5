/** `umiak-runtime run` and `exec -t` on the caller's own terminal (config.md#process, terminal and consoleSize). @module */
import assert from "node:assert/strict";
import { repositoryFile, withDirectory } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { quoted, Typist, TYPIST_NEEDS } from "./typist.ts";

const DEVPTS = ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"];

/** A bundle whose process has a terminal of 21 lines. */
async function makeBundle(directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/rootfs`, { recursive: true });
  await Deno.copyFile(repositoryFile("tests/tty/terminal.wasm"), `${directory}/rootfs/terminal.wasm`);
  const config = {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: {
      terminal: true,
      consoleSize: { height: 21, width: 77 },
      cwd: "/",
      args: ["/terminal.wasm"],
      user: { uid: 0, gid: 0 },
    },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs" },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: DEVPTS },
    ],
    linux: { namespaces: [{ type: "pid" }, { type: "mount" }] },
  };
  await Deno.writeTextFile(`${directory}/config.json`, JSON.stringify(config));
}

const runtime = (directory: string, ...args: readonly string[]): string =>
  quoted([
    ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check", "--no-lock"],
    ...["--config", repositoryFile("deno.json"), repositoryFile("cli/runtime/main.ts")],
    ...["--root", `${directory}/state`, ...args],
  ]);

testWhen(
  TYPIST_NEEDS,
  "umiak-runtime run: the container's terminal on the caller's, another beside it",
  () =>
    withDirectory(async (directory) => {
      await makeBundle(directory);
      const run = runtime(directory, "run", "--bundle", directory, "terminal");
      const typist = new Typist(`tty; stty rows 0 cols 0; ${run}; echo code $?; stty -a`);
      const terminal = (await typist.until("\r\n")).trim();
      assert.match(
        await typist.until("ready\r\n"),
        /size 21x77 tty 111 .*\/dev\/console\r\n\/dev\/pts\/0\r\n/s,
      );
      await typist.ask("abd\x7fc\r", "abd\b \bc\r\nread 4: a b c 0a\r\n");
      await new Deno.Command("stty", { args: ["-F", terminal, "rows", "40", "cols", "90"] }).output();
      for (let seen = ""; !seen.includes("size 40x90");) { // until SIGWINCH is there
        await typist.type("size\r");
        seen = await typist.until("lines 1\r\n");
      }
      const second = new Typist(
        `stty rows 12 cols 34; ${
          runtime(directory, "exec", "-t", "terminal", "/terminal.wasm")
        }; echo code $?; stty -a`,
      );
      assert.match(await second.until("ready\r\n"), /^isatty 111\r\n.*\/dev\/tty\r\n/s);
      for (let seen = ""; !seen.includes("size 12x34");) { // the size comes once the process is there
        await second.type("size\r");
        seen = await second.until("lines 1\r\n");
      }
      await second.ask("\x04", "end of file\r\n");
      assert.match(await second.end(), /^code 7\r\n.* icanon .* echo /s);
      await typist.type("\x03");
      assert.match(await typist.end(), /\^Ccode 130\r\n.* icanon .* echo /s);
    }),
);

testWhen(
  TYPIST_NEEDS,
  "umiak-runtime run: ^C ends a program that only computes",
  () =>
    withDirectory(async (directory) => {
      await makeBundle(directory);
      const run = runtime(directory, "run", "--bundle", directory, "busy");
      const typist = new Typist(`${run}; echo code $?; ${runtime(directory, "list", "-q")}; stty -a`);
      await typist.until("ready\r\n");
      await typist.ask("spin\r", "spin\r\nread 5: s p i n 0a\r\n");
      await typist.type("\x03");
      assert.match(await typist.end(), /code 130\r?\n.*(?<!-)icanon .* echo /s);
    }),
);
