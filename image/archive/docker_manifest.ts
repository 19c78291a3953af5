/** The manifest.json of an archive that `docker load` reads. @module */

/** An image of such an archive. */
export interface SavedImage {
  /** Digest of the configuration. */
  readonly config: string;
  /** Names, as NAME:TAG. */
  readonly names: readonly string[];
  /** diff_ids of the layers, the lowest first. */
  readonly diffIds: readonly string[];
}

const hex = (digest: string): string => digest.slice(digest.indexOf(":") + 1);

/** Where the archive has a configuration. */
export function savedConfigPath(digest: string): string {
  return `${hex(digest)}.json`;
}

/** Where the archive has a layer. */
export function savedLayerPath(diffId: string): string {
  return `${hex(diffId)}.tar`;
}

/** The content of manifest.json. */
export function dockerManifest(images: readonly SavedImage[]): Uint8Array<ArrayBuffer> {
  const entries = images.map(({ config, names, diffIds }) => ({
    Config: savedConfigPath(config),
    RepoTags: names,
    Layers: diffIds.map(savedLayerPath),
  }));
  return new TextEncoder().encode(JSON.stringify(entries));
}

/** A name as docker wants it: it has a tag. Throws for what docker would not load. */
export function savedName(name: string, what: string): string {
  const slash = name.lastIndexOf("/");
  const tagged = name.includes(":", slash + 1) ? name : `${name}:latest`;
  if (!/^[A-Za-z0-9.:-]*[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tagged)) {
    throw new Error(`${what}: ${JSON.stringify(name)} cannot be a name there: expected NAME[:TAG]`);
  }
  return tagged;
}
