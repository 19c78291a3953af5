/** Classes of service and monitoring groups of containers (config-linux.md#intelrdt). @module */
import { LifecycleError } from "../../lifecycle/error.ts";
import { replaceFile } from "../../lifecycle/host/state_directory.ts";
import type { IntelRdt } from "../../spec/types.ts";
import { exists, readFile, reasonOf, writeFile } from "../cgroups/files.ts";
import { GROUPS_FILE } from "./asked.ts";
import { hostResctrl, onDirectory, type Resctrl } from "./host.ts";
import { comparedLines, differenceFrom, writtenLines } from "./schemata.ts";

const WHERE = "config.json: linux.intelRdt";

/** A container's groups, written down before they are made. */
interface RdtNote {
  /** Directory of its class. */
  readonly group: string;
  /** The class goes with the container. */
  readonly own: boolean;
  /** Directory of its monitoring group, which goes with it. */
  readonly monitoring?: string;
}

function readNote(directory: string): RdtNote | undefined {
  const path = `${directory}/${GROUPS_FILE}`;
  try {
    if (!Deno.statSync(path).isFile) return undefined;
    const note = JSON.parse(readFile(path) ?? "") as RdtNote;
    return typeof note?.group === "string" ? note : undefined;
  } catch {
    return undefined;
  }
}

const fail = (what: string, why: string): never => {
  throw new LifecycleError(`${WHERE}${what}: ${why}`, "failed");
};

function make(resctrl: Resctrl, path: string, what: string): void {
  try {
    resctrl.make(path);
  } catch (error) {
    const said = readFile(`${resctrl.root}/info/last_cmd_status`);
    fail(what, `making ${path}: ${reasonOf(error)}${said === undefined ? "" : `: ${said}`}`);
  }
}

/** Writes the lines of a class, one at a time. */
function writeSchemata({ root }: Resctrl, group: string, lines: readonly string[]): void {
  for (const line of lines) {
    try {
      writeFile(`${group}/schemata`, `${line}\n`);
    } catch (error) {
      const said = readFile(`${root}/info/last_cmd_status`);
      const why = said === undefined || said === "ok" ? reasonOf(error) : `${reasonOf(error)}: ${said}`;
      fail("", `writing "${line}" to ${group}/schemata: ${why}`);
    }
  }
}

/** Throws if a class that is there is not as it is to be. */
function checkClass(group: string, lines: readonly string[]): void {
  const now = readFile(`${group}/schemata`) ?? "";
  for (const line of lines) {
    const other = differenceFrom(line, now);
    if (other !== undefined) fail(".closID", `${group} is there, and not as "${line}" says: ${other}`);
  }
}

/**
 * Makes the groups of a container. What they are is in `directory` before they are there. Throws an Error that names the place in config.json; then
 * what was not there before is gone again.
 */
export function makeGroups(
  id: string,
  rdt: IntelRdt | undefined,
  directory: string,
  resctrl: Resctrl | undefined = rdt === undefined ? undefined : hostResctrl(),
): void {
  if (rdt === undefined) return;
  if (resctrl === undefined) return fail("", "no resctrl filesystem is mounted on this host");
  const { root } = resctrl, { closID } = rdt;
  const group = closID === "/" ? root : `${root}/${closID ?? id}`;
  const lines = writtenLines(rdt), there = exists(group);
  if (!there && closID !== undefined && lines.length === 0) {
    fail(".closID", `there is no ${group}, and no schema to make it with`);
  }
  if (there && closID !== undefined) checkClass(group, comparedLines(rdt));
  const monitoring = rdt.enableMonitoring ? `${group}/mon_groups/${id}` : undefined;
  const note: RdtNote = {
    group,
    own: !there && closID === undefined,
    ...monitoring === undefined ? {} : { monitoring },
  };
  if (monitoring !== undefined && exists(monitoring)) {
    fail(".enableMonitoring", `${monitoring} is there already`);
  }
  replaceFile(`${directory}/${GROUPS_FILE}`, JSON.stringify(note));
  const made: string[] = [];
  try {
    if (!there) {
      make(resctrl, group, closID === undefined ? "" : ".closID");
      made.unshift(group);
    }
    writeSchemata(resctrl, group, lines);
    if (monitoring !== undefined) {
      make(resctrl, monitoring, ".enableMonitoring");
      made.unshift(monitoring);
    }
  } catch (error) {
    for (const path of made) resctrl.remove(path);
    Deno.removeSync(`${directory}/${GROUPS_FILE}`);
    throw error;
  }
}

/** Puts a process into a container's groups. */
export function enterGroups(directory: string, pid: number): void {
  const note = readNote(directory);
  if (note === undefined) return;
  for (const group of [note.group, ...note.monitoring === undefined ? [] : [note.monitoring]]) {
    try {
      writeFile(`${group}/tasks`, `${pid}\n`);
    } catch (error) {
      fail("", `putting process ${pid} into ${group}: ${reasonOf(error)}`);
    }
  }
}

/** Removes what goes with a container. Doing it again does nothing. */
export function removeGroups(directory: string, resctrl: Resctrl = onDirectory("")): void {
  const note = readNote(directory);
  if (note === undefined) return;
  const own = [...note.monitoring === undefined ? [] : [note.monitoring], ...note.own ? [note.group] : []];
  for (const path of own) {
    try {
      resctrl.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        throw new LifecycleError(`removing the resctrl group ${path}: ${reasonOf(error)}`, "failed");
      }
    }
  }
}
