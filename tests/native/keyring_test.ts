import assert from "node:assert/strict";
import { syscallNumber } from "../../runtime/abi/linux/syscall_numbers.ts";
import { withBench } from "../runtime/support.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { type Config, NATIVE, nativeBundle } from "./support.ts";

const KEYCTL_GET_KEYRING_ID = 0, KEYCTL_DESCRIBE = 6, KEY_SPEC_SESSION_KEYRING = -3;
const keyctl = syscallNumber("keyctl", Deno.build.arch === "aarch64" ? "aarch64" : "x86_64");

/** Number and description of the session keyring (man 2 keyctl). */
const PROGRAM = [
  "perl",
  "-e",
  `my $id = syscall(${keyctl}, ${KEYCTL_GET_KEYRING_ID}, ${KEY_SPEC_SESSION_KEYRING}, 0); my $text = "\\0" x 256; ` +
  `my $n = syscall(${keyctl}, ${KEYCTL_DESCRIBE}, ${KEY_SPEC_SESSION_KEYRING}, $text, 256); ` +
  'print "$id ", substr($text, 0, $n - 1);',
];

async function ofHost(): Promise<string> {
  const { stdout } = await new Deno.Command(PROGRAM[0]!, { args: PROGRAM.slice(1) }).output();
  return new TextDecoder().decode(stdout);
}

testWhen(
  { ...NATIVE, tools: ["perl"], missing: reasonAgainst(NATIVE) },
  "a container has a session keyring of its own, with --no-new-keyring that of whoever makes it",
  () =>
    withBench(async (bench) => {
      const change = (config: Config): void => void (config.process.args = PROGRAM);
      const bundle = nativeBundle(bench, "b", "", change);
      const own = await bench.call("run", "-b", bundle, "c1");
      assert.match(own.stdout, /^\d+ keyring;0;0;[0-9a-f]+;_ses\.c1$/, own.stderr);
      const host = await ofHost();
      assert.notEqual(own.stdout.split(" ")[0], host.split(" ")[0]);
      const kept = await bench.call("run", "--no-new-keyring", "-b", bundle, "c2");
      assert.equal(kept.stdout, host, kept.stderr);
    }),
);
