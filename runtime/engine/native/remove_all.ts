/** Removes directories that the kernel's overlay and containers have written in. @module */
import { type OwnIds, ownIds } from "./rootless_ids.ts";

const READABLE = 0o700;

/** Opens a level of directories to their remover: those of a container's other users are taken back by its root. */
async function takeBack(root: string, directories: readonly string[], ids: OwnIds): Promise<void> {
  const own = Deno.uid();
  const foreign: string[] = [];
  for (const path of directories) {
    const { uid, mode } = Deno.lstatSync(path);
    if (uid !== own) foreign.push(path);
    else if (((mode ?? 0) & READABLE) !== READABLE) Deno.chmodSync(path, READABLE);
  }
  if (foreign.length === 0) return;
  const { giveFiles } = await import("../../native/container/as_own_root.ts");
  const files = foreign.map((path) => ({
    path: path.slice(root.length + 1),
    ...{ uid: 0, gid: 0, mode: 0o040000 | READABLE },
  }));
  await giveFiles(ids, root, files, `removing ${root}`);
}

/**
 * Removes a directory with all that is below it. An ordinary user's container leaves directories that nobody may read, and those of other ids that
 * the user has been given; links are not followed.
 */
export async function removeAll(path: string): Promise<void> {
  const ids = ownIds();
  if (ids !== undefined) {
    for (let level = [path]; level.length > 0;) {
      await takeBack(path, level, ids);
      level = level.flatMap((directory) =>
        Array.from(Deno.readDirSync(directory))
          .flatMap(({ name, isDirectory }) => isDirectory ? [`${directory}/${name}`] : [])
      );
    }
  }
  await Deno.remove(path, { recursive: true });
}
