/** Ids of a container and of the host (user_namespaces(7)). @module */

/** A run of ids. */
export interface IdRange {
  /** First id in the container. */
  readonly container: number;
  /** First id on the host. */
  readonly host: number;
  /** How many. */
  readonly size: number;
}

/** Largest id there is; -1 has a meaning of its own in chown. */
const MAX_ID = 0xfffffffe;

/** Reads `CONTAINER:HOST:SIZE`. Throws an error that names the text. */
export function parseIdRange(text: string): IdRange {
  const match = /^(\d+):(\d+):(\d+)$/.exec(text);
  const [container, host, size] = (match ?? []).slice(1).map(Number) as [number, number, number];
  if (match === null || size < 1 || container + size - 1 > MAX_ID || host + size - 1 > MAX_ID) {
    throw new Error(`id map ${JSON.stringify(text)}: expected CONTAINER:HOST:SIZE, three numbers`);
  }
  return { container, host, size };
}

/** Ids one way and back. Without ranges every id is the same on both sides. */
export class IdMap {
  /** A map; throws if ranges overlap. */
  constructor(readonly ranges: readonly IdRange[]) {
    for (const side of ["container", "host"] as const) {
      const sorted = [...ranges].sort((a, b) => a[side] - b[side]);
      for (let i = 1; i < sorted.length; i++) {
        if (sorted[i - 1]![side] + sorted[i - 1]!.size > sorted[i]![side]) {
          throw new Error(`id map: two ranges of ${side} ids overlap at ${sorted[i]![side]}`);
        }
      }
    }
  }

  /** The host's id of a container's; undefined if it has none. */
  toHost(id: number): number | undefined {
    if (this.ranges.length === 0) return id;
    const range = this.ranges.find(({ container, size }) => id >= container && id < container + size);
    return range === undefined ? undefined : id - range.container + range.host;
  }
  /** The container's id of a host's; undefined if it has none. */
  toContainer(id: number): number | undefined {
    if (this.ranges.length === 0) return id;
    const range = this.ranges.find(({ host, size }) => id >= host && id < host + size);
    return range === undefined ? undefined : id - range.host + range.container;
  }
}

/** Maps of users and groups. */
export interface IdMaps {
  /** Users. */
  readonly uids: IdMap;
  /** Groups. */
  readonly gids: IdMap;
}

/** Tags of ACL entries that name a user or a group (linux/posix_acl.h). */
const ACL_USER = 2, ACL_GROUP = 8;

/** An access control list (system.posix_acl_*) with its ids passed through `map`; one that is malformed stays as it is. */
export function mapAcl(
  value: Uint8Array,
  map: (id: number, group: boolean) => number,
): Uint8Array {
  const out = value.slice(), view = new DataView(out.buffer);
  for (let at = 4; at + 8 <= out.length; at += 8) {
    const tag = view.getUint16(at, true);
    if (tag !== ACL_USER && tag !== ACL_GROUP) continue;
    view.setUint32(at + 4, map(view.getUint32(at + 4, true), tag === ACL_GROUP), true);
  }
  return out;
}
