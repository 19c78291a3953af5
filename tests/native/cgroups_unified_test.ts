/** Cgroups of version 2 with all their controllers, where there is nothing else: in user-mode Linux at least (tests/machines). @module */
import assert from "node:assert/strict";
import { readHost } from "../../runtime/native/cgroups/hosts.ts";
import { withBench } from "../runtime/support.ts";
import { exists } from "../support/exists.ts";
import { testWhen } from "../support/when.ts";
import {
  besideRunc,
  directories,
  disk,
  limitsAreRefused,
  MIB,
  runc,
  settingsAreRuncs,
  shapeOf,
  withPlace,
} from "./cgroups_support.ts";
import { type Config, inUserNamespace, NATIVE, nativeBundle, WITH_RUNC } from "./support.ts";

const ROOT = "/sys/fs/cgroup";
const controllers = ((): string[] => {
  try {
    return Deno.readTextFileSync(`${ROOT}/cgroup.controllers`).trim().split(" ");
  } catch {
    return [];
  }
})();
const WANTED = ["cpu", "io", "memory", "pids"];

function missing(): string | undefined {
  const unified = Deno.build.os === "linux" && readHost().mode === "unified";
  if (!unified) return "needs cgroups of version 2 alone";
  const absent = WANTED.filter((name) => !controllers.includes(name));
  return absent.length === 0 ? undefined : `needs controllers ${absent.join(", ")}`;
}

const UNIFIED = { ...NATIVE, missing: NATIVE.missing ?? missing() };
const RUNC = { ...WITH_RUNC, missing: WITH_RUNC.missing ?? UNIFIED.missing };

/** Files that say what has been set, and not what has happened. */
const SETTINGS = new RegExp(
  `^(?:${
    [
      "memory\\.(?:min|low|high|max|oom\\.group|swap\\.(?:max|high)|zswap\\.max)",
      "cpu\\.(?:idle|max|weight|weight\\.nice)",
      "cpuset\\.(?:cpus|mems|cpus\\.partition)",
      "pids\\.max|io\\.(?:max|weight|bfq\\.weight)|hugetlb\\.[^.]*\\.max",
      "cgroup\\.(?:type|freeze|max\\.(?:depth|descendants)|subtree_control|controllers)",
    ].join("|")
  })$`,
);

function settings(place: string): Record<string, string> {
  const files = [...Deno.readDirSync(`${ROOT}/${place}`)].filter(({ name }) => SETTINGS.test(name));
  return Object.fromEntries(
    files.map(({ name }) => [name, Deno.readTextFileSync(`${ROOT}/${place}/${name}`)]),
  );
}

const throttle = disk === undefined ? {} : {
  throttleReadBpsDevice: [{ ...disk, rate: 1000000 }],
  throttleWriteIOPSDevice: [{ ...disk, rate: 400 }],
};
/** What only some kernels have is asked of those. */
const CASES: readonly (readonly [what: string, resources: Config, update: Config, wants?: string])[] = [
  ["memory", { memory: { limit: 64 * MIB, swap: 128 * MIB, reservation: 32 * MIB } }, {
    memory: { limit: 256 * MIB, swap: 512 * MIB },
  }],
  ["memory without end", { memory: { limit: 64 * MIB, swap: 64 * MIB } }, {
    memory: { limit: -1, swap: -1 },
  }],
  ["cpu and tasks", { cpu: { shares: 512, quota: 20000, period: 50000 }, pids: { limit: 20 } }, {
    cpu: { quota: -1, shares: 2048, period: 100000 },
    pids: { limit: -1 },
  }],
  ["disks and unified", {
    blockIO: throttle,
    unified: { "memory.high": "33554432", "cgroup.max.depth": "5" },
  }, {
    unified: { "memory.high": "max" },
  }],
  ["processors", { cpu: { cpus: "0", mems: "0" } }, { cpu: { shares: 512 } }, "cpuset"],
  ["huge pages", { hugepageLimits: [{ pageSize: "2MB", limit: 4 * MIB }] }, {
    pids: { limit: 30 },
  }, "hugetlb"],
  ["weights of disks", { blockIO: { weight: 321 } }, { blockIO: { weight: 654 } }, "io.cost.qos"],
];

/** A controller, or a file of the root's cgroup. */
const isThere = (wanted: string): boolean => controllers.includes(wanted) || exists(`${ROOT}/${wanted}`);

