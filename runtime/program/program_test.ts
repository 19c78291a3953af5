/** Specifications compiled: golden texts, and the rules of options. Set UMIAK_UPDATE_GOLDEN=1 to write the texts anew. @module */
import assert from "node:assert/strict";
import {
  MOUNT_ATTR__ATIME,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_SLAVE,
} from "../../fs/abi/mount.ts";
import { decodeSpec } from "../spec/decode.ts";
import { compileSpec } from "./compile.ts";
import { cgroupPathOf } from "./compile_cgroup.ts";
import { mountOptionNames, parseMountOptions } from "./mount_options.ts";
import { resourceWrites } from "./resources.ts";
import { printProgram } from "./print.ts";
import type { Step } from "./types.ts";

const GOLDEN = new URL("../../tests/golden/", import.meta.url);

async function golden(name: string, text: string): Promise<void> {
  const file = new URL(`${name}.txt`, GOLDEN);
  if (Deno.env.get("UMIAK_UPDATE_GOLDEN") === "1") await Deno.writeTextFile(file, text);
  assert.equal(text, await Deno.readTextFile(file));
}

const SPECS: Record<string, unknown> = {
  minimal: { ociVersion: "1.2.0", root: { path: "rootfs" }, process: { cwd: "/", args: ["/bin/sh"] } },
  path_search: {
    ociVersion: "1.2.0",
    root: { path: "rootfs", readonly: true },
    process: {
      cwd: "/work",
      args: ["sh", "-c", "true"],
      env: ["PATH=/bin::/usr/bin"],
      user: { uid: 1000, gid: 100, additionalGids: [5, 10], umask: 7 },
      noNewPrivileges: true,
    },
    hostname: "box",
    domainname: "example.org",
  },
  namespaces: {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/sh"], oomScoreAdj: -100 },
    linux: {
      namespaces: [
        { type: "mount" },
        { type: "pid", path: "/proc/7/ns/pid" },
        { type: "user" },
        { type: "cgroup" },
        { type: "time" },
      ],
      uidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }, {
        containerID: 1000,
        hostID: 5,
        size: 1,
      }],
      gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
      timeOffsets: { monotonic: { secs: -5, nanosecs: 7 }, boottime: { secs: 172800, nanosecs: 0 } },
    },
  },
  cgroup: {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/sh"], user: { uid: 5, gid: 5 } },
    mounts: [
      {
        destination: "/sys/fs/cgroup",
        type: "cgroup",
        source: "cgroup",
        options: ["nosuid", "noexec", "nodev"],
      },
      { destination: "/var", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro", "mode=755"] },
      {
        destination: "/var",
        type: "tmpfs",
        source: "tmpfs",
        options: ["remount", "rw", "size=1m", "rnosuid"],
      },
    ],
    linux: {
      namespaces: [{ type: "mount" }, { type: "user" }, { type: "cgroup" }],
      uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      cgroupsPath: "/pods/one",
      resources: {
        devices: [{ allow: false, access: "rwm" }, {
          allow: true,
          type: "c",
          major: 10,
          minor: 229,
          access: "rw",
        }],
        memory: { limit: 67108864, swap: 134217728, reservation: 1048576 },
        pids: { limit: 10 },
        cpu: { shares: 1024, quota: 50000, period: 100000, cpus: "0-1" },
        unified: { "memory.oom.group": "1" },
      },
      rootfsPropagation: "shared",
    },
  },
  overlay: {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/sh"] },
    mounts: [
      {
        destination: "/",
        type: "overlay",
        source: "overlay",
        options: [
          "lowerdir=/store/trees/top:/store/trees/with\\:colon",
          "upperdir=/c/upper",
          "workdir=/c/work,",
          "volatile",
          "nodev",
        ],
      },
      { destination: "/proc", type: "proc", source: "proc" },
    ],
  },
  full: {
    ociVersion: "1.2.0",
    root: { path: "rootfs" },
    process: {
      terminal: true,
      cwd: "/",
      args: ["/bin/sh"],
      capabilities: {
        bounding: ["CAP_KILL", "CAP_CHOWN"],
        effective: ["CAP_KILL"],
        permitted: ["CAP_KILL", "CAP_CHOWN"],
        inheritable: ["CAP_KILL"],
        ambient: ["CAP_KILL"],
      },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
    },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
      { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["size=64k", "mode=1777", "noatime"] },
      { destination: "/data", type: "bind", source: "/host/data", options: ["rbind", "ro", "rslave"] },
      { destination: "/etc/file", type: "none", source: "/host/file", options: ["bind", "rro"] },
    ],
    linux: {
      namespaces: [{ type: "mount" }, { type: "pid" }, { type: "uts" }, { type: "ipc" }, {
        type: "network",
        path: "/proc/1/ns/net",
      }],
      devices: [{ type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 0o660, uid: 1, gid: 2 }],
      sysctl: { "kernel.domainname": "sys" },
      maskedPaths: ["/proc/kcore"],
      readonlyPaths: ["/proc/sys"],
      rootfsPropagation: "rslave",
    },
  },
};

