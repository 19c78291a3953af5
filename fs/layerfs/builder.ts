/** Builds the index of a layer from entries in any order. @module */
import { errnoText } from "../abi/errno_text.ts";
import { ENOENT } from "../abi/errno.ts";
import { MAXSYMLINKS, PATH_MAX } from "../abi/limits.ts";
import { isDir, isLnk } from "../abi/mode.ts";
import type { OverlayInode } from "../overlay/inode.ts";
import type { Inode } from "../vfs/inode.ts";
import { writeIndex } from "./index_writer.ts";
import { type LayerIndex, NONE } from "./layer_index.ts";
import { attributesOf, IMPLIED, LayerNode, type NodeAttributes, WHITEOUT } from "./layer_node.ts";
import { ASSUMED, DEPENDS, INHERITS, type Need, THERE } from "./needs.ts";
import { LayerEntryError, pathParts, quote } from "./path_parts.ts";

/** Most names in a layer. */
const MAX_NAMES = 1 << 24;
/** ".." of a link in the layer itself, which must not lead above the root. No component has a slash. */
const CLIMB = "../";

/**
 * See the module's comment. Its rules are those of extraction (image/store/tree/layer_extractor.ts), one entry after the other, so that an
 * overlay of the indexes shows the tree that extraction leaves.
 *
 * A layer means different things on different ones: a path may lead through a link of a lower layer, a hard link to a file there. Without
 * `beneath` the builder takes for granted what is usual and notes in the index what that is (see needs.ts); with it, it looks.
 */
export class LayerIndexBuilder {
  readonly #root = new LayerNode(IMPLIED);
  readonly #needs: Need[] = [];
  #names = 0;
  /** What comes now cannot be understood without the layers below. */
  #undecided = false;
  /** After build: the files of lower layers that nodes of the index stand for. */
  readonly aliases: Map<number, Inode> = new Map();

  /** `beneath`: the root of the merged tree of the layers below, null if there are none; undefined if that is not known. */
  constructor(readonly beneath?: OverlayInode | null) {
    this.#root.implied = true;
    this.#root.own = true;
    this.#root.beneath = beneath ?? null;
    this.#root.detached = beneath === null;
  }

  /** Adds a file, directory, link or device; a later entry of the same name replaces an earlier one. */
  add(path: string, attributes: NodeAttributes): void {
    const parts = pathParts(path);
    const name = parts.pop();
    if (name === undefined) {
      if (!isDir(attributes.mode)) {
        throw new LayerEntryError(`entry ${quote(path)}: the root must be a directory`);
      }
      this.#root.attributes = attributes;
      this.#root.implied = false;
      return;
    }
    this.#step(() => this.#add(this.#directory(parts, `entry ${quote(path)}`), name, attributes));
  }

