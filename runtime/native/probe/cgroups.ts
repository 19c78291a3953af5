/** Whether cgroups can be made where containers have theirs. @module */
import { readFile, reasonOf } from "../cgroups/files.ts";
import { type CgroupHost, type CgroupPlace, placesIn, readHost } from "../cgroups/hosts.ts";
import { attachDeviceProgram } from "../cgroups/limit_devices.ts";
import type { CgroupFacts, Failure } from "./facts.ts";

/** Makes one and removes it; `use` is done with it meanwhile. */
function tryDirectory(path: string, use: (path: string) => void = () => {}): Failure {
  try {
    Deno.mkdirSync(path);
    try {
      use(path);
    } finally {
      Deno.removeSync(path);
    }
    return undefined;
  } catch (error) {
    return `${path}: ${reasonOf(error)}`;
  }
}

/** The controllers that a container's cgroup would have: of version 2 those that can be handed down to it. */
function controllersOf({ mode, hierarchies }: CgroupHost, base: string): string[] {
  if (mode === "unified") {
    return (readFile(`${base}/cgroup.controllers`) ?? "").split(" ").filter(Boolean);
  }
  return hierarchies.flatMap(({ controllers }) => controllers).filter((name) => !name.startsWith("name="));
}

/** Limits devices as containers' are: by files of version 1, where it has them, or by a program on a cgroup of version 2. */
function tryDevices(
  places: readonly CgroupPlace[],
  controllers: readonly string[],
  rootless: boolean,
): Failure {
  if (rootless || controllers.includes("devices")) return undefined;
  const second = places.find(({ hierarchy }) => hierarchy.version === 2);
  if (second === undefined) return "there is no controller devices";
  return tryDirectory(second.directory, (path) => attachDeviceProgram(path, []));
}

/** Tries it in every hierarchy. */
export function tryCgroups(rootless: boolean): CgroupFacts {
  const host = readHost(), { mode } = host;
  const places = placesIn(host, { path: `umiak-doctor-${Deno.pid}`, absolute: false });
  const base = places.find(({ hierarchy }) => hierarchy.version === 2)?.base ?? "";
  const controllers = controllersOf(host, base).sort();
  const facts = { mode, controllers, devices: undefined };
  if (places.length === 0) {
    return { ...facts, failure: mode === "none" ? "none are mounted" : "this process's own is out of sight" };
  }
  const failure = places.map(({ directory }) => tryDirectory(directory)).find((each) => each !== undefined);
  if (failure !== undefined) return { ...facts, failure };
  const devices = tryDevices(places, controllers, rootless);
  if (mode !== "unified") return { ...facts, devices, failure };
  try {
    Deno.openSync(`${base}/cgroup.subtree_control`, { write: true }).close();
    return { ...facts, devices, failure };
  } catch (error) {
    return { ...facts, devices, failure: `handing controllers down from ${base}: ${reasonOf(error)}` };
  }
}
