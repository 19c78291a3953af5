/** Bundles whose programs are the host's own, and what tests of native containers need. @module */
import { reasonAgainst } from "../support/when.ts";
import type { Bench } from "../runtime/support.ts";

/** Root on Linux, with /usr as Debian has it. */
export const NATIVE = {
  os: ["linux"] as const,
  root: true,
  missing: Deno.build.os === "linux" && !isMerged() ? "needs /bin and /lib to be links into /usr" : undefined,
};

function isMerged(): boolean {
  try {
    return Deno.lstatSync("/bin").isSymlink && Deno.lstatSync("/lib").isSymlink;
  } catch {
    return false;
  }
}

/** Why tests that compare with runc cannot run; undefined if they can. */
export const WITH_RUNC = { ...NATIVE, tools: ["runc"], missing: reasonAgainst(NATIVE) };

/** A config.json, to be changed. */
// deno-lint-ignore no-explicit-any
export type Config = any;

/** Device lists can be enforced. */
const hasDevices = ((): boolean => {
  try {
    return Deno.statSync("/sys/fs/cgroup/devices").isDirectory;
  } catch {
    return false;
  }
})();

/** What `runc spec` writes, for a script of the host's shell. */
export function configOf(script: string): Config {
  const caps = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
  const secret = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"];
  const strict = ["nosuid", "noexec", "nodev"];
  const mount = (destination: string, type: string, source: string, options: string[] = []) => ({
    ...{ destination, type, source, options },
  });
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ["sh", "-c", script],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", "HOME=/"],
      cwd: "/",
      capabilities: { bounding: caps, effective: caps, permitted: caps },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "umiak",
    mounts: [
      mount("/proc", "proc", "proc"),
      mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/dev/pts", "devpts", "devpts", [
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5",
      ]),
      mount("/dev/shm", "tmpfs", "shm", [...strict, "mode=1777", "size=65536k"]),
      mount("/dev/mqueue", "mqueue", "mqueue", strict),
      mount("/sys", "sysfs", "sysfs", [...strict, "ro"]),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", [...strict, "relatime", "ro"]),
      mount("/usr", "bind", "/usr", ["rbind", "ro"]),
    ],
    linux: {
      namespaces: ["pid", "network", "ipc", "uts", "mount", "cgroup"].map((type) => ({ type })),
      ...hasDevices ? { resources: { devices: [{ allow: false, access: "rwm" }] } } : {},
      maskedPaths: secret,
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** Makes a bundle whose process runs a script. Its path. */
export function nativeBundle(
  bench: Bench,
  name: string,
  script: string,
  change: (config: Config) => void = () => {},
): string {
  const path = `${bench.dir}/${name}`;
  for (const directory of ["proc", "dev", "sys", "usr", "tmp", "etc"]) {
    Deno.mkdirSync(`${path}/rootfs/${directory}`, { recursive: true });
  }
  for (const link of ["bin", "sbin", "lib", "lib64"]) {
    Deno.symlinkSync(`usr/${link}`, `${path}/rootfs/${link}`);
  }
  const config = configOf(script);
  // Tests run side by side with containers of the same names.
  config.linux.cgroupsPath = `/${bench.dir.split("/").pop()}-${name}`;
  change(config);
  Deno.writeTextFileSync(`${path}/config.json`, JSON.stringify(config));
  return path;
}

/** Maps the ids of a container to the host's from 100000 on. */
export function inUserNamespace(config: Config): void {
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }];
  config.linux.gidMappings = config.linux.uidMappings;
}
