/** Mounts of type cgroup where the host has hierarchies of version 1: a tmpfs with the container's place in each of them (man 7 cgroups). @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import type { CgroupPlace } from "../cgroups/hosts.ts";
import type { MountSpec } from "../../spec/types.ts";

/** A mounted hierarchy of version 1. */
export interface Hierarchy {
  /** Where it is mounted. */
  readonly mountPoint: string;
  /** The directory of the hierarchy that is mounted there. */
  readonly root: string;
  /** Its controllers, or "name=systemd". */
  readonly controllers: readonly string[];
}

/** Hierarchies of a mountinfo (man 5 proc): version 1 only. */
export function parseHierarchies(mountinfo: string): Hierarchy[] {
  return mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", mountPoint = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    if (type !== "cgroup") return [];
    const controllers = options.split(",").filter((option) =>
      !["rw", "ro", "xattr", "clone_children"].includes(option)
    );
    return [{ mountPoint, root, controllers }];
  });
}

/** Places by controllers, of /proc/PID/cgroup (man 7 cgroups): "cpu,cpuacct" → "/a/b". Version 2 is "". */
export function parsePlaces(cgroup: string): Map<string, string> {
  return new Map(
    cgroup.split("\n").filter((line) => line !== "").map((line) => {
      const [, controllers = "", ...place] = line.split(":");
      return [controllers, place.join(":")];
    }),
  );
}

const OF_TMPFS: readonly string[] = ["ro", "rw"];

/** The part of a place that is below what is mounted. */
export function below(place: string, root: string): string {
  if (root === "/") return place === "/" ? "" : place;
  return place === root ? "" : place.startsWith(`${root}/`) ? place.slice(root.length) : "/..";
}

/**
 * The mounts in place of one of type cgroup. `own`: the places are the container's alone. Throws a LifecycleError if it could write to
 * others' (CVE-2023-25809).
 */
export function expandCgroupMount(
  mount: MountSpec,
  hierarchies: readonly Hierarchy[],
  places: ReadonlyMap<string, string>,
  own: boolean,
): MountSpec[] {
  const { destination, options } = mount;
  const readOnly = options.includes("ro");
  if (!readOnly && !own) {
    throw new LifecycleError(
      `mounts: ${destination}: cgroups can only be mounted read-only in a container that has none of its own`,
      "unsupported",
    );
  }
  const rest = options.filter((option) => !OF_TMPFS.includes(option));
  const access = readOnly ? ["ro"] : [];
  const binds = hierarchies.flatMap(({ mountPoint, root, controllers }): MountSpec[] => {
    const place = [...places].find(([names]) => names.split(",").some((name) => controllers.includes(name)))
      ?.[1];
    const path = place === undefined ? "/.." : below(place, root);
    if (path.includes("/..")) return []; // out of sight
    const name = mountPoint.slice(mountPoint.lastIndexOf("/") + 1);
    // Where controllers share a hierarchy, each has its name, too.
    const names = new Set([name, ...controllers.length > 1 ? controllers : []]);
    return [...names].map((each) => ({
      destination: `${destination}/${each}`,
      type: "bind",
      source: `${mountPoint}${path}`,
      options: ["bind", ...rest, ...access],
    }));
  });
  const tmpfs = { destination, type: "tmpfs", source: "tmpfs", options: [...rest, "mode=755"] };
  const closed = { destination, type: "", source: "", options: ["remount", "bind", ...rest, "ro"] };
  return [tmpfs, ...binds, ...readOnly ? [closed] : []];
}

/** A container's own cgroups as /proc/PID/cgroup of its processes will have them. */
function placesOfOwn(hierarchies: readonly Hierarchy[], own: readonly CgroupPlace[]): Map<string, string> {
  return new Map(hierarchies.flatMap(({ mountPoint, root, controllers }): [string, string][] => {
    const place = own.find(({ hierarchy }) => hierarchy.mountPoint === mountPoint);
    if (place === undefined) return [];
    return [[controllers.join(","), (root === "/" ? "" : root) + place.directory.slice(mountPoint.length)]];
  }));
}

/** Mounts as this host can have them. `own`: the container's cgroups, if it has its own. */
export function hostCgroupMounts(mounts: readonly MountSpec[], own: readonly CgroupPlace[]): MountSpec[] {
  if (!mounts.some(({ type }) => type === "cgroup")) return [...mounts];
  const hierarchies = parseHierarchies(Deno.readTextFileSync("/proc/self/mountinfo"));
  if (hierarchies.length === 0) return [...mounts];
  const places = own.length === 0
    ? parsePlaces(Deno.readTextFileSync("/proc/self/cgroup"))
    : placesOfOwn(hierarchies, own);
  return mounts.flatMap((mount) =>
    mount.type === "cgroup" ? expandCgroupMount(mount, hierarchies, places, own.length > 0) : [mount]
  );
}
