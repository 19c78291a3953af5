/** `umiak run -it` on a real terminal: one that script(1) makes. @module */
import assert from "node:assert/strict";
import { repositoryFile, umiak, umiakArgs } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { quoted, Typist, TYPIST_NEEDS as NEEDS } from "./typist.ts";

const GUEST = repositoryFile("tests/tty/terminal.wasm");

const RUN = quoted([Deno.execPath(), ...umiakArgs(["run", "-it", GUEST])]);

testWhen(
  NEEDS,
  "umiak run -it: keys, echo, editing, raw mode, size and its changes, end of file",
  async () => {
    const typist = new Typist(`tty; stty rows 33 cols 101; ${RUN}; echo code $?; stty -a`);
    const terminal = (await typist.until("\r\n")).trim();
    const first = await typist.until("ready\r\n");
    assert.equal(
      first,
      "isatty 111\r\nsize 33x101 tty 111 echo 1 lines 1\r\n/dev/tty\r\n/dev/console\r\n/dev/pts/0\r\nready\r\n",
    );
    await typist.ask("abd\x7fc\r", "abd\b \bc\r\nread 4: a b c 0a\r\n");
    await new Deno.Command("stty", { args: ["-F", terminal, "rows", "40", "cols", "90"] }).output();
    // SIGWINCH is on its way: asked until it is there.
    for (let seen = ""; !seen.includes("size 40x90");) {
      await typist.type("size\r");
      seen = await typist.until("lines 1\r\n");
    }
    await typist.ask("raw\r", "raw\r\nread 4: r a w 0a\r\nset 0\r\n");
    await typist.ask("x", "read 1: x\r\n");
    await typist.ask("\x04", "read 1: 04\r\n");
    await typist.ask("C", "read 1: C\r\nset 0\r\n");
    await typist.ask("\x04", "end of file\r\n");
    const rest = await typist.end();
    assert.match(rest, /^code 7\r\n/);
    assert.match(rest, / icanon .* echo /s, "the terminal is as it was");
  },
);

testWhen(
  NEEDS,
  "umiak run -it: ^C ends a program that has not said otherwise, and it is echoed",
  async () => {
    const typist = new Typist(`${RUN}; echo code $?; stty -a`);
    await typist.until("ready\r\n");
    await typist.type("ab\x03");
    const rest = await typist.end();
    assert.match(rest, /^\^Ccode 130\r\n|^ab\^Ccode 130\r\n/);
    assert.match(rest, / icanon .* echo /s);
  },
);

testWhen(NEEDS, "umiak run -it: the terminal is put back even when umiak is killed", async () => {
  const poll = "n=0; while stty -a | grep -q -e -icanon && [ $n -lt 300 ]; do n=$((n+1)); sleep 0.1; done";
  const typist = new Typist(`sh -c 'echo pid $$; exec "$@"' sh ${RUN}; echo code $?; ${poll}; stty -a`);
  const pid = Number(/pid (\d+)\r\n$/.exec(await typist.until("\r\n"))![1]);
  await typist.until("ready\r\n");
  Deno.kill(pid, "SIGKILL");
  const rest = await typist.end();
  assert.match(rest, /code 137\r?\n/);
  assert.match(rest, /\bicanon\b/);
  assert.doesNotMatch(rest, /-icanon|-echo /);
});

testWhen(NEEDS, "umiak run -it: ^C ends a program that only computes", async () => {
  const typist = new Typist(`${RUN}; echo code $?`);
  await typist.until("ready\r\n");
  await typist.ask("spin\r", "spin\r\nread 5: s p i n 0a\r\n");
  await typist.type("\x03");
  assert.equal((await typist.end()).trimEnd(), "code 130");
});

Deno.test("umiak run -it without a terminal is docker's error", async () => {
  const { code, stderr } = await umiak(["run", "-it", GUEST]);
  assert.deepEqual([code, stderr], [125, "umiak: the input device is not a TTY\n"]);
});

Deno.test("umiak run -t alone: a terminal whose output goes to a pipe", async () => {
  const { code, stdout } = await umiak(["run", "-t", GUEST, "quit"]);
  assert.deepEqual([code, stdout.split("\r\n").slice(0, 2)], [5, [
    "isatty 111",
    "size 0x0 tty 111 echo 1 lines 1",
  ]]);
  assert.doesNotMatch(stdout, /[^\r]\n/);
});

Deno.test("umiak run -t: much output comes through whole", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const text = Array.from({ length: 40_000 }, (_, i) => `line ${i} \t of many\n`).join("");
    await Deno.writeTextFile(`${directory}/text`, text);
    const cat = repositoryFile("tests/guests/cat.wasm");
    const { code, stdout } = await umiak(["run", "-t", "-v", `${directory}:/d`, cat, "/d/text"]);
    assert.deepEqual([code, stdout.length], [0, text.length + 40_000]);
    assert.equal(stdout, text.replaceAll("\n", "\r\n"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
