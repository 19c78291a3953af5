/** `umiak image unpack`, `diff` and `repack`. @module */
import { quoteName } from "../../image/list_files.ts";
import { parsePlatform } from "../../image/platform.ts";
import { parseIdRange } from "../../image/store/tree/id_map.ts";
import type { Parsed } from "../parser.ts";

function warn(notes: readonly string[]): void {
  for (const note of notes) console.error(`umiak: ${note}`);
}

/** `umiak image unpack IMAGE DIR`. */
export async function unpack(parsed: Parsed): Promise<number> {
  const [image, directory] = parsed.args as [string, string];
  const platform = parsed.value("platform");
  const { unpackBundle } = await import("../../runtime/engine/bundle.ts");
  warn(
    await unpackBundle(image, directory, {
      ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
      rootless: parsed.has("rootless"),
      uids: parsed.values("uid-map").map(parseIdRange),
      gids: parsed.values("gid-map").map(parseIdRange),
      keepDirlinks: parsed.has("keep-dirlinks"),
    }),
  );
  return 0;
}

/** `umiak image diff BUNDLE | A B`. */
export async function diff(parsed: Parsed): Promise<number> {
  const { diffTrees } = await import("../../runtime/engine/repack.ts");
  const changes = await diffTrees(parsed.args[0]!, parsed.args[1]);
  const text = changes.map(({ kind, path }) => `${kind} /${quoteName(path)}\n`).join("");
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  return 0;
}

/** Seconds of --timestamp, or else of SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/). */
function timestampOf(parsed: Parsed): { timestamp?: number } {
  const option = parsed.value("timestamp"), text = option ?? Deno.env.get("SOURCE_DATE_EPOCH");
  if (text === undefined) return {};
  if (!/^\d{1,11}$/.test(text)) {
    const name = option === undefined ? "SOURCE_DATE_EPOCH" : "--timestamp";
    throw new Error(`${name}: ${JSON.stringify(text)} is not a number of seconds since 1970`);
  }
  return { timestamp: Number(text) };
}

/** `umiak image repack --image DIR:TAG BUNDLE`. */
export async function repack(parsed: Parsed): Promise<number> {
  const image = parsed.value("image");
  if (image === undefined) throw new Error("--image: expected DIR:TAG, for example ./image:latest");
  const { parseCompression } = await import("../../image/layer/compressor.ts");
  const compress = parsed.value("compress");
  const history = (["created-by", "author", "comment"] as const).flatMap((name) => {
    const text = parsed.value(`history.${name}`);
    return text === undefined ? [] : [[name === "created-by" ? "createdBy" : name, text] as const];
  });
  const { repackBundle } = await import("../../runtime/engine/repack.ts");
  const { digest, layer, notes } = await repackBundle(parsed.args[0]!, {
    image,
    ...(compress === undefined ? {} : { compression: parseCompression(compress) }),
    ...timestampOf(parsed),
    history: Object.fromEntries(history),
    masked: parsed.values("mask-path"),
    volumes: parsed.has("no-mask-volumes"),
    refresh: parsed.has("refresh-bundle"),
  });
  warn(notes);
  if (layer === undefined) console.error("umiak: nothing has changed: the image has no new layer");
  console.log(digest);
  return 0;
}
