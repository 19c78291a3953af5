/** docs/CONFORMANCE.md: subjects by runtime, and every case that does not pass with its reason. @module */
import { differencesOf } from "./differences.ts";
import type { Row } from "./run.ts";

/** What a runtime did with all cases, or why it was not asked. */
export interface Column {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly missing?: string | undefined;
}

const HEAD = `# Conformance

Cases of tests/conformance, each a change of one config.json with the sentence of the runtime specification that it is about: the program
tests/probe reports from inside the container what it sees, and the report is held against what the sentence says. \`sandbox\` is the userland
kernel, \`native\` Linux itself; Debian's runc and crun judge the cases: they are older than the specification, so what they do differently is listed, too. Written
by \`deno task conformance\`.

`;

/** "12", "11 + 1 skipped of 13". */
function cell(rows: readonly Row[]): string {
  const count = (outcome: string): number => rows.filter(({ result }) => result.outcome === outcome).length;
  const [passed, skipped] = [count("pass"), count("skip")];
  if (passed === rows.length) return String(passed);
  return `${passed} of ${rows.length}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** How many cases of each subject pass, by runtime. */
export function table(columns: readonly Column[]): string {
  const present = columns.filter(({ missing }) => missing === undefined);
  const subjects = [...new Set(present[0]!.rows.map(({ subject }) => subject))];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const row = (name: string, of: (row: Row) => boolean): string =>
    line([name, ...present.map(({ rows }) => cell(rows.filter(of)))]);
  return line(["subject", ...present.map(({ name }) => name)]) +
    line(["---", ...present.map(() => "---")]) +
    subjects.map((subject) => row(subject, (each) => each.subject === subject)).join("") +
    row("**all**", () => true);
}

/** Cases that are skipped, by reason. */
export function skips(rows: readonly Row[]): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { subject, test, result } of rows) {
    if (result.outcome !== "skip") continue;
    reasons.set(result.why, [...reasons.get(result.why) ?? [], `${subject}: ${test.name}`]);
  }
  return reasons;
}

/** Reasons with their cases, under a title; nothing if there are none. */
export function list(title: string, reasons: ReadonlyMap<string, readonly string[]>): string {
  return reasons.size === 0 ? "" : `\n${title}\n\n` +
    [...reasons].map(([reason, cases]) => `- ${reason}\n${cases.map((each) => `  - ${each}\n`).join("")}`)
      .join("");
}

function section({ name, rows, missing }: Column): string {
  if (missing !== undefined) return `## ${name}\n\nnot run: ${missing}\n`;
  const differing = new Map<string, string[]>();
  for (const { subject, name: of, reason } of differencesOf(name)) {
    differing.set(reason, [...differing.get(reason) ?? [], `${subject}: ${of}`]);
  }
  return `## ${name}\n${list("Differs:", differing)}${list("Skipped:", skips(rows))}`;
}

/** The whole text. */
export function documentOf(columns: readonly Column[]): string {
  return HEAD + table(columns) + "\n" + columns.map(section).join("\n");
}
