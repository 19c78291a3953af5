import assert from "node:assert/strict";
import { attachDeviceProgram } from "../../runtime/native/cgroups/limit_devices.ts";
import { testWhen } from "../support/when.ts";
import {
  besideRunc,
  directories,
  disk,
  hierarchies,
  limitsAreRefused,
  listed,
  MIB,
  runc,
  settingsAreRuncs,
  shapeOf,
  withPlace,
} from "./cgroups_support.ts";
import { type Config, NATIVE, nativeBundle, WITH_RUNC } from "./support.ts";

const with1 = hierarchies.some(({ controllers }) => controllers.includes("devices"));
const VERSION1 = { ...NATIVE, missing: NATIVE.missing ?? (with1 ? undefined : "needs cgroups of version 1") };
const RUNC1 = { ...WITH_RUNC, missing: WITH_RUNC.missing ?? VERSION1.missing };

/** Files that say what has been set, and not what has happened. */
const SETTINGS = new RegExp(
  [
    "memory\\.(?:.*limit_in_bytes|swappiness|oom_control|use_hierarchy)",
    "cpu\\.(?:shares|idle|cfs_.*|rt_.*)",
    "cpuset\\.(?!.*(?:pressure|effective)).*",
    "pids\\.max",
    "blkio\\..*(?:weight.*|_device)",
    "devices\\.list",
    "freezer\\.state",
    "net_cls\\.classid|net_prio\\.ifpriomap|hugetlb\\..*limit_in_bytes",
  ].map((pattern) => `^(?:${pattern})$`).join("|"),
);

/** /dev/net/tun is runc's only, /dev/console ours. */
const OTHER_DEVICES = /^c (?:10:200|5:1) rwm$/;

/** What is set in all cgroups of a place. */
function settings(place: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { mountPoint } of hierarchies) {
    for (const { name } of Deno.readDirSync(`${mountPoint}/${place}`)) {
      if (!SETTINGS.test(name)) continue;
      const lines = Deno.readTextFileSync(`${mountPoint}/${place}/${name}`).trimEnd().split("\n");
      found[name] = lines.filter((line) => !OTHER_DEVICES.test(line)).sort();
    }
  }
  return found;
}

