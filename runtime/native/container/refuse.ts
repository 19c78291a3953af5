/** What cannot be applied is refused before anything is made: never left out in silence (runtime.md#create). @module */
import type { CreateRequest } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { asksListener, OF_LISTENERS } from "../../program/seccomp_rules.ts";
import { checkSecurityModules } from "./security_modules.ts";
import { isRootless } from "./rootless.ts";
import type { Process, Seccomp, Spec } from "../../spec/types.ts";

/** Oldest kernel: mount_setattr(2) is of 5.12. */
const OLDEST = [5, 12] as const;

/** Throws if this system's kernel is too old. */
export function checkKernel(release: string = Deno.osRelease()): void {
  const [major = 0, minor = 0] = release.split(".").map(Number.parseFloat);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new LifecycleError(
    `native containers need Linux ${OLDEST.join(".")} or later, and this is ${release}`,
    "unsupported",
  );
}

/** Throws if a filter has a listener that is nowhere, or what only one with a listener can have. */
function checkFilter(filter: Seccomp, what: string): void {
  const listens = asksListener(filter);
  if (listens && filter.listenerPath === undefined) {
    throw new LifecycleError(
      `${what}: linux.seccomp: SCMP_ACT_NOTIFY: listenerPath is not set: nobody would answer`,
      "invalid",
    );
  }
  if (!listens && filter.flags?.includes(OF_LISTENERS)) {
    throw new LifecycleError(
      `${what}: linux.seccomp.flags: ${OF_LISTENERS}: no rule is SCMP_ACT_NOTIFY (man 2 seccomp)`,
      "invalid",
    );
  }
}

/** Throws if network devices cannot be moved (config-linux.md#network-devices: from the host's network namespace into the container's). */
function checkDevices({ linux: { netDevices = [], namespaces } }: Spec, what: string): void {
  if (netDevices.length === 0) return;
  const network = namespaces.find(({ type }) => type === "network");
  if (network === undefined || (network.path !== undefined && isOwn(network.path, "net"))) {
    throw new LifecycleError(
      `${what}: linux.netDevices: the container has the runtime's own network namespace`,
      "invalid",
    );
  }
  if (isRootless()) {
    throw new LifecycleError(
      `${what}: linux.netDevices: only root may move the host's devices`,
      "unsupported",
    );
  }
}

/** Throws if an exec asks for what cannot be had. */
export function refuseProcess(process: Process, what: string): void {
  checkSecurityModules(what, process);
}

/** True if a file of a namespace is the runtime's own one. */
function isOwn(path: string, type: string): boolean {
  const own = Deno.statSync(`/proc/self/ns/${type}`), other = Deno.statSync(path);
  return own.ino === other.ino && own.dev === other.dev;
}

/** Throws if a container asks for what cannot be had. */
export function refuseContainer({ id, spec, options }: CreateRequest): void {
  const what = `creating container ${JSON.stringify(id)}`;
  checkSecurityModules(what, spec.process ?? {}, spec.linux.mountLabel);
  if (spec.linux.seccomp !== undefined) checkFilter(spec.linux.seccomp, what);
  checkDevices(spec, what);
  if (options.systemdCgroup) {
    throw new LifecycleError(
      `${what}: --systemd-cgroup: cgroups are made in the host's cgroup filesystems; systemd cannot be asked for them`,
      "unsupported",
    );
  }
  const mount = spec.linux.namespaces.find(({ type }) => type === "mount");
  // Everything is mounted in it, and the root changes: never in the runtime's own.
  if (mount === undefined || (mount.path !== undefined && isOwn(mount.path, "mnt"))) {
    throw new LifecycleError(
      `${what}: linux.namespaces: a mount namespace of its own is required`,
      "unsupported",
    );
  }
}
