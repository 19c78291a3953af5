/** The part of docs/CONFORMANCE.md about cgroups of version 2 alone, and AppArmor. @module */
import { type Column, list, skips, table } from "../document.ts";

const HEAD = `
## Only cgroup v2, and AppArmor

The cases that are skipped above for want of them, in a machine that has both: Debian's own kernel, which qemu emulates. What differs is listed with
each runtime.

`;

/** The text; columns of runtimes that could not be asked have their reason. */
export function version2Section(columns: readonly Column[]): string {
  const asked = columns.filter(({ missing }) => missing === undefined);
  const others = columns.filter(({ missing }) => missing !== undefined);
  return HEAD + (asked.length === 0 ? "" : table(asked) + list("Skipped:", skips(asked[0]!.rows))) +
    others.map(({ name, missing }) => `\n${name} was not run: ${missing}\n`).join("");
}