const CASES: readonly (readonly [what: string, resources: Config, update: Config])[] = [
  ["nothing", {}, { memory: { limit: 64 * MIB } }],
  ["memory", {
    memory: {
      limit: 64 * MIB,
      swap: 128 * MIB,
      reservation: 32 * MIB,
      swappiness: 7,
      disableOOMKiller: true,
    },
  }, { memory: { limit: 256 * MIB, swap: 512 * MIB } }],
  ["less memory later", { memory: { limit: 256 * MIB, swap: 512 * MIB } }, {
    memory: { limit: 64 * MIB, swap: 64 * MIB },
  }],
  ["memory without end", { memory: { limit: 64 * MIB, swap: 64 * MIB } }, { memory: { limit: -1 } }],
  ["cpu", { cpu: { shares: 512, quota: 20000, period: 50000, cpus: "0", mems: "0" } }, {
    cpu: { quota: -1, shares: 2048, period: 100000 },
  }],
  ["tasks", { pids: { limit: 20 } }, { pids: { limit: -1 } }],
  ["devices", {
    devices: [
      { allow: false, access: "rwm" },
      { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
      { allow: true, type: "b", major: 8, access: "r" },
      { allow: true, type: "c", major: 1, minor: 11, access: "rw" },
      { allow: false, type: "c", major: 1, minor: 11, access: "w" },
    ],
  }, {}],
  ["all devices but one", {
    devices: [{ allow: true, access: "rwm" }, { allow: false, type: "b", major: 8, minor: 0, access: "w" }],
  }, {}],
  ...disk === undefined ? [] : [
    ["block devices", {
      blockIO: {
        weight: 300,
        throttleReadBpsDevice: [{ ...disk, rate: 1000000 }],
        throttleWriteBpsDevice: [{ ...disk, rate: 2000000 }],
        throttleReadIOPSDevice: [{ ...disk, rate: 300 }],
        throttleWriteIOPSDevice: [{ ...disk, rate: 400 }],
      },
    }, { blockIO: { weight: 500 } }] as const,
  ],
];

for (const [what, resources, update] of CASES) {
  testWhen(
    RUNC1,
    `cgroups of version 1: ${what}: every setting is as runc makes it, at create and at update`,
    () => settingsAreRuncs(resources, update, settings),
  );
}

testWhen(RUNC1, "events --stats has what runc's has", () =>
  withPlace(async (bench, place) => {
    const limits = { memory: { limit: 64 * MIB }, pids: { limit: 9 } };
    await besideRunc(bench, place, limits, async (theirs) => {
      await runc(bench, "events", "--stats", theirs);
      const expected = JSON.parse(Deno.readTextFileSync(`${bench.dir}/runc.out`));
      const found = JSON.parse(await bench.ok("events", "--stats", "c"));
      // Of what is 0 runc says nothing: what a Go program and one of 60 kB have used is not the same.
      const { cache: _, ...memory } = expected.data.memory, { cache: _2, ...own } = found.data.memory;
      assert.deepEqual(
        shapeOf({ ...found, data: { ...found.data, memory: own } }),
        shapeOf({ ...expected, data: { ...expected.data, memory } }),
      );
      assert.deepEqual([found.data.memory.usage.limit, found.data.pids.limit], [64 * MIB, 9]);
    });
  }));

const REFUSED: readonly (readonly [what: string, resources: Config, message: RegExp])[] = [
  ["unified", { unified: { "memory.high": "1" } }, /linux\.resources\.unified: .* version 1/],
  [
    "a CPU that there is not",
    { cpu: { cpus: "4000" } },
    /linux\.resources\.cpu\.cpus: setting cpuset\.cpus of .*: E/,
  ],
  ["too many shares", { cpu: { shares: 999999 } }, /linux\.resources\.cpu\.shares: .*the most .* is 262144/],
  ["a hole in a rule of devices", {
    devices: [
      { allow: true, type: "c", major: 1, access: "rwm" },
      { allow: false, type: "c", major: 1, minor: 11, access: "w" },
    ],
  }, /linux\.resources\.devices\[1\]: cgroups of version 1 cannot deny a part/],
  ["a size of huge pages that there is not", {
    hugepageLimits: [{ pageSize: "3MB", limit: 1 }],
  }, /linux\.resources\.hugepageLimits\[0\]:/],
];

testWhen(
  VERSION1,
  "a limit of memory that the init itself does not find enough is an error that says so, and leaves nothing",
  () =>
    withPlace(async (bench, place) => {
      const bundle = nativeBundle(bench, "b", "true", (config) => {
        config.linux.cgroupsPath = `/${place}/c`;
        config.linux.resources = { memory: { limit: 4096 } };
      });
      const { code, stderr } = await bench.call("create", "-b", bundle, "c");
      assert.equal(code, 1);
      assert.match(stderr, /memory\.limit: 4096 bytes are too few: the container's init was killed/);
      assert.deepEqual(directories(place).filter((path) => path.endsWith("/c")), []);
      assert.deepEqual(listed(bench.root), []);
    }),
);

for (const [what, resources, message] of REFUSED) {
  testWhen(
    VERSION1,
    `a limit that cannot be had is an error that names it, and leaves nothing: ${what}`,
    () => limitsAreRefused(resources, message),
  );
}

testWhen(
  NATIVE,
  "a cgroup with processes, or a frozen one, is not fit for a container (config-linux.md#control-groups)",
  () =>
    withPlace(async (bench, place) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "sleep 1000",
        (config) => config.linux.cgroupsPath = `/${place}/c`,
      );
      await bench.ok("create", "-b", bundle, "c");
      const { code, stderr } = await bench.call("create", "-b", bundle, "d");
      assert.equal(code, 1);
      assert.match(stderr, /linux\.cgroupsPath: the cgroup .* has processes/);
      assert.equal((await bench.state("c")).status, "created");
    }),
);

