/** The end of a container on Linux: its namespaces and mounts go with its processes. @module */
import { SIGNAL } from "../../abi/linux/signal.ts";
import type { Container } from "../../lifecycle/backend.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import { removeCgroups } from "../cgroups/members.ts";
import { signalCgroups } from "../cgroups/freeze.ts";
import { childOf, waitForChild } from "./children.ts";
import { identify, sendSignal, waitForEnd } from "../../lifecycle/host/processes.ts";

/** How long a killed process may take to end. */
const END_MS = 10_000;

/** Kills what runs, and removes what it has run in. */
export async function destroyInit(container: Container): Promise<void> {
  await signalCgroups(container.directory, SIGNAL.SIGKILL); // the paused ones, too
  await endAll(container);
  await removeCgroups(container.directory);
}

async function endAll(container: Container): Promise<void> {
  const { record } = container;
  if (record.init === undefined) return;
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
  const child = childOf(record.init.pid);
  if (sendSignal(record.init, SIGNAL.SIGKILL) && !await waitForEnd(record.init, END_MS)) {
    throw new LifecycleError(
      `deleting container ${JSON.stringify(record.id)}: process ${record.init.pid} does not end`,
      "failed",
    );
  } // Nobody else can wait for it.
  if (child !== undefined && childOf(record.init.pid) === child) await waitForChild(record.init.pid, child);
}
