/** Image layouts against image-layout.md. @module */
import { hasher, isVerifiable, parseDigest } from "../digest.ts";
import { LayoutSource, readSmall } from "../layout.ts";
import { MAX_MANIFEST } from "../manifest.ts";
import { refName } from "../select.ts";
import type { FileTree } from "../source.ts";
import type { CheckedDescriptor } from "./descriptor_checks.ts";
import { Report } from "./findings.ts";
import { readJson } from "./json_text.ts";
import { checkIndex } from "./manifest_checks.ts";
import { Node } from "./node.ts";
import { type ValidateOptions, Validator } from "./validate.ts";

const CONTENT = "image-layout.md#content", BLOBS = "image-layout.md#blobs";

/** What a layout is validated with. */
export interface ValidateLayoutOptions extends ValidateOptions {
  /** Only images of this name. */
  readonly imageName?: string;
  /** Paths of all files of the layout: those below `blobs` are checked, referred to or not. */
  readonly paths?: AsyncIterable<string>;
}

async function documentOf(
  tree: FileTree,
  path: string,
  limit: number,
  report: Report,
): Promise<Node | undefined> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readSmall(tree, path, limit);
  } catch (error) {
    report.add("error", path, "", (error as Error).message, CONTENT);
    return undefined;
  }
  if (bytes === undefined) {
    report.add("error", path, "", "it is missing", CONTENT);
    return undefined;
  }
  const value = readJson(bytes, report, path);
  return value === undefined ? undefined : new Node(report, path, CONTENT, value);
}

function checkLayoutFile(node: Node | undefined): void {
  if (node === undefined || !node.object()) return;
  const version = node.required("imageLayoutVersion")?.string();
  if (version !== undefined && version !== "1.0.0") {
    node.field("imageLayoutVersion").error(
      `${JSON.stringify(version)}, not "1.0.0"`,
      "image-layout.md#oci-layout-file",
    );
  }
}

/** Checks names and content of the files below `blobs`. */
async function checkBlobs(tree: FileTree, options: ValidateLayoutOptions, report: Report): Promise<void> {
  let any = false;
  for await (const path of options.paths!) {
    options.signal?.throwIfAborted();
    if (path === "blobs" || path.startsWith("blobs/")) any = true;
    const match = /^blobs\/([^/]+)\/([^/]+)$/.exec(path);
    if (match === null) continue;
    const digest = parseDigest(`${match[1]}:${match[2]}`);
    if (digest === undefined) report.add("error", path, "", "its name is not that of a digest", BLOBS);
    else if (isVerifiable(digest) && !options.documentsOnly) {
      const hash = hasher(digest.algorithm);
      for await (const chunk of tree.read(path)) hash.update(chunk);
      const actual = hash.digest("hex");
      if (actual !== digest.encoded) {
        report.add("error", path, "", `its content has digest ${digest.algorithm}:${actual}`, BLOBS);
      }
    }
  }
  if (!any) report.add("error", "blobs", "", "the directory is missing", CONTENT);
}

function hasName(entry: CheckedDescriptor, name: string): boolean {
  if (entry.descriptor.digest === name) return true;
  const annotations = entry.node.field("annotations").value;
  const isMap = typeof annotations === "object" && annotations !== null && !Array.isArray(annotations);
  return refName({ ...entry.descriptor, annotations: isMap ? annotations as Record<string, string> : {} }) ===
    name;
}

/** Validates a layout: its own files, and everything that index.json leads to, or the images of one name. */
export async function validateLayout(tree: FileTree, options: ValidateLayoutOptions = {}): Promise<Report> {
  const report = new Report();
  checkLayoutFile(await documentOf(tree, "oci-layout", 65536, report));
  const index = await documentOf(tree, "index.json", MAX_MANIFEST, report);
  const { imageName } = options;
  if (index !== undefined) {
    const all = checkIndex(index, "index.json");
    const entries = imageName === undefined ? all : all.filter((entry) => hasName(entry, imageName));
    if (imageName !== undefined && entries.length === 0) {
      report.add(
        "error",
        "index.json",
        "manifests",
        `no image is called ${JSON.stringify(imageName)}`,
        CONTENT,
      );
    }
    const validator = new Validator(new LayoutSource(tree), report, options);
    for (const entry of entries) await validator.entry(entry);
  }
  if (options.paths !== undefined) await checkBlobs(tree, options, report);
  return report;
}
