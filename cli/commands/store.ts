/** `umiak store`. @module */
import { collectStore, verifyStore } from "../../runtime/engine/store.ts";
import type { Parsed } from "../parser.ts";
import { sizeText } from "../size_text.ts";

/** `umiak store check`: exit code 1 if something is wrong. */
export async function check(parsed: Parsed): Promise<number> {
  const { findings, blobs, layers, bytes } = await verifyStore();
  for (const finding of findings) console.log(finding);
  if (!parsed.has("quiet")) {
    console.error(`${blobs} blobs and ${layers} layers, ${sizeText(bytes)}: ${findings.length} findings`);
  }
  return findings.length === 0 ? 0 : 1;
}

/** `umiak store gc`. */
export async function gc(parsed: Parsed): Promise<number> {
  const dryRun = parsed.has("dry-run");
  const { files, bytes } = await collectStore(dryRun);
  if (!parsed.has("quiet")) { for (const file of files) console.log(file); }
  console.error(`${files.length} files, ${bytes} bytes ${dryRun ? "would be removed" : "removed"}`);
  return 0;
}
