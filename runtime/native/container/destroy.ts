/** The end of a container on Linux: its namespaces and mounts go with its processes. @module */
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { Container } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { removeOwnGroups } from "./groups.ts";
import { signalCgroups } from "../cgroups/freeze.ts";
import { childOf, waitForChild } from "./children.ts";
import { hostProcesses, identify, sendSignal, waitForEnd } from "../../lifecycle/host/processes.ts";
import type { ProcessIdentity } from "../../lifecycle/record.ts";

/** How long a killed process may take to end. */
const END_MS = 10_000;

/** Kills what runs, and removes what it has run in. */
export async function destroyInit(container: Container): Promise<void> {
  const { record: { init, data }, directory } = container;
  const alive = init !== undefined && hostProcesses.isAlive(init);
  // All in a pid namespace end with its init: who is in the cgroups now is of another container.
  const over = init !== undefined && !alive && data.pidNamespace === "new";
  if (!over) await signalCgroups(directory, SIGNAL.SIGKILL); // the paused ones, too
  if (alive) await endAll(container, init);
  const child = init === undefined ? undefined : childOf(init.pid);
  if (child !== undefined && !alive) await waitForChild(init!.pid, child);
  await removeOwnGroups(directory, over);
}

/** Ends the init, and what its end does not. */
async function endAll(container: Container, init: ProcessIdentity): Promise<void> {
  const { record } = container;
  // Without a pid namespace of its own the init's end is not everybody's.
  const others = record.data.pidNamespace === "new"
    ? []
    : (await import("./processes.ts")).processesOf(container).slice(1);
  for (const pid of others) {
    try {
      sendSignal(identify(pid), SIGNAL.SIGKILL);
    } catch {
      // It has ended.
    }
  }
  const child = childOf(init.pid);
  if (sendSignal(init, SIGNAL.SIGKILL) && !await waitForEnd(init, END_MS)) {
    throw new LifecycleError(
      `deleting container ${JSON.stringify(record.id)}: process ${init.pid} does not end`,
      "failed",
    );
  } // Nobody else can wait for it.
  if (child !== undefined && childOf(init.pid) === child) await waitForChild(init.pid, child);
}
