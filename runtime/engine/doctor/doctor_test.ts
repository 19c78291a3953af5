/** Machines as data: what doctor says of each. @module */
import assert from "node:assert/strict";
import { checkKernel } from "../../native/container/refuse.ts";
import type { CallFacts, LinuxFacts } from "../../native/probe/facts.ts";
import { judge } from "./mod.ts";
import type { DirectoryFacts, HostFacts } from "./types.ts";

const directory = (path: string, change: Partial<DirectoryFacts> = {}): DirectoryFacts => ({
  ...{ path, exists: true, failure: undefined, free: 50 * 2 ** 30, broken: [] },
  ...change,
});

const CALLS: CallFacts = {
  refused: {},
  program: undefined,
  memfdNoexec: 0,
  namespaces: {},
  ids: undefined,
  cgroups: {
    mode: "unified",
    controllers: ["cpu", "io", "memory", "pids"],
    failure: undefined,
    devices: undefined,
  },
  actions: ["SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY"],
  overlay: undefined,
  network: { bridge: undefined, veth: undefined, filter: undefined, forwarding: true },
};

const LINUX: LinuxFacts = {
  ...{
    release: "6.12.0",
    root: true,
    userNamespaceSysctls: {},
    modules: [],
    noCalls: undefined,
    calls: CALLS,
  },
};

const other = (os: string, change: Partial<HostFacts> = {}): HostFacts => ({
  ...{ os, architecture: "aarch64", jspi: undefined, linux: undefined, oneId: undefined },
  ...{ store: directory("/store"), state: directory("/state") },
  ...change,
});

const linux = (calls: Partial<CallFacts>, change: Partial<LinuxFacts> = {}): HostFacts =>
  other("linux", { architecture: "x86_64", linux: { ...LINUX, calls: { ...CALLS, ...calls }, ...change } });

/** An ordinary user's machine. */
const user = (calls: Partial<CallFacts>, change: Partial<LinuxFacts> = {}): HostFacts =>
  linux({ network: undefined, ...calls }, { root: false, ...change });

Deno.test("a machine where everything is there has no limits", () => {
  const { version, host, kernels, findings } = judge(linux({}));
  assert.equal(version, 1);
  assert.deepEqual(host, { os: "linux", architecture: "x86_64", release: "6.12.0", root: true });
  assert.deepEqual(kernels, { native: { works: true, reasons: [] }, sandbox: { works: true, reasons: [] } });
  assert.ok(findings.every(({ state, found, effect }) => state === "ok" && found !== "" && effect !== ""));
});

for (const os of ["darwin", "windows"]) {
  Deno.test(`${os}: the sandbox only`, () => {
    const { host, kernels, findings } = judge(other(os));
    assert.deepEqual(host, { os, architecture: "aarch64" });
    assert.deepEqual(kernels, {
      native: { works: false, reasons: [`native containers need Linux, and this is ${os}`] },
      sandbox: { works: true, reasons: [] },
    });
    assert.deepEqual(findings.map(({ about }) => about), ["WebAssembly", "store", "records"]);
  });
}

Deno.test("a kernel is too old for doctor where it is for the backend", () => {
  for (const release of ["4.19.0-26-amd64", "5.11.22", "5.12-rc1", "5.12.0", "6.1.176", "10.0"]) {
    let refused = false;
    try {
      checkKernel(release);
    } catch {
      refused = true;
    }
    assert.equal(judge(linux({}, { release })).kernels.native.works, !refused, release);
  }
});

const BROKEN: readonly (readonly [name: string, facts: HostFacts, about: string, says: RegExp])[] = [
  [
    "Linux 5.11",
    linux({}, { release: "5.11.22-generic" }),
    "kernel",
    /Linux 5\.11\.22.*they need Linux 5\.12/,
  ],
  [
    "riscv64",
    other("linux", { architecture: "riscv64", linux: LINUX }),
    "kernel",
    /they are for x86_64 and aarch64/,
  ],
  [
    "without --allow-ffi",
    linux({}, { calls: undefined, noCalls: "Requires ffi access, run again with the --allow-ffi flag" }),
    "system calls",
    /Requires ffi access.*they need --allow-ffi/,
  ],
  [
    "in a container with a filter",
    linux({ refused: { open_tree: "operation not permitted (EPERM)" } }),
    "system calls",
    /open_tree: operation not permitted.*a container with a filter/,
  ],
  [
    "no program in memory",
    linux({ program: "permission denied (EACCES)", memfdNoexec: 1 }),
    "memory files",
    /EACCES.*vm\.memfd_noexec is 1/,
  ],
  [
    "user namespaces are forbidden",
    user({ namespaces: { user: "operation not permitted (EPERM)" } }, {
      userNamespaceSysctls: { "user.max_user_namespaces": "9000", "kernel.unprivileged_userns_clone": "0" },
    }),
    "user namespaces",
    /EPERM\); kernel\.unprivileged_userns_clone is 0.*an ordinary user has no native containers/,
  ],
  [
    "newuidmap fails",
    user({ ids: { uids: 65537, gids: 65537, failure: "mapping ids with newuidmap: not setuid" } }),
    "ids",
    /newuidmap: not setuid.*these ids would be mapped/,
  ],
  ["no namespaces of ipc", linux({ namespaces: { ipc: "EINVAL" } }), "namespaces", /no ipc: EINVAL/],
  [
    "no cgroups",
    linux({ cgroups: { mode: "none", controllers: [], failure: "none are mounted", devices: undefined } }),
    "cgroups",
    /no cgroups; none are mounted.*their devices are limited by one/,
  ],
  [
    "read-only cgroups",
    linux({ cgroups: { ...CALLS.cgroups, failure: "/sys/fs/cgroup/x: EROFS" } }),
    "cgroups",
    /version 2: cpu, io, memory, pids; \/sys\/fs\/cgroup\/x: EROFS/,
  ],
  [
    "no programs for devices",
    linux({ cgroups: { ...CALLS.cgroups, devices: "EPERM" } }),
    "devices",
    /EPERM.*could not be limited/,
  ],
  ["no filters", linux({ actions: [] }), "seccomp", /no filters.*seccomp=unconfined/],
];

