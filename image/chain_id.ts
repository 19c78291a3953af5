/** Names for layers applied on top of each other (config.md#layer-chainid). @module */
import { sha256 } from "./digest.ts";

/** The ChainID of each layer together with those below it, the lowest first. */
export function chainIds(diffIds: readonly string[]): string[] {
  const ids: string[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : sha256(new TextEncoder().encode(`${below} ${diffId}`)));
  }
  return ids;
}
