import assert from "node:assert/strict";
import { O_CREAT, O_WRONLY } from "../../fs/abi/open.ts";
import { LayerfsSuper, MemoryBlob } from "../../fs/layerfs/mod.ts";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import { Files, testCaller } from "../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import { inodeView } from "../store/tree/inode_view.ts";
import { diffUpper, type DiffUpperOptions, upperChanges } from "./diff_upper.ts";
import { LayerIndexer } from "./layer_indexer.ts";
import { type LayerEntry, tarStream } from "./tar_stream.ts";

const base = (f: Files): void => {
  f.mkdir("/d");
  f.write("/d/a", "lower a");
  f.write("/d/b", "lower b");
  f.mkdir("/d/sub");
  f.write("/d/sub/x", "x");
  f.mkdir("/d/sub/deep");
  f.write("/d/sub/deep/y", "y");
  f.symlink("d/a", "/link");
  f.write("/one", "shared");
};

interface Made {
  readonly f: Files;
  readonly overlay: OverlaySuper;
  readonly upper: Inode;
  readonly lower: OverlaySuper;
  readonly lowers: readonly Inode[];
}

/** An overlay over a lower tree, and the lower tree as it is seen alone. */
function overlay(fill: (f: Files) => void = base): Made {
  const sb = new TmpfsSuper();
  fill(new Files(testCaller(sb)));
  const lowers = [sb.root], upper = new TmpfsSuper();
  // Long ago, so that every change of a directory is seen in its time.
  const mtime = { sec: 1000, nsec: 5 };
  sb.root.setattr({ mtime });
  upper.root.setattr({ mode: sb.root.mode & 0o7777, mtime });
  const merged = new OverlaySuper({ lowers, upper: upper.root });
  return {
    f: new Files(testCaller(merged)),
    overlay: merged,
    upper: upper.root,
    lower: new OverlaySuper({ lowers }),
    lowers,
  };
}

const names = (made: Made, options?: DiffUpperOptions): string[] =>
  [...diffUpper(made.upper, options ?? { lower: made.lower.root })].map(({ name, type, linkname }) =>
    `${name} ${type}${linkname === undefined ? "" : ` ${linkname}`}`
  );

/** The tree that comes of a changeset on the lower trees. */
async function applied(entries: Iterable<LayerEntry>, lowers: readonly Inode[]): Promise<Inode> {
  const indexer = new LayerIndexer(), chunks: Uint8Array[] = [];
  for await (const chunk of tarStream(entries)) {
    indexer.push(chunk);
    chunks.push(chunk.slice());
  }
  const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  const layer = new LayerfsSuper({ index: indexer.finish(), blob: new MemoryBlob(bytes) });
  return new OverlaySuper({ lowers: [layer.root, ...lowers] }).root;
}

/** What two trees have in common if they are the same: everything but inode numbers. */
function described(root: Inode): string[] {
  const view = inodeView(root);
  return [...view.entries.values()].map((e) =>
    JSON.stringify({
      ...e,
      ino: 0,
      // Who of a file's names comes first depends on the tree only; a layer's file does not know those in others.
      leader: e.leader,
      content: (e.mode & 0o170000) === 0o100000 ? view.digest(e.path) : "",
    })
  ).sort();
}

async function assertSame(made: Made): Promise<void> {
  for (const options of [{ lower: made.lower.root }, {}]) {
    const root = await applied(diffUpper(made.upper, options), made.lowers);
    assert.deepEqual(described(root), described(made.overlay.root));
  }
}

Deno.test("diffUpper(): nothing changed, nothing in the changeset", () => {
  const made = overlay();
  made.f.text("/d/a");
  assert.deepEqual(names(made), []);
  assert.deepEqual([...upperChanges(made.upper, made.lower.root)], []);
});

Deno.test("layer.md#representing-changes: additions and modifications in their entirety, their parents along", async () => {
  const made = overlay();
  made.f.write("/d/sub/deep/z", "new");
  made.f.write("/d/a", "changed");
  assert.deepEqual(names(made), ["d dir", "d/a file", "d/sub dir", "d/sub/deep dir", "d/sub/deep/z file"]);
  await assertSame(made);
});

