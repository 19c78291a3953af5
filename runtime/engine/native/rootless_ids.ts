/** Ids of an ordinary user's containers: its own one is root inside, others are there if the user has been given some (man 5 subuid). @module */
import type { IdMapping } from "../../spec/types.ts";

/** The maps of a container's user namespace. */
export interface OwnIds {
  /** User ids. */
  readonly uidMappings: readonly IdMapping[];
  /** Group ids. */
  readonly gidMappings: readonly IdMapping[];
}

/** Only the user itself: files of other owners than root are the user's, too, so no other id could use them. */
export function ownIds(uid: number, gid: number): OwnIds {
  return {
    uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
    gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
  };
}
