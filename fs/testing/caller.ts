/** Somebody who makes calls, for tests. @module */
import { type FsCred, ROOT_CRED } from "../vfs/cred.ts";
import type { VPath } from "../vfs/dentry.ts";
import type { SuperBlock } from "../vfs/inode.ts";
import { MountNamespace } from "../vfs/mount_namespace.ts";
import { type Caller, Vfs } from "../vfs/vfs.ts";

/** A caller whose fields can be changed. */
export class TestCaller implements Caller {
  /** See Caller. */
  readonly vfs: Vfs;
  /** See Caller. */
  readonly mountNs: MountNamespace;
  /** See Caller. */
  root: VPath;
  /** See Caller. */
  cwd: VPath;
  /** See Caller. */
  umask = 0o022;

  /** A caller at the root of a filesystem. */
  constructor(sb: SuperBlock, public cred: FsCred = ROOT_CRED) {
    this.vfs = new Vfs();
    this.mountNs = new MountNamespace(this.vfs, this.vfs.newMount(sb));
    this.root = this.cwd = this.mountNs.rootPath;
  }
}

/** Root, at the root of a filesystem of its own; or somebody else with `cred`. */
export function testCaller(sb: SuperBlock, cred: FsCred = ROOT_CRED): TestCaller {
  return new TestCaller(sb, cred);
}

/** Credentials of an ordinary user. */
export function userCred(uid: number, gid: number = uid, groups: readonly number[] = []): FsCred {
  return { fsuid: uid, fsgid: gid, groups, capable: () => false };
}
