/** The allowed device list on hosts with cgroups of version 1: a cgroup of the devices hierarchy (config-linux.md#allowed-device-list). @module */
import { DEVICES_ALWAYS_ALLOWED } from "../../program/compile_cgroup.ts";
import type { DeviceRule } from "../../spec/types.ts";
import { below, parseHierarchies, parsePlaces } from "./cgroup_mounts.ts";

/** Where the cgroup is written down, before it is made: whoever deletes the container may be in another one. */
const NOTE = "devices-cgroup";

/** Where a container of this process can have its cgroup; undefined if the host has no such hierarchy, or it is out of sight. */
function placeOf(): string | undefined {
  const hierarchy = parseHierarchies(Deno.readTextFileSync("/proc/self/mountinfo"))
    .find(({ controllers }) => controllers.includes("devices"));
  const place = [...parsePlaces(Deno.readTextFileSync("/proc/self/cgroup"))]
    .find(([names]) => names.split(",").includes("devices"))?.[1];
  if (hierarchy === undefined || place === undefined) return undefined;
  const path = below(place, hierarchy.root);
  return path.includes("/..") ? undefined : hierarchy.mountPoint + path;
}

/** True if a device list can be enforced here. */
export function hasDeviceCgroups(): boolean {
  return placeOf() !== undefined;
}

/** A rule as the files of the hierarchy have it: "c 1:3 rw". "a" means all types only with all numbers. */
export function ruleLines({ type, major, minor, access }: DeviceRule): string[] {
  const number = (value: number | undefined): string => value === undefined ? "*" : String(value);
  if (
    type === "a" && major === undefined && minor === undefined && /^(?=.*r)(?=.*w)(?=.*m)|^$/.test(access)
  ) {
    return ["a"];
  }
  const types = type === "a" ? ["b", "c"] : [type];
  return types.map((each) => `${each} ${number(major)}:${number(minor)} ${access || "rwm"}`);
}

/** Makes a cgroup that is noted before it is there: whenever this process is killed, whoever deletes the container finds it. */
function makeNoted(path: string, note: string): void {
  Deno.writeTextFileSync(note, path, { mode: 0o600 });
  try {
    Deno.mkdirSync(path);
  } catch (error) {
    Deno.removeSync(note); // it is somebody else's
    throw error;
  }
}

/** Makes a container's cgroup, which allows what the rules allow; what none is about is denied. */
export function makeDeviceCgroup(directory: string, id: string, rules: readonly DeviceRule[]): void {
  const place = placeOf();
  if (place === undefined) throw new Error("linux.resources.devices: there is no devices hierarchy");
  const path = `${place}/${id}`;
  const doing = `limiting the devices of cgroup ${path}`;
  try {
    makeNoted(path, `${directory}/${NOTE}`);
    Deno.writeTextFileSync(`${path}/devices.deny`, "a");
    for (const rule of [...rules, ...DEVICES_ALWAYS_ALLOWED]) {
      for (const line of ruleLines(rule)) {
        Deno.writeTextFileSync(`${path}/devices.${rule.allow ? "allow" : "deny"}`, line);
      }
    }
  } catch (error) {
    throw new Error(`${doing}: ${(error as Error).message}`, { cause: error });
  }
}

/** The container's cgroup; undefined if it has none. */
function noted(directory: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${directory}/${NOTE}`);
  } catch {
    return undefined;
  }
}

/** Puts a process into the container's cgroup, if it has one. */
export function enterDeviceCgroup(directory: string, pid: number): void {
  const path = noted(directory);
  if (path !== undefined) Deno.writeTextFileSync(`${path}/cgroup.procs`, String(pid));
}

const FIRST_WAIT_MS = 1, LONGEST_WAIT_MS = 1000;

/** Removes it, when the last of its processes has gone. */
export async function removeDeviceCgroup(directory: string): Promise<void> {
  const path = noted(directory);
  for (let wait = FIRST_WAIT_MS; path !== undefined; wait *= 2) {
    try {
      return Deno.removeSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (wait > LONGEST_WAIT_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}
