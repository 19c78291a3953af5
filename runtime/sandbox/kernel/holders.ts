/** What tasks hold of mounts: whether one is in use decides about umount2(2) and about making it read-only. @module */
import { PathFile } from "../../../fs/vfs/mod.ts";
import type { Holder } from "../../../fs/vfs/vfs.ts";
import type { Task } from "./task.ts";

/** Roots, working directories, programs and open files of tasks. */
export function* holders(tasks: Iterable<Task>): Iterable<Holder> {
  for (const { root, cwd, exe, files } of tasks) {
    yield { mount: root.mount, writes: false };
    yield { mount: cwd.mount, writes: false };
    if (exe !== null) yield { mount: exe.mount, writes: false };
    for (const fd of files.list()) {
      const file = files.get(fd)?.file;
      if (file?.mount) yield { mount: file.mount, writes: file.writable && !(file instanceof PathFile) };
    }
  }
}
