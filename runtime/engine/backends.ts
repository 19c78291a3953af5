/** The backends there are, by their names in records. A backend loads by itself what only some of its operations need. @module */
import type { Backend } from "../lifecycle/backend.ts";
import { LifecycleError } from "../lifecycle/error.ts";
import { sandboxBackend } from "../sandbox/exec/container/backend.ts";

const BACKENDS: readonly Backend[] = [sandboxBackend];

/** Finds a backend. Rejects with a LifecycleError if there is none of that name. */
export function loadBackend(name: string): Promise<Backend> {
  const backend = BACKENDS.find((each) => each.name === name);
  if (backend !== undefined) return Promise.resolve(backend);
  return Promise.reject(new LifecycleError(`there is no backend ${JSON.stringify(name)}`, "unsupported"));
}
