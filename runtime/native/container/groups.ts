/** The groups that a container's processes are in: control groups, and those of resctrl. @module */
import { removeCgroups } from "../cgroups/members.ts";
import { hasGroups } from "../resctrl/asked.ts";

/** Removes those that go with the container. `over`: it has no processes any more. */
export async function removeOwnGroups(directory: string, over = false): Promise<void> {
  await removeCgroups(directory, over);
  if (hasGroups(directory)) (await import("../resctrl/groups.ts")).removeGroups(directory);
}
