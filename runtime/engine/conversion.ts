/** From an image's configuration and a caller's options to a config.json (conversion.md of the image specification). @module */
import type { ImageConfig } from "../../image/config.ts";
import { platformText } from "../../image/platform.ts";
import type { MountSpec, Resources, Spec } from "../spec/types.ts";
import { type ContainerOptions, type MountOption, RunError } from "./options.ts";
import { resolveUser, type UserFiles } from "./user.ts";

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Capabilities of a container's root that docker and podman have in common. */
const CAPABILITIES: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

const mount = (destination: string, type: string, source: string, ...options: string[]): MountSpec => ({
  ...{ destination, type, source, options },
});

/** What a Linux container finds mounted (config-linux.md#default-filesystems), without cgroups and message queues. */
export const DEFAULT_MOUNTS: readonly MountSpec[] = [
  mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
  mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
  mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
  mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
  mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
];

const MASKED: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];
const READ_ONLY: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/** Labels that would command a runtime when they become annotations (CVE-2026-53488): these prefixes stay out. */
const RESERVED: readonly string[] = [
  "run.oci.",
  "org.criu.",
  "org.systemd.property.",
  "io.podman.",
  "cdi.k8s.io/",
];

/** The image's variables with the caller's over them, in the image's order; a name without "=" is taken away. */
function environment(image: readonly string[], own: readonly string[], extra: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of [...extra, ...image, ...own]) {
    const at = entry.indexOf("=");
    if (at < 0) merged.delete(entry);
    else merged.set(entry.slice(0, at), entry);
  }
  return [...merged.values()];
}

function mountOf(option: MountOption, hostPath: (path: string) => string): MountSpec {
  if (option.kind === "tmpfs") {
    return mount(option.target, "tmpfs", "tmpfs", "nosuid", "nodev", "noexec", ...option.options);
  }
  const access = option.readOnly ? "ro" : "rw";
  return mount(
    option.target,
    "bind",
    hostPath(option.source),
    "rbind",
    access,
    option.propagation ?? "rprivate",
  );
}

/** Annotations that say where a container comes from (conversion.md#annotation-fields); explicit labels win. */
function annotations(config: ImageConfig, own: Readonly<Record<string, string>>): Record<string, string> {
  const set = (name: string, value: string | undefined): Record<string, string> =>
    value ? { [`org.opencontainers.image.${name}`]: value } : {};
  const labels = Object.entries(config.config.Labels).filter(([name]) =>
    !RESERVED.some((prefix) => name.startsWith(prefix))
  );
  return {
    ...set("os", config.os),
    ...set("architecture", config.architecture),
    ...set("variant", config.variant),
    ...set("os.version", config.osVersion),
    ...set("os.features", config.osFeatures?.join(",")),
    ...set("author", config.author),
    ...set("created", config.created),
    ...set("stopSignal", config.config.StopSignal),
    ...set("exposedPorts", config.config.ExposedPorts.join(",")),
    ...Object.fromEntries(labels),
    ...own,
  };
}

/** What conversion needs to know beside the configuration and the options. */
export interface ConversionContext {
  /** Name of the image for messages. */
  readonly imageName: string;
  /** Users and groups of the container. */
  readonly users: UserFiles;
  /** Host name when the caller wants none in particular. */
  readonly hostname: string;
  /** Where a host path of a bind is found by the program. */
  readonly hostPath: (path: string) => string;
}

/** The process's arguments: the entrypoint, then the caller's arguments or the image's. A new entrypoint drops the image's Cmd. */
function processArgs(config: ImageConfig, options: ContainerOptions, context: ConversionContext): string[] {
  const own = options.args ?? [];
  const entrypoint = options.entrypoint ?? config.config.Entrypoint;
  const cmd = own.length > 0 || options.entrypoint !== undefined ? own : config.config.Cmd;
  const args = [...entrypoint, ...cmd];
  if (args.length === 0) {
    throw new RunError(
      `${context.imageName}: no command: the image (${
        platformText(config)
      }) has neither Entrypoint nor Cmd, and none was given`,
      125,
    );
  }
  return args;
}

