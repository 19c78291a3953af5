/** Archives of `docker save`: manifest.json lists configurations and layers by file name. @module */
import { Cursor, parseJson } from "../json/mod.ts";
import { decodeImageConfig, MAX_CONFIG } from "./config.ts";
import { sha256 } from "./digest.ts";
import { checkPlatform, type ImageChoice, readSmall } from "./layout.ts";
import { MAX_MANIFEST } from "./manifest.ts";
import type { FileTree, Image, ImageLayer } from "./source.ts";

const LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar";

interface Saved {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** The images of an archive that a name, or its absence, means. */
function select(saved: readonly Saved[], name: string | undefined, what: string): Saved {
  const names = saved.flatMap((image) => image.names);
  if (name === undefined) {
    if (saved.length === 1) return saved[0]!;
    throw new Error(
      saved.length === 0
        ? `${what}: it contains no image`
        : `${what}: it contains several images, name one of them: ${names.join(", ")}`,
    );
  }
  const wanted = /:[^/]+$/.test(name) ? name : `${name}:latest`;
  const matches = saved.filter((image) =>
    image.names.some((each) => each === wanted || each.endsWith(`/${wanted}`))
  );
  if (matches.length === 1) return matches[0]!;
  throw new Error(
    `${what}: ${matches.length === 0 ? "no image is" : "several images are"} called ${
      JSON.stringify(name)
    }; it has ${names.join(", ") || "no names"}`,
  );
}

/** Opens the image that `choice` means. The image closes the tree. */
export async function openDockerArchive(tree: FileTree, choice: ImageChoice): Promise<Image> {
  const bytes = await readSmall(tree, "manifest.json", MAX_MANIFEST);
  if (bytes === undefined) throw new Error(`${tree.name}: not a docker archive: it has no manifest.json`);
  const what = `${tree.name}: manifest.json`;
  const saved = new Cursor(parseJson(bytes, what), what).items().map((item): Saved => ({
    config: item.field("Config").string(),
    names: item.field("RepoTags").strings(),
    layers: item.field("Layers").strings(),
  }));
  const image = select(saved, choice.tag, tree.name);
  const configName = `${tree.name}: ${image.config}`;
  const configBytes = await readSmall(tree, image.config, MAX_CONFIG);
  if (configBytes === undefined) throw new Error(`${configName} is missing`);
  const digest = sha256(configBytes);
  // The file is named after its digest: ID.json, or blobs/sha256/ID.
  const stated = /([a-f0-9]{64})(\.json)?$/.exec(image.config)?.[1];
  if (stated !== undefined && digest !== `sha256:${stated}`) {
    throw new Error(`${configName}: its content has digest ${digest}`);
  }
  const config = decodeImageConfig(configBytes, configName, image.layers.length);
  if (choice.strict) checkPlatform(config, choice.platforms, tree.name);
  const layers: ImageLayer[] = [];
  for (const [i, path] of image.layers.entries()) {
    const size = await tree.size(path);
    if (size === undefined) throw new Error(`${tree.name}: ${path} is missing`);
    const diffId = config.diffIds[i]!;
    layers.push({
      descriptor: { mediaType: LAYER_TYPE, digest: diffId, size, annotations: {} },
      diffId,
      open: () => tree.read(path),
    });
  }
  return { name: tree.name, digest, manifest: null, config, configBytes, layers, close: () => tree.close() };
}
