/** state and list (runtime.md#query-state). @module */
import { SIGNAL } from "../abi/linux/signal.ts";
import type { State, Status } from "../spec/state.ts";
import { containerOf, type Context, readContainer } from "./context.ts";
import type { ContainerRecord } from "./record.ts";
import { stateOf, statusOf } from "./status.ts";
import type { ContainerEntry, ExitRecord } from "./store.ts";

/** A container's state, and what a runtime knows beside it. */
export interface Described {
  /** The state. */
  readonly state: State;
  /** What is written down. */
  readonly record: ContainerRecord;
  /** How its process ended, once that is known. */
  readonly exit: ExitRecord | undefined;
}

async function describe(context: Context, entry: ContainerEntry): Promise<Described> {
  const status: Status = await statusOf(context, entry);
  const { record } = containerOf(entry), state = stateOf(entry, status);
  // It may have ended, and noted how, after its notes were read.
  if (status === "stopped" && entry.exit === undefined) entry.refresh();
  const killed = status === "stopped" && entry.marks.has("killed") ? { status: SIGNAL.SIGKILL } : undefined;
  return { state, record, exit: entry.exit ?? killed };
}

/** The state of a container. */
export async function state(context: Context, id: string): Promise<Described> {
  return await describe(context, readContainer(context, id));
}

/** The states of all containers; those whose state is broken are warned about. */
export async function list(context: Context): Promise<Described[]> {
  const all: Described[] = [];
  for (const id of context.store.list()) {
    const entry = context.store.read(id);
    if (entry === undefined) continue; // it was deleted meanwhile
    if (entry.record === undefined) {
      context.warn(`container ${JSON.stringify(id)}: its state is broken: ${entry.problem}`);
    } else all.push(await describe(context, entry));
  }
  return all;
}
