/** What an ordinary user may do as root of a user namespace of its own: change owners among the ids that it has been given (man 5 subuid). @module */
import { nameToBytes } from "../../../fs/abi/name.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../../../fs/abi/open.ts";
import { isLnk } from "../../../fs/abi/mode.ts";
import type { IdMappings } from "../../program/types.ts";
import type { Bytes, NativeStep } from "../table/types.ts";
import { runAsRootOf } from "./root_of_maps.ts";

/** A file to be given to somebody. Ids are those of the user namespace. */
export interface NewOwner {
  /** Path, relative to a directory; "" is that itself. No component but the last may be a symbolic link that is not trusted. */
  readonly path: string;
  /** Owner. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Type and permission bits, which a change of owners takes some of. */
  readonly mode: number;
  /** Value of security.capability: the kernel notes whose root it is for (man 7 capabilities, "Namespaced file capabilities"). */
  readonly capability?: Uint8Array;
}

const CAPABILITY: Bytes = { bytes: new TextEncoder().encode("security.capability\0") };

/** Files that are given away by one process. */
const BATCH = 2000;

const bytesOf = (path: string): Bytes => ({ bytes: Uint8Array.from([...nameToBytes(path), 0]) });

function giveSteps({ path, uid, gid, mode, capability }: NewOwner, what: string): NativeStep[] {
  const doing = `${what}: ${JSON.stringify(path)}`, at = bytesOf(path || ".");
  return [
    { native: "fchownat", args: [AT_FDCWD, at, uid, gid, AT_SYMLINK_NOFOLLOW], what: doing },
    ...isLnk(mode) ? [] : [{ native: "fchmodat", args: [AT_FDCWD, at, mode & 0o7777], what: doing } as const],
    ...capability === undefined ? [] : [
      {
        native: "lsetxattr",
        args: [at, CAPABILITY, { bytes: Uint8Array.from(capability) }, capability.length, 0],
        what: `${doing}: its capabilities`,
      } as const,
    ],
  ];
}

/** Gives files below a directory, which nobody else changes meanwhile, to others. In the order of the list. */
export async function giveFiles(
  maps: IdMappings,
  directory: string,
  files: readonly NewOwner[],
  what: string,
): Promise<void> {
  for (let at = 0; at < files.length; at += BATCH) {
    const give = files.slice(at, at + BATCH).flatMap((file) => giveSteps(file, what));
    await runAsRootOf(maps, {
      ...{ name: "umiak-owners", directory, descriptors: [], what },
      steps: [{ call: "chdir", args: [directory], what }, ...give],
    });
  }
}
