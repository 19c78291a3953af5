/** Documents of an image with one thing changed, and what validation finds in them. @module */
import assert from "node:assert/strict";
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from "../../media_types.ts";
import { type Json, MemoryTree } from "../../testing/memory_layout.ts";
import { findingText, validateLayout } from "../mod.ts";

/** Type of the layers here. */
export const LAYER = "application/vnd.oci.image.layer.v1.tar";
/** The empty descriptor. */
export const EMPTY = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  size: 2,
};
/** The digits of a digest. */
export const HEX = "0".repeat(64);

/** A document in place of the changed object. */
export class Text {
  /** What is written. */
  constructor(readonly text: string) {}
}

/** Changes to the documents of an image in an index in a layout; each is made before the one that refers to it. */
export interface Changes {
  readonly config?: (config: Json) => unknown;
  readonly manifest?: (manifest: Json) => unknown;
  /** The entry of the image in the index. */
  readonly entry?: (descriptor: Json) => unknown;
  readonly index?: (index: Json) => unknown;
}

/** A layout with one image, in an index, in index.json. */
export function layout(changes: Changes): MemoryTree {
  const tree = new MemoryTree();
  tree.put("oci-layout", { imageLayoutVersion: "1.0.0" });
  const layer = tree.blob(LAYER, new Uint8Array(1024));
  const config: Json = {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [layer.digest] },
    history: [{ created: "2020-01-01T00:00:00Z" }],
  };
  const own = changes.config?.(config);
  const configDescriptor = tree.blob(OCI_CONFIG, own instanceof Text ? own.text : config);
  const manifest: Json = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: configDescriptor,
    layers: [layer],
  };
  const ownManifest = changes.manifest?.(manifest);
  const entry: Json = {
    ...tree.blob(OCI_MANIFEST, ownManifest instanceof Text ? ownManifest.text : manifest),
    platform: { architecture: "amd64", os: "linux" },
  };
  changes.entry?.(entry);
  const index: Json = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] };
  changes.index?.(index);
  tree.put("index.json", {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [tree.blob(OCI_INDEX, index)],
  });
  return tree;
}

/** What is found, a line each. */
export async function findings(changes: Changes): Promise<string[]> {
  const report = await validateLayout(layout(changes));
  return report.findings.map(findingText);
}

/** A rule, a document that breaks it, and what is found; or one that does not, and nothing is. */
export type Rule = readonly [rule: string, changes: Changes, found: RegExp | null];

/** Changes the manifest. */
export const manifest = (change: (m: Json) => unknown): Changes => ({ manifest: change });
/** Changes the configuration. */
export const config = (change: (c: Json) => unknown): Changes => ({ config: change });
/** Changes the entry of the index. */
export const entry = (change: (d: Json) => unknown): Changes => ({ entry: change });
/** Changes the index. */
export const index = (change: (i: Json) => unknown): Changes => ({ index: change });
/** Changes the layer's descriptor. */
export const layer = (change: (d: Json) => unknown): Changes => ({ manifest: (m) => change(m.layers[0]) });

/** Registers a test for each rule of a document. */
export function testRules(document: string, rules: readonly Rule[]): void {
  for (const [rule, changes, found] of rules) {
    Deno.test(`${document}: ${rule}`, async () => {
      const all = await findings(changes);
      if (found === null) return assert.deepEqual(all, []);
      assert.ok(all.some((each) => found.test(each)), `found ${JSON.stringify(all, null, 1)}`);
      // What should not be is no error.
      if (found.source.includes("warning")) {
        assert.ok(all.every((each) => each.startsWith("warning")), all.join("\n"));
      }
    });
  }
}
