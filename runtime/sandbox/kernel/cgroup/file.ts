/** How an interface file is made. @module */
import type { CgroupFile } from "../../../../fs/cgroupfs/directory.ts";
import type { Cgroup } from "./group.ts";

/** A file but for its owner. */
export type FileContent = Omit<CgroupFile, "owner">;
/** How a group's file is made. */
export type FileMaker = (group: Cgroup) => FileContent;

/** A file that shows something, and may be written. */
export function text(
  read: (group: Cgroup) => string,
  write?: (group: Cgroup, text: string) => number,
): FileMaker {
  return (group) => ({
    read: () => read(group),
    ...write === undefined ? {} : { write: (value: string) => write(group, value) },
  });
}
