/** Root, working directory and umask: what tasks that were cloned with CLONE_FS share (Linux's fs_struct). @module */
import type { VPath } from "../../../fs/vfs/dentry.ts";

/** See the module's comment. */
export class FsContext {
  /** Tasks that use it. */
  users = 1;

  /** A context of one task. */
  constructor(public root: VPath, public cwd: VPath, public umask: number) {}

  /** One more task uses it (CLONE_FS). */
  share(): FsContext {
    this.users++;
    return this;
  }

  /** A copy for one task; the caller gives up what it had. */
  copy(): FsContext {
    return new FsContext(this.root, this.cwd, this.umask);
  }

  /** One task less uses it. */
  release(): void {
    this.users--;
  }
}
