/** The history of an image that is edited: it always accounts for every layer (config.md#properties, `history`). @module */
import { arrayField, type JsonObject } from "./document.ts";

/** One step, to be added. */
export interface HistoryStep {
  /** When (RFC 3339). */
  readonly created?: string;
  /** The command. */
  readonly createdBy?: string;
  /** Who. */
  readonly author?: string;
  /** A note. */
  readonly comment?: string;
}

/** A step as it is written. `empty`: it made no layer. */
export function stepDocument(step: HistoryStep, empty: boolean): JsonObject {
  return {
    ...(step.created === undefined ? {} : { created: step.created }),
    ...(step.author === undefined ? {} : { author: step.author }),
    ...(step.createdBy === undefined ? {} : { created_by: step.createdBy }),
    ...(step.comment === undefined ? {} : { comment: step.comment }),
    ...(empty ? { empty_layer: true } : {}),
  };
}

/** True if a step made a layer. */
export function madeLayer(step: unknown): boolean {
  return (step as { empty_layer?: unknown } | null)?.empty_layer !== true;
}

/** What stands for a layer of which the history says nothing. */
const UNKNOWN: JsonObject = { comment: "no history" };

/** The steps of a configuration, with one for each of its `layers` that it does not mention. */
export function completeHistory(config: JsonObject, layers: number): readonly unknown[] {
  const steps = arrayField(config, "history");
  const missing = layers - steps.filter(madeLayer).length;
  return missing > 0 ? [...steps, ...Array<JsonObject>(missing).fill(UNKNOWN)] : steps;
}

/** Splits steps behind the `layers`-th that made a layer: those of the lowest layers, and the rest. */
export function splitHistory(
  steps: readonly unknown[],
  layers: number,
): [lower: readonly unknown[], upper: readonly unknown[]] {
  let at = 0;
  for (let left = layers; left > 0 && at < steps.length; at++) if (madeLayer(steps[at])) left--;
  return [steps.slice(0, at), steps.slice(at)];
}
