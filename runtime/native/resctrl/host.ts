/** The resctrl filesystem of this host (Linux, Documentation/filesystems/resctrl.rst). @module */
import { readFile } from "../cgroups/files.ts";

/** Where groups are made and removed. */
export interface Resctrl {
  /** Where it is mounted: the default class. */
  readonly root: string;
  /** Makes the directory of a group: the kernel puts its files into it. */
  make(path: string): void;
  /** Removes it: its tasks go to the group above. */
  remove(path: string): void;
}

/** Where resctrl is mounted, by a mountinfo (man 5 proc); undefined if nowhere. */
export function mountOf(mountinfo: string): string | undefined {
  const line = mountinfo.split("\n").find((each) => / - resctrl /.test(each));
  return line?.split(" ")[4]?.replace(
    /\\([0-7]{3})/g,
    (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** The operations on a directory as the kernel has them. */
export const onDirectory = (root: string): Resctrl => ({
  root,
  make: (path) => Deno.mkdirSync(path),
  remove: (path) => Deno.removeSync(path),
});

/** That of this host; undefined if it has none. */
export function hostResctrl(): Resctrl | undefined {
  const root = mountOf(readFile("/proc/self/mountinfo") ?? "");
  return root === undefined ? undefined : onDirectory(root);
}
