import assert from "node:assert/strict";
import type { DoctorReport } from "../../../runtime/engine/doctor/types.ts";
import { testWhen } from "../../support/when.ts";
import { onUml, WITHOUT_UML } from "./machine.ts";

const TESTS = [
  "runtime/native/cgroups",
  ...[
    "cgroups_test",
    "cgroups_version2_test",
    "cgroups_unified_test",
    "cgroup_entry_test",
    "stale_cgroups_test",
  ].map(
    (name) => `tests/native/${name}.ts`,
  ),
];

testWhen(
  { missing: WITHOUT_UML },
  "a machine with cgroups of version 2 alone passes the tests of cgroups",
  async () => {
    const { code, stdout, stderr, console } = await onUml(
      `deno test -A --no-check --no-lock ${TESTS.join(" ")}`,
      { modules: ["scsi_debug", "sd_mod"], bundle: true },
    );
    assert.equal(code, 0, stdout + stderr + console);
    assert.match(stdout, /cgroups of version 2: devices, pause, resume, exec, .* ok /);
    assert.match(stdout, /the kernel takes the program of a device list .* ok /);
    assert.match(stdout, /cgroups of version 2 alone: a limit of memory bites, .* ok /);
    assert.match(stdout, /config-linux\.md#pids: 0 is a limit: .* ok /);
    assert.match(stdout, /a process begins in its cgroup; .* ok /);
    assert.match(stdout, /delete --force of a container that has ended leaves .* ok /);
  },
);

testWhen(
  { missing: WITHOUT_UML },
  "a machine without bridges, time namespaces and version 1: doctor says so, and what comes of it",
  async () => {
    const { code, stdout, stderr, console } = await onUml(
      `doctor() { deno run -A --no-check --no-lock cli/main.ts doctor "$@"; }
UMIAK_ROOT=/srv/umiak doctor sandbox >&2
[ $? = 1 ] && UMIAK_ROOT=/tmp/store doctor native --json`,
    );
    assert.equal(code, 0, stdout + stderr + console);
    const { kernels, findings } = JSON.parse(stdout) as DoctorReport;
    assert.equal(kernels.native.works, true);
    const said = (about: string): string => {
      const { state, found, effect } = findings.find((each) => each.about === about)!;
      return `${state}: ${found}: ${effect}`;
    };
    assert.match(said("kernel"), /^ok: Linux \d+\.\d+\.\d+ on x86_64/);
    assert.match(said("cgroups"), /^ok: version 2: cpu, io, memory, pids:/);
    assert.match(
      said("namespaces"),
      /^limited: no time: .*EINVAL.*: a config\.json that asks for time is refused/,
    );
    assert.match(said("networks"), /^limited: no bridge: .*: --network private and --publish are refused/);
    assert.match(said("overlay"), /^ok: mounted by root/);
    // The machine's root is read-only.
    assert.match(stderr, /broken {3}store +\/srv: .*\(EROFS\)\n.*umiak run runs none/);
  },
);
