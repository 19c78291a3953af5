/** Images on their way and in the store: pull, push, copy, list, tag, remove. @module */
import type { Copied } from "../../image/copy.ts";
import { plain } from "../../image/registry/http/errors.ts";
import { descriptorJson } from "../../image/wasm/module_image.ts";
import { contentName } from "../../image/read_content.ts";
import {
  copy as copyImage,
  type MoveOptions,
  pull as pullImage,
  push as pushImage,
} from "../../runtime/engine/pull.ts";
import { listReferrers, listTags, removeImages } from "../../runtime/engine/names.ts";
import { listImages, tagImage } from "../../runtime/engine/store.ts";
import type { Parsed } from "../parser.ts";
import { Progress, standardError } from "../progress.ts";
import { sizeText } from "../size_text.ts";
import { platformOf } from "./image.ts";
import { registryOptions } from "./registry_options.ts";

/** Moves an image with its progress on standard error, unless that is not wanted; prints its digest. */
async function moving(parsed: Parsed, move: (options: MoveOptions) => Promise<Copied>): Promise<number> {
  const platform = platformOf(parsed), allPlatforms = parsed.has("all-platforms");
  if (platform !== undefined && allPlatforms) {
    throw parsed.error("--platform and --all-platforms: only one of them can be");
  }
  const progress = parsed.has("quiet") ? undefined : new Progress(standardError());
  let copied: Copied;
  try {
    copied = await move({
      allPlatforms,
      referrers: parsed.has("referrers"),
      nonDistributable: parsed.has("non-distributable"),
      registry: await registryOptions(parsed),
      ...platform === undefined ? {} : { platform },
      ...progress === undefined ? {} : { onProgress: (blob) => progress.update(blob) },
    });
  } finally {
    progress?.close();
  }
  for (const missing of copied.missing) {
    console.error(`umiak: warning: ${contentName(missing)} was not copied: the source does not have it`);
  }
  for (const withheld of copied.withheld) {
    console.error(
      `umiak: warning: ${
        contentName(withheld)
      } was not sent: it is not to be distributed (--non-distributable sends it)`,
    );
  }
  console.log(copied.descriptor.digest);
  return 0;
}

/** `umiak pull NAME`. */
export function pull(parsed: Parsed): Promise<number> {
  return moving(parsed, (options) => pullImage(parsed.args[0]!, options));
}

/** `umiak push NAME [DESTINATION]`. */
export function push(parsed: Parsed): Promise<number> {
  return moving(parsed, (options) => pushImage(parsed.args[0]!, parsed.args[1], options));
}

/** `umiak image copy SOURCE DESTINATION`. */
export function copy(parsed: Parsed): Promise<number> {
  return moving(parsed, (options) => copyImage(parsed.args[0]!, parsed.args[1]!, options));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()}\n`).join(
    "",
  );
}

/** `umiak images`. */
export async function list(parsed: Parsed): Promise<number> {
  const images = await listImages();
  if (parsed.has("json")) console.log(JSON.stringify(images, null, 2));
  else if (parsed.has("quiet")) { for (const { digest } of images) console.log(digest); }
  else {
    const rows = images.map(({ name, digest, platforms, created, size }) => [
      name ?? "<none>",
      parsed.has("digests") ? digest : digest.slice(0, digest.indexOf(":") + 13),
      platforms.join(",") || "-",
      created?.slice(0, 10) ?? "-",
      sizeText(size),
    ]);
    Deno.stdout.writeSync(
      new TextEncoder().encode(table([["NAME", "DIGEST", "PLATFORM", "CREATED", "SIZE"], ...rows])),
    );
  }
  return 0;
}

/** `umiak image tag SOURCE NAME`. */
export async function tag(parsed: Parsed): Promise<number> {
  await tagImage(parsed.args[0]!, parsed.args[1]!);
  return 0;
}

/** `umiak image rm NAME...`. */
export async function remove(parsed: Parsed): Promise<number> {
  const options = { registry: await registryOptions(parsed) };
  // One by one: what has gone is told before the next may fail.
  for (const name of parsed.args) {
    for (const gone of await removeImages([name], options)) console.log(gone);
  }
  return 0;
}

/** `umiak image tags NAME`. */
export async function tags(parsed: Parsed): Promise<number> {
  for await (const tag of listTags(parsed.args[0]!, { registry: await registryOptions(parsed) })) {
    console.log(tag);
  }
  return 0;
}

/** `umiak image referrers IMAGE`. */
export async function referrers(parsed: Parsed): Promise<number> {
  const artifactType = parsed.value("artifact-type");
  const found = await listReferrers(parsed.args[0]!, {
    registry: await registryOptions(parsed),
    ...artifactType === undefined ? {} : { artifactType },
  });
  if (parsed.has("json")) console.log(JSON.stringify(found.map(descriptorJson), null, 2));
  else if (found.length > 0) {
    const rows = found.map((each) => [each.digest, plain(each.artifactType ?? "-"), sizeText(each.size)]);
    Deno.stdout.writeSync(new TextEncoder().encode(table([["DIGEST", "ARTIFACT TYPE", "SIZE"], ...rows])));
  }
  return 0;
}