for (const [name, facts, about, says] of BROKEN) {
  Deno.test(`${name}: native containers do not work, the sandbox does`, () => {
    const { kernels, findings } = judge(facts);
    assert.equal(kernels.native.works, false);
    assert.equal(kernels.sandbox.works, true);
    const broken = findings.filter(({ state }) => state === "broken");
    assert.deepEqual(broken.map((each) => each.about), [about]);
    assert.match(`${broken[0]!.found} ${broken[0]!.effect}`, says);
    assert.deepEqual(kernels.native.reasons, [`${about}: ${broken[0]!.found}`]);
  });
}

const LIMITED: readonly (readonly [name: string, facts: HostFacts, about: string, says: RegExp])[] = [
  [
    "newuidmap is missing",
    { ...user({ ids: { uids: 1, gids: 1, failure: undefined } }), oneId: "newuidmap is not installed" },
    "ids",
    /rootless: one id is mapped, because newuidmap is not installed/,
  ],
  [
    "an ordinary user's cgroups",
    user({ cgroups: { ...CALLS.cgroups, failure: "/sys/fs/cgroup/x: EACCES" } }),
    "cgroups",
    /--memory, --pids-limit, --cpus are refused/,
  ],
  [
    "no controller memory",
    linux({ cgroups: { ...CALLS.cgroups, mode: "legacy", controllers: ["cpu", "devices", "pids"] } }),
    "cgroups",
    /version 1: cpu, devices, pids; without memory refused: --memory$/,
  ],
  [
    "no time namespaces",
    linux({ namespaces: { time: "EINVAL" } }),
    "namespaces",
    /that asks for time is refused/,
  ],
  [
    "root without user namespaces",
    linux({ namespaces: { user: "EINVAL" } }),
    "user namespaces",
    /is refused/,
  ],
  ["no listeners", linux({ actions: ["SCMP_ACT_ERRNO"] }), "seccomp", /SCMP_ACT_NOTIFY is refused/],
  ["no overlay", user({ overlay: "EPERM" }), "overlay", /\(userxattr\): EPERM every container gets a copy/],
  [
    "no nf_tables",
    linux({ network: { ...CALLS.network!, filter: "EPROTONOSUPPORT" } }),
    "networks",
    /no nf_tables: EPROTONOSUPPORT --network private and --publish are refused/,
  ],
  ["an ordinary user's networks", user({}), "networks", /--network none, which is the default, or host/],
  [
    "a disk that is nearly full",
    { ...linux({}), store: directory("/s", { free: 2 ** 29 }) },
    "store",
    /0\.5 GiB free umiak store gc/,
  ],
  [
    "a store with a FIFO",
    { ...linux({}), store: directory("/s", { broken: ["index.json: it is not a file"] }) },
    "store",
    /\/s: index\.json: it is not a file/,
  ],
  ["no place for records", { ...linux({}), state: undefined }, "records", /umiak-runtime wants a --root/],
];

for (const [name, facts, about, says] of LIMITED) {
  Deno.test(`${name}: native containers work within limits`, () => {
    const { kernels, findings } = judge(facts);
    assert.equal(kernels.native.works, true);
    const found = findings.find((each) => each.about === about)!;
    assert.equal(found.state, "limited");
    assert.match(`${found.found} ${found.effect}`, says);
  });
}

Deno.test("what is on, and what umiak does about it", () => {
  const facts = linux({
    ...{ memfdNoexec: 2, network: { ...CALLS.network!, forwarding: false } },
  }, { modules: ["apparmor", "landlock"] });
  const { findings } = judge(facts);
  const said = (about: string): string => {
    const { found, effect } = findings.find((each) => each.about === about)!;
    return `${found}: ${effect}`;
  };
  assert.match(
    said("memory files"),
    /vm\.memfd_noexec is 2.*a file without a name in the container's directory/,
  );
  assert.match(said("IPv4 forwarding"), /^off: the first container .* switches it on/);
  assert.match(said("AppArmor"), /^on: a config\.json may have apparmorProfile/);
  assert.match(said("SELinux"), /^off.*selinuxLabel or mountLabel is refused/);
  assert.match(said("other modules"), /^landlock/);
});

Deno.test("an ordinary user whose ids are granted and can be mapped has no limit of ids", () => {
  const { findings } = judge(user({ ids: { uids: 65537, gids: 1001, failure: undefined } }));
  const { state, found } = findings.find(({ about }) => about === "ids")!;
  assert.equal(`${state}: ${found}`, "ok: newuidmap and newgidmap map 65537 user ids and 1001 group ids");
});

Deno.test("neither kernel works without a store, the sandbox not without JSPI", () => {
  const store = directory("/store", { failure: "/store is not a directory" });
  const { kernels } = judge({ ...linux({}), store });
  assert.deepEqual([kernels.native.works, kernels.sandbox.works], [false, false]);
  const without = judge({ ...linux({}), jspi: "this Deno has no JSPI" });
  assert.deepEqual(without.kernels.sandbox, {
    works: false,
    reasons: ["WebAssembly: this Deno has no JSPI"],
  });
  assert.equal(without.kernels.native.works, true);
});
