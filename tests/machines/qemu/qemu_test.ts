import assert from "node:assert/strict";
import { testWhen } from "../../support/when.ts";
import { onQemu, withoutQemu } from "./machine.ts";

testWhen(
  { missing: withoutQemu("x86_64") },
  "Debian's kernel: profiles of AppArmor, and what only it has of cgroups: processors, huge pages, weights of disks",
  async () => {
    const { code, stdout, stderr, console } = await onQemu(
      "x86_64",
      "deno test -A --no-check --no-lock --filter '/profile|processors|huge pages|disks/' " +
        "tests/native/apparmor_test.ts tests/native/cgroups_unified_test.ts",
    );
    assert.equal(code, 0, stdout + stderr + console);
    assert.match(stdout, /a process has the profile of config\.json, .* ok /);
    for (const what of ["processors", "huge pages", "weights of disks", "disks and unified"]) {
      assert.match(stdout, new RegExp(`alone: ${what}: every setting is as runc makes it, .* ok `));
    }
  },
);

testWhen(
  { missing: withoutQemu("aarch64") },
  "aarch64: containers live and end, and attacks fail",
  async () => {
    const { code, stdout, stderr, console } = await onQemu(
      "aarch64",
      "uname -m; deno test -A --no-check --no-lock tests/native/lifecycle_test.ts tests/native/attacks_proc_test.ts",
    );
    assert.equal(code, 0, stdout + stderr + console);
    assert.match(stdout, /^aarch64\n/);
    assert.match(stdout, / [1-9]\d passed \| 0 failed/);
  },
);
