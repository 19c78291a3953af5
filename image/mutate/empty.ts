/** The image without layers, which others are built on. @module */
import { decodeImageConfig } from "../config.ts";
import { sha256 } from "../digest.ts";
import { decodeManifest } from "../manifest.ts";
import { OCI_CONFIG, OCI_MANIFEST } from "../media_types.ts";
import type { Platform } from "../platform.ts";
import type { Image } from "../source.ts";
import { documentBytes } from "./document.ts";

/** An image for a platform, with nothing in it. */
export function emptyImage(platform: Platform, name = "empty image"): Image {
  const { os, architecture, variant } = platform;
  const configBytes = documentBytes({
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    rootfs: { type: "layers", diff_ids: [] },
  });
  const manifestBytes = documentBytes({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: sha256(configBytes), size: configBytes.length },
    layers: [],
  });
  const digest = sha256(manifestBytes);
  return {
    name,
    descriptor: { mediaType: OCI_MANIFEST, digest, size: manifestBytes.length, annotations: {}, platform },
    digest,
    manifest: decodeManifest(manifestBytes, name),
    manifestBytes,
    config: decodeImageConfig(configBytes, name),
    configBytes,
    layers: [],
    close: () => {},
  };
}
