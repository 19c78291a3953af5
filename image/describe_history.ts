/** What `umiak image history` tells. @module */
import type { Image } from "./source.ts";

/** One step of an image's making. */
export interface DescribedStep {
  /** When (RFC 3339). */
  readonly created?: string;
  /** The command. */
  readonly createdBy?: string;
  /** Who. */
  readonly author?: string;
  /** A note. */
  readonly comment?: string;
  /** Digest of the layer it made; absent for a step that made none. */
  readonly layer?: string;
  /** Bytes of that layer, as it is kept. */
  readonly size?: number;
}

/** The steps of an image's making with their layers, the first first. Layers of which the history does not tell come last. */
export function describeHistory(image: Image): DescribedStep[] {
  let next = 0;
  const layer = (): { layer?: string; size?: number } => {
    const descriptor = image.layers[next++]?.descriptor;
    return descriptor === undefined ? {} : { layer: descriptor.digest, size: descriptor.size };
  };
  const steps = image.config.history.map((step): DescribedStep => ({
    ...(step.created === undefined ? {} : { created: step.created }),
    ...(step.created_by === undefined ? {} : { createdBy: step.created_by }),
    ...(step.author === undefined ? {} : { author: step.author }),
    ...(step.comment === undefined ? {} : { comment: step.comment }),
    ...(step.empty_layer ? {} : layer()),
  }));
  while (next < image.layers.length) steps.push(layer());
  return steps;
}
