import assert from "node:assert/strict";
import { type Bench, withBench } from "../runtime/support.ts";
import { testWhen } from "../support/when.ts";
import { type Config, inUserNamespace, nativeBundle, WITH_RUNC } from "./support.ts";

const LOOK =
  "cat /proc/self/status; echo ----; cat /proc/self/mountinfo; echo ----; cat /proc/self/limits; " +
  "echo ----; ls -ln /dev /dev/shm; echo ----; cat /proc/self/uid_map /proc/self/gid_map; id -u; id -G; umask; hostname; " +
  "echo ----; ls -l /proc/self/fd | wc -l; cat /proc/self/oom_score_adj; env; pwd; stat -c '%A %u %g' /proc /sys /usr";

/** What differs between any two containers, or must: numbers of processes and mounts, times, cgroups, what the caller of runc ignores. */
function normal(text: string, bundle: string): string[] {
  const [status, mounts, ...rest] = text.split("----\n");
  const changing =
    /^(Pid|Tgid|NSpid|NStgid|NSpgid|NSsid|PPid|Ngid|VmPeak|Vm\w+|Rss\w+|HugetlbPages|\w*ctxt_switches|x86_\w+|Cpus_\w+|Mems_\w+|SigQ|Threads|THP_\w+|untag_mask|SigIgn):/;
  return [
    ...status!.split("\n").filter((line) => !changing.test(line)),
    ...mounts!.split("\n").filter((line) => line !== "").map((line) => {
      const [, , , root = "", ...more] = line.replaceAll(bundle, "BUNDLE").split(" ");
      // runc masks with the container's null device, and an empty tmpfs of another size.
      if (root === "/null") return `null on ${more[0]}`;
      if (more[0] === "/proc/acpi" || more[0] === "/sys/firmware") return `${more.slice(0, 2)}`;
      if (more[0]!.startsWith("/sys/fs/cgroup")) return `cgroups on ${more[0]}`;
      return [root, ...more].join(" ").replace(/ (shared|master|propagate_from):\d+/g, "");
    }).sort((a, b) => /devtmpfs/.test(a) && /devtmpfs/.test(b) ? a < b ? -1 : 1 : 0), // the order of bound devices is nobody's
    ...rest.join("----\n").split("\n").map((line) =>
      line.replace(/\w{3} +\d+ \d\d:\d\d/, "")
        // Under runc the group of a mqueue is one that is not mapped.
        .replace(/65534(.* mqueue)/, "    0$1")
    ),
  ];
}

async function withRunc(bench: Bench, bundle: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("runc", {
    args: ["--root", `${bench.dir}/runc`, "run", "--bundle", bundle, `umiak-test-${Deno.pid}`],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

const CASES: readonly (readonly [what: string, change: (config: Config) => void])[] = [
  ["the default configuration", () => {}],
  ["a user with groups, umask and cwd", (config) => {
    config.process.user = { uid: 33, gid: 33, umask: 0o77, additionalGids: [5, 6] };
    config.process.cwd = "/usr/share";
    config.process.oomScoreAdj = 100;
  }],
  ["all capabilities, limits, a root that can be written to", (config) => {
    const all = ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETUID", "CAP_SETGID"];
    config.process.capabilities = {
      ...{ bounding: all, effective: all, permitted: all, inheritable: all, ambient: all },
    };
    config.process.noNewPrivileges = false;
    config.process.rlimits = [
      { type: "RLIMIT_CORE", soft: 0, hard: 0 },
      { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
    ];
    config.root.readonly = false;
  }],
  ["a user namespace", inUserNamespace],
  ["mounts of all kinds", (config) => {
    config.mounts.push(
      {
        destination: "/tmp/a",
        type: "bind",
        source: "/etc/hostname",
        options: ["bind", "ro", "nosuid", "nodev"],
      },
      { destination: "/tmp/b", type: "tmpfs", source: "b", options: ["noexec", "size=1m", "noatime"] },
      {
        destination: "/tmp/c",
        type: "bind",
        source: "/usr/share",
        options: ["rbind", "rprivate", "nodiratime"],
      },
    );
    config.mounts.unshift({
      destination: "/tmp",
      type: "tmpfs",
      source: "t",
      options: ["nosuid", "mode=1777"],
    });
  }],
  ["devices", (config) => {
    config.linux.devices = [
      { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o600, uid: 1, gid: 2 },
      { path: "/dev/deep/pipe", type: "p", fileMode: 0o640 },
    ];
  }],
];

for (const [what, change] of CASES) {
  testWhen(
    WITH_RUNC,
    `${what}: the process finds what it finds under runc`,
    () =>
      withBench(async (bench) => {
        const bundle = nativeBundle(bench, "b", LOOK, change);
        // In a user namespace the bundle's place must be open to others.
        await Deno.chmod(bench.dir, 0o755);
        const ours = await bench.call("run", "-b", bundle, "c");
        const theirs = await withRunc(bench, bundle);
        assert.deepEqual(normal(ours.stdout + ours.stderr, bundle), normal(theirs, bundle));
        assert.equal(ours.code, 0);
      }),
  );
}
