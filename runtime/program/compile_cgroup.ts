/** The container's cgroup: made, limited and entered (config-linux.md#control-groups). The runtime does it while the init waits. @module */
import { EEXIST, ENOENT } from "../../fs/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_PATH, O_WRONLY } from "../../fs/abi/open.ts";
import type { DeviceRule, IdMapping, Spec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { resourceWrites } from "./resources.ts";
import type { Arg, Ref } from "./types.ts";
import { refusal } from "../spec/refusal.ts";

/** Where the version 2 hierarchy is mounted. */
const MOUNT = "/sys/fs/cgroup";
/** Controllers that are enabled on the way, where the kernel has them. */
const CONTROLLERS = ["cpuset", "cpu", "io", "memory", "pids", "hugetlb", "rdma", "misc"];
/** bpf(2): attach a program. */
const BPF_PROG_ATTACH = 8;

const PLACE = "config-linux.md#cgroups-path";
const DEVICES = "config-linux.md#allowed-device-list";

/**
 * Allowed whatever the list says, as crun has it: making any node, the default devices, terminals. What the container finds in /dev
 * without asking must work. runc has all of these but 5:1 (the console, which in a container is a terminal), and before 1.2 had 10:200
 * (/dev/net/tun, which is no default device: config-linux.md#default-devices).
 */
export const DEVICES_ALWAYS_ALLOWED: readonly DeviceRule[] = [
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  ...([[1, 3], [1, 5], [1, 7], [1, 8], [1, 9], [5, 0], [5, 1], [5, 2]] as const).map(([major, minor]) =>
    ({ allow: true, type: "c", major, minor, access: "rwm" }) as const
  ),
  { allow: true, type: "c", major: 136, access: "rwm" },
];

/** The path below the hierarchy's root; undefined if the container has no cgroup of its own. */
export function cgroupPathOf({ linux }: Spec, id: string | undefined): string | undefined {
  const path = linux.cgroupsPath || (id === undefined ? undefined : `/${id}`);
  if (path === undefined) {
    return linux.resources === undefined ? undefined : "umiak";
  }
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || parts.length === 0 || path.includes("\0") || path.includes("\n")) {
    throw refusal("linux.cgroupsPath", `${JSON.stringify(path)} is no place below the root of the cgroups`);
  }
  return parts.join("/");
}

function write(
  b: ProgramBuilder,
  dir: Ref,
  file: string,
  value: Arg,
  what: string,
  spec: string,
  optional = false,
): void {
  const how = { flags: O_WRONLY | O_CLOEXEC, mode: 0, resolve: 0 };
  if (!optional) {
    const fd = b.call("openat2", [dir, file, how], what, { keep: "fd", spec });
    b.call("write", [fd, value], what);
    b.call("close", [fd], what);
    return;
  }
  const skip = b.newLabel("skip");
  const fd = b.call("openat2", [dir, file, how], what, { keep: "fd", spec, onError: skip });
  b.call("write", [fd, value], what, { onError: "ignore" });
  b.call("close", [fd], what);
  b.label(skip);
}

/** Makes the directories of a path, with all controllers on the way. The cgroup's descriptor. */
function make(b: ProgramBuilder, path: string): Ref {
  const how = { flags: O_PATH | O_DIRECTORY | O_CLOEXEC, mode: 0, resolve: 0 };
  let at = b.call("openat2", [AT_FDCWD, MOUNT, how], `opening the cgroups at ${MOUNT}`, {
    keep: "cg",
    spec: PLACE,
  });
  let done = "";
  for (const part of path.split("/")) {
    for (const name of CONTROLLERS) {
      write(
        b,
        at,
        "cgroup.subtree_control",
        `+${name}`,
        `enabling ${name} in cgroup ${done || "/"}`,
        PLACE,
        true,
      );
    }
    done += `/${part}`;
    const what = `making the cgroup ${done}`;
    b.call("mkdirat", [at, part, 0o755], what, { ok: [EEXIST], spec: PLACE });
    const next = b.call("openat2", [at, part, how], what, { keep: "cg" });
    b.call("close", [at], what);
    at = next;
  }
  return at;
}

/** Is the cgroup to be the container user's own? Only with a cgroup namespace and a writable mount of it (#cgroup-ownership). */
function isDelegated({ linux, mounts }: Spec): boolean {
  return linux.namespaces.some(({ type, path }) => type === "cgroup" && path === undefined) &&
    mounts.some(({ source, destination, options }) =>
      source === "cgroup" && /^\/+sys\/+fs\/+cgroup\/*$/.test(destination) && !options.includes("ro")
    );
}

function toHost(mappings: readonly IdMapping[], id: number): number | undefined {
  for (const { containerID, hostID, size } of mappings) {
    if (id >= containerID && id - containerID < size) return hostID + id - containerID;
  }
  return undefined;
}

/** The user of the host whose own the container's cgroup becomes; undefined if it stays the runtime's (#cgroup-ownership). */
export function userOfCgroup(spec: Spec): number | undefined {
  return isDelegated(spec) ? toHost(spec.linux.uidMappings ?? [], spec.process?.user.uid ?? 0) : undefined;
}

function delegate(b: ProgramBuilder, cgroup: Ref, spec: Spec): void {
  const uid = userOfCgroup(spec);
  if (uid === undefined) return;
  const what = `giving the cgroup to user ${uid}`;
  const rule = "config-linux.md#cgroup-ownership";
  b.call("fchownat", [cgroup, ".", uid, -1, 0], what, { spec: rule });
  for (const file of ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]) {
    b.call("fchownat", [cgroup, file, uid, -1, 0], what, { ok: [ENOENT], spec: rule });
  }
}

/** Makes the container's cgroup, fills in its limits, and puts the init there. Nothing for a container without one. */
export function compileCgroup(b: ProgramBuilder, spec: Spec, id: string | undefined): void {
  const path = cgroupPathOf(spec, id);
  if (path === undefined) return;
  const cgroup = make(b, path);
  const { resources } = spec.linux;
  for (const { file, value, optional } of resources === undefined ? [] : resourceWrites(resources)) {
    if (file.includes("/")) {
      throw refusal("linux.resources.unified", `${JSON.stringify(file)} is no name of a file`);
    }
    write(
      b,
      cgroup,
      file,
      value,
      `setting ${file} of cgroup /${path}`,
      "config-linux.md#control-groups",
      optional,
    );
  }
  const rules = {
    attach_type: "BPF_CGROUP_DEVICE",
    rules: [...resources?.devices ?? [], ...DEVICES_ALWAYS_ALLOWED],
  } as const;
  b.call("bpf", [BPF_PROG_ATTACH, cgroup, rules], `limiting the devices of cgroup /${path}`, {
    spec: DEVICES,
  });
  delegate(b, cgroup, spec);
  write(b, cgroup, "cgroup.procs", { pidOf: "child" }, `entering the cgroup /${path}`, PLACE);
  b.call("close", [cgroup], `entering the cgroup /${path}`);
}
