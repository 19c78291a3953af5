/** Paths as layers have them. @module */
import { NAME_MAX, PATH_MAX } from "../abi/limits.ts";
import { nameToBytes } from "../abi/name.ts";

/** A layer entry that cannot be. The message names it. */
export class LayerEntryError extends Error {}

/** A path in a message. */
export const quote = (path: string): string => JSON.stringify(path);

/** Components of an entry's path; "." is dropped, ".." resolved, and one that leads above the root an error. */
export function pathParts(path: string, what: string = `entry ${quote(path)}`): string[] {
  if (path.length > PATH_MAX) {
    throw new LayerEntryError(`entry ${quote(path.slice(0, 60))}…: its path is too long`);
  }
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      if (part.length * 3 > NAME_MAX && nameToBytes(part).length > NAME_MAX) {
        throw new LayerEntryError(`${what}: a name longer than ${NAME_MAX} bytes`);
      }
      parts.push(part);
    } else if (parts.pop() === undefined) {
      throw new LayerEntryError(`${what}: it leads outside the layer's root`);
    }
  }
  return parts;
}
