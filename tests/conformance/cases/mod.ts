/** All cases. @module */
import type { Subject } from "../types.ts";
import { capabilities } from "./capabilities.ts";
import { devices } from "./devices.ts";
import { hooks } from "./hooks.ts";
import { annotations, lifecycle } from "./lifecycle.ts";
import * as linux from "./linux_process.ts";
import { mountOptions, mounts } from "./mounts.ts";
import { domainname, hostname, namespaces, timeOffsets } from "./namespaces.ts";
import { maskedPaths, readonlyPaths, rootfsPropagation } from "./paths.ts";
import { process } from "./process.ts";
import { cgroupsPath, resources } from "./resources.ts";
import { rlimits } from "./rlimits.ts";
import { root } from "./root.ts";
import { seccomp } from "./seccomp.ts";
import { sysctl } from "./sysctl.ts";
import { user } from "./user.ts";
import { version } from "./version.ts";

/** In the order of the specification. */
export const SUBJECTS: readonly Subject[] = [
  ...[version, root, mounts, mountOptions, process, user, capabilities, rlimits],
  ...[
    linux.oomScoreAdj,
    linux.scheduler,
    linux.ioPriority,
    linux.execCPUAffinity,
    linux.apparmorProfile,
    linux.selinux,
  ],
  ...[hostname, domainname, hooks, annotations, lifecycle],
  ...[
    namespaces,
    timeOffsets,
    devices,
    linux.netDevices,
    cgroupsPath,
    resources,
    linux.intelRdt,
    linux.memoryPolicy,
  ],
  ...[sysctl, seccomp, rootfsPropagation, maskedPaths, readonlyPaths, linux.personality],
];
