/**
 * Properties that the userland kernel cannot apply: an error, and no container (runtime.md#create: "If the runtime cannot apply a property as
 * specified in the configuration, it MUST generate an error").
 * @module
 */
import type { LinuxSpec, Process, Seccomp, Spec } from "../../../spec/types.ts";

function refuse(where: string, why: string): never {
  throw new Error(`config.json: ${where}: ${why}`);
}

/** Refuses what a process asks for and cannot have. */
export function refuseOfProcess({ apparmorProfile, selinuxLabel }: Process): void {
  if (apparmorProfile) refuse("process.apparmorProfile", "the userland kernel has no AppArmor");
  if (selinuxLabel) refuse("process.selinuxLabel", "the userland kernel has no SELinux");
}

function refuseOfSeccomp({ defaultAction, syscalls }: Seccomp): void {
  if ([defaultAction, ...syscalls.map(({ action }) => action)].includes("SCMP_ACT_NOTIFY")) {
    refuse("linux.seccomp", "SCMP_ACT_NOTIFY: the userland kernel has no listener to hand out");
  }
}

/** Lists of config.json about single block devices. */
const BY_DEVICE = [
  "weightDevice",
  "throttleReadBpsDevice",
  "throttleWriteBpsDevice",
  "throttleReadIOPSDevice",
  "throttleWriteIOPSDevice",
] as const;

function refuseOfLinux({ mountLabel, netDevices, intelRdt, seccomp, resources }: LinuxSpec): void {
  const limited = BY_DEVICE.find((name) => (resources?.blockIO?.[name].length ?? 0) > 0);
  if (limited !== undefined) {
    refuse(`linux.resources.blockIO.${limited}`, "the userland kernel has no block devices");
  }
  if (seccomp !== undefined) refuseOfSeccomp(seccomp);
  if (mountLabel) refuse("linux.mountLabel", "the userland kernel has no SELinux");
  const device = netDevices?.[0];
  if (device !== undefined) {
    refuse(
      `linux.netDevices.${device.hostName}`,
      "devices of the host cannot be moved into the userland kernel",
    );
  }
  if (intelRdt !== undefined) refuse("linux.intelRdt", "the userland kernel has no caches to divide");
}

/** Refuses what a configuration asks for and cannot have. */
export function refuseUnavailable({ process, linux }: Spec): void {
  if (process !== undefined) refuseOfProcess(process);
  refuseOfLinux(linux);
}