for (const [name, json] of Object.entries(SPECS)) {
  Deno.test(`program of ${name} (tests/golden/${name}.txt)`, () =>
    golden(
      name,
      printProgram(compileSpec(decodeSpec(json), {
        rootfs: "/bundle/rootfs",
        isFile: (source) => source === "/host/file",
      })),
    ));
}

Deno.test("config.md#mounts: an overlay on / is the root only as the first mount, and never shared with the host", () => {
  const overlay = { destination: "/", type: "overlay", source: "overlay", options: ["lowerdir=/l"] };
  const spec = (mounts: unknown[], linux = {}) =>
    decodeSpec({
      ociVersion: "1.2.0",
      root: { path: "r" },
      process: { cwd: "/", args: ["a"] },
      mounts,
      linux,
    });
  const calls = (mounts: unknown[]): string => printProgram(compileSpec(spec(mounts), { rootfs: "/r" }));
  assert.match(calls([overlay]), /fsconfig\([^)]*lowerdir\+/);
  assert.doesNotMatch(
    calls([{ destination: "/tmp", type: "tmpfs", source: "tmpfs" }, overlay]),
    /lowerdir\+/,
  );
  assert.throws(
    () => compileSpec(spec([overlay], { rootfsPropagation: "shared" }), { rootfs: "/r" }),
    /linux.rootfsPropagation: a root filesystem that is an overlay cannot be shared/,
  );
});

Deno.test("every label that is jumped to exists once, and every result is stored before it is used", () => {
  for (const json of Object.values(SPECS)) {
    const { before = [], parent = [], init } = compileSpec(decodeSpec(json), { rootfs: "/r" });
    for (const steps of [before, parent, init]) checkNames(steps);
  }
});

function checkNames(steps: readonly Step[]): void {
  const labels = steps.flatMap((step) => "label" in step ? [step.label] : []);
  assert.equal(new Set(labels).size, labels.length);
  const stored = new Set<string>();
  for (const step of steps) {
    if ("jump" in step) assert.ok(labels.includes(step.jump), step.jump);
    if (!("call" in step)) continue;
    if (step.onError !== undefined && step.onError !== "ignore") {
      assert.ok(labels.includes(step.onError), step.onError);
    }
    for (const arg of step.args) {
      if (typeof arg === "object" && arg !== null && "ref" in arg) {
        assert.ok(stored.has(arg.ref), `${step.call} uses ${arg.ref}`);
      }
    }
    if (step.result !== undefined) stored.add(step.result);
  }
}

Deno.test("a container without a process cannot be compiled", () => {
  assert.throws(
    () => compileSpec(decodeSpec({ ociVersion: "1.0.0", root: { path: "r" } }), { rootfs: "/r" }),
    /process: a process is required/,
  );
});

