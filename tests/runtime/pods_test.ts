/** Containers that join namespaces of another one on the userland kernel, by path, as podman and Kubernetes make pods. @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";
import { type Bench, processesWith, withBench } from "./support.ts";

const linux = { os: ["linux"] as const };
const LONG = "100000000";
const PROC = { destination: "/proc", type: "proc", source: "proc" };
const TYPES = { pid: "pid", network: "net", ipc: "ipc", uts: "uts" } as const;

type Type = keyof typeof TYPES;

/** Namespaces of a container: those of `joined` by path, the others new. */
function namespaces(joined: Partial<Record<Type, number>>): unknown {
  const own = (Object.keys(TYPES) as Type[]).map((type) => {
    const pid = joined[type];
    return pid === undefined ? { type } : { type, path: `/proc/${pid}/ns/${TYPES[type]}` };
  });
  return [...own, { type: "mount" }];
}

const shared = (pid: number): Partial<Record<Type, number>> => ({ network: pid, ipc: pid, uts: pid });

/** A bundle with /proc whose program joins these namespaces. */
function bundle(
  bench: Bench,
  name: string,
  args: readonly string[],
  joined: Partial<Record<Type, number>>,
  more: Record<string, unknown> = {},
): string {
  return bench.bundle(name, args, { mounts: [PROC], linux: { namespaces: namespaces(joined) }, ...more });
}

/** The same with the program of WasmEdge's sockets. */
function networkBundle(
  bench: Bench,
  name: string,
  args: readonly string[],
  joined: Partial<Record<Type, number>>,
): string {
  const path = bundle(bench, name, [], joined, { process: { args: ["/wasmedge.wasm", ...args] } });
  Deno.copyFileSync(repositoryFile("tests/wasi/wasmedge.wasm"), `${path}/rootfs/wasmedge.wasm`);
  return path;
}

/** Starts the container that the others join, with a host name. Its pid. */
async function startFirst(bench: Bench, more: Record<string, unknown> = {}): Promise<number> {
  const path = bundle(bench, "first", ["sleep", LONG], {}, { hostname: "pod", ...more });
  await bench.ok("run", "-d", "-b", path, "first");
  return (await bench.state("first")).pid;
}

/** Waits until a call has written a text. */
async function written(bench: Bench, call: number, text: string): Promise<void> {
  while (!bench.output(call).includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The pid that a hook has written; 0 as long as it has not. */
function hookPid(path: string): number {
  try {
    return Number(Deno.readTextFileSync(path));
  } catch {
    return 0;
  }
}

function killQuietly(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It was faster.
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
};

testWhen(
  linux,
  "the namespaces named by path are shared, the others are new",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      const links = Object.values(TYPES).map((type) => `/proc/self/ns/${type}`);
      const look = links.flatMap((link) => ["--", "readlink", link]);
      const words = ["cat", "/proc/sys/kernel/hostname", ...look];
      const [host, ...first] = (await bench.ok("exec", "first", "/probe.wasm", ...words)).split("\n");
      const member = bundle(bench, "m", words, shared(pid));
      const [name, ...own] = (await bench.ok("run", "-b", member, "m")).split("\n");
      assert.deepEqual([host, name], ["pod", "pod"]);
      assert.deepEqual(
        own.map((link, i) => link === first[i]).slice(0, 4),
        [false, true, true, true],
        own.join(),
      );
      // Of a member, too: it is hosted where the first is.
      const long = bundle(bench, "long", ["sleep", LONG], shared(pid));
      await bench.ok("run", "-d", "-b", long, "long");
      const third = bundle(bench, "third", words, shared((await bench.state("long")).pid));
      assert.equal((await bench.ok("run", "-b", third, "third")).split("\n")[0], "pod");
      assert.equal(await bench.ok("exec", "long", "/probe.wasm", "args", "inside"), "inside\n");
    }),
);

/** Pids in the namespace of the first container, without that of who looks. */
async function pids(bench: Bench): Promise<string[]> {
  const names = (await bench.ok("exec", "first", "/probe.wasm", "ls", "/proc")).match(/^\d+$/gm)!;
  return names.slice(0, -1);
}

