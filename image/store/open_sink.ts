/** Opens the place that a reference names as a sink for images. @module */
import type { ImageSink } from "../content.ts";
import { type ImageReference, looksLikePath, referenceText } from "../reference.ts";
import { DockerArchiveSink } from "./docker_archive_sink.ts";
import { LayoutSink } from "./layout_sink.ts";
import { OciArchiveSink } from "./oci_archive_sink.ts";
import { openRegistry } from "./open_registry.ts";
import type { OpenSource, OpenSourceOptions } from "./open_source.ts";
import { Store } from "./store.ts";

/** A sink, and the name an image is to have in it. */
export interface OpenSink {
  /** The sink; whoever opened it closes it. */
  readonly sink: ImageSink;
  /** Name of the image in it; undefined for none. */
  readonly imageName: string | undefined;
}

/** How a sink is opened. */
export interface OpenSinkOptions extends OpenSourceOptions {
  /** Layers that go into the store are decompressed and indexed on their way. */
  readonly prepareLayers?: boolean;
}

/** What a plain name means as a destination: a layout that is there, else a name in the store. */
async function plain(reference: ImageReference): Promise<ImageReference> {
  const { path } = reference;
  const info = await Deno.stat(path).catch(() => null);
  if (info?.isDirectory) return { ...reference, transport: "oci" };
  if (info !== null || looksLikePath(path)) {
    throw new Error(
      `destination ${
        referenceText(reference)
      }: say what it is to be: oci:${path}, oci-archive:${path} or docker-archive:${path}`,
    );
  }
  return { transport: "store", path };
}

/** Opens what a reference names for an image of `from`. */
export async function openSink(
  asked: ImageReference,
  from: Pick<OpenSource, "publicName" | "repository">,
  options: OpenSinkOptions = {},
): Promise<OpenSink> {
  const reference = asked.transport === "auto" ? await plain(asked) : asked;
  const { transport, path, tag } = reference;
  switch (transport) {
    case "oci":
      return { sink: new LayoutSink(path), imageName: tag };
    case "oci-archive":
      return { sink: new OciArchiveSink(path), imageName: tag };
    case "docker-archive":
      return { sink: new DockerArchiveSink(path), imageName: tag ?? savedAs(from.publicName) };
    case "docker": {
      const { repository, registry, tag, digest } = await openRegistry(path, options.registry);
      const { RegistrySink } = await import("../registry/mod.ts");
      const [source, name] = from.repository ?? [];
      const mountFrom = source === registry && name !== undefined && name !== repository.name ? [name] : [];
      return {
        sink: new RegistrySink(repository, { mountFrom }),
        imageName: digest === undefined ? tag : undefined,
      };
    }
    default: {
      const { prepareLayers = false, storeRoot } = options;
      return { sink: await Store.open(storeRoot, { prepareLayers }), imageName: path };
    }
  }
}

/** The name that `docker load` gives an image, if it has one of its own: a digest cannot be one. */
function savedAs(name: string | undefined): string | undefined {
  return name === undefined || name.includes("@") ? undefined : name;
}
