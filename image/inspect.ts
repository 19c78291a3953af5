/** What `umiak image inspect` tells, in the shape that docker and podman users know. @module */
import { chainIds } from "./chain_id.ts";
import { sha256 } from "./digest.ts";
import type { Image } from "./source.ts";

function set(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

/** The name of all layers together; without layers there is none. */
function chainIdOf(diffIds: readonly string[]): { readonly ChainID?: string } {
  const all = chainIds(diffIds).at(-1);
  return all === undefined ? {} : { ChainID: all };
}

/** The description of an image, ready to be printed as JSON. */
export function inspectImage(image: Image): Record<string, unknown> {
  const { config, manifest, layers } = image;
  return {
    Id: sha256(image.configBytes),
    Name: image.name,
    Digest: image.digest,
    Created: config.created ?? null,
    Author: config.author ?? "",
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config.osVersion === undefined ? {} : { OsVersion: config.osVersion }),
    ...(config.osFeatures === undefined ? {} : { OsFeatures: config.osFeatures }),
    Size: layers.reduce((sum, layer) => sum + layer.descriptor.size, 0),
    Config: {
      User: config.config.User,
      ExposedPorts: set(config.config.ExposedPorts),
      Env: config.config.Env,
      Entrypoint: config.config.Entrypoint,
      Cmd: config.config.Cmd,
      Volumes: set(config.config.Volumes),
      WorkingDir: config.config.WorkingDir,
      Labels: config.config.Labels,
      StopSignal: config.config.StopSignal,
    },
    RootFS: { Type: "layers", Layers: config.diffIds, ...chainIdOf(config.diffIds) },
    Layers: layers.map(({ descriptor }) => ({
      MediaType: descriptor.mediaType,
      Digest: descriptor.digest,
      Size: descriptor.size,
      ...(Object.keys(descriptor.annotations).length === 0 ? {} : { Annotations: descriptor.annotations }),
    })),
    Annotations: manifest.annotations,
    History: config.history,
  };
}