/** Period of a limit of CPU time, in microseconds: Linux's default. */
const CPU_PERIOD = 100_000;

/** The limits that are asked for; undefined if none is: then the container needs no control group of its own. */
function resourcesOf({ memory, pidsLimit, cpus }: ContainerOptions): Resources | undefined {
  if (memory === undefined && pidsLimit === undefined && cpus === undefined) return undefined;
  return {
    devices: [{ allow: false, type: "a", access: "rwm" }],
    ...memory === undefined ? {} : { memory: { limit: BigInt(memory) } },
    ...pidsLimit === undefined ? {} : { pids: { limit: BigInt(pidsLimit > 0 ? pidsLimit : -1) } },
    ...cpus === undefined
      ? {}
      : { cpu: { quota: BigInt(Math.round(cpus * CPU_PERIOD)), period: BigInt(CPU_PERIOD) } },
    hugepageLimits: [],
    rdma: {},
    unified: {},
  };
}

/** Builds the specification of a container. Throws a RunError when something asked for cannot be. */
export function convert(config: ImageConfig, options: ContainerOptions, context: ConversionContext): Spec {
  const { User, WorkingDir, Env, Volumes } = config.config;
  const user = resolveUser(options.user ?? User, context.users);
  const cwd = options.workdir ?? (WorkingDir === "" ? "/" : WorkingDir);
  if (!cwd.startsWith("/")) {
    throw new RunError(`working directory ${JSON.stringify(cwd)}: it is not an absolute path`, 125);
  }
  const hostname = options.hostname ?? context.hostname;
  const asked = options.mounts ?? [];
  const taken = new Set(asked.map((each) => each.target));
  const twice = asked.find(({ target }, i) => asked.findIndex((each) => each.target === target) < i);
  if (twice !== undefined) throw new RunError(`two mounts were asked for on ${twice.target}`, 125);
  // An image's volumes get an empty filesystem each; content the image has there is hidden (conversion.md asks for no more).
  const volumes: MountOption[] = Volumes.filter((path) => !taken.has(path)).map((target) => ({
    kind: "tmpfs",
    target,
    options: ["exec"],
  }));
  const implied = [
    DEFAULT_PATH,
    `HOME=${user.home ?? (user.uid === 0 ? "/root" : "/")}`,
    `HOSTNAME=${hostname}`,
  ];
  if (cwd !== "/") implied.push(`PWD=${cwd}`); // wasi-libc and Go have no other way to learn it
  if (options.tty) implied.push("TERM=xterm");
  const resources = resourcesOf(options);
  const none: string[] = [];
  const capabilities = user.uid === 0
    ? {
      bounding: CAPABILITIES,
      effective: CAPABILITIES,
      permitted: CAPABILITIES,
      inheritable: none,
      ambient: none,
    }
    : { bounding: CAPABILITIES, effective: none, permitted: none, inheritable: none, ambient: none };
  return {
    ociVersion: "1.2.0",
    process: {
      terminal: options.tty ?? false,
      cwd,
      env: environment(Env, options.env ?? [], implied),
      args: processArgs(config, options, context),
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
      capabilities,
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 1048576n, hard: 1048576n }],
      noNewPrivileges: false,
    },
    root: { path: "rootfs", readonly: options.readOnly ?? false },
    hostname,
    mounts: [...DEFAULT_MOUNTS, ...[...volumes, ...asked].map((each) => mountOf(each, context.hostPath))],
    annotations: annotations(config, options.annotations ?? {}),
    linux: {
      namespaces: [
        { type: "pid" },
        ...(options.network?.mode === "host" ? [] : [{ type: "network" as const }]),
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        { type: "cgroup" },
      ],
      devices: [],
      ...resources === undefined ? {} : { resources },
      sysctl: {},
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
    },
  };
}
