/** A configuration to begin with, as `spec` writes it. @module */
import { OCI_VERSION } from "./state.ts";
import type { MountSpec, NamespaceSpec, Spec } from "./types.ts";

/** For whom it is. */
export interface DefaultSpecOptions {
  /** For an ordinary user with these ids, who is root inside. */
  readonly rootless?: { readonly uid: number; readonly gid: number };
}

const CAPABILITIES: readonly string[] = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const mount = (destination: string, type: string, source: string, ...options: string[]): MountSpec => ({
  ...{ destination, type, source, options },
});

function mounts(rootless: boolean): MountSpec[] {
  const gid = rootless ? [] : ["gid=5"]; // an ordinary user has no second group to map
  return [
    mount("/proc", "proc", "proc"),
    mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
    mount(
      "/dev/pts",
      "devpts",
      "devpts",
      "nosuid",
      "noexec",
      "newinstance",
      "ptmxmode=0666",
      "mode=0620",
      ...gid,
    ),
    mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
    mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
    rootless
      ? mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro")
      : mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
    mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"),
  ];
}

/** The configuration: a shell on a terminal, with a namespace of every kind that isolates and the usual mounts. */
export function defaultSpec({ rootless }: DefaultSpecOptions = {}): Spec {
  const none: readonly string[] = [];
  const namespaces: NamespaceSpec[] = [
    { type: "pid" },
    ...rootless === undefined ? [{ type: "network" } as const] : [],
    { type: "ipc" },
    { type: "uts" },
    { type: "mount" },
    { type: "cgroup" },
    ...rootless === undefined ? [] : [{ type: "user" } as const],
  ];
  return {
    ociVersion: OCI_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0, additionalGids: [] },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        permitted: CAPABILITIES,
        inheritable: none,
        ambient: none,
      },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024n, hard: 1024n }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "umiak",
    mounts: mounts(rootless !== undefined),
    annotations: {},
    linux: {
      namespaces,
      devices: [],
      sysctl: {},
      ...rootless === undefined
        ? {
          resources: {
            devices: [{ allow: false, type: "a", access: "rwm" }],
            hugepageLimits: [],
            rdma: {},
            unified: {},
          },
        }
        : {
          uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
        },
      maskedPaths: [
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/firmware",
        "/proc/scsi",
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}
