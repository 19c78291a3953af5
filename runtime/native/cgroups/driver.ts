/** The cgroups of a container on this host: made, limited and changed (config-linux.md#control-groups). @module */
import type { CreateRequest } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { cgroupPathOf } from "../../program/compile_cgroup.ts";
import type { Resources, Spec } from "../../spec/types.ts";
import { applyWrites, exists, readFile } from "./files.ts";
import { type CgroupHost, type CgroupPlace, placesIn, readHost } from "./hosts.ts";
import { limitDevices } from "./limit_devices.ts";
import { checkFit, makePlace, removeMade } from "./make.ts";
import {
  type CgroupNote,
  directoryOf,
  identified,
  readNote,
  removeNote,
  takeOver,
  writeNote,
} from "./note.ts";
import { isRootless } from "../container/rootless.ts";
import { giveAway } from "./ownership.ts";
import { version1Writes } from "./version1.ts";
import { version2Writes } from "./version2.ts";

/** Does a configuration ask for cgroups? Lists and maps without anything in them ask for nothing. */
const isAsked = ({ linux: { cgroupsPath, resources } }: Spec): boolean =>
  Boolean(cgroupsPath) || Object.values(resources ?? {}).some((value) => Object.keys(value ?? {}).length > 0);

/** Containers of the same id in other state directories are other containers: eight digits of FNV-1a tell them apart. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * Where a container's cgroups go on a host; nowhere for an ordinary user's container that does not ask for any: they are rarely the user's to
 * make. Throws an Error about a path that cannot be had.
 */
function placesOf(
  { spec, id, directory }: Pick<CreateRequest, "spec" | "id" | "directory">,
  host: CgroupHost,
): CgroupPlace[] {
  if (isRootless() && !isAsked(spec)) return [];
  const path = cgroupPathOf(spec, `${id}-${shortHash(directory)}`);
  return path === undefined
    ? []
    : placesIn(host, { path, absolute: spec.linux.cgroupsPath?.startsWith("/") ?? false });
}

/** Controllers that a directory of version 2 has. */
const controllersOf = (directory: string | undefined): string[] =>
  directory === undefined ? [] : (readFile(`${directory}/cgroup.controllers`) ?? "").split(" ");

/** Version 2 lets a limit fall below the usage, and kills; version 1 refuses it, and some want that (config-linux.md#memory, checkBeforeUpdate). */
function checkUsage(note: CgroupNote, { memory }: Resources): void {
  const { limit = 0n, checkBeforeUpdate } = memory ?? {};
  if (!checkBeforeUpdate || limit <= 0n || note.mode !== "unified") return;
  const used = BigInt(readFile(`${directoryOf(note, "")}/memory.current`) ?? 0);
  if (used <= limit) return;
  throw new LifecycleError(
    `config.json: linux.resources.memory.limit: ${limit} is less than the ${used} in use`,
    "failed",
  );
}

function limit(note: CgroupNote, resources: Resources): void {
  checkUsage(note, resources);
  const second = directoryOf(note, "");
  const writes = note.mode === "unified"
    ? version2Writes(resources, controllersOf(second), exists(`${second}/io.bfq.weight`))
    : version1Writes(resources);
  applyWrites(writes, (controller) => directoryOf(note, controller));
}

const NO_RESOURCES: Resources = { devices: [], hugepageLimits: [], rdma: {}, unified: {} };

/** Where the cgroups of a container go, on a host as it is. */
export interface Placement {
  /** How the host's are mounted. */
  readonly mode: CgroupHost["mode"];
  /** A place in each hierarchy. */
  readonly places: readonly CgroupPlace[];
}

/** Finds it, for making the cgroups and for what is mounted in the container. Throws an Error about a path that cannot be had. */
export function findPlacement(request: Pick<CreateRequest, "spec" | "id" | "directory">): Placement {
  const host = readHost();
  return { mode: host.mode, places: placesOf(request, host) };
}

/**
 * Makes a container's cgroups in every hierarchy, with their limits. What they are is in `directory` before they are there. Throws an Error that
 * names the place in config.json; then what was not there before is gone again. What they are; undefined if it has none.
 */
export function makeCgroups(
  { spec, directory, note: tell }: CreateRequest,
  { mode, places }: Placement,
): CgroupNote | undefined {
  if (places.length === 0) {
    if (!isAsked(spec)) return undefined;
    throw new LifecycleError("config.json: linux.resources: this host has no cgroups", "unsupported");
  }
  const before = places.map((place) => place.directory).filter(exists);
  for (const each of before) checkFit(each);
  const note: CgroupNote = {
    mode,
    cgroups: places.map(({ hierarchy: { version, controllers }, directory }) => ({
      ...{ version, controllers, directory },
    })),
  };
  writeNote(directory, note);
  const made: string[] = [];
  const { resources = NO_RESOURCES } = spec.linux;
  try {
    for (const place of places) {
      made.push(...makePlace(place, mode === "unified" && place.hierarchy.version === 2));
    }
    const known = identified(note);
    writeNote(directory, known);
    takeOver(directory, before);
    if ((resources.memory?.kernel ?? -1n) > 0n) {
      tell("linux.resources.memory.kernel is ignored: Linux has no such limit any more");
    }
    limit(note, resources);
    // An ordinary user's container has no devices but the host's, and cannot make any.
    if (resources.devices.length > 0 || !isRootless()) limitDevices(note, resources.devices);
    const second = directoryOf(note, "");
    if (mode === "unified" && second !== undefined) giveAway(second, spec);
    return known;
  } catch (error) {
    removeMade(made);
    removeNote(directory);
    throw error;
  }
}

/** Changes limits. The device list stays as it is, as with runc. */
export function updateCgroups(directory: string, resources: Resources): boolean {
  const note = readNote(directory);
  if (note === undefined) return false;
  limit(note, resources);
  return true;
}
