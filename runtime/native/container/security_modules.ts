/** Which security modules this system has, for properties that want one (config.md#linux-process, config-linux.md#mount-label). @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import type { Process } from "../../spec/types.ts";
import { readFile } from "../cgroups/files.ts";

const PARAMETER = "/sys/module/apparmor/parameters/enabled";

/** Throws if something is to be labelled that this system does not label. `read` reads a file. */
export function checkSecurityModules(
  what: string,
  { apparmorProfile, selinuxLabel }: Pick<Process, "apparmorProfile" | "selinuxLabel">,
  mountLabel?: string,
  read: (path: string) => string | undefined = readFile,
): void {
  const refuse = (property: string, why: string): never => {
    throw new LifecycleError(`${what}: ${property}: ${why}`, "unsupported");
  };
  if (apparmorProfile && read(PARAMETER)?.startsWith("Y") !== true) {
    refuse(
      "process.apparmorProfile",
      `unable to apply apparmor profile ${apparmorProfile}: AppArmor is not enabled on this system`,
    );
  }
  if (!selinuxLabel && !mountLabel) return;
  if (/ - selinuxfs /.test(read("/proc/self/mountinfo") ?? "")) return;
  refuse(
    selinuxLabel ? "process.selinuxLabel" : "linux.mountLabel",
    "selinux label is specified in config, but selinux is disabled or not supported",
  );
}
