/** Ids of an ordinary user's containers: its own one is root inside, others are there if the user has been given some (man 5 subuid). @module */
import type { ForeignFile, TreeOwner } from "../../../image/store/trees/tree_key.ts";
import type { IdMappings } from "../../program/types.ts";
import type { IdMapping } from "../../spec/types.ts";

/** The maps of a container's user namespace. */
export type OwnIds = IdMappings;

/** Who runs umiak. */
export interface OrdinaryUser {
  /** User id. */
  readonly uid: number;
  /** Group id. */
  readonly gid: number;
  /** Name; undefined if /etc/passwd has none. */
  readonly name: string | undefined;
}

/** Ranges that a file such as /etc/subuid grants: NAME:FIRST:COUNT or UID:FIRST:COUNT, one a line. */
export function grantedRanges(text: string, { uid, name }: OrdinaryUser): { first: number; count: number }[] {
  return text.split("\n").flatMap((line) => {
    const match = /^([^:#]+):(\d{1,10}):(\d{1,10})$/.exec(line.trim());
    if (match === null || (match[1] !== name && match[1] !== String(uid))) return [];
    const first = Number(match[2]), count = Number(match[3]);
    return count > 0 && first > 0 ? [{ first, count }] : [];
  });
}

function mappings(own: number, granted: readonly { first: number; count: number }[]): IdMapping[] {
  const maps: IdMapping[] = [{ containerID: 0, hostID: own, size: 1 }];
  let next = 1;
  for (const { first, count } of granted) {
    maps.push({ containerID: next, hostID: first, size: count });
    next += count;
  }
  return maps;
}

/** Maps for a user: of several ids where both files grant some and the tools that map them are there, else of its own ones. */
export function idsOf(
  user: OrdinaryUser,
  files: { readonly subuid: string; readonly subgid: string },
  hasTools: boolean,
): OwnIds {
  const uids = grantedRanges(files.subuid, user), gids = grantedRanges(files.subgid, user);
  const several = hasTools && uids.length > 0 && gids.length > 0;
  return {
    uidMappings: mappings(user.uid, several ? uids : []),
    gidMappings: mappings(user.gid, several ? gids : []),
  };
}

function fileText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function isOnPath(tool: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((directory) => {
    try {
      return Deno.statSync(`${directory}/${tool}`).isFile;
    } catch {
      return false;
    }
  });
}

/** Maps for who runs this process; undefined for root, whose containers need none. */
export function ownIds(): OwnIds | undefined {
  const uid = Deno.uid() ?? 0, gid = Deno.gid() ?? 0;
  if (uid === 0) return undefined;
  const entry = fileText("/etc/passwd").split("\n").map((line) => line.split(":"))
    .find((fields) => fields[2] === String(uid));
  const files = { subuid: fileText("/etc/subuid"), subgid: fileText("/etc/subgid") };
  return idsOf({ uid, gid, name: entry?.[0] }, files, isOnPath("newuidmap") && isOnPath("newgidmap"));
}

/** True if a container has an id. */
export function hasId(maps: readonly IdMapping[], id: number): boolean {
  return maps.some(({ containerID, size }) => id >= containerID && id < containerID + size);
}

/** Eight digits of FNV-1a: maps that differ have files of other owners. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Whose the files of extracted layers are, for a user with these ids. */
export function treeOwner(ids: OwnIds): TreeOwner {
  const { uidMappings, gidMappings } = ids;
  if (uidMappings.length + gidMappings.length === 2) return { suffix: "-user", isUser: true };
  return {
    suffix: `-owned-${shortHash(JSON.stringify(ids))}`,
    isUser: true,
    giveAway: async (directory, files, lost) => {
      const known = (file: ForeignFile): boolean => {
        const is = hasId(uidMappings, file.uid) && hasId(gidMappings, file.gid);
        if (!is) lost(file.path);
        return is;
      };
      const { giveFiles } = await import("../../native/container/as_own_root.ts");
      await giveFiles(ids, directory, files.filter(known), "giving files to their owners");
    },
  };
}