for (const [what, resources, update, wanted = "io"] of CASES) {
  testWhen(
    isThere(wanted) ? RUNC : { ...RUNC, missing: RUNC.missing ?? `needs ${wanted}` },
    `cgroups of version 2 alone: ${what}: every setting is as runc makes it, at create and at update`,
    () => settingsAreRuncs(resources, update, settings),
  );
}

testWhen(
  RUNC,
  "cgroups of version 2 alone: events --stats has what runc's has",
  () =>
    withPlace(async (bench, place) => {
      const limits = { memory: { limit: 64 * MIB }, pids: { limit: 9 } };
      await besideRunc(bench, place, limits, async (theirs) => {
        await runc(bench, "events", "--stats", theirs);
        const expected = JSON.parse(Deno.readTextFileSync(`${bench.dir}/runc.out`));
        const found = JSON.parse(await bench.ok("events", "--stats", "c"));
        // Of what is 0 runc 1.1 says nothing, and nothing of memory.peak; its init has more tasks than ours.
        const parts = ({ data: { memory, cpu, pids } }: Config): unknown => {
          const { max: _, ...usage } = memory.usage;
          return {
            memory: { usage: shapeOf(usage), raw: Object.keys(memory.raw).sort() },
            ...{ limit: pids.limit, cpu: Object.keys(cpu).sort() },
          };
        };
        assert.deepEqual(parts(found), parts(expected));
        assert.deepEqual([found.data.memory.usage.limit, found.data.pids.limit], [64 * MIB, 9]);
      });
    }),
);

const BITES:
  readonly (readonly [what: string, script: string, resources: Config, file: string, name: string])[] = [
    // What is in a tmpfs is the container's memory.
    [
      "memory",
      "head -c 48M /dev/zero >/dev/shm/all",
      { memory: { limit: 16 * MIB, swap: 16 * MIB }, unified: { "memory.oom.group": "1" } },
      ...["memory.events", "oom_kill"] as const,
    ],
    ["tasks", "sleep 1 & sleep 1 & sleep 1 & sleep 1", { pids: { limit: 3 } }, "pids.events", "max"],
  ];

for (const [what, script, resources, file, name] of BITES) {
  testWhen(
    UNIFIED,
    `cgroups of version 2 alone: a limit of ${what} bites, and that is counted`,
    () =>
      withPlace(async (bench, place) => {
        const bundle = nativeBundle(bench, "b", script, (config) => {
          config.linux.cgroupsPath = `/${place}/c`;
          config.linux.resources = resources;
        });
        await bench.ok("create", "-b", bundle, "c");
        await bench.ok("start", "c");
        await bench.stopped("c");
        const events = Deno.readTextFileSync(`${ROOT}/${place}/c/${file}`);
        assert.match(events, new RegExp(`^${name} [1-9]`, "m"));
        await bench.ok("delete", "c");
        assert.deepEqual(directories(`${place}/c`), []);
      }),
  );
}

testWhen(
  UNIFIED,
  "cgroups of version 2 alone: a limit below what is in use is an error with checkBeforeUpdate (config-linux.md#memory)",
  () =>
    withPlace(async (bench, place) => {
      const script = "head -c 8M /dev/zero >/dev/shm/some; echo there; sleep 1000";
      const bundle = nativeBundle(bench, "b", script, (config) => {
        config.linux.cgroupsPath = `/${place}/c`;
        config.linux.resources = { memory: { limit: 64 * MIB } };
      });
      await bench.ok("create", "-b", bundle, "c");
      await bench.ok("start", "c");
      const current = (): number => Number(Deno.readTextFileSync(`${ROOT}/${place}/c/memory.current`));
      while (current() < 8 * MIB) await new Promise((resolve) => setTimeout(resolve, 20));
      const file = `${bench.dir}/update.json`;
      Deno.writeTextFileSync(file, JSON.stringify({ memory: { limit: 4 * MIB, checkBeforeUpdate: true } }));
      const { code, stderr } = await bench.call("update", "--resources", file, "c");
      assert.equal(code, 1);
      assert.match(stderr, /linux\.resources\.memory\.limit: 4194304 is less than the \d+ in use/);
      assert.equal(Deno.readTextFileSync(`${ROOT}/${place}/c/memory.max`), `${64 * MIB}\n`);
    }),
);

