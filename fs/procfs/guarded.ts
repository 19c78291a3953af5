/** Files of /proc/PID that only those see who may inspect the process (man 2 ptrace, PTRACE_MODE_READ_FSCREDS). @module */
import { EACCES, ENOENT } from "../abi/errno.ts";
import { MagicLink, type PseudoSuper, TextFile } from "../pseudo/mod.ts";
import type { VPath } from "../vfs/dentry.ts";
import type { OpenFile } from "../vfs/open_file.ts";
import type { ProcTask } from "./host.ts";

/** 0, or why whoever is walking may not look. */
function guard(task: () => ProcTask | undefined): number {
  const t = task();
  if (t === undefined) return -ENOENT;
  return t.mayInspect() ? 0 : -EACCES;
}

/** A link that leads to a place. */
export class GuardedLink extends MagicLink {
  /** A link of a task, with a text and a place. */
  constructor(
    sb: PseudoSuper,
    readonly task: () => ProcTask | undefined,
    text: () => string | undefined,
    place: () => VPath | undefined,
  ) {
    super(sb, text, place);
  }
  /** See Inode. */
  override readlink(): string | number {
    return guard(this.task) || super.readlink();
  }
  /** See Inode. */
  override followMagic(): VPath | number {
    return guard(this.task) || super.followMagic();
  }
}

/** A generated file. */
export class GuardedText extends TextFile {
  /** A file of a task. */
  constructor(sb: PseudoSuper, readonly task: () => ProcTask | undefined, read: () => string, mode: number) {
    super(sb, read, { mode });
  }
  /** See Inode. */
  override open(flags: number): OpenFile | number {
    return guard(this.task) || super.open(flags);
  }
}
