/** What has changed in an unpacked bundle, and a layer of it. @module */
import type { Change } from "../layer/change.ts";
import type { CompressionChoice } from "../layer/compressor.ts";
import { ROOTFS, type UnpackedBundle } from "./bundle_state.ts";
import { openTree } from "./host_fs/open_tree.ts";
import type { HostTree } from "./host_fs/types.ts";
import { changesetEntries } from "./tree/changeset_entries.ts";
import { Places } from "./tree/places.ts";
import { adopt, changesetOf, TreeDiff } from "./tree/tree_diff.ts";
import type { TreeEntry } from "./tree/tree_entry.ts";
import { contentDigest, scanTree } from "./tree/tree_scan.ts";
import { metadataStore } from "./unpack.ts";
import { writeLayer, type WrittenLayer } from "./write_layer.ts";

/** What has changed in a bundle. */
export interface BundleChanges {
  /** Changes, in the order of the tree. */
  readonly changes: readonly Change[];
  /** Files as they are now. */
  readonly found: ReadonlyMap<string, TreeEntry>;
  /** What no layer can contain: sentences for people. */
  readonly notes: readonly string[];
}

/** What counts as a change. */
export interface ChangesOptions {
  /** Paths whose changes are not looked at, with all below them; absolute in the container. */
  readonly masked?: readonly string[];
  /** Opens the root filesystem; the host's best way by default. */
  readonly open?: (path: string) => HostTree;
}

/** How a layer is made of changes. */
export interface RepackOptions extends ChangesOptions {
  /** Directory for the layer's file. */
  readonly directory: string;
  /** Compression of the layer. */
  readonly compression?: CompressionChoice;
  /** No file's time is later than this: seconds since 1970. */
  readonly timestamp?: number;
  /** Ends the work with the signal's reason. */
  readonly signal?: AbortSignal;
}

function isMasked(path: string, masked: readonly string[]): boolean {
  return masked.some((each) => {
    const mask = each.replace(/^\/+|\/+$/g, "");
    return mask === "" || path === mask || path.startsWith(`${mask}/`);
  });
}

/** A tree whose files can be compared with another's. */
export interface TreeView {
  /** Files, by path, in the order of the tree. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Digest of a regular file's content. */
  digest(path: string): string;
  /** Gives back what it holds. */
  close(): void;
}

/** Whatever two trees are, what the second has that the first has not, and the other way round. */
export function compareViews(a: TreeView, b: TreeView): readonly Change[] {
  return new TreeDiff(a.entries, b.entries, (old, found) => a.digest(old.path) !== b.digest(found.path))
    .changes;
}

/** The files of a bundle as they are now. */
class BundleView implements TreeView {
  readonly entries: Map<string, TreeEntry> = new Map();
  /** What no layer can contain. */
  readonly notes: string[] = [];
  readonly #places: Places;

  /** `close` leaves the tree open. */
  constructor(readonly tree: HostTree, { state, entries }: UnpackedBundle) {
    this.#places = new Places(tree.root);
    const metadata = metadataStore(state.rootless, state.maps, tree);
    const limits = { full: tree.limits.full, rootless: state.rootless };
    const onSocket = (path: string): void => {
      this.notes.push(`${JSON.stringify(path)} is a socket: it is left out, no layer can contain one`);
    };
    for (const entry of scanTree(tree, { metadata, onSocket })) {
      const old = entries.get(entry.path);
      const found = adopt(entry, old, limits);
      // The very file that was unpacked, and nothing has touched it: its content is known.
      const same = old !== undefined && old.ino === found.ino && old.ctime === found.ctime &&
        old.size === found.size;
      this.entries.set(found.path, same && old.hash !== "" ? { ...found, hash: old.hash } : found);
    }
  }

  digest(path: string): string {
    const entry = this.entries.get(path)!;
    if (entry.hash !== "") return entry.hash;
    const [directory, name] = this.#places.locate(path);
    const reader = directory.read(name!);
    try {
      const hash = contentDigest(reader);
      this.entries.set(path, { ...entry, hash });
      return hash;
    } finally {
      reader.close();
    }
  }

  close(): void {
    this.#places.close();
  }
}

function changesIn(tree: HostTree, bundle: UnpackedBundle, masked: readonly string[]): BundleChanges {
  const view = new BundleView(tree, bundle);
  try {
    const hasChanged = (old: TreeEntry, found: TreeEntry): boolean =>
      old.hash === "" || view.digest(found.path) !== old.hash;
    const { changes } = new TreeDiff(bundle.entries, view.entries, hasChanged);
    return {
      changes: changes.filter(({ path }) => !isMasked(path, masked)),
      found: view.entries,
      notes: view.notes,
    };
  } finally {
    view.close();
  }
}

/** The files of a bundle as they are now; whoever opens it closes it. */
export function openBundleView(bundle: UnpackedBundle): TreeView {
  const tree = openTree(`${bundle.directory}/${ROOTFS}`);
  try {
    const view = new BundleView(tree, bundle);
    return {
      entries: view.entries,
      digest: (path) => view.digest(path),
      close: () => {
        view.close();
        tree.root.close();
      },
    };
  } catch (error) {
    tree.root.close();
    throw error;
  }
}

/** What has changed in a bundle since it was unpacked. Contents are read only where times and numbers leave a doubt. */
export function bundleChanges(bundle: UnpackedBundle, options: ChangesOptions = {}): BundleChanges {
  const tree = (options.open ?? openTree)(`${bundle.directory}/${ROOTFS}`);
  try {
    return changesIn(tree, bundle, options.masked ?? []);
  } finally {
    tree.root.close();
  }
}

/** Writes the changes of a bundle as a layer; null if there are none. Whoever gets the layer disposes of it. */
export async function repackLayer(
  bundle: UnpackedBundle,
  options: RepackOptions,
): Promise<BundleChanges & { readonly layer: WrittenLayer | null }> {
  const tree = (options.open ?? openTree)(`${bundle.directory}/${ROOTFS}`);
  try {
    const result = changesIn(tree, bundle, options.masked ?? []);
    if (result.changes.length === 0) return { ...result, layer: null };
    const metadata = metadataStore(bundle.state.rootless, bundle.state.maps, tree);
    const { timestamp, directory, compression, signal } = options;
    const entries = changesetEntries(tree, result.found, changesetOf(result.changes, result.found), {
      metadata,
      ...(timestamp === undefined ? {} : { timestamp }),
    });
    const layer = await writeLayer(entries, {
      directory,
      ...(compression === undefined ? {} : { compression }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { ...result, layer };
  } finally {
    tree.root.close();
  }
}
