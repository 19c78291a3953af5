/** Validation of images against the image specification: every finding, not only the first. @module */
import type { ImageSource } from "../content.ts";
import { descriptorJson } from "../wasm/module_image.ts";
import { checkDescriptor } from "./descriptor_checks.ts";
import { Report } from "./findings.ts";
import { Node } from "./node.ts";
import { type ValidateOptions, Validator } from "./validate.ts";

export { type Finding, findingText, Report, type Severity } from "./findings.ts";
export { validateLayout, type ValidateLayoutOptions } from "./layout_checks.ts";
export { type ValidateOptions } from "./validate.ts";

/** Validates what a name means in any place with images, and everything below it. Throws if the name means nothing. */
export async function validateImage(
  source: ImageSource,
  name: string | undefined,
  options: ValidateOptions = {},
): Promise<Report> {
  const report = new Report();
  const validator = new Validator(source, report, options);
  for (const descriptor of await source.resolve(name, options)) {
    const node = new Node(report, source.name, "", descriptorJson(descriptor));
    const entry = checkDescriptor(node, "index.json");
    if (entry !== undefined) await validator.entry(entry);
  }
  return report;
}
