/** `umiak image`. @module */
import { listingLine, quoteName } from "../../image/list_files.ts";
import { parsePlatform } from "../../image/platform.ts";
import { parsePackedTree } from "../../image/store/pack.ts";
import { forEachFile, inspect as inspectImage, pack as packImage } from "../../runtime/engine/images.ts";
import type { Parsed } from "../parser.ts";

/** The platform that --platform asks for. */
export function platformOf(parsed: Parsed): ReturnType<typeof parsePlatform> | undefined {
  const text = parsed.value("platform");
  return text === undefined ? undefined : parsePlatform(text);
}

/** `umiak image inspect IMAGE`. */
export async function inspect(parsed: Parsed): Promise<number> {
  console.log(JSON.stringify(await inspectImage(parsed.args[0]!, platformOf(parsed)), null, 2));
  return 0;
}

/** `umiak image ls-files IMAGE`. */
export async function lsFiles(parsed: Parsed): Promise<number> {
  const long = parsed.has("long");
  let text = "";
  const flush = (): void => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
    text = "";
  };
  await forEachFile(parsed.args[0]!, platformOf(parsed), (file) => {
    text += `${long ? listingLine(file) : quoteName(file.path)}\n`;
    if (text.length > 65536) flush();
  });
  flush();
  return 0;
}

/** DIR:TAG; a Windows drive's colon belongs to the directory. */
function outputOf(text: string | undefined): { directory: string; tag: string } {
  const at = text?.lastIndexOf(":") ?? -1;
  const directory = text?.slice(0, at) ?? "", tag = text?.slice(at + 1) ?? "";
  if (at < 1 || tag === "" || /[\\/]/.test(tag)) {
    throw new Error("--output: expected DIR:TAG, for example ./image:latest");
  }
  return { directory: directory.replace(/^oci:/, ""), tag };
}

/** `umiak image pack FILE.wasm -o DIR:TAG`. */
export async function pack(parsed: Parsed): Promise<number> {
  const value = (name: string): string => parsed.value(name) ?? "";
  const labels = parsed.values("label").map((each) => {
    const at = each.indexOf("=");
    if (at < 1) throw new Error(`--label ${JSON.stringify(each)}: expected NAME=VALUE`);
    return [each.slice(0, at), each.slice(at + 1)] as const;
  });
  for (const each of parsed.values("env")) {
    if (each.indexOf("=") < 1) throw new Error(`--env ${JSON.stringify(each)}: expected NAME=VALUE`);
  }
  const modulePath = parsed.value("module-path");
  const digest = await packImage({
    module: parsed.args[0]!,
    ...outputOf(parsed.value("output")),
    ...(modulePath === undefined ? {} : { modulePath }),
    files: parsed.values("file").map(parsePackedTree),
    artifact: parsed.has("artifact"),
    config: {
      Env: parsed.values("env"),
      Entrypoint: parsed.values("entrypoint"),
      Cmd: parsed.values("cmd"),
      WorkingDir: value("workdir"),
      User: value("user"),
      Labels: Object.fromEntries(labels),
    },
  });
  console.log(digest);
  return 0;
}
