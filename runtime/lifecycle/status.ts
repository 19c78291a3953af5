/** Where in its life a container is: found out, not written down, so that it is true whoever has been killed (runtime.md#state). @module */
import type { State, Status } from "../spec/state.ts";
import type { Context } from "./context.ts";
import { containerOf } from "./context.ts";
import type { ContainerEntry } from "./store.ts";

/**
 * The status of a container. Its process is gone: stopped. There is one: paused, running or created as the marks say. An unfinished one is
 * being created as long as somebody holds its lock, or its process lives.
 */
export async function statusOf(context: Context, entry: ContainerEntry): Promise<Status> {
  const { record } = containerOf(entry);
  const alive = entry.exit === undefined && record.init !== undefined &&
    context.processes.isAlive(record.init);
  if (!record.complete) return alive || await entry.isLocked() ? "creating" : "stopped";
  return statusOfComplete(entry, alive);
}

/** The status of a container that has been created, when it is known whether its process lives. */
function statusOfComplete(entry: ContainerEntry, alive: boolean): Status {
  if (!alive) return "stopped";
  if (entry.marks.has("paused")) return "paused";
  return entry.marks.has("started") ? "running" : "created";
}

/** The status of a container whose lock is held by whoever asks. */
export function lockedStatus(context: Context, entry: ContainerEntry): Status {
  const { record } = containerOf(entry);
  const alive = entry.exit === undefined && record.init !== undefined &&
    context.processes.isAlive(record.init);
  if (!record.complete) return alive ? "creating" : "stopped";
  return statusOfComplete(entry, alive);
}

/** What state prints and hooks are told (runtime.md#state). A container without a living process has no pid. */
export function stateOf(entry: ContainerEntry, status: Status): State {
  const { id, ociVersion, bundle, annotations, init } = containerOf(entry).record;
  const pid = status === "stopped" || init === undefined ? {} : { pid: init.pid };
  return { ociVersion, id, status, ...pid, bundle, annotations };
}
