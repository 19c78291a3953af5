/** Operations that a container without a cgroup of its own cannot have. @module */
import type { Container, Stats } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import type { Resources } from "../../spec/types.ts";

function refuse(container: Container, what: string): Promise<never> {
  const { id } = container.record;
  return Promise.reject(
    new LifecycleError(`${what} container ${JSON.stringify(id)}: it has no cgroup of its own`, "unsupported"),
  );
}

/** Stops all processes. */
export const pauseContainer = (container: Container): Promise<void> => refuse(container, "pausing");
/** Lets them go on. */
export const resumeContainer = (container: Container): Promise<void> => refuse(container, "resuming");
/** What they use. */
export const statsOf = (container: Container): Promise<Stats> => refuse(container, "measuring");
/** Changes their limits. */
export const updateLimits = (container: Container, _resources: Resources): Promise<void> =>
  refuse(container, "limiting");
