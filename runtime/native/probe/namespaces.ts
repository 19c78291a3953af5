/** Which namespaces can be made (man 7 namespaces). @module */
import { AT_FDCWD, O_WRONLY } from "../../../fs/abi/open.ts";
import * as clone from "../../abi/linux/clone.ts";
import { type NativeStep, ref } from "../table/types.ts";
import { tryInChild } from "./child.ts";

const TYPES: Readonly<Record<string, number>> = {
  mount: clone.CLONE_NEWNS,
  pid: clone.CLONE_NEWPID,
  network: clone.CLONE_NEWNET,
  ipc: clone.CLONE_NEWIPC,
  uts: clone.CLONE_NEWUTS,
  cgroup: clone.CLONE_NEWCGROUP,
  time: clone.CLONE_NEWTIME,
};

const what = "making namespaces";
const unshare = (flags: number): NativeStep => ({ call: "unshare", args: [flags], what });

function write(path: string, text: string): NativeStep[] {
  const bytes = new TextEncoder().encode(text);
  return [
    { native: "openat", args: [AT_FDCWD, path, O_WRONLY, 0], what, result: path },
    { native: "write", args: [ref(path), { bytes }, bytes.length], what },
  ];
}

/** Makes a user namespace where the child is root, as man 7 user_namespaces lets everybody do. */
export function becomeRoot(uid: number, gid: number): NativeStep[] {
  return [
    unshare(clone.CLONE_NEWUSER),
    ...write("/proc/self/setgroups", "deny"),
    ...write("/proc/self/uid_map", `0 ${uid} 1`),
    ...write("/proc/self/gid_map", `0 ${gid} 1`),
  ];
}

/** Makes a mount namespace. */
export const ownMounts: NativeStep = unshare(clone.CLONE_NEWNS);

/** Those that cannot be made, with the reason. `first` is what comes before. */
export function refusedNamespaces(first: readonly NativeStep[], directory: string): Record<string, string> {
  const refused: Record<string, string> = {};
  const user = tryInChild(first.length > 0 ? first : [unshare(clone.CLONE_NEWUSER)], directory);
  if (user !== undefined) refused.user = user;
  // Nothing is known of others where the one that they need cannot be made.
  if (user !== undefined && first.length > 0) return refused;
  for (const [type, flag] of Object.entries(TYPES)) {
    const failure = tryInChild([...first, unshare(flag)], directory);
    if (failure !== undefined) refused[type] = failure;
  }
  return refused;
}
