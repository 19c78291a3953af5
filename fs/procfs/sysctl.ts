/** /proc/sys and other directories that are the same for all processes (man 5 proc_sys). @module */
import type { Inode } from "../vfs/inode.ts";
import { BoundFile, type PseudoSuper, StaticDir, TextFile } from "../pseudo/mod.ts";
import type { ProcHost } from "./host.ts";

/** Adds a file at a path, making its directories. */
function place(sb: PseudoSuper, root: StaticDir, path: string, file: Inode): void {
  const parts = path.split("/");
  const name = parts.pop()!;
  let at = root;
  for (const part of parts) {
    let next = at.child(part);
    if (!(next instanceof StaticDir)) at.add(part, next = new StaticDir(sb, 0o555));
    at = next as StaticDir;
  }
  at.add(name, file);
}

/** Adds the files of the kernel, and those parameters that are the same everywhere. */
export function addSystemTree(sb: PseudoSuper, host: ProcHost, root: StaticDir): void {
  const bootId = host.uuid();
  const fixed: Readonly<Record<string, () => string | number>> = {
    "sys/fs/file-max": () => 1048576,
    "sys/fs/mount-max": () => 100000,
    "sys/fs/nr_open": () => 1048576,
    "sys/kernel/cap_last_cap": () => 40,
    "sys/kernel/ngroups_max": () => 65536,
    "sys/kernel/osrelease": () => host.release,
    "sys/kernel/ostype": () => "Linux",
    "sys/kernel/overflowgid": () => 65534,
    "sys/kernel/overflowuid": () => 65534,
    "sys/kernel/pid_max": () => 4194304,
    "sys/kernel/random/boot_id": () => bootId,
    "sys/kernel/random/entropy_avail": () => 256,
    "sys/kernel/random/uuid": () => host.uuid(),
    "sys/kernel/version": () => host.version,
    "sys/vm/overcommit_memory": () => 0,
  };
  for (const [path, read] of Object.entries(fixed)) {
    place(
      sb,
      root,
      path,
      new TextFile(sb, () => `${read()}\n`),
    );
  }
  for (const { path, ...options } of host.entries) place(sb, root, path, new BoundFile(sb, options));
}
