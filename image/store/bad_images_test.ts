import assert from "node:assert/strict";
import { sha256 } from "../digest.ts";
import { gzip } from "../layer/compression.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from "../media_types.ts";
import { blobPath } from "../layout.ts";
import { parseReference } from "../reference.ts";
import { buildModuleImage, type LayerFile } from "../wasm/module_image.ts";
import { LayerCache } from "./layer_cache.ts";
import { changeIndex, indexEntry } from "./layout_index.ts";
import { writeLayout } from "./layout_writer.ts";
import { openLayers } from "./mount_layers.ts";
import { openImage } from "./open_image.ts";

const dirEntry = (name: string): LayerFile => ({ name, type: "dir", mode: 0o755 });
const link = (name: string, linkname: string, type: "link" | "symlink" = "link"): LayerFile => ({
  name,
  type,
  mode: 0o777,
  linkname,
});

/** The files below a directory, and what else there is in the directory it lies in. */
async function below(dir: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    if (entry.isDirectory) {
      names.push(...(await below(`${dir}/${entry.name}`)).map((n) => `${entry.name}/${n}`));
    } else names.push(entry.name);
  }
  return names.sort();
}

/** Opens the layers of the image in `l` below a new directory that `make` has filled. */
async function layersOf(make: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-bad-" });
  try {
    await make(dir);
    const before = await below(dir);
    try {
      const image = await openImage(parseReference(`oci:${dir}/l`));
      for (const sb of await openLayers(image, new LayerCache(`${dir}/cache`))) sb.shutdown();
      image.close();
    } finally {
      const after = await below(dir);
      assert.deepEqual(
        after.filter((name) => !name.startsWith("cache/")),
        before,
        "nothing is written elsewhere",
      );
      assert.deepEqual(
        after.filter((name) => name.startsWith("cache/tmp/")),
        [],
        "nothing is left half done",
      );
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const withFiles = (...files: LayerFile[]): Promise<void> =>
  layersOf(async (dir) => {
    const created = "1970-01-01T00:00:00Z";
    const image = await buildModuleImage({ layers: [{ files, comment: "" }], config: {}, created });
    await writeLayout(`${dir}/l`, image, "t");
  });

/** An image of one layer whose bytes, and what is said about them, are given. */
const withLayer = (
  bytes: Uint8Array,
  says: { diffId?: string; digest?: string; size?: number } = {},
): Promise<void> =>
  layersOf(async (dir) => {
    const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    const blob = (mediaType: string, bytes: Uint8Array, change = {}) => ({
      bytes,
      descriptor: { mediaType, digest: sha256(bytes), size: bytes.length, annotations: {}, ...change },
    });
    const { diffId = sha256(bytes), ...change } = says;
    const layer = blob(OCI_LAYER_GZIP, bytes, change);
    const config = blob(
      OCI_CONFIG,
      encode({ os: "wasi", architecture: "wasm", rootfs: { type: "layers", diff_ids: [diffId] } }),
    );
    const manifest = blob(
      OCI_MANIFEST,
      encode({ schemaVersion: 2, config: config.descriptor, layers: [layer.descriptor] }),
    );
    // As it is: what writes layouts here would refuse it.
    await Deno.mkdir(`${dir}/l/blobs/sha256`, { recursive: true });
    for (const { descriptor, bytes } of [layer, config, manifest]) {
      await Deno.writeFile(`${dir}/l/${blobPath(descriptor.digest)}`, bytes);
    }
    await changeIndex(`${dir}/l`, () => [indexEntry(manifest.descriptor, "t")]);
  });

const ZEROS = new Uint8Array(10240);

Deno.test("openLayers() takes an empty layer, compressed or not", async () => {
  await withLayer(ZEROS);
  await withLayer(await gzip(ZEROS), { diffId: sha256(ZEROS) });
});

Deno.test("openLayers() refuses a layer that is cut off, swapped, or not what the config says", async () => {
  const packed = await gzip(ZEROS);
  const diffId = sha256(ZEROS);
  const name = /^.*\/l: layer sha256:[0-9a-f]{64}: /;
  const refused = (promise: Promise<void>, message: RegExp): Promise<void> =>
    assert.rejects(promise, (error: Error) => {
      assert.match(error.message, new RegExp(name.source + message.source));
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  await refused(
    withLayer(packed, { diffId, size: packed.length + 5 }),
    /it is truncated: \d+ bytes of the \d+/,
  );
  await refused(withLayer(packed, { diffId, size: 9 }), /it is longer than the 9 bytes/);
  await refused(withLayer(packed.slice(0, -20), { diffId }), /gzip data is damaged or cut off/);
  await refused(withLayer(packed), /its archive has digest sha256:\w+, not the diff_id sha256:\w+ of/);
  const junk = new Uint8Array(512).fill(7);
  await refused(withLayer(junk), /tar archive, offset 0: /);
  await assert.rejects(withLayer(packed, { diffId, digest: `sha256:${"0".repeat(64)}` }), /digest|missing/);
});

const file = (name: string): LayerFile => ({ name, type: "file", mode: 0o644 });
const attacks: [name: string, files: LayerFile[], message: RegExp][] = [
  ["an entry ../../x", [file("../../x")], /entry "\.\.\/.*": it leads outside the layer's root/],
  ["an entry a/../../../x", [file("a/../../../x")], /entry "a\/\.\..*": it leads outside the layer's root/],
  [
    "an absolute symlink used as a directory",
    [link("a", "/etc", "symlink"), file("a/x")],
    /entry "a\/x": "a" is a symbolic link to "\/etc", not a directory/,
  ],
  [
    "a hard link to a missing file",
    [link("a", "none")],
    /hard link "a" to "none": there is no such file/,
  ],
  [
    "a hard link to a file outside",
    [link("a", "../../etc/passwd")],
    /hard link "a" to "\.\.\/.*": it leads outside/,
  ],
  [
    "a hard link to a directory",
    [dirEntry("d"), link("e", "d")],
    /hard link "e" to "d": it is a directory/,
  ],
  ["a whiteout without a name", [file(".wh.")], /whiteout "\.wh\.": it has no name/],
];
for (const [name, files, message] of attacks) {
  Deno.test(`openLayers() refuses a layer with ${name}, and names it`, () =>
    assert.rejects(withFiles(...files), (error: Error) => {
      assert.match(error.message, new RegExp(`^.*/l: layer sha256:[0-9a-f]{64}: ${message.source}[^\n]*$`));
      return true;
    }));
}

Deno.test("openLayers() takes links that lead anywhere: they are followed inside the container only", () =>
  withFiles(link("a", "/etc", "symlink"), link("b", "../../../x", "symlink")));