testWhen(
  linux,
  "pids are shared by path; what a container leaves behind in the namespace is killed",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      await bench.ok("run", "-d", "-b", bundle(bench, "m", ["sleep", LONG], { pid }), "m");
      await bench.ok("exec", "-d", "m", "/probe.wasm", "sleep", LONG);
      assert.equal((await pids(bench)).length, 3, "two inits, and what exec has started");
      const seen = await bench.ok(
        "exec",
        "m",
        "/probe.wasm",
        "readlink",
        "/proc/1/ns/pid",
        "--",
        "readlink",
        "/proc/self/ns/pid",
      );
      assert.equal(new Set(seen.trim().split("\n")).size, 1);
      await bench.ok("kill", "m", "TERM");
      await bench.stopped("m");
      while ((await pids(bench)).length > 1);
      assert.equal((await bench.state("first")).status, "running");
    }),
);

testWhen(
  linux,
  "members leave nothing in the process that hosts them, not even killed in the middle of create",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      const descriptors = (): number => [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
      const path = bundle(bench, "m", ["args"], shared(pid));
      await bench.ok("run", "-b", path, "m");
      const before = descriptors();
      for (let i = 0; i < 3; i++) await bench.ok("run", "-b", path, "m");
      await Promise.all([1, 2, 3].map((n) => bench.ok("run", "-b", path, `m${n}`)));
      // The host closes its ends when it hears that a member has gone.
      for (let i = 0; descriptors() > before && i < 500; i++) await new Promise((r) => setTimeout(r, 10));
      assert.ok(descriptors() <= before, `${descriptors()} after ${before}`);
      const mark = `${bench.dir}/mark`;
      const hook = { path: "/bin/sh", args: ["sh", "-c", `echo $$ >${mark}; exec sleep ${LONG}`] };
      const slow = bundle(bench, "slow", ["args"], { ...shared(pid), pid }, {
        hooks: { createRuntime: [hook] },
      });
      const { child, result } = bench.spawn(["create", "-b", slow, "slow"]);
      while (!hookPid(mark)) await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill("SIGKILL");
      await result;
      Deno.kill(hookPid(mark), "SIGKILL"); // a hook has nobody to end it: its caller is the one that was killed
      await bench.ok("delete", "--force", "slow");
      while ((await pids(bench)).length > 1);
      while (descriptors() > before) await new Promise((resolve) => setTimeout(resolve, 10));
    }),
);

testWhen(
  linux,
  "kill -9 of a create, of a member's process in the middle of it, of the first container meanwhile",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      const path = bundle(bench, "m", ["sleep", LONG], shared(pid));
      const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
      for (let i = 0; i < 20; i++) {
        const { child, result } = bench.spawn(["create", "-b", path, "m"]);
        await later(40 + i * 6);
        if (i % 2 === 1) {
          for (const each of processesWith(`${bench.root}/m`)) if (each !== child.pid) killQuietly(each);
        } else if (processesWith(`${bench.root}/m`).length > 0) killQuietly(child.pid);
        await result;
        await bench.ok("delete", "--force", "m");
      }
      assert.equal((await pids(bench)).length, 1);
      await Promise.all([1, 2, 3, 4].map((n) => bench.ok("run", "-d", "-b", path, `m${n}`)));
      const { result } = bench.spawn(["create", "-b", path, "m"]);
      await later(100);
      Deno.kill(pid, "SIGKILL");
      const { code, stderr } = await result;
      if (code !== 0) assert.match(stderr, /its process ended unexpectedly|has gone|has ended|joining the/);
      for (const n of [1, 2, 3, 4]) assert.equal((await bench.stopped(`m${n}`)).exitStatus, 137);
      for (const id of (await bench.ok("list", "-q")).trim().split("\n")) await bench.ok("delete", "-f", id);
      while (processesWith(bench.root).length > 0) await later(10);
    }),
);

