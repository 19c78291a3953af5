/** The processes of a container: those of its pid namespace. @module */
import type { Container } from "../../lifecycle/backend.ts";
import { statFields } from "../../lifecycle/host/processes.ts";
import { pidsOf } from "../cgroups/members.ts";

function linkOf(pid: string | number, type: string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/${pid}/ns/${type}`);
  } catch {
    return undefined; // it has ended
  }
}

/** The parent of a process; 0 if it has ended. */
const parentOf = (pid: string): number => Number(statFields(Number(pid))?.[1] ?? 0);

function pids(): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => /^\d+$/.test(name));
}

/** A process and all that come from it. */
function descendants(init: number): number[] {
  const parents = new Map(pids().map((pid) => [Number(pid), parentOf(pid)]));
  const found = [init];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found;
}

/** Ids, as the runtime sees them, of a container's processes: the init first. */
export function processesOf({ record, directory }: Container): number[] {
  const init = record.init!.pid, own = linkOf(init, "pid");
  if (own === undefined) return [];
  const inCgroups = pidsOf(directory);
  if (inCgroups !== undefined) return [init, ...inCgroups.filter((pid) => pid !== init)];
  // A pid namespace that it shares with the runtime, or with others, says nothing.
  if (record.data.pidNamespace !== "new") return descendants(init);
  const others = pids().filter((pid) => linkOf(pid, "pid") === own).map(Number);
  return [init, ...others.filter((pid) => pid !== init)];
}