testWhen(
  VERSION1,
  "pause, resume, kill --all, ps, exec: by cgroups",
  () =>
    withPlace(async (bench, place) => {
      const bundle = nativeBundle(bench, "b", "while :; do sleep 1000 & wait; done", (config) => {
        config.linux.cgroupsPath = `/${place}/c`;
        config.linux.namespaces = config.linux.namespaces.filter(({ type }: Config) => type !== "pid");
        config.mounts[0] = { destination: "/proc", type: "bind", source: "/proc", options: ["rbind"] };
      });
      await bench.ok("create", "-b", bundle, "c");
      await bench.ok("start", "c");
      const mount = hierarchies.find(({ controllers }) => controllers.includes("freezer"))!.mountPoint;
      const frozen = (): string => Deno.readTextFileSync(`${mount}/${place}/c/freezer.state`).trim();
      await bench.ok("pause", "c");
      assert.deepEqual([(await bench.state("c")).status, frozen()], ["paused", "FROZEN"]);
      await bench.ok("resume", "c");
      assert.equal(frozen(), "THAWED");
      const inner = hierarchies.map(({ mountPoint }) => `${mountPoint}/${place}/c/in`);
      for (const each of inner) Deno.mkdirSync(each);
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        const cpuset = hierarchies.find(({ controllers }) => controllers.includes("cpuset"))!.mountPoint;
        Deno.writeTextFileSync(
          `${cpuset}/${place}/c/in/${file}`,
          Deno.readTextFileSync(`${cpuset}/${place}/c/${file}`),
        );
      }
      const own = await bench.ok("exec", "--cgroup", "in", "c", "grep", "freezer", "/proc/self/cgroup");
      assert.match(own, /freezer:\/in$/m); // as seen from the container's cgroup namespace
      await bench.ok("kill", "--all", "c", "KILL");
      await bench.stopped("c");
      await bench.ok("delete", "c");
      assert.deepEqual(directories(`${place}/c`), []);
    }),
);

testWhen(
  VERSION1,
  "delete --force of a paused container takes everything away",
  () =>
    withPlace(async (bench, place) => {
      const bundle = nativeBundle(
        bench,
        "b",
        "sleep 1000",
        (config) => config.linux.cgroupsPath = `/${place}/c`,
      );
      await bench.ok("create", "-b", bundle, "c");
      await bench.ok("start", "c");
      await bench.ok("pause", "c");
      await bench.ok("delete", "--force", "c");
      assert.deepEqual(directories(`${place}/c`), []);
    }),
);

testWhen(
  {
    ...NATIVE,
    missing: hierarchies.some(({ version }) => version === 2) ? NATIVE.missing : "needs cgroups of version 2",
  },
  "the kernel takes the program of a device list and enforces it on a cgroup of version 2",
  () =>
    withPlace(async (_bench, place) => {
      const { mountPoint } = hierarchies.find(({ version }) => version === 2)!,
        directory = `${mountPoint}/${place}`;
      Deno.mkdirSync(directory);
      attachDeviceProgram(directory, [
        { allow: true, type: "a", access: "rwm" },
        { allow: false, type: "c", major: 1, minor: 5, access: "r" },
        { allow: false, type: "c", major: 1, minor: 7, access: "" },
      ]);
      const script = `echo $$ >${directory}/cgroup.procs; for d in null zero full; do ` +
        `head -c 0 /dev/$d 2>/dev/null && echo $d; : 2>/dev/null >/dev/$d && echo $d w; done`;
      const { stdout } = await new Deno.Command("/bin/bash", { args: ["-c", script] }).output();
      assert.equal(new TextDecoder().decode(stdout), "null\nnull w\nzero w\n");
    }),
);

for (const access of ["ro", "rw"]) {
  testWhen(
    VERSION1,
    `a mount of type cgroup, ${access}, shows the container's own cgroups and no others (CVE-2023-25809)`,
    () =>
      withPlace(async (bench, place) => {
        const script =
          "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max; head -1 pids/cgroup.procs; " +
          "mkdir pids/in && rmdir pids/in && echo made; ls -d pids/*-test-* pids/../*-test-*";
        const bundle = nativeBundle(bench, "b", script, (config) => {
          config.linux.cgroupsPath = `/${place}/c`;
          config.linux.resources = { memory: { limit: 64 * MIB }, pids: { limit: 9 } };
          const mount = config.mounts.find(({ type }: Config) => type === "cgroup");
          mount.options = mount.options.map((option: string) => option === "ro" ? access : option);
        });
        const { stdout } = await bench.call("run", "-b", bundle, "c");
        assert.deepEqual(stdout.trim().split("\n"), [
          String(64 * MIB),
          "9",
          "1",
          ...access === "rw" ? ["made"] : [],
        ]);
        assert.deepEqual(directories(`${place}/c`), []);
      }),
  );
}
