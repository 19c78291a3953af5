/** Operations by a container's cgroups: pause, resume, events, update. Each loads what it needs. @module */
import type { Container, Stats } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import type { Resources } from "../../spec/types.ts";
import { readNote } from "../cgroups/note.ts";

/** The container's own directory, if it has cgroups. */
function own({ record: { id }, directory }: Container, what: string): string {
  if (readNote(directory) !== undefined) return directory;
  throw new LifecycleError(
    `${what} container ${JSON.stringify(id)}: it has no cgroup of its own`,
    "unsupported",
  );
}

/** Stops all processes. */
export async function pauseContainer(container: Container): Promise<void> {
  const { freezeCgroups } = await import("../cgroups/freeze.ts");
  await freezeCgroups(own(container, "pausing"));
}

/** Lets them go on. */
export async function resumeContainer(container: Container): Promise<void> {
  const { thawCgroups } = await import("../cgroups/freeze.ts");
  thawCgroups(own(container, "resuming"));
}

/** What they use. */
export async function statsOf(container: Container): Promise<Stats> {
  const { statsOfCgroups } = await import("../cgroups/stats.ts");
  return statsOfCgroups(own(container, "measuring"))!;
}

/** Changes their limits. */
export async function updateLimits(container: Container, resources: Resources): Promise<void> {
  const { updateCgroups } = await import("../cgroups/driver.ts");
  updateCgroups(own(container, "limiting"), resources);
}
