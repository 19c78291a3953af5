/** Operations by a container's cgroups: pause, resume, events, update. @module */
import type { Container, Stats } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import type { Resources } from "../../spec/types.ts";
import { updateCgroups } from "../cgroups/driver.ts";
import { freezeCgroups, thawCgroups } from "../cgroups/freeze.ts";
import { readNote } from "../cgroups/note.ts";
import { statsOfCgroups } from "../cgroups/stats.ts";

/** The container's own directory, if it has cgroups. */
function own({ record: { id }, directory }: Container, what: string): string {
  if (readNote(directory) !== undefined) return directory;
  throw new LifecycleError(
    `${what} container ${JSON.stringify(id)}: it has no cgroup of its own`,
    "unsupported",
  );
}

/** Stops all processes. */
export const pauseContainer = async (container: Container): Promise<void> =>
  await freezeCgroups(own(container, "pausing"));
/** Lets them go on. */
export const resumeContainer = (container: Container): void => thawCgroups(own(container, "resuming"));
/** What they use. */
export const statsOf = (container: Container): Stats => statsOfCgroups(own(container, "measuring"))!;
/** Changes their limits. */
export const updateLimits = (container: Container, resources: Resources): void =>
  void updateCgroups(own(container, "limiting"), resources);
