/** Kernel parameters (config-linux.md#sysctl): those of namespaces that the container has for itself. @module */
import { O_CLOEXEC, O_WRONLY, RESOLVE_NO_SYMLINKS } from "../../fs/abi/open.ts";
import type { NamespaceType, Spec } from "../spec/types.ts";
import type { ProgramBuilder } from "./builder.ts";
import { newFilesystem } from "./compile_mounts.ts";
import { refusal } from "../spec/refusal.ts";

/** Parameters of the IPC namespace, beside fs.mqueue.*. */
const IPC: readonly string[] = [
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
];

/** Why a parameter cannot be set for the container alone; undefined if it can. The rules are runc's. */
function reasonAgainst(name: string, has: (type: NamespaceType) => boolean): string | undefined {
  if (IPC.includes(name) || name.startsWith("fs.mqueue.")) {
    return has("ipc") ? undefined : "it is not allowed in the host's ipc namespace";
  }
  if (name.startsWith("net.")) {
    return has("network") ? undefined : "it is not allowed in the host's network namespace";
  }
  if (name === "kernel.domainname" && has("uts")) return undefined;
  if (name === "kernel.hostname" && has("uts")) return 'it conflicts with the field "hostname"';
  return "it is not in a separate kernel namespace";
}

/** "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same; with slashes first, dots are part of a name (sysctl(8)). */
function normalized(name: string): { readonly dotted: string; readonly path: string } {
  const at = /[./]/.exec(name)?.[0];
  const path = at === "/" ? name : name.replace(/[./]/g, (c) => c === "." ? "/" : ".");
  return { dotted: path.replaceAll("/", "."), path };
}

/**
 * Writes the parameters, in the container's namespaces, through a procfs that is mounted nowhere: nothing that the container has put in
 * place of /proc is in the way (CVE-2025-52881). Throws for one that would change the host.
 */
export function compileSysctl(b: ProgramBuilder, { linux }: Spec): void {
  const entries = Object.entries(linux.sysctl);
  if (entries.length === 0) return;
  const has = (type: NamespaceType): boolean => linux.namespaces.some((each) => each.type === type);
  const proc = newFilesystem(b, "proc", "proc", [], 0, "mounting a proc for sysctl");
  for (const [name, value] of entries) {
    const { dotted, path } = normalized(name);
    const why = path.split("/").some((part) => part === "" || part === "..")
      ? "it is no name"
      : reasonAgainst(dotted, has);
    if (why !== undefined) throw refusal(`linux.sysctl[${JSON.stringify(name)}]`, `it cannot be set: ${why}`);
    const what = `setting sysctl ${name}`;
    const how = { flags: O_WRONLY | O_CLOEXEC, mode: 0, resolve: RESOLVE_NO_SYMLINKS };
    const fd = b.call("openat2", [proc, `sys/${path}`, how], what, {
      keep: "fd",
      spec: "config-linux.md#sysctl",
    });
    b.call("write", [fd, value], what);
    b.call("close", [fd], what);
  }
  b.call("close", [proc], "mounting a proc for sysctl");
}
