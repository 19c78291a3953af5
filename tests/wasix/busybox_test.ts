/**
 * A userland in a container: Debian's busybox, compiled for WASIX, as `umiak run` starts it. Its shell forks; what is no part of the shell
 * executes /proc/self/exe.
 * @module
 */
import assert from "node:assert/strict";
import { umiak } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { debianProgram } from "./debian_program.ts";

const { path, missing } = await debianProgram("busybox");

/** Scripts, what they print, and their exit codes. */
const CASES: Readonly<Record<string, readonly [script: string, stdout: string, code: number]>> = {
  "pipelines of programs": [
    `printf 'b\\na\\nc\\na\\n' >/f; sort /f | uniq -c | sed 's/^ *//' | tr a-z A-Z | tail -2; grep -c a /f; cut -c1 /f | tac | head -1`,
    "1 B\n1 C\n2\na\n",
    0,
  ],
  "files": [
    `mkdir -p /d/e; cd /d; echo x >e/one; cp e/one e/two; mv e/two three; ln -s three four; cat four; ls -1; find . -type f | sort; rm -r e; ls`,
    "x\ne\nfour\nthree\n./e/one\n./three\nfour\nthree\n",
    0,
  ],
  "programs that start others": [
    `seq 3 | xargs -n1 echo arg; find /proc/self/exe -exec readlink {} \\;; env -i A=1 env; yes | head -2`,
    "arg 1\narg 2\narg 3\n/busybox.wasm\nA=1\ny\ny\n",
    0,
  ],
  "awk and arithmetic": [
    `seq 100 | awk '{ s += $1 } END { print s, NR }'; echo $((2 ** 10)) $(expr 6 \\* 7); echo abc | md5sum`,
    "5050 100\n1024 42\n0bee89b07a248e27c83fc3d5951213c1  -\n",
    0,
  ],
  "subshells, traps and signals": [
    `(exit 3); echo $?; trap 'echo trapped' TERM; kill -TERM $$; sh -c 'kill -9 $$'; echo $?; (sleep 0; echo later) & wait; exit 6`,
    "3\ntrapped\n137\nlater\n",
    6,
  ],
};

for (const [name, [script, stdout, code]] of Object.entries(CASES)) {
  testWhen({ ...missing === undefined ? {} : { missing } }, `busybox in a container: ${name}`, async () => {
    const result = await umiak(["run", path, "sh", "-c", script]);
    assert.deepEqual([result.stdout, result.code], [stdout, code], result.stderr);
  });
}
