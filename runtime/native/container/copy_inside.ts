/**
 * Copies for containers in a user namespace: made by root of one with the same maps, who may do what the container's root may. The runtime's own ids
 * mean nothing to the filesystem that is copied to, and may read what the container may not.
 * @module
 */
import { EPERM } from "../../../fs/abi/errno.ts";
import { S_IFDIR, S_IFLNK, S_IFMT } from "../../../fs/abi/mode.ts";
import { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from "../../../fs/abi/open.ts";
import type { IdMappings } from "../../program/types.ts";
import type { IdMapping } from "../../spec/types.ts";
import { openAt, whileOpen } from "../ffi/descriptors.ts";
import { type CopiedEntry, copySteps } from "../program/copy.ts";
import type { NativeStep } from "../table/types.ts";
import { namesIn, readLinkAt, statAt } from "./copy_tree.ts";
import { idInside, runAsRootOf } from "./root_of_maps.ts";

/** Groups of steps that one process takes. */
const BATCH = 1000;

/** Maps of a process's user namespace, as this process sees them (man 7 user_namespaces). */
function mapsOf(pid: number, file: "uid_map" | "gid_map"): IdMapping[] {
  return Deno.readTextFileSync(`/proc/${pid}/${file}`).trim().split("\n").map((line) => {
    const [containerID = 0, hostID = 0, size = 0] = line.trim().split(/\s+/).map(Number);
    return { containerID, hostID, size };
  });
}

/** What is below a directory, other mounts left out. */
function scan(
  directory: number,
  path: string,
  device: bigint,
  { uidMappings, gidMappings }: IdMappings,
  what: string,
): CopiedEntry[] {
  const names = path === "" ? ["."] : namesIn(directory, what);
  return names.flatMap((name) => {
    const below = name === "." ? "" : path === "." ? name : `${path}/${name}`;
    const stat = statAt(directory, name, `${what}: ${below}`), type = stat.mode & S_IFMT;
    const own: CopiedEntry = {
      ...{ path: below, mode: stat.mode, rdev: stat.rdev, times: stat.times },
      ...{ uid: idInside(stat.uid, uidMappings), gid: idInside(stat.gid, gidMappings) },
      ...type === S_IFLNK ? { target: readLinkAt(directory, name, what) } : {},
    };
    if (type !== S_IFDIR || stat.dev !== device) return [own];
    return [
      own,
      ...whileOpen((hold) => {
        const opened = hold(openAt(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, what));
        return scan(opened.fd, below === "" ? "." : below, device, { uidMappings, gidMappings }, what);
      }),
    ];
  });
}

/** Copies what is below a directory into another one, for the container of an init. `own` is a directory for the program's file. */
export async function copyInside(
  from: number,
  to: number,
  init: number,
  own: string,
  what: string,
): Promise<void> {
  const maps = { uidMappings: mapsOf(init, "uid_map"), gidMappings: mapsOf(init, "gid_map") };
  const entries = whileOpen((hold) => {
    const opened = hold(openAt(from, ".", O_RDONLY | O_DIRECTORY, what));
    return scan(opened.fd, "", statAt(opened.fd, ".", what).dev, maps, what);
  });
  const groups = copySteps(from, to, entries, what);
  const begin: NativeStep[] = [
    { call: "setgroups", args: [[]], what, ok: [EPERM] }, // where an ordinary user may not, the groups are its own
    { call: "umask", args: [0], what },
  ];
  for (let at = 0; at < groups.length; at += BATCH) {
    const steps = [...begin, ...groups.slice(at, at + BATCH).flat()];
    await runAsRootOf(maps, { name: "umiak-copy", directory: own, descriptors: [from, to], steps, what });
  }
}
