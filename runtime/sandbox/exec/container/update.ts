/** Limits of a container that runs. @module */
import type { Container } from "../../../lifecycle/backend.ts";
import { LifecycleError } from "../../../lifecycle/error.ts";
import { exactJson } from "../../../spec/encode.ts";
import type { Resources } from "../../../spec/types.ts";
import { ask } from "./ask.ts";

/** How long the host process may take to answer. */
const ANSWER_MS = 5000;

/** Sets the limits that `resources` has, in the container's control group. */
export async function updateLimits(container: Container, resources: Resources): Promise<void> {
  const { id } = container.record;
  const message = { op: "update", resources: exactJson(resources) };
  if (await ask(container, message, ANSWER_MS) !== undefined) return;
  throw new LifecycleError(
    `updating container ${
      JSON.stringify(id)
    }: its process does not answer: a program in it computes without a pause`,
    "failed",
  );
}