  #add(parent: LayerNode, name: string, attributes: NodeAttributes): void {
    this.#own(parent);
    const old = parent.children!.get(name);
    if (old?.children && isDir(attributes.mode)) {
      old.attributes = attributes;
      old.implied = false;
      old.own = true;
      return;
    }
    const node = new LayerNode(attributes);
    if (node.children !== null) {
      node.own = true;
      // What hides the directories below may be gone at the end: a whiteout, or a file that had the name before.
      node.opaque = old !== undefined;
      const lower = old === undefined ? this.#below(parent, name) : null;
      node.beneath = lower !== null && isDir(lower.mode) ? lower : null;
      node.detached = old !== undefined || parent.detached ||
        this.beneath !== undefined && node.beneath === null;
    }
    this.#put(parent, name, node);
  }

  /**
   * Does what an entry says. What is wrong may be so because something was taken for granted: then whoever knows the layers below is to
   * say it.
   */
  #step(step: () => void): void {
    if (this.#undecided) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof LayerEntryError) || this.#needs.length === 0) throw error;
      this.#depends();
    }
  }

  #depends(): void {
    this.#needs.push({ kind: DEPENDS, parent: NONE, path: "" });
    this.#undecided = true;
  }

  /** Adds a hard link to an earlier entry, or to a file of a layer below. */
  link(path: string, target: string): void {
    const doing = `hard link ${quote(path)} to ${quote(target)}`;
    const parts = pathParts(path), to = pathParts(target, doing);
    const name = parts.pop(), base = to.pop();
    if (name === undefined) throw new LayerEntryError(`${doing}: the root must be a directory`);
    if (base === undefined) throw new LayerEntryError(`${doing}: it is a directory`);
    this.#step(() => {
      const parent = this.#directory(parts, `entry ${quote(path)}`);
      const dir = this.#resolve(to, doing, false);
      if (dir === null) throw new LayerEntryError(`${doing}: there is no such file`);
      this.#link(parent, name, dir, base, doing);
    });
  }

  #link(parent: LayerNode, name: string, dir: LayerNode, base: string, doing: string): void {
    const own = dir.children!.get(base);
    let node = own?.isWhiteout ? undefined : own;
    if (own === undefined && !dir.detached) {
      if (this.beneath === undefined) return this.#depends();
      node = this.#foreign(dir, base);
    }
    if (node === undefined) throw new LayerEntryError(`${doing}: there is no such file`);
    if (node.children !== null) throw new LayerEntryError(`${doing}: it is a directory`);
    for (let at = dir; at.parent !== null; at = at.parent) {
      if (at.parent === parent && at.name === name) {
        throw new LayerEntryError(`${doing}: it would take the place of its own target`);
      }
    }
    this.#own(parent);
    if (parent.children!.get(name) !== node) this.#put(parent, name, node);
  }

  /** What stands for a file of a layer below. */
  #foreign(dir: LayerNode, name: string): LayerNode | undefined {
    const lower = this.#below(dir, name);
    if (lower === null) return undefined;
    const node = new LayerNode({ mode: lower.mode, uid: 0, gid: 0, mtimeSec: 0, mtimeNsec: 0 });
    node.foreign = lower.real;
    return node;
  }

  /** Hides a name of the layers below, not what this layer has made. */
  whiteout(path: string): void {
    const parts = pathParts(path);
    const name = parts.pop();
    if (name === undefined) throw new LayerEntryError(`whiteout ${quote(path)}: it has no name`);
    this.#step(() => {
      const parent = this.#resolve(parts, `whiteout ${quote(path)}`, false);
      if (parent !== null) this.#hide(parent, name);
    });
  }

  #hide(parent: LayerNode, name: string): void {
    const old = parent.children!.get(name);
    if (old?.children && old.own) {
      this.#detach(old);
      old.opaque = true;
    } else if (old?.children || old === undefined && !parent.detached) {
      if (this.beneath === undefined || this.#below(parent, name) !== null) {
        this.#put(parent, name, new LayerNode(WHITEOUT));
      }
    }
  }

  /** Hides everything that the layers below have in a directory. */
  opaque(path: string): void {
    const parts = pathParts(path);
    this.#step(() => {
      const dir = this.#resolve(parts, `opaque directory ${quote(path)}`, false);
      if (dir === null) return;
      this.#detach(dir);
      dir.opaque = true;
    });
  }

  /** Nothing of the layers below is seen in the directory from now on. What it has of its own stays, and its attributes. */
  #detach(top: LayerNode): void {
    const todo = [top];
    for (let dir = todo.pop(); dir !== undefined; dir = todo.pop()) {
      if (dir.detached) continue;
      dir.detached = true;
      if (dir.implied) {
        dir.implied = false;
        if (this.beneath === undefined) this.#need(INHERITS, dir, "");
        else if (dir.beneath !== null) dir.attributes = attributesOf(dir.beneath);
      }
      dir.beneath = null;
      for (const [name, child] of dir.children!) {
        if (child.isWhiteout || child.children !== null && !child.own) dir.children!.delete(name);
        else if (child.children !== null) todo.push(child);
      }
    }
  }

  /** Notes what is taken for granted about a name in a directory, or about the directory itself; its number. */
  #need(kind: number, dir: LayerNode, name: string): number {
    const parts = name === "" ? [] : [name];
    let at: LayerNode = dir;
    for (; at.need < 0 && at.parent !== null; at = at.parent) parts.push(at.name);
    return this.#needs.push({ kind, parent: at.need < 0 ? NONE : at.need, path: parts.reverse().join("/") }) -
      1;
  }

  #own(dir: LayerNode): void {
    for (let at: LayerNode | null = dir; at !== null && !at.own; at = at.parent) at.own = true;
  }

  #put(parent: LayerNode, name: string, node: LayerNode): void {
    if (++this.#names > MAX_NAMES) throw new LayerEntryError(`more than ${MAX_NAMES} names in one layer`);
    parent.children!.set(name, node);
    if (node.children === null) return;
    node.parent = parent;
    node.name = name;
  }

  /** What the layers below have in a directory; null if nothing, or if that is not known. */
  #below(dir: LayerNode, name: string): OverlayInode | null {
    const found = dir.beneath === null ? -ENOENT : dir.beneath.lookup(name);
    if (typeof found !== "number") return found;
    if (found === -ENOENT) return null;
    throw new LayerEntryError(
      `looking for ${quote(dir.pathOf(name))} in the layers below: ${errnoText(-found)}`,
    );
  }

  /** The directory at `parts`, made where it is missing. */
  #directory(parts: readonly string[], what: string): LayerNode {
    return this.#resolve(parts, what, true)!;
  }

  /** The directory that `parts` lead to; what is missing is made, or the answer is null. Links on the way are followed. */
  #resolve(parts: readonly string[], what: string, make: boolean): LayerNode | null {
    let node = this.#root, links = 0;
    const todo = [...parts];
    while (todo.length > 0) {
      const part = todo.shift()!;
      if (part === ".." || part === CLIMB) {
        if (part === CLIMB && node.parent === null) {
          throw new LayerEntryError(`${what}: a link on its way leads outside the layer`);
        }
        node = node.parent ?? node;
        continue;
      }
      const own = node.children!.get(part);
      const next = own === undefined || own.isWhiteout ? this.#enter(node, part, make) : own;
      if (next === null) return null;
      if (next instanceof LayerNode && next.children !== null) {
        node = next;
        continue;
      }
      const here = quote(node.pathOf(part));
      const mode = next instanceof LayerNode ? next.attributes.mode : next.mode;
      if (!isLnk(mode)) throw new LayerEntryError(`${what}: ${here} is not a directory`);
      // An archive of a tree has nothing below its own links: what leads out of it there was made to do harm.
      const isOwn = next instanceof LayerNode && next.foreign === null;
      const target = isOwn
        ? next.attributes.target!
        : targetOf(next instanceof LayerNode ? next.foreign! : next);
      if (++links > MAXSYMLINKS || isOwn && target.startsWith("/")) {
        throw new LayerEntryError(`${what}: ${here} is a symbolic link to ${quote(target)}, not a directory`);
      }
      if (target.startsWith("/")) node = this.#root;
      const steps = target.split("/").filter((step) => step !== "" && step !== ".");
      todo.unshift(...(isOwn ? steps.map((step) => step === ".." ? CLIMB : step) : steps));
      if (todo.length > PATH_MAX) throw new LayerEntryError(`${what}: its path is too long at ${here}`);
    }
    return node;
  }

  /** Goes to a name that the layer has not. A directory is made for it; or the answer is the link or file that is below, or null. */
  #enter(dir: LayerNode, name: string, make: boolean): LayerNode | OverlayInode | null {
    const hidden = dir.children!.has(name);
    const lower = hidden ? null : this.#below(dir, name);
    if (lower !== null && !isDir(lower.mode)) return lower;
    const fresh = hidden || dir.detached || this.beneath !== undefined && lower === null;
    if (fresh && !make) return null;
    const node = new LayerNode(IMPLIED);
    node.beneath = lower;
    node.detached = fresh;
    node.implied = !fresh;
    node.opaque = hidden;
    if (this.beneath === undefined && !fresh) node.need = this.#need(make ? ASSUMED : THERE, dir, name);
    node.own = make && lower === null;
    if (node.own) this.#own(dir);
    this.#put(dir, name, node);
    return node;
  }

  /** The finished index for an archive of `archiveSize` bytes. */
  build(archiveSize: number): LayerIndex {
    const nodes: LayerNode[] = [];
    const seen = new Set<LayerNode>();
    const visit = (node: LayerNode): void => {
      node.names++;
      if (seen.has(node)) return;
      seen.add(node);
      node.index = nodes.length;
      if (node.foreign !== null) this.aliases.set(node.index, node.foreign);
      nodes.push(node);
    };
    visit(this.#root);
    for (let i = 0; i < nodes.length; i++) {
      for (const child of nodes[i]!.children?.values() ?? []) visit(child);
    }
    return writeIndex(nodes, this.#needs, archiveSize);
  }
}

function targetOf(link: Inode): string {
  const target = link.readlink();
  if (typeof target !== "number") return target;
  throw new LayerEntryError(`reading a link of the layers below: ${errnoText(-target)}`);
}
