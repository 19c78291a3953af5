import assert from "node:assert/strict";
import { testWhen } from "../support/when.ts";
import { onUml, WITHOUT_UML } from "./machine.ts";

const TESTS = [
  "runtime/native/cgroups",
  "tests/native/cgroups_test.ts",
  "tests/native/cgroups_version2_test.ts",
];

testWhen(
  { missing: WITHOUT_UML },
  "a machine with cgroups of version 2 alone passes the tests of cgroups",
  async () => {
    const { code, stdout, stderr, console } = await onUml(
      `grep -q '^cgroup2 /sys/fs/cgroup cgroup2 ' /proc/mounts && ! grep -q '^[^ ]* [^ ]* cgroup ' /proc/mounts || exit
deno test -A --no-check --no-lock ${TESTS.join(" ")}`,
      { modules: ["scsi_debug", "sd_mod"] },
    );
    assert.equal(code, 0, stdout + stderr + console);
    assert.match(stdout, /cgroups of version 2: devices, pause, resume, exec, .* ok /);
    assert.match(stdout, /the kernel takes the program of a device list .* ok /);
  },
);
