/** The backends there are, by their names in records. A backend loads by itself what only some of its operations need. @module */
import type { Backend } from "../lifecycle/backend.ts";
import { LifecycleError } from "../lifecycle/error.ts";
import { sandboxBackend } from "../sandbox/exec/container/backend.ts";

/** Finds a backend. Rejects with a LifecycleError if there is none of that name. */
export async function loadBackend(name: string): Promise<Backend> {
  if (name === sandboxBackend.name) return sandboxBackend;
  if (name === "native") return (await import("../native/container/backend.ts")).nativeBackend;
  throw new LifecycleError(`there is no backend ${JSON.stringify(name)}`, "unsupported");
}
