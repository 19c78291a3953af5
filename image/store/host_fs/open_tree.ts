/** Opens trees of the host in the best way there is. @module */
import { openLinuxTree } from "./linux_tree.ts";
import { openPortableTree } from "./portable_tree.ts";
import type { HostTree } from "./types.ts";

/** Opens the directory at `path`: through the C library on Linux, elsewhere through Deno. Whoever opens it closes its root. */
export function openTree(path: string): HostTree {
  return openLinuxTree(path) ?? openPortableTree(path);
}
