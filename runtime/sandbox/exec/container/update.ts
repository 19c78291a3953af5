/** Limits of a container that runs. @module */
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import type { Resources } from "../../../spec/types.ts";

/** True if a part of the limits says anything. */
const says = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.length > 0
    : typeof value === "object" && value !== null
    ? Object.values(value).some(says)
    : value !== undefined;

/** The userland kernel sets its limits when a module is loaded: they stay as they are. An update that asks for nothing is done. */
export function updateLimits(container: Container, resources: Resources): void {
  const asked = Object.entries(resources).filter(([, value]) => says(value)).map(([name]) => name);
  if (asked.length === 0) return;
  throw new LifecycleError(
    `updating container ${JSON.stringify(container.record.id)}: ${asked.join(", ")}: ` +
      "the userland kernel cannot change limits of a program that runs",
    "unsupported",
  );
}
