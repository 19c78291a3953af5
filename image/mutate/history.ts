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

/** When a step of `config` was made of which nothing is known: when the image was, or at the beginning of 1970. */
function someTime(config: JsonObject): string {
  const { created } = config;
  return typeof created === "string" && created !== "" ? created : "1970-01-01T00:00:00Z";
}

/**
 * A step in the history of `config` as it is written. It always has a time: there are tools that crash without one. `empty`: it made no
 * layer.
 */
export function stepDocument(config: JsonObject, step: HistoryStep, empty: boolean): JsonObject {
  return {
    created: step.created ?? someTime(config),
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

/** The steps of a configuration, with one for each of its `layers` that it does not mention. */
export function completeHistory(config: JsonObject, layers: number): readonly unknown[] {
  const steps = arrayField(config, "history");
  const missing = layers - steps.filter(madeLayer).length;
  const unknown = { created: someTime(config), comment: "no history" };
  return missing > 0 ? [...steps, ...Array<JsonObject>(missing).fill(unknown)] : steps;
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
