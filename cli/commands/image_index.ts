/** `umiak image index create`, `add`, `rm`. @module */
import {
  addToImageIndex,
  createImageIndex,
  type EditIndexOptions,
  removeFromImageIndex,
} from "../../runtime/engine/image_index.ts";
import { annotations, pairs } from "../edit_values.ts";
import type { Parsed } from "../parser.ts";

function indexOptions(parsed: Parsed): EditIndexOptions {
  const artifactType = parsed.value("artifact-type"), subject = parsed.value("subject");
  return {
    ...annotations(parsed),
    entryAnnotations: pairs(parsed, "entry-annotation"),
    ...(artifactType === undefined ? {} : { artifactType: artifactType === "" ? null : artifactType }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** `umiak image index create INDEX IMAGE...`. */
export async function create(parsed: Parsed): Promise<number> {
  const [target, ...images] = parsed.args as [string, ...string[]];
  console.log(await createImageIndex(target, images, indexOptions(parsed)));
  return 0;
}

/** `umiak image index add INDEX IMAGE...`. */
export async function add(parsed: Parsed): Promise<number> {
  const [target, ...images] = parsed.args as [string, ...string[]];
  console.log(await addToImageIndex(target, images, indexOptions(parsed)));
  return 0;
}

/** `umiak image index rm INDEX DIGEST|PLATFORM...`. */
export async function remove(parsed: Parsed): Promise<number> {
  const [target, ...entries] = parsed.args as [string, ...string[]];
  console.log(await removeFromImageIndex(target, entries));
  return 0;
}
