/** The root filesystem of a container: read-only layers under a fresh writable tree. @module */
import { LayerfsSuper, OverlaySuper, TmpfsSuper } from "../../fs/mod.ts";
import type { Inode } from "../../fs/vfs/inode.ts";
import type { ImageConfig } from "../../image/config.ts";
import type { Platform } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import { defaultRoot } from "../../image/store/default_root.ts";
import { HostBlob } from "../../image/store/host_blob.ts";
import { singleFileIndex, singleModuleConfig } from "../../image/wasm/module_image.ts";
import { RunError } from "./options.ts";

/** An image ready to be run. */
export interface PreparedImage {
  /** What to call it. */
  readonly name: string;
  /** Its configuration. */
  readonly config: ImageConfig;
  /** Its layers, the topmost first. */
  readonly layers: readonly LayerfsSuper[];
}

const MAGIC: readonly number[] = [0x00, 0x61, 0x73, 0x6d];

/** True for a host file that begins like a module; undefined if there is no such file. */
function isModule(path: string): boolean | undefined {
  try {
    using file = Deno.openSync(path);
    const head = new Uint8Array(4);
    file.readSync(head);
    return MAGIC.every((byte, i) => head[i] === byte);
  } catch {
    return undefined;
  }
}

/** A module as an image of one file. */
function moduleImage(path: string): PreparedImage {
  const name = `/${path.replaceAll("\\", "/").split("/").at(-1)}`;
  const blob = new HostBlob(path);
  const index = singleFileIndex(name, blob.size, Deno.statSync(path).mtime?.getTime() ?? 0);
  return { name: path, config: singleModuleConfig(name), layers: [new LayerfsSuper({ index, blob })] };
}

/** Opens what a user named: a module, or an image whose layers are brought into the cache. */
export async function prepareImage(image: string, platform: Platform | undefined): Promise<PreparedImage> {
  const reference = parseReference(image);
  if (reference.transport === "auto") {
    const module = isModule(image);
    if (module) return moduleImage(image);
    if (module === false && image.endsWith(".wasm")) {
      throw new RunError(`${image}: it is not a WebAssembly module`, 126);
    }
  }
  const { openImage } = await import("../../image/store/open_image.ts");
  const { LayerCache } = await import("../../image/store/layer_cache.ts");
  const { openLayers } = await import("../../image/store/mount_layers.ts");
  const opened = await openImage(reference, platform === undefined ? {} : { platform });
  try {
    const layers = await openLayers(opened, new LayerCache(defaultRoot()));
    return { name: opened.name, config: opened.config, layers };
  } finally {
    opened.close();
  }
}

/** An overlay of an image's layers with a writable tree of its own, in memory. */
export function rootFilesystem(layers: readonly LayerfsSuper[]): OverlaySuper {
  const upper = new TmpfsSuper({ mode: 0o755 });
  const top = layers[0]?.root;
  if (top !== undefined) upper.root.setattr({ mode: top.mode & 0o7777, uid: top.uid, gid: top.gid });
  const lowers: Inode[] = layers.map((layer) => layer.root);
  // An image may have no layers at all: the overlay then has an empty one below.
  return new OverlaySuper({ lowers, upper: upper.root });
}
