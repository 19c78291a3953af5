/** Namespaces: joined ones, new ones, the maps of a user namespace, the offsets of a time namespace (config-linux.md#namespaces). @module */
import { EINVAL } from "../../fs/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY, O_WRONLY } from "../../fs/abi/open.ts";
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from "../abi/linux/clone.ts";
import type { IdMapping, LinuxSpec, NamespaceSpec, NamespaceType, Spec } from "../spec/types.ts";
import { ProgramBuilder } from "./builder.ts";
import type { Step } from "./types.ts";

const CLONE_FLAGS: Readonly<Record<NamespaceType, number>> = {
  pid: CLONE_NEWPID,
  network: CLONE_NEWNET,
  mount: CLONE_NEWNS,
  ipc: CLONE_NEWIPC,
  uts: CLONE_NEWUTS,
  user: CLONE_NEWUSER,
  cgroup: CLONE_NEWCGROUP,
  time: CLONE_NEWTIME,
};

/**
 * Made by the init itself: a cgroup namespace begins where the init has been put, and a time namespace takes offsets only before anybody
 * is in it (the execve enters it).
 */
const UNSHARED: readonly NamespaceType[] = ["cgroup", "time"];

/** Flags for the clone of the init. */
export function cloneFlagsOf(namespaces: readonly NamespaceSpec[]): number {
  return namespaces.reduce(
    (flags, { type, path }) =>
      path === undefined && !UNSHARED.includes(type) ? flags | CLONE_FLAGS[type] : flags,
    0,
  );
}

/**
 * What the runtime does in a process of its own whose child the init then is: joins of namespaces, for which a pid namespace must be set
 * before the clone and a user namespace before new ones are made in it. All are opened first: after the user namespace is
 * joined the others may be out of reach.
 */
export function compileJoins(namespaces: readonly NamespaceSpec[]): readonly Step[] {
  const b = new ProgramBuilder("join");
  const joined = namespaces.filter(({ path }) => path !== undefined)
    .sort((x, y) => Number(y.type === "user") - Number(x.type === "user"))
    .map(({ type, path }) => {
      const what = `joining the ${type} namespace ${path}`;
      const how = { flags: O_RDONLY | O_CLOEXEC, mode: 0, resolve: 0 };
      return { type, what, fd: b.call("openat2", [AT_FDCWD, path!, how], what, { keep: "ns" }) };
    });
  for (const { type, what, fd } of joined) {
    b.call("setns", [fd, CLONE_FLAGS[type]], what, { spec: "config-linux.md#namespaces" });
    b.call("close", [fd], what);
  }
  return b.steps;
}

const lines = (mappings: readonly IdMapping[]): string =>
  mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");

function writeFile(b: ProgramBuilder, name: string, text: string, what: string, spec: string): void {
  const how = { flags: O_WRONLY | O_CLOEXEC, mode: 0, resolve: 0 };
  const fd = b.call("openat2", [AT_FDCWD, { child: name }, how], what, { keep: "fd", spec });
  b.call("write", [fd, text], what);
  b.call("close", [fd], what);
}

/** What the parent does before the init goes on: the maps of its user namespace (man 7 user_namespaces), and the OOM killer's preference. */
export function compileParent({ linux, process }: Spec): readonly Step[] {
  const b = new ProgramBuilder("parent");
  if (process?.oomScoreAdj !== undefined) {
    const what = `setting the OOM score adjustment ${process.oomScoreAdj}`;
    writeFile(b, "oom_score_adj", String(process.oomScoreAdj), what, "config.md#linux-process");
  }
  const spec = "config-linux.md#user-namespace-mappings";
  const isNew = linux.namespaces.some(({ type, path }) => type === "user" && path === undefined);
  const { uidMappings = [], gidMappings = [] } = isNew ? linux : {};
  if (uidMappings.length > 0) writeFile(b, "uid_map", lines(uidMappings), "mapping user ids", spec);
  if (gidMappings.length > 0) writeFile(b, "gid_map", lines(gidMappings), "mapping group ids", spec);
  return b.steps;
}

/** What the init does first: it becomes user 0 of its user namespace, and makes the namespaces that are its own work. */
export function compileOwnNamespaces(b: ProgramBuilder, linux: LinuxSpec): void {
  if (linux.namespaces.some(({ type }) => type === "user")) {
    const what = "becoming root of the user namespace";
    b.call("setresgid", [0, 0, 0], what, { ok: [EINVAL] }); // 0 may not be mapped
    b.call("setresuid", [0, 0, 0], what, { ok: [EINVAL] });
  }
  for (const { type, path } of linux.namespaces) {
    if (path !== undefined || !UNSHARED.includes(type)) continue;
    b.call("unshare", [CLONE_FLAGS[type]], `making a ${type} namespace`, {
      spec: "config-linux.md#namespaces",
    });
    if (type === "time") compileOffsets(b, linux);
  }
}

function compileOffsets(b: ProgramBuilder, { timeOffsets = {} }: LinuxSpec): void {
  const text = Object.entries(timeOffsets).map(([clock, { secs, nanosecs }]) =>
    `${clock} ${secs} ${nanosecs}\n`
  )
    .join("");
  if (text === "") return;
  const what = "setting the offsets of the time namespace";
  const how = { flags: O_WRONLY | O_CLOEXEC, mode: 0, resolve: 0 };
  const fd = b.call("openat2", [AT_FDCWD, "/proc/self/timens_offsets", how], what, {
    keep: "fd",
    spec: "config-linux.md#offset-for-time-namespace",
  });
  b.call("write", [fd, text], what);
  b.call("close", [fd], what);
}
