/** Moving an image from one base to another. @module */
import type { Image } from "../source.ts";
import { changedAnnotations } from "./annotate.ts";
import { inFormatOf } from "./append.ts";
import { arrayField, type JsonObject, sameJson, withField } from "./document.ts";
import { configDocument, edited, manifestDocument } from "./edited.ts";
import { completeHistory, madeLayer, splitHistory } from "./history.ts";
import { formatOf } from "./layer_types.ts";

/** What an image is based on (annotations.md). */
export const BASE_DIGEST = "org.opencontainers.image.base.digest";
/** See BASE_DIGEST. */
export const BASE_NAME = "org.opencontainers.image.base.name";

/** How an image is rebased. */
export interface RebaseOptions {
  /** The new base's name, for the annotation. */
  readonly baseName?: string;
}

/** Throws unless the layers of `base` are the lowest layers of `image`. */
function checkBase(image: Image, base: Image): void {
  const own = image.config.diffIds, old = base.config.diffIds;
  const at = old.findIndex((diffId, i) => own[i] !== diffId);
  if (at < 0) return;
  throw new Error(
    `${image.name}: rebasing: it is not based on ${base.name}: layer ${at} is ${
      own[at] ?? "missing"
    }, there it is ${old[at]}`,
  );
}

/** Throws if what was built on one base cannot run on the other. */
function checkPlatforms(image: Image, base: Image): void {
  for (const field of ["os", "architecture", "variant"] as const) {
    const own = image.config[field] ?? "", other = base.config[field] ?? "";
    if (own !== other) {
      throw new Error(
        `${image.name}: rebasing: its ${field} is ${JSON.stringify(own)}, that of ${base.name} ${
          JSON.stringify(other)
        }`,
      );
    }
  }
}

/** The steps of an image that came after those of its base. */
function ownSteps(image: Image, document: JsonObject, base: Image): readonly unknown[] {
  const steps = completeHistory(document, image.layers.length);
  const known = arrayField(configDocument(base), "history");
  // Where the base's own steps are at the beginning, the ones behind its last layer are the base's too.
  const isPrefix = known.filter(madeLayer).length === base.layers.length &&
    known.every((step, i) => sameJson(step, steps[i]));
  return isPrefix ? steps.slice(known.length) : splitHistory(steps, base.layers.length)[1];
}

/**
 * The image on the layers of `newBase` in place of those of `oldBase`. Its configuration stays, except for what tells of the layers, and
 * the version and features of the operating system, which are the new base's. Closing it closes `newBase` too. Throws if `oldBase` is not
 * what the image is based on, or the platforms differ.
 */
export function rebase(image: Image, oldBase: Image, newBase: Image, options: RebaseOptions = {}): Image {
  checkBase(image, oldBase);
  checkPlatforms(image, newBase);
  const document = configDocument(image), base = configDocument(newBase);
  let config: JsonObject = {
    ...document,
    history: [
      ...completeHistory(base, newBase.layers.length),
      ...ownSteps(image, document, oldBase),
    ],
  };
  for (const field of ["os.version", "os.features"]) config = withField(config, field, base[field]);
  const layers = [
    ...newBase.layers.map((layer) => inFormatOf(image, layer)),
    ...image.layers.slice(oldBase.layers.length),
  ];
  const set = {
    [BASE_DIGEST]: newBase.digest,
    ...(options.baseName === undefined ? {} : { [BASE_NAME]: options.baseName }),
  };
  const remove = options.baseName === undefined ? [BASE_NAME] : [];
  const manifest = formatOf(image) === "docker"
    ? {}
    : { manifest: changedAnnotations(manifestDocument(image), { set, remove }) };
  return edited(image, { config, layers, ...manifest, keeps: [newBase] });
}