Deno.test("layer.md#whiteouts: whiteouts come before their siblings, and stand for whole directories", async () => {
  const made = overlay();
  made.f.unlink("/d/b");
  made.f.unlink("/d/sub/deep/y");
  made.f.rmdir("/d/sub/deep");
  made.f.unlink("/d/sub/x");
  made.f.rmdir("/d/sub");
  made.f.write("/d/.a", "new");
  made.f.unlink("/one");
  assert.deepEqual(names(made), [
    "./ dir",
    ".wh.one file",
    "d dir",
    "d/.wh.b file",
    "d/.wh.sub file",
    "d/.a file",
  ]);
  assert.deepEqual(
    [...upperChanges(made.upper, made.lower.root)].map(({ kind, path }) => `${kind} /${path}`),
    [
      "M /",
      "D /one",
      "M /d",
      "D /d/b",
      "D /d/sub",
      "A /d/.a",
    ],
  );
  await assertSame(made);
});

Deno.test("layer.md#opaque-whiteout: a directory made anew becomes explicit whiteouts, or an opaque one without the lower tree", async () => {
  const made = overlay();
  for (const path of ["/d/sub/deep/y", "/d/sub/x"]) made.f.unlink(path);
  for (const path of ["/d/sub/deep", "/d/sub"]) made.f.rmdir(path);
  made.f.mkdir("/d/sub");
  made.f.mkdir("/d/sub/deep");
  made.f.write("/d/sub/deep/new", "");
  assert.deepEqual(names(made), [
    "d dir",
    "d/sub dir",
    "d/sub/.wh.x file",
    "d/sub/deep dir",
    "d/sub/deep/.wh.y file",
    "d/sub/deep/new file",
  ]);
  assert.ok(names(made, {}).includes("d/sub/.wh..wh..opq file"));
  await assertSame(made);
});

Deno.test("layer.md#hardlinks: names of one file are linked inside the changeset", async () => {
  const made = overlay();
  made.f.write("/d/n", "n");
  made.f.link("/d/n", "/d/m");
  made.f.link("/d/n", "/z");
  assert.deepEqual(names(made).slice(1), ["d dir", "d/m file", "d/n link d/m", "z link d/m"]);
  await assertSame(made);
});

Deno.test("diffUpper(): a file in the place of a directory, and the other way round", async () => {
  const made = overlay();
  made.f.unlink("/d/a");
  made.f.mkdir("/d/a");
  made.f.write("/d/a/inside", "");
  made.f.unlink("/link");
  made.f.write("/link", "a file now");
  await assertSame(made);
});

Deno.test("diffUpper(): no time is later than the timestamp, and the same tree gives the same archive", async () => {
  const made = overlay();
  made.f.write("/d/a", "changed");
  for (const entry of diffUpper(made.upper, { timestamp: 1000 })) {
    assert.ok(
      entry.mtimeSec! <= 1000 &&
        (entry.mtimeSec! < 1000 || entry.mtimeNsec === 0 || entry.mtimeNsec === undefined),
    );
  }
  const archive = async (): Promise<string> => {
    const parts: string[] = [];
    for await (const chunk of tarStream(diffUpper(made.upper, { timestamp: 1000 }))) parts.push(chunk.join());
    return parts.join();
  };
  assert.equal(await archive(), await archive());
});

Deno.test("layer.md#whiteouts: a file whose name begins with .wh. cannot be in a layer", () => {
  const made = overlay();
  made.f.write("/.wh.x", "");
  assert.throws(() => names(made), /no layer can contain a file whose name begins with "\.wh\."/);
});

for (let seed = 1; seed <= 12; seed++) {
  Deno.test(`diffUpper(): random changes ${seed}: the changeset on the lower tree is the tree that was changed`, async () => {
    let state = seed * 7919;
    const random = (n: number): number => {
      state = Math.imul(state, 1664525) + 1013904223 | 0;
      return (state >>> 8) % n;
    };
    const made = overlay();
    const path = (): string => {
      let at = "";
      for (let depth = 1 + random(3); depth > 0; depth--) {
        at += `/${["a", "b", "d", "sub", "deep", "x", "one", "link"][random(8)]}`;
      }
      return at;
    };
    const write = (at: string, content: string): void => {
      const file = made.f.tryOpen(at, O_WRONLY | O_CREAT);
      if (typeof file === "string") return;
      file.close();
      made.f.write(at, content);
    };
    for (let step = 0; step < 150; step++) {
      const at = path();
      // What cannot be done where it hits is not done.
      [
        () => made.f.mkdir(at),
        () => write(at, `content ${step}`),
        () => made.f.unlink(at),
        () => made.f.rmdir(at),
        () => made.f.symlink(path(), at),
        () => made.f.rename(at, path()),
      ][random(6)]!();
    }
    await assertSame(made);
  });
}
