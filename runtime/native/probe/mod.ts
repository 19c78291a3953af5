/** What this Linux lets the native backend do: tried, not guessed. Nothing is changed, and nothing is left. @module */
import { EPERM } from "../../../fs/abi/errno.ts";
import { readFile } from "../cgroups/files.ts";
import { sys } from "../ffi/kernel.ts";
import { refusedCalls, seccompActions } from "./calls.ts";
import { tryCgroups } from "./cgroups.ts";
import { tryInChild } from "./child.ts";
import type { CallFacts, Failure, LinuxFacts } from "./facts.ts";
import { type IdMaps, tryIds } from "./ids.ts";
import { becomeRoot, ownMounts, refusedNamespaces } from "./namespaces.ts";
import { tryNetwork } from "./network.ts";
import { tryOverlay } from "./overlay.ts";

export type { CallFacts, CgroupFacts, Failure, IdFacts, LinuxFacts, NetworkFacts } from "./facts.ts";

/** Sysctls about user namespaces: the kernel's own, Debian's and Ubuntu's. */
const SYSCTLS = [
  "user/max_user_namespaces",
  "kernel/unprivileged_userns_clone",
  "kernel/apparmor_restrict_unprivileged_userns",
];

function securityModules(): string[] {
  const listed = readFile("/sys/kernel/security/lsm")?.split(",") ?? [];
  const apparmor = readFile("/sys/module/apparmor/parameters/enabled")?.startsWith("Y") ? ["apparmor"] : [];
  const selinux = / - selinuxfs /.test(readFile("/proc/self/mountinfo") ?? "") ? ["selinux"] : [];
  // Listed is what is compiled in and asked for; these two can be off all the same.
  const others = listed.filter((name) => !["", "apparmor", "selinux"].includes(name));
  return [...apparmor, ...selinux, ...others];
}

function noCalls(): Failure {
  try {
    sys("getpid");
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function tryCalls(directory: string, ids: IdMaps | undefined): CallFacts {
  const uid = Deno.uid()!, gid = Deno.gid()!, rootless = uid !== 0;
  const first = rootless ? becomeRoot(uid, gid) : [];
  const noexec = readFile("/proc/sys/vm/memfd_noexec");
  const program = tryInChild([], directory);
  const base = {
    // Without privileges these two are refused before their arguments are looked at.
    refused: refusedCalls(rootless ? [EPERM] : []),
    program,
    memfdNoexec: noexec === undefined ? undefined : Number(noexec),
    cgroups: tryCgroups(rootless),
    actions: seccompActions(),
  };
  if (program !== undefined) {
    return { ...base, namespaces: {}, ids: undefined, overlay: program, network: undefined };
  }
  return {
    ...base,
    namespaces: refusedNamespaces(first, directory),
    ids: ids && tryIds(ids, directory),
    overlay: tryOverlay([...first, ownMounts], directory, rootless),
    network: rootless ? undefined : tryNetwork(directory),
  };
}

/**
 * Finds out. `directory`: of the filesystem that containers' files are on; it can be written. `ids`: maps of an ordinary user's containers.
 */
export function probeLinux(directory: string, ids?: IdMaps): LinuxFacts {
  const sysctls = SYSCTLS.flatMap((name) => {
    const value = readFile(`/proc/sys/${name}`);
    return value === undefined ? [] : [[name.replaceAll("/", "."), value]];
  });
  const failure = noCalls();
  return {
    release: Deno.osRelease(),
    root: Deno.uid() === 0,
    userNamespaceSysctls: Object.fromEntries(sysctls),
    modules: securityModules(),
    noCalls: failure,
    calls: failure === undefined ? tryCalls(directory, ids) : undefined,
  };
}
