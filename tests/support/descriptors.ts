/** Descriptors of this process, which other tests that run at the same time share. @module */

/** How many descriptors are open for files below a directory, and for itself. */
export function openBelow(directory: string): number {
  const root = Deno.realPathSync(directory);
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const target = Deno.readLinkSync(`/proc/self/fd/${name}`);
      if (target === root || target.startsWith(`${root}/`)) count++;
    } catch {
      // It has just been closed.
    }
  }
  return count;
}
