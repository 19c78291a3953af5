/** Names of images in any place: which there are, what refers to an image, and how names are taken away. @module */
import type { ContentOptions } from "../../image/content.ts";
import type { Descriptor } from "../../image/descriptor.ts";
import { type ImageReference, looksLikePath, parseReference } from "../../image/reference.ts";
import type { RegistryOptions } from "../../image/registry/options.ts";
import { parseRegistryReference } from "../../image/registry/reference.ts";
import { removeRefName } from "../../image/store/layout_index.ts";
import { openRegistry } from "../../image/store/open_registry.ts";
import { openSource } from "../../image/store/open_source.ts";
import { Store } from "../../image/store/store.ts";

/** Where names are, and how registries are talked to. */
export interface NamesOptions extends ContentOptions {
  /** Directory of the store; the user's own unless given. */
  readonly storeRoot?: string;
  /** How registries are talked to. */
  readonly registry?: RegistryOptions;
}

async function isOnHost({ transport, path }: ImageReference): Promise<boolean> {
  if (transport !== "auto") return transport !== "docker";
  return looksLikePath(path) || await Deno.stat(path).then(() => true, () => false);
}

/** The tags of a repository `[docker://][HOST/]NAME`, or the names in a layout or an archive. */
export async function* listTags(place: string, options: NamesOptions = {}): AsyncGenerator<string> {
  const reference = parseReference(place);
  const what = `tags of ${place}`;
  if (reference.transport === "store") {
    throw new Error(`${what}: the store has images of many repositories; umiak image ls lists them`);
  }
  if (await isOnHost(reference)) {
    if (reference.tag !== undefined) {
      throw new Error(`${what}: expected a layout or an archive without a tag`);
    }
  } else {
    const { tag, digest } = parseRegistryReference(reference.path);
    if (tag !== undefined || digest !== undefined) {
      throw new Error(`${what}: expected a repository, without ${tag === undefined ? "a digest" : "a tag"}`);
    }
    const { repository } = await openRegistry(reference.path, options.registry);
    return yield* repository.tags(options);
  }
  const { source } = await openSource(reference, options);
  try {
    yield* source.names(options);
  } finally {
    source.close();
  }
}

/** Which referrers are wanted. */
export interface ReferrerOptions extends NamesOptions {
  /** Only those of this type. */
  readonly artifactType?: string;
}

/** The manifests whose `subject` is what an image's name means: signatures, bills of materials. */
export async function listReferrers(image: string, options: ReferrerOptions = {}): Promise<Descriptor[]> {
  const { source, imageName } = await openSource(parseReference(image), options);
  try {
    const found = new Map<string, Descriptor>();
    for (const { digest } of await source.resolve(imageName, options)) {
      for (const each of await source.referrers(digest, options)) found.set(each.digest, each);
    }
    const { artifactType } = options;
    return [...found.values()].filter((each) =>
      artifactType === undefined || each.artifactType === artifactType
    );
  } finally {
    source.close();
  }
}

/** Deletes a tag of a registry, or a manifest with all its tags by its digest. */
async function removeFromRegistry(path: string, options: NamesOptions): Promise<string> {
  const { tag, digest } = parseRegistryReference(path);
  const what = `removing docker://${path}`;
  if ((tag === undefined) === (digest === undefined)) {
    throw new Error(`${what}: expected NAME:TAG, or NAME@DIGEST for an image with all its tags`);
  }
  const { repository, text } = await openRegistry(path, options.registry);
  if (digest !== undefined) {
    await repository.deleteManifest(digest, options);
    return text;
  }
  try {
    await repository.deleteManifest(tag!, options);
    return text;
  } catch (error) {
    const { RegistryError } = await import("../../image/registry/mod.ts");
    if (!(error instanceof RegistryError) || ![400, 404, 405].includes(error.status)) throw error;
    // Not every registry can delete a tag alone (distribution-spec, Deleting tags): Debian's says that it is no digest.
    const found = await repository.headManifest(tag!, options);
    if (found === undefined) throw new Error(`${what}: there is no such tag`, { cause: error });
    throw new Error(
      `${what}: ${error.message}: the registry deletes no single tags; docker://${repository.text}@${found.digest} ` +
        `is the image with all its tags`,
      { cause: error },
    );
  }
}

async function removeOne(name: string, options: NamesOptions): Promise<string[]> {
  const reference = parseReference(name);
  const { transport, path, tag } = reference;
  switch (transport) {
    case "docker":
      return [await removeFromRegistry(path, options)];
    case "oci":
      if (tag === undefined) throw new Error(`removing ${name}: expected oci:DIR:TAG`);
      await removeRefName(path, tag, options.signal);
      return [name];
    case "oci-archive":
    case "docker-archive":
      throw new Error(`removing ${name}: an archive does not change; image copy makes another one`);
    default: {
      const store = await Store.open(options.storeRoot);
      try {
        return (await store.remove(path)).map((each) => each === "" ? path : each);
      } finally {
        store.close();
      }
    }
  }
}

/**
 * Takes names away: of the store, of a layout (`oci:DIR:TAG`), of a registry (`docker://NAME:TAG`). A digest stands for all names of the
 * store that mean it; in a registry it is the image itself. The names that are gone.
 */
export async function removeImages(names: readonly string[], options: NamesOptions = {}): Promise<string[]> {
  const removed: string[] = [];
  for (const name of names) removed.push(...await removeOne(name, options));
  return removed;
}
