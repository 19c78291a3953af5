/** The entries of a changeset layer, read from a tree on the host. @module */
import { major, minor } from "../../../fs/abi/device.ts";
import { isDir, isReg } from "../../../fs/abi/mode.ts";
import { tarTypeOf } from "../../layer/inode_reading.ts";
import type { LayerEntry } from "../../layer/tar_stream.ts";
import type { HostReader, HostTree } from "../host_fs/types.ts";
import type { MetadataStore } from "./metadata.ts";
import { Places } from "./places.ts";
import type { Changeset } from "./tree_diff.ts";
import type { TreeEntry } from "./tree_entry.ts";

const BUFFER = 1024 * 1024;

/** How entries are made. */
export interface ChangesetOptions {
  /** How metadata is kept on the host. */
  readonly metadata: MetadataStore;
  /** No time is later than this: seconds since 1970. */
  readonly timestamp?: number;
}

function* contentOf(reader: HostReader, size: number): Generator<Uint8Array> {
  try {
    for (let at = 0; at < size;) {
      const buffer = new Uint8Array(Math.min(BUFFER, size - at));
      const n = reader.read(buffer, at);
      if (n === 0) return;
      yield n === buffer.length ? buffer : buffer.subarray(0, n);
      at += n;
    }
  } finally {
    reader.close();
  }
}

/** The entries, in the order of the tree: a directory, what was deleted from it, then what it contains. */
export function* changesetEntries(
  tree: HostTree,
  found: ReadonlyMap<string, TreeEntry>,
  { paths, whiteouts }: Changeset,
  { metadata, timestamp }: ChangesetOptions,
): Generator<LayerEntry> {
  const places = new Places(tree.root);
  const written = new Map<string, string>();
  const late = (sec: number): boolean => timestamp !== undefined && sec >= timestamp;
  try {
    for (const entry of found.values()) {
      const { path, mode } = entry;
      if (paths.has(path)) {
        const base = path.slice(path.lastIndexOf("/") + 1);
        if (base.startsWith(".wh.")) {
          throw new Error(
            `${JSON.stringify(path)}: no layer can contain a file whose name begins with ".wh."`,
          );
        }
        const first = written.get(entry.leader);
        const common = {
          name: path === "" ? "./" : path,
          mode: mode & 0o7777,
          uid: entry.uid,
          gid: entry.gid,
          mtimeSec: late(entry.mtimeSec) ? timestamp! : entry.mtimeSec,
          mtimeNsec: late(entry.mtimeSec) ? 0 : entry.mtimeNsec,
        };
        if (first !== undefined && !isDir(mode)) {
          yield { ...common, type: "link", linkname: first };
        } else {
          written.set(entry.leader, path);
          yield { ...common, ...rest(places, entry, metadata) };
        }
      }
      const names = isDir(mode) ? whiteouts.get(path) ?? [] : [];
      for (const name of names) {
        const at = path === "" ? "" : `${path}/`;
        yield { name: `${at}.wh.${name}`, type: "file", mode: 0o644, mtimeSec: timestamp ?? 0 };
      }
    }
  } finally {
    places.close();
  }
}

/** What is read from the host only now: attributes and content. */
function rest(places: Places, entry: TreeEntry, metadata: MetadataStore): Omit<LayerEntry, "name" | "mode"> {
  const { path, mode, rdev } = entry;
  const type = tarTypeOf(mode)!;
  const [directory, base] = places.locate(path);
  const stat = directory.stat(base);
  if (stat === null) throw new Error(`${JSON.stringify(path)}: it vanished while it was being read`);
  const { xattrs } = metadata.read(stat, directory.xattrs(base));
  const common = { type, ...(xattrs.size === 0 ? {} : { xattrs }) };
  if (type === "symlink") return { ...common, linkname: entry.target };
  if (type === "char" || type === "block") return { ...common, devmajor: major(rdev), devminor: minor(rdev) };
  if (type !== "file" || !isReg(stat.mode)) return common;
  const reader = directory.read(base!);
  const { size } = reader.stat();
  if (size === 0) {
    reader.close();
    return { ...common, size: 0 };
  }
  return { ...common, size, content: () => contentOf(reader, size) };
}
