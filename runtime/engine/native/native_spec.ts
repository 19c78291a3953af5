/** What a container on the real kernel has beside what every container has (conversion.ts): its root, files in /etc, a filter, devices, a user namespace. @module */
import type { ImageConfig } from "../../../image/config.ts";
import type { ConsoleSize, MountSpec, PosixRlimit, Resources, Spec } from "../../spec/types.ts";
import { convert, DEFAULT_MOUNTS } from "../conversion.ts";
import { absolutePath } from "../host_path.ts";
import { type MountOption, RunError, type RunOptions } from "../options.ts";
import type { UserFiles } from "../user.ts";
import { defaultFilter } from "./default_filter.ts";
import { etcMounts } from "./etc_files.ts";
import { hasId, type OwnIds } from "./rootless_ids.ts";

/** What a specification is made from beside the image and what is asked for. */
export interface NativeContext {
  /** Name of the image for messages. */
  readonly imageName: string;
  /** Users and groups of the image. */
  readonly users: UserFiles;
  /** Host name when the caller wants none in particular. */
  readonly hostname: string;
  /** The container's directory. */
  readonly directory: string;
  /** Extracted layers, the topmost first; undefined if the root filesystem is a copy. */
  readonly layers: readonly string[] | undefined;
  /** True for a path of the image that is a directory. */
  readonly isDirectory: (path: string) => boolean;
  /** Size of its terminal. */
  readonly consoleSize?: ConsoleSize;
  /** Whose ids an ordinary user's container has; undefined for root's. */
  readonly ids: OwnIds | undefined;
}

const mount = (destination: string, type: string, source: string, ...options: string[]): MountSpec => ({
  ...{ destination, type, source, options },
});
/** The group of terminals. */
const TTY = 5;
const STRICT = ["nosuid", "noexec", "nodev"];
const NO_RESOURCES: Resources = { devices: [], hugepageLimits: [], rdma: {}, unified: {} };

/** Paths are in a list whose separator is ":"; names of layers have none, but the store's may. */
const escaped = (path: string): string => path.replace(/[\\:]/g, "\\$&");

/** One that is in no list: the kernel takes every other "\" out of it, too. */
const escapedAlone = (path: string): string => path.replaceAll("\\", "\\\\");

/** The root: what is in the layers, and what the container changes in its own directory. What is written need not be on the disk: it goes with it. */
function rootMount(layers: readonly string[], { directory, ids }: NativeContext): MountSpec {
  return mount(
    "/",
    "overlay",
    "overlay",
    `lowerdir=${layers.map(escaped).join(":")}`,
    `upperdir=${escapedAlone(directory)}/upper`,
    `workdir=${escapedAlone(directory)}/work`,
    "volatile",
    ...ids === undefined ? [] : ["userxattr"],
  );
}

/** Mounts that every container has here. */
function systemMounts(options: RunOptions, { ids }: NativeContext): MountSpec[] {
  const own = DEFAULT_MOUNTS.map((each) => {
    if (each.type === "devpts" && (ids === undefined || hasId(ids.gidMappings, TTY))) {
      return { ...each, options: [...each.options, `gid=${TTY}`] };
    }
    // sysfs shows the network of who mounts it: the host's is not an ordinary user's to show.
    const isForeign = each.type === "sysfs" && ids !== undefined && options.network?.mode === "host";
    return isForeign ? mount("/sys", "none", "/sys", "rbind", ...STRICT, "ro") : each;
  });
  return [
    ...own,
    mount("/dev/mqueue", "mqueue", "mqueue", ...STRICT),
    // An ordinary user's container has no cgroup of its own to see.
    ...ids === undefined ? [mount("/sys/fs/cgroup", "cgroup", "cgroup", ...STRICT, "relatime", "ro")] : [],
  ];
}

/** What the engine mounts itself, and the root: an image's volume has nothing to add there. */
const OWN_PLACES = /^\/(?:(?:proc|sys|dev)(?:\/.*)?|etc\/(?:hosts|hostname|resolv\.conf))?$/;

/** A path without what it can be written without. */
const plain = (path: string): string => `/${path.split("/").filter((each) => !/^\.?$/.test(each)).join("/")}`;

/**
 * The image's volumes. Where the container can write there already, with what the image has there, they are nothing more: they go with it. A
 * read-only root has one in memory, and what is missing is made.
 */
