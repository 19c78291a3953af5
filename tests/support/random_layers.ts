/** Layers at random, of names so few that they meet often. @module */
import type { LayerEntry } from "../../image/layer/tar_stream.ts";
import { sparseEntry } from "../../image/mutate/sparse_entry.ts";
import type { Random } from "../fuzz/random.ts";

/** An entry with its content. */
export type RandomEntry = LayerEntry & { readonly content?: Uint8Array };
/** What has a name in the layers below. */
export type Kind = "dir" | "symlink" | "other";

const NAMES = ["a", "b", "c", "é", "x\udcff"] as const;

function sparse(random: Random, entry: LayerEntry): RandomEntry {
  const parts = [{ offset: random.below(5000), length: 1 + random.below(600) }];
  const bytes = random.bytes(parts[0]!.length);
  const made = sparseEntry(entry, 6000 + random.below(3000), parts, () => [bytes]);
  const pieces = [...(made.content as () => Iterable<Uint8Array>)()];
  return { ...made, content: Uint8Array.from(pieces.flatMap((piece) => [...piece])) };
}

/**
 * A layer on top of a tree of which `known` tells. Most directories have no entry; paths lead through links of `known`; hard links lead to
 * files of this layer and of those below. Extraction may still refuse it. Without `twice` no name comes twice (layer.md#distributable-format).
 */
export function randomLayer(random: Random, known: ReadonlyMap<string, Kind>, twice: boolean): RandomEntry[] {
  const now = new Map(known), own = new Set<string>(), entries: RandomEntry[] = [];
  const seen = new Set<string>();
  const parent = (): string => {
    const dirs = [...now].filter(([, kind]) => kind === "dir" || kind === "symlink" && random.oneIn(3));
    const at = random.oneIn(4) || dirs.length === 0 ? "" : `${random.pick(dirs)[0]}/`;
    return random.oneIn(6) ? `${at}${random.pick(NAMES)}/` : at;
  };
  const path = (): string => {
    for (;;) {
      const name = `${parent()}${random.pick(NAMES)}`;
      if (name.split("/").length < 6) return name;
    }
  };
  const put = (entry: RandomEntry, kind?: Kind): void => {
    const name = entry.name.replace(/\/$|GNUSparseFile\.0\//, "");
    if (!twice && seen.has(name)) return;
    seen.add(name);
    entries.push(entry);
    if (kind === undefined) return;
    // Nothing is below a name that is no directory.
    if (kind !== "dir") {
      for (const each of [...now.keys()]) if (each.startsWith(`${name}/`)) now.delete(each);
    }
    now.set(name, kind);
    own.add(name);
    const parts = name.split("/");
    while (parts.pop() !== undefined && parts.length > 0) {
      const above = parts.join("/");
      if (!now.has(above)) now.set(above, "dir");
    }
  };
  const common = () => ({
    mode: random.oneIn(8) ? 0o4755 : 0o600 + random.below(64),
    uid: random.below(3),
    gid: random.below(3),
    mtimeSec: random.below(2000),
    mtimeNsec: random.below(1e9),
    ...random.oneIn(4)
      ? {
        xattrs: new Map([["user.x", random.bytes(1 + random.below(3))], [
          "trusted.overlay.opaque",
          Uint8Array.of(0x79),
        ]]),
      }
      : {},
  });
  // Permitted and inheritable sets of no capability: what setcap writes (linux/capability.h, revision 2).
  const capability = Uint8Array.from([1, 0, 0, 2, ...Array(16).fill(0)]);
  const noXattrs = () => ({ ...common(), xattrs: new Map<string, Uint8Array>() });
  if (random.oneIn(3)) put({ name: "./", type: "dir", ...common(), mode: 0o700 + random.below(64) });
  for (let i = 3 + random.below(10); i > 0; i--) {
    const name = path();
    switch (random.below(12)) {
      case 0:
      case 1:
        put({ name: `${name}/`, type: "dir", ...common() }, "dir");
        break;
      case 2:
      case 3:
        put({
          ...{ name, type: "file", ...common(), content: random.bytes(random.below(40)) },
          ...random.oneIn(8) ? { xattrs: new Map([["security.capability", capability]]) } : {},
        }, "other");
        break;
      case 4:
        put(sparse(random, { name, type: "file", ...common() }), "other");
        break;
      case 5:
      case 6: {
        const to = random.oneIn(5) ? "../nowhere" : random.oneIn(3) ? `/${path()}` : path().split("/").pop()!;
        put({ name, type: "symlink", ...noXattrs(), mode: 0o777, linkname: to }, "symlink");
        break;
      }
      case 7:
      case 8: {
        const targets = [...now].filter(([, kind]) => kind !== "dir").map(([each]) => each);
        const linkname = targets.length === 0 || random.oneIn(20) ? path() : random.pick(targets);
        put({ name, type: "link", mode: 0o644, linkname }, now.get(linkname) ?? "other");
        break;
      }
      case 9: {
        const victims = [...now.keys()];
        const victim = victims.length === 0 || random.oneIn(4) ? name : random.pick(victims);
        const slash = victim.lastIndexOf("/") + 1;
        put({ name: `${victim.slice(0, slash)}.wh.${victim.slice(slash)}`, type: "file", mode: 0o644 });
        break;
      }
      case 10: {
        const at = random.oneIn(6) ? "" : parent();
        put({ name: `${at}.wh..wh..opq`, type: "file", mode: 0o644 });
        break;
      }
      case 11:
        if (random.oneIn(2)) put({ name, type: "fifo", ...noXattrs() }, "other");
        else put({ name, type: "char", ...noXattrs(), devmajor: 1, devminor: 3 }, "other");
    }
  }
  return entries;
}
