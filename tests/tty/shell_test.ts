/** dash at a terminal: Debian's, compiled for WASIX, in `umiak run -it`, shows what the same dash shows on Linux. @module */
import assert from "node:assert/strict";
import { umiakArgs } from "../support/umiak.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { debianProgram } from "../wasix/debian_program.ts";
import { quoted, Typist, TYPIST_NEEDS } from "./typist.ts";

/** What is typed at one prompt after the other. */
const LINES: readonly string[] = [
  "echo one two\r",
  "ecoh\x7f\x7fho corrected\r",
  "echo never\x15echo instead\r",
  "echo a wrong\x17right\r",
  "echo gone\x03",
  "for i in 1 2 3; do\recho $i\rdone\r",
  "read a b; echo $b-$a\rfirst second third\r",
  "echo tab\t\x7fend\r",
  "printf 'no newline'\r",
  "(exit 4)\r",
  "echo $?\r",
  "trap 'echo caught' INT; kill -INT $$\r",
  "echo \x16\x03end\r",
  "echo $((6 * 7)) | { read n; echo $n; }\r",
];
const PROMPT = "READY> ";

/** Everything the terminal shows; each line is typed when the prompt is there. */
async function session(command: readonly string[]): Promise<string> {
  const typist = new Typist(`${quoted(command)}; echo code $?`);
  let all = "";
  for (const line of LINES) {
    all += await typist.until(PROMPT);
    await typist.type(line);
  }
  all += await typist.until(PROMPT);
  await typist.type("exit 9\r");
  return all + await typist.end();
}

const against = reasonAgainst({ ...TYPIST_NEEDS, tools: [...TYPIST_NEEDS.tools, "dash"] });
const dash = against === undefined ? await debianProgram("dash") : { path: "", missing: against };

testWhen({ missing: dash.missing }, "dash at a terminal shows what it shows on Linux", async () => {
  const shell = ["-i"], env = `PS1=${PROMPT}`;
  const linux = await session(["env", "-i", env, "PS2=> ", "PATH=/usr/bin:/bin", "dash", ...shell]);
  const options = ["run", "-it", "-e", env, "-e", "PS2=> ", dash.path];
  const ours = await session([Deno.execPath(), ...umiakArgs(options), ...shell]);
  assert.equal(ours, linux);
  assert.match(ours, /code 9/);
});
