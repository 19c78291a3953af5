/** Extracted layers on top of each other, to be read: what the kernel's overlay of them would show (overlayfs(5)). @module */
import { isChr, isDir } from "../../../fs/abi/mode.ts";
import {
  type HostDirectory,
  HostError,
  type HostReader,
  type HostStat,
  type HostTree,
} from "../host_fs/types.ts";
import { openTree } from "../host_fs/open_tree.ts";

const OPAQUE = ["trusted.overlay.opaque", "user.overlay.opaque"];

/** True if a directory of a layer hides what layers below have there. */
export function isOpaqueDirectory(directory: HostDirectory): boolean {
  const xattrs = directory.xattrs();
  return OPAQUE.some((name) => xattrs.get(name)?.[0] === 0x79);
}

const refuse = (): never => {
  throw new HostError("changing a layer", "EROFS", "it is read-only");
};

/** A directory that several layers may have. The layers' own are open, the topmost first. */
class MergedDirectory implements HostDirectory {
  constructor(readonly layers: readonly HostDirectory[]) {}

  /** The topmost layer that says something about a name, and what; null if it is not there. */
  #find(name: string): readonly [at: number, stat: HostStat] | null {
    for (const [at, layer] of this.layers.entries()) {
      const stat = layer.stat(name);
      if (stat !== null) return isChr(stat.mode) && stat.rdev === 0 ? null : [at, stat];
    }
    return null;
  }
  #holder(name: string): HostDirectory {
    const found = this.#find(name);
    if (found === null) throw new HostError(`opening ${name}`, "ENOENT", "no such file or directory");
    return this.layers[found[0]]!;
  }

  stat(name?: string): HostStat | null {
    return name === undefined ? this.layers[0]!.stat() : this.#find(name)?.[1] ?? null;
  }
  open(name: string): HostDirectory {
    const opened = [this.#holder(name).open(name)];
    try {
      const first = this.layers.findIndex((layer) => layer.stat(name) !== null);
      for (const layer of this.layers.slice(first + 1)) {
        if (isOpaqueDirectory(opened.at(-1)!)) break;
        const stat = layer.stat(name);
        if (stat === null) continue;
        if (!isDir(stat.mode)) break; // it hides what is below it
        opened.push(layer.open(name));
      }
    } catch (error) {
      for (const each of opened) each.close();
      throw error;
    }
    return new MergedDirectory(opened);
  }
  readlink(name: string): string {
    return this.#holder(name).readlink(name);
  }
  read(name: string): HostReader {
    return this.#holder(name).read(name);
  }
  names(): string[] {
    const all = new Set(this.layers.flatMap((layer) => layer.names()));
    return [...all].filter((name) => this.#find(name) !== null);
  }
  xattrs(name?: string): Map<string, Uint8Array> {
    return name === undefined ? this.layers[0]!.xattrs() : this.#holder(name).xattrs(name);
  }
  close(): void {
    for (const layer of this.layers) layer.close();
  }
  mkdir = refuse;
  symlink = refuse;
  link = refuse;
  mknod = refuse;
  remove = refuse;
  create = refuse;
  set = refuse;
  removeXattr = refuse;
}

/** The merged tree of extracted layers, the topmost first; there is at least one. */
export function openMergedTree(paths: readonly string[]): HostTree {
  const layers: HostDirectory[] = [];
  try {
    for (const path of paths) {
      const { root } = openTree(path);
      layers.push(root);
    }
    return { root: new MergedDirectory(layers), limits: { full: true, folds: false } };
  } catch (error) {
    for (const layer of layers) layer.close();
    throw error;
  }
}
