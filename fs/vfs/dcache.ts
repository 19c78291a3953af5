/** The dentry cache: names known to exist, and (bounded) names known not to. @module */
import { ENOENT } from "../abi/errno.ts";
import { Dentry } from "./dentry.ts";
import type { Inode } from "./inode.ts";

/** Most names per directory that are remembered as missing: what a guest can make us hold. */
const MAX_NEGATIVE = 1024;
/** Most names per directory that are remembered of a filesystem that is asked again anyway (hostfs): a host can have more files than memory. */
const MAX_VOLATILE = 4096;

/** The dentry of a name in a directory; its inode is null if the name does not exist. Or a negative errno. */
export function lookupChild(parent: Dentry, name: string): Dentry | number {
  const known = parent.children?.get(name);
  if (known !== undefined && !parent.sb.volatile) return known;
  const inode = parent.inode!.lookup(name);
  if (typeof inode !== "number") {
    if (known !== undefined) {
      if (known.inode === inode) return known;
      if (known.mounted > 0) { // a mount point stays where it is
        known.inode = inode;
        return known;
      }
      dropChild(known);
    }
    return addChild(parent, name, inode);
  }
  if (inode !== -ENOENT) return inode;
  if (known !== undefined) dropChild(known);
  if (parent.sb.volatile) return new Dentry(parent.sb, name, parent, null);
  if (parent.negatives >= MAX_NEGATIVE) forgetNegatives(parent);
  parent.negatives++;
  return addChild(parent, name, null);
}

function addChild(parent: Dentry, name: string, inode: Inode | null): Dentry {
  const dentry = new Dentry(parent.sb, name, parent, inode);
  const children = parent.children ??= new Map();
  if (parent.sb.volatile && children.size % MAX_VOLATILE === MAX_VOLATILE - 1) forgetUnused(children);
  children.set(name, dentry);
  return dentry;
}

/** Forgets names that nothing stands on: no mount, no open file, no name below. */
function forgetUnused(children: Map<string, Dentry>): void {
  for (const [name, { mounted, children: below, inode }] of children) {
    if (mounted === 0 && !below?.size && !inode?.openCount) children.delete(name);
  }
}

function forgetNegatives(parent: Dentry): void {
  for (const [name, child] of parent.children!) if (child.inode === null) parent.children!.delete(name);
  parent.negatives = 0;
}

/** Notes that `name` now exists (after create, mkdir, link …). Returns its dentry. */
export function instantiate(parent: Dentry, name: string, inode: Inode): Dentry {
  const known = parent.children?.get(name);
  if (known === undefined) return addChild(parent, name, inode);
  if (known.inode === null) {
    if (!parent.sb.volatile) parent.negatives--;
    known.inode = inode;
    return known;
  }
  dropChild(known);
  return addChild(parent, name, inode);
}

/** Takes a dentry out of its directory (unlink, rmdir, replaced by a rename). Open files keep it. */
export function dropChild(dentry: Dentry): void {
  const siblings = dentry.parent.children;
  if (siblings?.get(dentry.name) === dentry) {
    siblings.delete(dentry.name);
    if (dentry.inode === null) dentry.parent.negatives--;
  }
  dentry.unhashed = true;
}

/** Moves a dentry to a new place (rename); whatever was there has been dropped. */
export function moveChild(dentry: Dentry, parent: Dentry, name: string): void {
  dentry.parent.children?.delete(dentry.name);
  const there = parent.children?.get(name);
  if (there !== undefined) dropChild(there);
  dentry.parent = parent;
  dentry.name = name;
  (parent.children ??= new Map()).set(name, dentry);
}

/** Exchanges the places of two dentries (RENAME_EXCHANGE). */
export function exchangeChildren(a: Dentry, b: Dentry): void {
  const { parent, name } = a;
  a.parent = b.parent;
  a.name = b.name;
  b.parent = parent;
  b.name = name;
  a.parent.children!.set(a.name, a);
  b.parent.children!.set(b.name, b);
}
