import assert from "node:assert/strict";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import { Files, testCaller } from "../../fs/testing/mod.ts";
import { withDirectory } from "../../tests/support/umiak.ts";
import { memoryImage } from "../testing/memory_image.ts";
import { LayerCache } from "./layer_cache.ts";
import { openLayers } from "./mount_layers.ts";
import { dir, file, link, symlink } from "./testing/trees.ts";

Deno.test("openLayers(): a layer that leads into those below is put on each of them as it should be", () =>
  withDirectory(async (path) => {
    const upper = [file("lib/new", "n".repeat(100_000)), link("l", "lib/old")];
    const merged = await memoryImage([
      [dir("usr"), symlink("lib", "usr/lib"), file("usr/lib/old", "1")],
      upper,
    ]);
    const split = await memoryImage([[file("lib/old", "2")], upper]);
    // The second time everything is in the cache.
    for (const image of [merged, split, merged, split]) {
      let closed = 0;
      const layers = await openLayers(image, new LayerCache(path), () => closed++);
      const overlay = new OverlaySuper({ lowers: layers.map((layer) => layer.root) });
      const f = new Files(testCaller(overlay));
      assert.deepEqual(f.list("/"), image === merged ? ["l", "lib", "usr"] : ["l", "lib"]);
      assert.deepEqual([f.text("/l"), f.stat("/l").nlink], [image === merged ? "1" : "2", 2]);
      assert.deepEqual(f.list("/lib"), ["new", "old"]);
      assert.deepEqual(f.bytes("/lib/new"), new Uint8Array(100_000).fill(0x6e));
      overlay.shutdown();
      assert.equal(closed, 1);
    }
    let closed = 0;
    const broken = await memoryImage([[file("a")], upper]);
    await assert.rejects(
      openLayers(broken, new LayerCache(path), () => closed++),
      /^Error: memory: layer sha256:[0-9a-f]{64}: hard link "l" to "lib\/old": there is no such file$/,
    );
    assert.equal(closed, 0, "an image that cannot be opened is the caller's to end");
  }));
