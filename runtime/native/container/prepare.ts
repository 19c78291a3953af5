/** From a container's configuration to the program of its init. @module */
import { grantable } from "./grantable.ts";
import { isRootless, withoutGroups, withoutMaps } from "./rootless.ts";
import { placesOf } from "../cgroups/driver.ts";
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

function isFile(source: string): boolean {
  try {
    return !Deno.statSync(source).isDirectory;
  } catch {
    return false; // there is none: the mount says so
  }
}

/** Prepares a container. Throws an Error that says what cannot be had. */
export function prepare(request: CreateRequest): Prepared {
  const { spec, bundle, rootfs, warn } = request;
  const process = grantable(spec.process ?? NO_PROCESS, spec.linux.namespaces, warn);
  // config.md#mounts: "relative paths … are relative to the bundle".
  const mounts = hostCgroupMounts(spec.mounts, placesOf(request)).map((mount): MountSpec =>
    !isBind(mount) || mount.source.startsWith("/") ? mount : { ...mount, source: `${bundle}/${mount.source}` }
  );
  const { resources: _resources, cgroupsPath: _path, ...linux } = spec.linux;
  const own: Spec = { ...spec, process, mounts, linux };
  const options = { rootfs, isFile, makeCwd: true };
  const program = isRootless()
    ? withoutGroups(compileSpec(withoutMaps(own), options), spec, process)
    : compileSpec(own, options);
  return { program, process };
}
