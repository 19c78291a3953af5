/** The backends there are, by their names in records. Each is loaded by whoever wants it. @module */
import type { Backend } from "../lifecycle/backend.ts";
import { LifecycleError } from "../lifecycle/error.ts";

/** Loads a backend. Throws a LifecycleError if there is none of that name. */
export async function loadBackend(name: string): Promise<Backend> {
  if (name === "sandbox") return (await import("../sandbox/exec/container/backend.ts")).sandboxBackend;
  throw new LifecycleError(`there is no backend ${JSON.stringify(name)}`, "unsupported");
}
