/** Changing the annotations of a manifest (annotations.md). @module */
import type { Image } from "../source.ts";
import { type JsonObject, objectField, withField } from "./document.ts";
import type { MapChange } from "./edit_config.ts";
import { edited, manifestDocument } from "./edited.ts";

/** Annotations of a document after a change. Without any, the property is absent (annotations.md#rules). */
export function changedAnnotations(document: JsonObject, change: MapChange): JsonObject {
  const gone = new Set(change.remove ?? []);
  const old = change.clear ? [] : Object.entries(objectField(document, "annotations"));
  const result = { ...Object.fromEntries(old.filter(([key]) => !gone.has(key))), ...change.set };
  return withField(document, "annotations", Object.keys(result).length === 0 ? undefined : result);
}

/** The image with other annotations in its manifest. Docker's manifests have none: convert the image first. */
export function annotate(image: Image, change: MapChange): Image {
  const document = manifestDocument(image);
  if (/^application\/vnd\.docker\./.test(image.manifest.mediaType ?? "")) {
    throw new Error(
      `${image.name}: annotating: a manifest of type ${image.manifest.mediaType} has no annotations`,
    );
  }
  return edited(image, { manifest: changedAnnotations(document, change) });
}
