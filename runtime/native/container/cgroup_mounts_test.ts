import assert from "node:assert/strict";
import { expandCgroupMount, parseHierarchies, parsePlaces } from "./cgroup_mounts.ts";

const MOUNTINFO = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 /docker/x /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const PLACES = "2:cpu,cpuacct:/a/b\n1:name=systemd:/docker/x/c\n0::/init\n";
const MOUNT = {
  destination: "/sys/fs/cgroup",
  type: "cgroup",
  source: "cgroup",
  options: ["nosuid", "ro"],
};

Deno.test("a cgroup mount on version 1: a tmpfs with the container's place in each hierarchy, by every name", () => {
  const mounts = expandCgroupMount(MOUNT, parseHierarchies(MOUNTINFO), parsePlaces(PLACES), false);
  assert.deepEqual(mounts.map(({ destination, source, options }) => `${source} ${destination} ${options}`), [
    "tmpfs /sys/fs/cgroup nosuid,mode=755",
    "/sys/fs/cgroup/cpu,cpuacct/a/b /sys/fs/cgroup/cpu,cpuacct bind,nosuid,ro",
    "/sys/fs/cgroup/cpu,cpuacct/a/b /sys/fs/cgroup/cpu bind,nosuid,ro",
    "/sys/fs/cgroup/cpu,cpuacct/a/b /sys/fs/cgroup/cpuacct bind,nosuid,ro",
    "/sys/fs/cgroup/systemd/c /sys/fs/cgroup/systemd bind,nosuid,ro",
    " /sys/fs/cgroup remount,bind,nosuid,ro",
  ]);
});

Deno.test("a cgroup mount that can be written to needs cgroups of the container's own (CVE-2023-25809)", () => {
  const writable = { ...MOUNT, options: ["nosuid"] };
  const expand = (own: boolean) =>
    expandCgroupMount(writable, parseHierarchies(MOUNTINFO), parsePlaces(PLACES), own);
  assert.throws(() => expand(false), /only be mounted read-only/);
  assert.equal(expand(true).length, 5);
});

Deno.test("a hierarchy whose mount does not have the container's place is not mounted", () => {
  const places = parsePlaces("1:name=systemd:/elsewhere\n");
  assert.equal(expandCgroupMount(MOUNT, parseHierarchies(MOUNTINFO), places, false).length, 2);
});
