/** From a container's configuration to the program of its init. @module */
import { throughDangling } from "./dangling.ts";
import { grantable } from "./grantable.ts";
import { isRootless, withoutGroups, withoutMaps } from "./rootless.ts";
import type { CgroupPlace } from "../cgroups/hosts.ts";
import { hostCgroupMounts } from "./cgroup_mounts.ts";
import type { CreateRequest } from "../../lifecycle/backend.ts";
import { compileSpec } from "../../program/compile.ts";
import type { SyscallProgram } from "../../program/types.ts";
import type { MountSpec, Process, Spec } from "../../spec/types.ts";

/** What a configuration without a process waits with; it is never started. */
const NO_PROCESS: Process = {
  ...{ terminal: false, cwd: "/", env: [], args: ["/"], rlimits: [], noNewPrivileges: false },
  user: { uid: 0, gid: 0, additionalGids: [] },
};

/** A container before its process. */
export interface Prepared {
  /** What prepares its process. */
  readonly program: SyscallProgram;
  /** Its process. */
  readonly process: Process;
}

const isBind = ({ type, options }: MountSpec): boolean =>
  type === "bind" || options.includes("bind") || options.includes("rbind");

/**
 * `rbind,ro` is about the mount at the top: of the host's /sys it would leave its cgroup mounts writable, which may be the user's
 * (CVE-2023-25809).
 */
function withReadOnlyCgroups(mount: MountSpec): MountSpec {
  const { source, options } = mount;
  const all = /^\/+sys\/*$/.test(source) && options.includes("rbind") && options.includes("ro");
  return all ? { ...mount, options: [...options, "rro"] } : mount;
}

function isFile(source: string): boolean {
  try {
    return !Deno.statSync(source).isDirectory;
  } catch {
    return false; // there is none: the mount says so
  }
}

/** Where procfs and sysfs are mounted as a whole, outside of a container's root: what a mountinfo says (man 5 proc). */
export function wholeMounts(mountinfo: string, rootfs: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root, path = ""] = before.split(" "), [type] = after.split(" ");
    const place = path.replace(
      /\\([0-7]{3})/g,
      (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)),
    );
    const inside = place === rootfs || place.startsWith(`${rootfs}/`);
    return root === "/" && (type === "proc" || type === "sysfs") && !inside ? [place] : [];
  });
}

/** Prepares a container. `places`: those of its cgroups. Throws an Error that says what cannot be had. */
export function prepare(request: CreateRequest, places: readonly CgroupPlace[]): Prepared {
  const { spec, bundle, rootfs, warn } = request;
  const process = grantable(spec.process ?? NO_PROCESS, spec.linux.namespaces, warn);
  // config.md#mounts: "relative paths … are relative to the bundle".
  const placed = spec.mounts.map((mount): MountSpec => ({
    ...mount,
    destination: throughDangling(rootfs, mount.destination),
  }));
  const mounts = hostCgroupMounts(placed, places).map((mount): MountSpec =>
    !isBind(mount) || mount.source.startsWith("/")
      ? withReadOnlyCgroups(mount)
      : { ...mount, source: `${bundle}/${mount.source}` }
  );
  const { resources: _resources, cgroupsPath: _path, ...linux } = spec.linux;
  const own: Spec = { ...spec, process, mounts, linux };
  const notYet = new Set(places.map(({ directory }) => directory)); // cgroups are directories before they are there
  const options = {
    ...{ rootfs, isFile: (source: string) => !notYet.has(source) && isFile(source), makeCwd: true },
    ...request.options.noPivot
      ? { noPivot: wholeMounts(Deno.readTextFileSync("/proc/self/mountinfo"), rootfs) }
      : {},
  };
  const program = isRootless()
    ? withoutGroups(compileSpec(withoutMaps(own), options), spec, process)
    : compileSpec(own, options);
  return { program, process };
}