testWhen(
  linux,
  "TCP over the loopback interface that two containers share",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      await bench.ok(
        "run",
        "-d",
        "-b",
        networkBundle(bench, "server", ["serve", "8080"], shared(pid)),
        "server",
      );
      await written(bench, bench.calls, "listening\n");
      const client = networkBundle(bench, "client", ["fetch", "127.0.0.1", "8080"], shared(pid));
      assert.equal(await bench.ok("run", "-b", client, "client"), "question\n");
      assert.equal((await bench.stopped("server")).exitStatus, 0);
      const apart = networkBundle(bench, "apart", ["fetch", "127.0.0.1", "8080"], {});
      assert.equal((await bench.call("run", "-b", apart, "apart")).code, 1);
    }),
);

testWhen(
  linux,
  "streams, exit codes, signals and errors of a member are its own",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      const run = (
        name: string,
        args: string[],
      ) => ["run", "-b", bundle(bench, name, args, shared(pid)), name];
      assert.equal(
        (await bench.spawn(run("lines", ["lines"]), { stdin: "one\n" }).result).stdout,
        "got one\n",
      );
      assert.equal((await bench.call(...run("seven", ["exit", "7"]))).code, 7);
      assert.equal((await bench.call(...run("abort", ["abort"]))).code, 134);
      const trap = await bench.call(...run("oob", ["oob"]));
      assert.match(trap.stderr, /^umiak: .*out of bounds/m);
      const flood = await bench.call(...run("flood", ["flood", "3000000"]));
      assert.equal(flood.stdout.length, 3_000_000);
      const missing = bundle(bench, "missing", [], shared(pid), { process: { args: ["/nope"] } });
      const { code, stderr } = await bench.call("run", "-b", missing, "missing");
      assert.deepEqual([code !== 0, /no such file or directory/.test(stderr)], [true, true], stderr);
      await bench.ok("run", "-d", ...run("sleep", ["sleep", LONG]).slice(1));
      const member = (await bench.state("sleep")).pid;
      assert.notEqual(member, pid);
      await bench.ok("pause", "sleep");
      assert.equal((await bench.state("sleep")).status, "paused");
      await bench.ok("resume", "sleep");
      assert.equal(JSON.parse(await bench.ok("events", "--stats", "sleep")).data.pids.current, 1);
      await bench.ok("kill", "sleep", "TERM");
      assert.equal((await bench.stopped("sleep")).exitStatus, 143);
      await bench.ok("create", "-b", bundle(bench, "made", ["args"], shared(pid)), "made");
      await bench.ok("kill", "made", "TERM");
      assert.equal((await bench.stopped("made")).exitStatus, 143);
      assert.equal((await bench.state("first")).status, "running");
    }),
);

testWhen(linux, "limits of memory are each container's own", () =>
  withBench(async (bench) => {
    const limited = (bytes: number, pid?: number): Record<string, unknown> => ({
      linux: {
        namespaces: namespaces(pid === undefined ? {} : shared(pid)),
        resources: { memory: { limit: bytes } },
      },
    });
    const MIB = 2 ** 20, pid = await startFirst(bench, limited(16 * MIB));
    const free = bundle(bench, "free", ["alloc", "64"], shared(pid));
    assert.equal((await bench.call("run", "-b", free, "free")).code, 0);
    const small = bundle(bench, "small", ["alloc", "64"], {}, limited(32 * MIB, pid));
    assert.notEqual((await bench.call("run", "-b", small, "small")).code, 0);
    const large = bundle(bench, "large", ["alloc", "64"], {}, limited(128 * MIB, pid));
    assert.equal((await bench.call("run", "-b", large, "large")).code, 0);
  }));

testWhen(
  linux,
  "SIGKILL of a member's process ends its programs, even ones that compute; the others go on",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      await bench.ok("run", "-d", "-b", bundle(bench, "busy", ["spin"], { ...shared(pid), pid }), "busy");
      assert.equal((await pids(bench)).length, 2);
      Deno.kill((await bench.state("busy")).pid, "SIGKILL");
      await bench.stopped("busy");
      while ((await pids(bench)).length > 1); // the other end of a socket hears of it
      assert.equal(await bench.ok("exec", "first", "/probe.wasm", "args", "on"), "on\n");
      await bench.ok("delete", "busy");
    }),
);

