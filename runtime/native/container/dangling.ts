/** Links that lead to nothing, on the way to where something is to be mounted. @module */
import { exists } from "../cgroups/files.ts";

/** Links in one walk (man 7 path_resolution). */
const MOST_LINKS = 40;

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

/** Where a link leads; undefined if it is none. */
function linkAt(path: string): string | undefined {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : undefined;
  } catch {
    return undefined; // there is nothing, or nothing that can be seen
  }
}

/**
 * The path without links where they lead to nothing in the root filesystem: that is what can be made, and mounted on. All other paths are as they
 * were. Nothing is opened by this: whoever changes links meanwhile changes where in the container the mount is, as with the path itself.
 */
export function throughDangling(rootfs: string, path: string): string {
  const rest = partsOf(path), walked: string[] = [];
  let links = 0;
  while (rest.length > 0) {
    const part = rest.shift()!;
    if (part === "..") {
      walked.pop();
      continue;
    }
    const target = linkAt(`${rootfs}/${[...walked, part].join("/")}`);
    if (target === undefined) walked.push(part);
    else {
      if (++links > MOST_LINKS || target.includes("\ufffd")) return path;
      if (target.startsWith("/")) walked.length = 0;
      rest.unshift(...partsOf(target));
    }
  }
  const place = `/${walked.join("/")}`;
  return links === 0 || exists(`${rootfs}${place}`) ? path : place;
}