function volumes(config: ImageConfig, options: RunOptions, context: NativeContext): MountOption[] {
  const taken = new Set((options.mounts ?? []).map(({ target }) => plain(target)));
  return [...new Set(config.config.Volumes.map(plain))].filter((path) =>
    !taken.has(path) && !OWN_PLACES.test(path) && (options.readOnly || !context.isDirectory(path))
  ).map((target) => ({ kind: "tmpfs", target, options: ["exec", "tmpcopyup", "mode=755"] }));
}

/** Checks the sources of binds: messages of the init would say less. */
function checkBinds(options: RunOptions): void {
  for (const each of options.mounts ?? []) {
    if (each.kind !== "bind") continue;
    try {
      Deno.statSync(each.source);
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound
        ? "no such file or directory"
        : (error as Error).message;
      throw new RunError(`binding ${each.source} on ${each.target}: ${why}`, 125, { cause: error });
    }
  }
}

/** In a network namespace of its own: every port is the container's, and so is ping, as with docker and podman. */
function networkSysctl({ network }: RunOptions, { ids }: NativeContext): Record<string, string> {
  if (network?.mode === "host") return {};
  return {
    "net.ipv4.ip_unprivileged_port_start": "0",
    // Groups that are not mapped cannot be named.
    ...ids === undefined ? { "net.ipv4.ping_group_range": "0 2147483647" } : {},
  };
}

/** A limit that this process can set: not everybody may raise its own. */
function atMostOwn(limit: PosixRlimit): PosixRlimit {
  if (limit.type !== "RLIMIT_NOFILE") return limit;
  const line = /^Max open files\s+\S+\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"));
  const own = line === null ? limit.hard : BigInt(line[1]!);
  const least = (value: bigint): bigint => value < own ? value : own;
  return { ...limit, soft: least(limit.soft), hard: least(limit.hard) };
}

/** Throws if the process is to have an id that the container has not. */
function checkIds(spec: Spec, { ids, imageName }: NativeContext): void {
  if (ids === undefined) return;
  const { uid, gid, additionalGids } = spec.process!.user;
  const unknown = !hasId(ids.uidMappings, uid)
    ? `user ${uid}`
    : [gid, ...additionalGids].filter((id) => !hasId(ids.gidMappings, id)).map((id) => `group ${id}`)[0];
  if (unknown === undefined) return;
  const why = ids.uidMappings.length === 1
    ? "an ordinary user's container has only root, who is the user itself, unless newuidmap, newgidmap, /etc/subuid and /etc/subgid give it more ids"
    : "it is not among the ids that /etc/subuid and /etc/subgid give this user";
  throw new RunError(`${imageName}: ${unknown}: ${why}`, 125);
}

/** The specification of a container. Throws a RunError when something asked for cannot be. */
export function nativeSpec(config: ImageConfig, options: RunOptions, context: NativeContext): Spec {
  checkBinds(options);
  const { directory, ids, layers } = context;
  const own: RunOptions = {
    ...options,
    mounts: [...volumes(config, options, context), ...options.mounts ?? []],
  };
  const converted = convert({ ...config, config: { ...config.config, Volumes: [] } }, own, {
    ...{ imageName: context.imageName, users: context.users, hostname: context.hostname },
    hostPath: (path) => absolutePath(path),
  });
  checkIds(converted, context);
  const { process, linux } = converted;
  const taken = new Set((own.mounts ?? []).map(({ target }) => target));
  const resources = linux.resources ?? NO_RESOURCES;
  const unconfined = options.seccomp === "unconfined";
  return {
    ...converted,
    process: {
      ...process!,
      noNewPrivileges: options.noNewPrivileges ?? false,
      ...context.consoleSize === undefined ? {} : { consoleSize: context.consoleSize },
      rlimits: process!.rlimits.map(atMostOwn),
    },
    mounts: [
      ...layers === undefined ? [] : [rootMount(layers, context)],
      ...systemMounts(options, context),
      ...etcMounts(`${directory}/etc`, taken),
      ...converted.mounts.slice(DEFAULT_MOUNTS.length),
    ],
    linux: {
      ...linux,
      namespaces: [...linux.namespaces, ...ids === undefined ? [] : [{ type: "user" as const }]],
      ...ids ?? {},
      // Devices that are not the usual ones cannot be opened, whoever makes nodes for them.
      ...ids === undefined
        ? { resources: { ...resources, devices: [{ allow: false, type: "a", access: "rwm" }] } }
        : linux.resources === undefined
        ? {}
        : { resources: linux.resources },
      sysctl: { ...linux.sysctl, ...networkSysctl(options, context) },
      ...unconfined ? {} : { seccomp: defaultFilter() },
    },
  };
}
