/** What `umiak image inspect` tells, in the shape that docker and podman users know. @module */
import type { Image } from "./source.ts";

/** The description of an image. */
export function inspectImage(image: Image): Record<string, unknown> {
  const { config, manifest, layers } = image;
  return {
    Name: image.name,
    Digest: image.digest,
    Created: config.created ?? null,
    Author: config.author ?? "",
    Architecture: config.architecture,
    Os: config.os,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Size: layers.reduce((sum, layer) => sum + layer.descriptor.size, 0),
    Config: {
      User: config.config.User,
      ExposedPorts: config.config.ExposedPorts,
      Env: config.config.Env,
      Entrypoint: config.config.Entrypoint,
      Cmd: config.config.Cmd,
      Volumes: config.config.Volumes,
      WorkingDir: config.config.WorkingDir,
      Labels: config.config.Labels,
      StopSignal: config.config.StopSignal,
    },
    RootFS: { Type: "layers", Layers: config.diffIds },
    Layers: layers.map(({ descriptor }) => ({
      MediaType: descriptor.mediaType,
      Digest: descriptor.digest,
      Size: descriptor.size,
    })),
    Annotations: manifest?.annotations ?? {},
    History: config.history,
  };
}
