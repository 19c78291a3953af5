/** Whether an ordinary user's ids can be mapped (man 7 user_namespaces, man 1 newuidmap). @module */
import { CLONE_NEWUSER } from "../../abi/linux/clone.ts";
import type { IdMapping } from "../../spec/types.ts";
import { mapIds } from "../container/rootless.ts";
import { whileChild } from "./child.ts";
import type { IdFacts } from "./facts.ts";

/** Maps of a user namespace. */
export interface IdMaps {
  /** User ids. */
  readonly uidMappings: readonly IdMapping[];
  /** Group ids. */
  readonly gidMappings: readonly IdMapping[];
}

const count = (mappings: readonly IdMapping[]): number => mappings.reduce((sum, { size }) => sum + size, 0);

/** Maps them for a child that only waits. */
export function tryIds(maps: IdMaps, directory: string): IdFacts {
  const facts = { uids: count(maps.uidMappings), gids: count(maps.gidMappings) };
  try {
    whileChild(CLONE_NEWUSER, directory, (pid) => mapIds(pid, maps));
    return { ...facts, failure: undefined };
  } catch (error) {
    return { ...facts, failure: (error as Error).message };
  }
}
