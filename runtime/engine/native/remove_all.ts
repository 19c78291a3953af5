/** Removes directories that the kernel's overlay and containers have written in. @module */
import { isDir, S_IFDIR } from "../../../fs/abi/mode.ts";
import { openTree } from "../../../image/store/host_fs/open_tree.ts";
import type { HostStat } from "../../../image/store/host_fs/types.ts";
import { type Place, Places } from "../../../image/store/tree/places.ts";
import { type OwnIds, ownIds } from "./rootless_ids.ts";

type Owned = Pick<HostStat, "uid" | "mode">;

const READABLE = 0o700;
/** Bits that a directory's remover needs. */
const isReadable = (mode: number): boolean => (mode & READABLE) === READABLE;

/** Opens directories to their remover: those of a container's other users, and names that are no text, are left to its root. */
async function takeBack(
  root: string,
  directories: readonly { readonly path: string; readonly stat: Owned }[],
  ids: OwnIds,
): Promise<void> {
  const own = Deno.uid();
  const left: string[] = [];
  for (const { path, stat: { uid, mode } } of directories) {
    if (uid === own && isReadable(mode)) continue;
    if (uid === own && path.isWellFormed()) Deno.chmodSync(path === "" ? root : `${root}/${path}`, READABLE);
    else left.push(path);
  }
  if (left.length === 0) return;
  const { giveFiles } = await import("../../native/container/as_own_root.ts");
  const files = left.map((path) => ({ path, uid: 0, gid: 0, mode: S_IFDIR | READABLE }));
  await giveFiles(ids, root, files, `removing ${root}`);
}

/** The directories in a directory. */
function below(places: Places, place: Place): { place: Place; path: string; stat: Owned }[] {
  const directory = places.open(place);
  return directory.names().flatMap((name) => {
    const stat = directory.stat(name);
    if (stat === null || !isDir(stat.mode)) return [];
    const child = places.child(place, name, [0, 0]);
    return [{ place: child, path: child.path, stat }];
  });
}

/** Opens all directories below one, level by level. */
async function takeBackAll(root: string, ids: OwnIds): Promise<void> {
  const { uid, mode } = Deno.lstatSync(root);
  await takeBack(root, [{ path: "", stat: { uid: uid!, mode: mode! } }], ids);
  const tree = openTree(root), places = new Places(tree.root);
  try {
    for (let level = [places.root]; level.length > 0;) {
      const found = level.flatMap((place) => below(places, place));
      await takeBack(root, found, ids);
      level = found.map(({ place }) => place);
    }
  } finally {
    places.close();
    tree.root.close();
  }
}

/**
 * Removes a directory with all that is below it. An ordinary user's container leaves directories that nobody may read, and those of other ids that
 * the user has been given; links are not followed.
 */
export async function removeAll(path: string): Promise<void> {
  const ids = ownIds();
  if (ids !== undefined) await takeBackAll(path, ids);
  await Deno.remove(path, { recursive: true });
}