testWhen(
  linux,
  "the first container of a pod, told by the annotations of podman and containerd, lets others in while it computes, and by signals end it",
  () =>
    withBench(async (bench) => {
      for (const name of ["io.kubernetes.cri.sandbox-id", "io.kubernetes.cri-o.SandboxID"]) {
        const path = bundle(bench, "spinning", ["spin"], {}, { annotations: { [name]: "pod" } });
        await bench.ok("run", "-d", "-b", path, "spinning");
        const { pid } = await bench.state("spinning");
        const beside = bundle(bench, "beside", ["args", "served"], shared(pid));
        assert.equal(await bench.ok("run", "-b", beside, "beside"), "served\n");
        await bench.ok("kill", "spinning", "TERM");
        assert.equal((await bench.stopped("spinning")).exitStatus, 143);
        await bench.ok("delete", "spinning");
      }
    }),
);

testWhen(linux, "the end of the container that hosts the others is theirs", () =>
  withBench(async (bench) => {
    const pid = await startFirst(bench);
    for (const id of ["a", "b"]) {
      await bench.ok("run", "-d", "-b", bundle(bench, id, ["sleep", LONG], shared(pid)), id);
    }
    const { pid: a } = await bench.state("a");
    Deno.kill(pid, "SIGKILL");
    for (const id of ["a", "b"]) assert.equal((await bench.stopped(id)).exitStatus, 137);
    while (isAlive(a));
    for (const id of ["a", "b", "first"]) await bench.ok("delete", id);
    // Its pid is nobody's now: as on Linux, there is no such file.
    const late = await bench.call("run", "-b", bundle(bench, "late", ["args"], shared(pid)), "late");
    assert.deepEqual([late.code, late.stderr.includes(`/proc/${pid}/ns/`)], [1, true], late.stderr);
    assert.equal(await bench.ok("list", "-q"), "");
  }));

testWhen(
  linux,
  "namespaces of two pods, and of a pod and the host, are errors that name the path",
  () =>
    withBench(async (bench) => {
      const pid = await startFirst(bench);
      const other = bundle(bench, "other", ["sleep", LONG], {});
      await bench.ok("run", "-d", "-b", other, "other");
      const { pid: second } = await bench.state("other");
      const refused = async (name: string, list: unknown, message: RegExp): Promise<void> => {
        const path = bench.bundle(name, ["args"], { linux: { namespaces: list } });
        const { code, stderr } = await bench.call("create", "-b", path, name);
        assert.deepEqual([code, message.test(stderr)], [1, true], stderr);
      };
      const mount = { type: "mount" };
      await refused(
        "two",
        namespaces({ network: pid, ipc: second }),
        RegExp(`ipc namespace /proc/${second}/ns/ipc: it is one of another pod`),
      );
      const mixed = [{ type: "network", path: `/proc/${pid}/ns/net` }, {
        type: "uts",
        path: "/proc/self/ns/uts",
      }, mount];
      await refused("mixed", mixed, /uts namespace \/proc\/self\/ns\/uts: it is a namespace of the host/);
      const mounts = [{ type: "network", path: `/proc/${pid}/ns/net` }, {
        type: "mount",
        path: `/proc/${pid}/ns/mnt`,
      }];
      await refused(
        "mounts",
        mounts,
        /mount namespace .*: the container's root filesystem is not in that namespace/,
      );
      await refused(
        "type",
        [{ type: "network", path: `/proc/${pid}/ns/ipc` }, mount],
        /network namespace .*invalid argument/i,
      );
      await refused(
        "none",
        [{ type: "network", path: `/proc/${pid}/ns/net` }],
        /need a mount namespace each/,
      );
      assert.deepEqual((await bench.ok("list", "-q")).trim().split("\n"), ["first", "other"]);
    }),
);
