/** Where images come from, and what is read from there. @module */
import type { ImageConfig } from "./config.ts";
import type { ContentOptions } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Manifest } from "./manifest.ts";

/** Named files of a layout directory or an archive. */
export interface FileTree {
  /** What to call it in messages. */
  readonly name: string;
  /** Size of a file in bytes; undefined if there is none. */
  size(path: string): Promise<number | undefined>;
  /** Content of a file, from an offset if one is given. */
  read(path: string, offset?: number): AsyncIterable<Uint8Array>;
  /** Gives back what it holds. */
  close(): void;
}

/** A layer of an image. */
export interface ImageLayer {
  /** How the manifest names it. */
  readonly descriptor: Descriptor;
  /** Digest of its archive. */
  readonly diffId: string;
  /** Its bytes as they are kept, perhaps compressed; checked against the descriptor while they are read. */
  open(options?: ContentOptions): AsyncIterable<Uint8Array>;
}

/** An image that can be read. */
export interface Image {
  /** What to call it in messages. */
  readonly name: string;
  /** What the manifest is referred to by. Of a docker-archive, which has none, made up: the same archive gives the same manifest. */
  readonly descriptor: Descriptor;
  /** Digest of the manifest. */
  readonly digest: string;
  /** The manifest. */
  readonly manifest: Manifest;
  /** The manifest as it was written. */
  readonly manifestBytes: Uint8Array;
  /** The configuration. */
  readonly config: ImageConfig;
  /** The configuration as it was written. */
  readonly configBytes: Uint8Array;
  /** Layers, the lowest first. */
  readonly layers: readonly ImageLayer[];
  /** Gives back what it holds. */
  close(): void;
}