Deno.test("mount options: attributes, propagation, data; the last of a pair counts (config.md#mounts)", () => {
  const o = parseMountOptions([
    "ro",
    "nosuid",
    "rw",
    "nodev",
    "noatime",
    "size=1m",
    "rprivate",
    "slave",
    "defaults",
    "mode=755",
  ]);
  assert.equal(o.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
  assert.equal(o.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
  assert.deepEqual(o.propagation, [[MS_PRIVATE, true], [MS_SLAVE, false]]);
  assert.deepEqual(o.data, ["size=1m", "mode=755"]);
  const bind = parseMountOptions(["rbind", "rro"]);
  assert.deepEqual([bind.bind, bind.recursive, bind.recursiveSet], [true, true, MOUNT_ATTR_RDONLY]);
});

Deno.test("config.md#mounts: every option of the table is one of ours; only the filesystem's own are left for it", () => {
  const known =
    ("async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev nodiratime noexec " +
      "noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind rdev rdiratime relatime remount " +
      "rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid rnosymfollow ro rprivate rrelatime rro rrw rshared " +
      "rslave rstrictatime rsuid rsymfollow runbindable rw shared silent slave strictatime suid sync symfollow tmpcopyup unbindable " +
      "idmap ridmap").split(" ");
  assert.deepEqual(parseMountOptions(known).data, []);
  const names = mountOptionNames();
  assert.deepEqual(known.filter((name) => !names.includes(name)), []);
  const o = parseMountOptions(["remount", "sync", "lazytime", "size=5", "tmpcopyup", "ridmap"]);
  assert.deepEqual([o.remount, o.copyUp, o.idmap, o.superOptions, o.data], [true, true, "ridmap", [
    "sync",
    "lazytime",
  ], ["size=5"]]);
});

Deno.test("config-linux.md#mount-label: new filesystems have the context, those that have labels of their own have not", () => {
  const mount = (type: string, destination: string, options: string[] = []) => ({
    ...{ type, destination, source: type, options },
  });
  const { init } = compileSpec(
    decodeSpec({
      ociVersion: "1.3.0",
      root: { path: "rootfs" },
      process: { cwd: "/", args: ["/x"] },
      mounts: [
        mount("tmpfs", "/tmp", ["size=1m"]),
        mount("tmpfs", "/own", ["context=a:b:c"]),
        mount("devpts", "/dev/pts"),
        ...[
          mount("proc", "/proc"),
          mount("sysfs", "/sys"),
          mount("mqueue", "/q"),
          mount("bind", "/b", ["bind"]),
        ],
      ],
      linux: { mountLabel: "u:o:t:s0:c1,c2", maskedPaths: ["/proc/acpi"] },
    }),
    { rootfs: "/r" },
  );
  const calls = init.filter((step) => "call" in step);
  const labelled = calls.filter(({ args }) => args.includes("context") || args.includes("security.selinux"))
    .map(({ call, what, args }) => `${call} ${what}: ${args[3] ?? args[2]}`);
  assert.deepEqual(labelled, [
    "fsconfig mounting tmpfs on /tmp: option context=u:o:t:s0:c1,c2: u:o:t:s0:c1,c2",
    "fsconfig mounting tmpfs on /own: option context=a:b:c: a:b:c",
    "fsconfig mounting devpts on /dev/pts: option context=u:o:t:s0:c1,c2: u:o:t:s0:c1,c2",
    "fsetxattr mounting mqueue on /q: labelling it: u:o:t:s0:c1,c2",
    "fsconfig masking /proc/acpi: option context=u:o:t:s0:c1,c2: u:o:t:s0:c1,c2",
  ]);
});

Deno.test("config-linux.md#seccomp: a filter with a listener stands before `created`, one without as late as can be", () => {
  const order = (action: string, noNewPrivileges: boolean): string[] => {
    const { init } = compileSpec(
      decodeSpec({
        ociVersion: "1.3.0",
        root: { path: "rootfs" },
        process: { cwd: "/", args: ["/x"], noNewPrivileges },
        linux: {
          seccomp: {
            ...{ defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/l", flags: ["SECCOMP_FILTER_FLAG_TSYNC"] },
            syscalls: [{ names: ["mkdir"], action }],
          },
        },
      }),
      { rootfs: "/r" },
    );
    return init.flatMap((step) =>
      "stage" in step && step.stage !== "environment"
        ? [step.stage]
        : "call" in step && ["seccomp", "setresuid", "execve"].includes(step.call)
        ? [step.call === "seccomp" ? `seccomp ${step.args[1]}` : step.call]
        : []
    );
  };
  // NEW_LISTENER and, with TSYNC, TSYNC_ESRCH (man 2 seccomp).
  const listening = ["filter", `seccomp ${0x1 | 0x8 | 0x10}`, "listener"];
  assert.deepEqual(order("SCMP_ACT_NOTIFY", true), ["setresuid", ...listening, "created", "execve"]);
  assert.deepEqual(order("SCMP_ACT_NOTIFY", false), [...listening, "setresuid", "created", "execve"]);
  assert.deepEqual(order("SCMP_ACT_LOG", true), ["setresuid", "created", "seccomp 1", "execve"]);
});

Deno.test("config-linux.md#sysctl: what is not the container's own is refused, as runc does", () => {
  const compile = (sysctl: Record<string, string>, types: string[]): unknown =>
    compileSpec(
      decodeSpec({
        ...SPECS.minimal as object,
        linux: { namespaces: types.map((type) => ({ type })), sysctl },
      }),
      { rootfs: "/r" },
    );
  for (const name of ["kernel.msgmax", "fs.mqueue.msg_max", "kernel/shm_rmid_forced"]) {
    assert.throws(() => compile({ [name]: "1" }, ["uts", "network"]), /the host's ipc namespace/);
    compile({ [name]: "1" }, ["ipc"]);
  }
  assert.throws(() => compile({ "net.ipv4.ip_forward": "1" }, ["ipc"]), /the host's network namespace/);
  compile({ "net.ipv4.ip_forward": "1" }, ["network"]);
  assert.throws(() => compile({ "kernel.hostname": "x" }, ["uts"]), /conflicts with the field "hostname"/);
  assert.throws(() => compile({ "kernel.domainname": "x" }, ["ipc"]), /not in a separate kernel namespace/);
  assert.throws(
    () => compile({ "vm.overcommit_memory": "1" }, ["ipc", "uts", "network"]),
    /not in a separate kernel/,
  );
  assert.throws(() => compile({ "net..x": "1" }, ["network"]), /it is no name/);
  assert.throws(() => compile({ "net/../kernel/panic": "1" }, ["network"]), /it is no name/);
});

Deno.test("config-linux.md#control-groups: version 1's numbers in version 2's files", () => {
  const resources = (json: object): string[] =>
    resourceWrites(
      decodeSpec({ ...SPECS.minimal as object, linux: { resources: json } }).linux.resources!,
    ).map(({ file, value, optional }) => `${file}=${value}${optional ? "?" : ""}`);
  assert.deepEqual(resources({ memory: { limit: -1 } }), ["memory.swap.max=max?", "memory.max=max"]);
  assert.deepEqual(resources({ memory: { limit: 100, swap: 100 } }), ["memory.swap.max=0", "memory.max=100"]);
  assert.throws(
    () => resources({ memory: { swap: 100 } }),
    /memory.swap: a limit of swap needs a limit of memory/,
  );
  assert.throws(() => resources({ memory: { limit: 200, swap: 100 } }), /less than the 200 of memory/);
  assert.deepEqual(resources({ pids: { limit: -1 } }), ["pids.max=max"]);
  assert.deepEqual(resources({ pids: { limit: 0 } }), ["pids.max=0"]); // config-linux.md#pids
  assert.deepEqual(resources({ cpu: { shares: 2 } }), ["cpu.weight=1"]);
  assert.deepEqual(resources({ cpu: { shares: 262144, quota: -1, burst: 5 } }), [
    "cpu.weight=10000",
    "cpu.max=max",
    "cpu.max.burst=5",
  ]);
  assert.deepEqual(resources({ cpu: { idle: 1, period: 5000, mems: "0" } }), [
    "cpu.idle=1",
    "cpu.max=max 5000",
    "cpuset.mems=0",
  ]);
  assert.deepEqual(
    resources({
      blockIO: {
        weight: 1000,
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
        weightDevice: [{ major: 8, minor: 1, weight: 10 }],
      },
    }),
    ["io.weight=default 10000", "io.weight=8:1 1", "io.max=8:0 rbps=600"],
  );
  assert.deepEqual(resources({ hugepageLimits: [{ pageSize: "2MB", limit: 0 }] }), [
    "hugetlb.2MB.max=0",
    "hugetlb.2MB.rsvd.max=0?",
  ]);
  assert.deepEqual(resources({ rdma: { mlx5: { hcaHandles: 3 } } }), ["rdma.max=mlx5 hca_handle=3"]);
  assert.deepEqual(resources({ unified: { "io.max": "8:0 rbps=1\n8:1 wbps=2\n" } }), [
    "io.max=8:0 rbps=1",
    "io.max=8:1 wbps=2",
  ]);
});

Deno.test("linux.cgroupsPath stays below the root of the cgroups; without one the container's id is its name", () => {
  const spec = (cgroupsPath?: string) =>
    decodeSpec({ ...SPECS.minimal as object, linux: cgroupsPath === undefined ? {} : { cgroupsPath } });
  assert.equal(cgroupPathOf(spec(), undefined), undefined);
  assert.equal(cgroupPathOf(spec(), "id"), "id");
  assert.equal(cgroupPathOf(spec("/a//b/./c/"), "id"), "a/b/c");
  assert.throws(() => cgroupPathOf(spec("/a/../../b"), "id"), /no place below the root/);
  assert.throws(() => cgroupPathOf(spec("/"), "id"), /no place below the root/);
});
