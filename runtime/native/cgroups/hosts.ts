/** Which cgroup hierarchies a host has, and where a container's cgroups go in them (man 7 cgroups, config-linux.md#cgroups-path). @module */
import { below, parsePlaces } from "../container/cgroup_mounts.ts";

/** A mounted hierarchy. */
export interface CgroupHierarchy {
  /** Of files like memory.limit_in_bytes (1), or of files like memory.max (2). */
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly mountPoint: string;
  /** Its controllers, or "name=systemd"; none for version 2, which says in files what it has. */
  readonly controllers: readonly string[];
  /** The runtime's own place below the mount; undefined if that is out of sight. */
  readonly own: string | undefined;
}

/** How cgroups are mounted: version 1 only, controllers with version 1 beside a hierarchy of version 2, version 2 only, not at all. */
export type CgroupMode = "legacy" | "hybrid" | "unified" | "none";

/** What there is on a host. */
export interface CgroupHost {
  /** See CgroupMode. */
  readonly mode: CgroupMode;
  /** Each hierarchy once. */
  readonly hierarchies: readonly CgroupHierarchy[];
}

const NO_CONTROLLERS = new Set(["rw", "ro", "xattr", "clone_children", "cpuset_v2_mode", "favordynmods"]);

const unescape = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));

function parseLine(line: string, places: ReadonlyMap<string, string>): CgroupHierarchy[] {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , root = "", mountPoint = ""] = before.split(" ");
  const [type, , options = ""] = after.split(" ");
  if (type !== "cgroup" && type !== "cgroup2") return [];
  const version = type === "cgroup" ? 1 : 2;
  const controllers = version === 2
    ? []
    : options.split(",").filter((option) =>
      !NO_CONTROLLERS.has(option) && (!option.includes("=") || option.startsWith("name="))
    );
  const place = version === 2
    ? places.get("")
    : [...places].find(([names]) => names.split(",").some((name) => controllers.includes(name)))?.[1];
  const path = place === undefined ? "/.." : below(place, unescape(root));
  const own = path.includes("/..") ? undefined : path;
  return [{ version, mountPoint: unescape(mountPoint), controllers, own }];
}

/** The hierarchies of a mountinfo (man 5 proc) and a /proc/self/cgroup. */
export function parseHost(mountinfo: string, cgroup: string): CgroupHost {
  const places = parsePlaces(cgroup);
  const found = new Map<string, CgroupHierarchy>();
  for (const hierarchy of mountinfo.split("\n").flatMap((line) => parseLine(line, places))) {
    const key = `${hierarchy.version} ${[...hierarchy.controllers].sort().join()}`;
    // Of several mounts of one, that where the runtime sees itself.
    if (!found.has(key) || found.get(key)!.own === undefined) found.set(key, hierarchy);
  }
  const hierarchies = [...found.values()];
  const first = hierarchies.some(({ controllers }) => controllers.some((name) => !name.startsWith("name=")));
  const second = hierarchies.some(({ version }) => version === 2);
  const mode = first ? second ? "hybrid" : "legacy" : second ? "unified" : "none";
  return { mode, hierarchies };
}

/** The hierarchies of this host. */
export function readHost(): CgroupHost {
  return parseHost(
    Deno.readTextFileSync("/proc/self/mountinfo"),
    Deno.readTextFileSync("/proc/self/cgroup"),
  );
}

/** What a container asks for: `path` without slashes at its ends, which is below the mount, or below where the runtime is. */
export interface WantedPlace {
  /** "a/b". */
  readonly path: string;
  /** It begins at the mount. */
  readonly absolute: boolean;
}

/** A container's cgroup in one hierarchy. */
export interface CgroupPlace {
  /** The hierarchy. */
  readonly hierarchy: CgroupHierarchy;
  /** Absolute path of its directory. */
  readonly directory: string;
  /** Above it all is the host's: no directory is made from here upwards. */
  readonly base: string;
}

/**
 * Where a container's cgroups go, in each hierarchy where the place can be seen. Of a path that is not absolute, version 2 alone has it beside
 * the runtime's own cgroup and not in it: a cgroup with processes cannot hand controllers down ("no internal processes"), as runc does it.
 */
export function placesIn({ mode, hierarchies }: CgroupHost, { path, absolute }: WantedPlace): CgroupPlace[] {
  return hierarchies.flatMap((hierarchy): CgroupPlace[] => {
    const { mountPoint, own } = hierarchy;
    if (absolute) return [{ hierarchy, directory: `${mountPoint}/${path}`, base: mountPoint }];
    if (own === undefined) return [];
    const base = `${mountPoint}${mode === "unified" ? own.slice(0, Math.max(own.lastIndexOf("/"), 0)) : own}`;
    return [{ hierarchy, directory: `${base}/${path}`, base }];
  });
}
