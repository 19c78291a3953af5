/** What operations need of the world. @module */
import type { Backend, Container, StreamOptions } from "./backend.ts";
import { absent, LifecycleError } from "./error.ts";
import type { HookRunner } from "./hooks.ts";
import { checkId } from "./id.ts";
import type { ProcessIdentity } from "./record.ts";
import type { ContainerEntry, LockedContainer, StateStore } from "./store.ts";

/** Processes of the host. */
export interface Processes {
  /** It has not ended; one that nobody has waited for yet has. */
  isAlive(process: ProcessIdentity): boolean;
}

/** See the module's comment. */
export interface Context {
  /** Where containers are written down. */
  readonly store: StateStore;
  /** Processes of the host. */
  readonly processes: Processes;
  /** Finds a backend by the name that a record has. */
  readonly backend: (name: string) => Promise<Backend>;
  /** Runs a hook on the host. */
  readonly runHook: HookRunner;
  /** Logs a warning (runtime.md#warnings). */
  readonly warn: (message: string) => void;
  /** Logs what is only of use to those who look for something. */
  readonly note: (message: string) => void;
}

/** A container for its backend. Throws if its record cannot be read. */
export function containerOf(entry: ContainerEntry): Container {
  const { record, directory, id, problem } = entry;
  if (record === undefined) {
    throw new LifecycleError(`container ${JSON.stringify(id)}: its state is broken: ${problem}`, "failed");
  }
  return {
    record,
    directory,
    spec: async () => (await import("../spec/decode.ts")).parseSpec(entry.config(), `config.json of ${id}`),
  };
}

/** Runs `body` while the container is locked. Throws if there is none. */
export async function withContainer<T>(
  context: Context,
  id: string,
  body: (container: LockedContainer) => Promise<T>,
): Promise<T> {
  checkId(id);
  const container = await context.store.lock(id);
  if (container === undefined) throw absent(id);
  try {
    return await body(container);
  } finally {
    container.release();
  }
}

/** A container as it is now. Throws if there is none. */
export function readContainer(context: Context, id: string): ContainerEntry {
  checkId(id);
  const entry = context.store.read(id);
  if (entry === undefined) throw absent(id);
  return entry;
}

/** Throws a LifecycleError if streams are given to a backend whose processes are not here. */
export function checkStreams(backend: Backend, { streams }: StreamOptions, doing: string): void {
  if (streams === undefined || backend.isHere) return;
  throw new LifecycleError(
    `${doing}: its processes are not in this one, and cannot have its streams`,
    "unsupported",
  );
}