const REFUSED: readonly (readonly [what: string, resources: Config, message: RegExp])[] = [
  ["a controller that there is not", { unified: { "magic.max": "x" } }, /there is no controller magic/],
  [
    "a value that is none",
    { unified: { "pids.max": "many" } },
    /linux\.resources\.unified.*pids\.max.*EINVAL/,
  ],
  ["what only version 1 has", { memory: { swappiness: 7 } }, /linux\.resources\.memory\.swappiness/],
  ["a disk that there is not", {
    blockIO: { throttleReadBpsDevice: [{ major: 4095, minor: 0, rate: 1 }] },
  }, /linux\.resources\.blockIO.*ENODEV/],
];

for (const [what, resources, message] of REFUSED) {
  testWhen(
    UNIFIED,
    `cgroups of version 2 alone: a limit that cannot be had is an error that names it, and leaves nothing: ${what}`,
    () => limitsAreRefused(resources, message),
  );
}

testWhen(
  UNIFIED,
  "cgroups of version 2 alone: delete --force of a paused container takes everything away",
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
      assert.match(Deno.readTextFileSync(`${ROOT}/${place}/c/cgroup.events`), /^frozen 1$/m);
      await bench.ok("delete", "--force", "c");
      assert.deepEqual(directories(`${place}/c`), []);
    }),
);

for (const access of ["ro", "rw"]) {
  testWhen(
    UNIFIED,
    `cgroups of version 2 alone: a mount of type cgroup, ${access}, shows the container's own and no others (CVE-2023-25809)`,
    () =>
      withPlace(async (bench, place) => {
        const script =
          "cd /sys/fs/cgroup; cat memory.max pids.max; head -1 cgroup.procs; mkdir in && rmdir in && echo made; ls -d *-test-* ../*-test-*";
        const bundle = nativeBundle(bench, "b", script, (config) => {
          config.linux.cgroupsPath = `/${place}/c`;
          config.linux.resources = { memory: { limit: 64 * MIB }, pids: { limit: 9 } };
          const mount = config.mounts.find(({ type }: Config) => type === "cgroup");
          mount.options = mount.options.map((option: string) => option === "ro" ? access : option);
        });
        const { stdout } = await bench.call("run", "-b", bundle, "c");
        assert.deepEqual(stdout.trim().split("\n"), [
          ...[String(64 * MIB), "9", "1"],
          ...access === "rw" ? ["made"] : [],
        ]);
        assert.deepEqual(directories(`${place}/c`), []);
      }),
  );
}

testWhen(
  UNIFIED,
  "cgroups of version 2 alone: a path that is not absolute is beside the runtime's own cgroup, which keeps its processes",
  () =>
    withPlace(async (bench, place) => {
      const bundle = nativeBundle(bench, "b", "cat /proc/1/cgroup", (config) => {
        config.linux.cgroupsPath = `${place}/c`;
        config.linux.namespaces = config.linux.namespaces.filter(({ type }: Config) => type !== "cgroup");
        config.linux.resources = { pids: { limit: 9 } };
      });
      const own = /^0::(.*)$/m.exec(Deno.readTextFileSync("/proc/self/cgroup"))![1]!;
      const { stdout } = await bench.call("run", "-b", bundle, "c");
      assert.equal(stdout.trim(), `0::${own.slice(0, own.lastIndexOf("/"))}/${place}/c`);
    }),
);

testWhen(
  UNIFIED,
  "cgroups of version 2 alone: config-linux.md#pids: 0 is a limit: the init is there, and makes no process",
  () =>
    withBench(async (bench) => {
      for (const user of [false, true]) {
        for (const limit of [0, 1]) {
          const id = `c${limit}-${user}`;
          const bundle = nativeBundle(
            bench,
            id,
            "read line </proc/self/cgroup; echo $line; exec true",
            (config) => {
              if (user) inUserNamespace(config);
              config.linux.resources = { ...config.linux.resources, pids: { limit } };
            },
          );
          if (user) await Deno.chmod(bench.dir, 0o755);
          const { code, stdout, stderr } = await bench.call("run", "-b", bundle, id);
          assert.deepEqual([code, stdout, stderr], [0, "0::/\n", ""], id);
        }
      }
    }),
);
