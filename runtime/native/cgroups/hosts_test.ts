import assert from "node:assert/strict";
import { parseHost, placesIn } from "./hosts.ts";

const line = (root: string, at: string, type: string, options: string): string =>
  `31 23 0:28 ${root} ${at} rw,relatime - ${type} ${type} ${options}`;
const V1 = [
  line("/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup", "rw,cpu,cpuacct"),
  line("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory"),
  line("/", "/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,release_agent=/x,name=systemd"),
].join("\n");
const OF_V1 = "3:cpu,cpuacct:/a\n2:memory:/b/c\n1:name=systemd:/a\n";
const V2 = line("/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate");
const HYBRID = line("/", "/sys/fs/cgroup/unified", "cgroup2", "rw");

Deno.test("parseHost(): legacy, hybrid, unified, none", () => {
  assert.equal(parseHost(V1, OF_V1).mode, "legacy");
  assert.equal(parseHost(`${V1}\n${HYBRID}`, `${OF_V1}0::/a\n`).mode, "hybrid");
  assert.equal(parseHost(V2, "0::/user.slice/s.scope\n").mode, "unified");
  assert.equal(parseHost("", "").mode, "none");
  const named = line("/", "/sys/fs/cgroup/systemd", "cgroup", "rw,name=systemd");
  assert.equal(parseHost(`${V2}\n${named}`, "1:name=systemd:/\n0::/\n").mode, "unified");
});

Deno.test("parseHost(): controllers without the options of mounts; of two mounts that where the runtime is", () => {
  const { hierarchies } = parseHost(`${line("/other", "/mnt/a", "cgroup", "rw,memory")}\n${V1}`, OF_V1);
  assert.deepEqual(hierarchies.map(({ mountPoint, controllers, own }) => [mountPoint, controllers, own]), [
    ["/sys/fs/cgroup/memory", ["memory"], "/b/c"],
    ["/sys/fs/cgroup/cpu,cpuacct", ["cpu", "cpuacct"], "/a"],
    ["/sys/fs/cgroup/systemd", ["name=systemd"], "/a"],
  ]);
});

Deno.test("placesIn(): absolute paths are relative to the mount, others to the runtime's own (config-linux.md#cgroups-path)", () => {
  const places = (host: ReturnType<typeof parseHost>, absolute: boolean): string[] =>
    placesIn(host, { path: "x/y", absolute }).map(({ directory }) => directory);
  const first = parseHost(V1, OF_V1);
  assert.deepEqual(places(first, true)[1], "/sys/fs/cgroup/memory/x/y");
  assert.deepEqual(places(first, false), [
    "/sys/fs/cgroup/cpu,cpuacct/a/x/y",
    "/sys/fs/cgroup/memory/b/c/x/y",
    "/sys/fs/cgroup/systemd/a/x/y",
  ]);
  const second = parseHost(V2, "0::/user.slice/s.scope\n");
  assert.deepEqual(places(second, true), ["/sys/fs/cgroup/x/y"]);
  assert.deepEqual(places(second, false), ["/sys/fs/cgroup/user.slice/x/y"]);
  assert.deepEqual(places(parseHost(V2, "0::/\n"), false), ["/sys/fs/cgroup/x/y"]);
  const hybrid = parseHost(`${V1}\n${HYBRID}`, `${OF_V1}0::/d\n`);
  assert.equal(places(hybrid, false).at(-1), "/sys/fs/cgroup/unified/d/x/y");
});
