/** Making directories of cgroups, with what each version needs on the way (man 7 cgroups, man 7 cpuset). @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { pidsIn, readFile, reasonOf, writeFile } from "./files.ts";
import type { CgroupPlace } from "./hosts.ts";

/** A new cpuset has no CPUs and no memory, and takes no process: they are the parent's (man 7 cpuset). */
function fillCpuset(parent: string, directory: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (readFile(`${directory}/${file}`) === "") {
      writeFile(`${directory}/${file}`, readFile(`${parent}/${file}`) ?? "");
    }
  }
}

/** Hands the controllers that a directory has down to those in it; one that cannot be handed down is missed when its file is. */
function enableControllers(directory: string): void {
  const words = (file: string): string[] =>
    (readFile(`${directory}/${file}`) ?? "").split(" ").filter(Boolean);
  const on = words("cgroup.subtree_control");
  const missing = words("cgroup.controllers").filter((name) => !on.includes(name)).map((name) => `+${name}`);
  if (missing.length === 0) return;
  const file = `${directory}/cgroup.subtree_control`;
  try {
    writeFile(file, missing.join(" "));
  } catch {
    for (const each of missing) {
      try {
        writeFile(file, each);
      } catch {
        // It has processes of its own, or realtime ones: others may go.
      }
    }
  }
}

/** Makes one directory. True if it was not there. */
function makeOne(directory: string): boolean {
  try {
    Deno.mkdirSync(directory, { mode: 0o755 });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw new LifecycleError(
      `config.json: linux.cgroupsPath: making the cgroup ${directory}: ${reasonOf(error)}`,
      "failed",
    );
  }
}

/** Makes the directories of a place. Those that were not there, the deepest first. */
export function makePlace({ hierarchy, directory, base }: CgroupPlace, handDown: boolean): string[] {
  const made: string[] = [];
  let at = base;
  try {
    for (const part of directory.slice(base.length + 1).split("/")) {
      if (handDown) enableControllers(at);
      const next = `${at}/${part}`;
      if (makeOne(next)) made.unshift(next);
      if (hierarchy.controllers.includes("cpuset")) fillCpuset(at, next);
      at = next;
    }
    return made;
  } catch (error) {
    removeMade(made);
    throw error;
  }
}

/** Removes directories that were made, where nobody has come to live in them. */
export function removeMade(made: readonly string[]): void {
  for (const directory of made) {
    try {
      Deno.removeSync(directory);
    } catch {
      // Somebody is in it.
    }
  }
}

/** Throws if a cgroup that is there is not fit for a new container: it has processes, or is frozen (config-linux.md#control-groups). */
export function checkFit(directory: string): void {
  const refuse = (why: string): never => {
    throw new LifecycleError(`config.json: linux.cgroupsPath: the cgroup ${directory} ${why}`, "failed");
  };
  if (pidsIn(directory).length > 0) refuse("has processes");
  const frozen = readFile(`${directory}/freezer.state`) ?? readFile(`${directory}/cgroup.freeze`);
  if (frozen === "FROZEN" || frozen === "FREEZING" || frozen === "1") refuse("is frozen");
}
