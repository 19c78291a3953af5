/** Results as tables. @module */

/** One table of results. */
export interface Table {
  /** What was measured. */
  readonly title: string;
  /** Headings, that of the rows' names first. */
  readonly columns: readonly string[];
  /** Cells, as text. */
  readonly rows: readonly (readonly string[])[];
  /** What a reader has to know. */
  readonly notes: readonly string[];
}

/** For a terminal: columns aligned, numbers to the right. */
export function plainText(table: Table): string {
  const lines = [table.columns, ...table.rows];
  const widths = table.columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? "").length)));
  const text = lines.map((line) =>
    line.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ").trimEnd()
  );
  return [table.title, ...text, ...table.notes.map((note) => `  ${note}`), ""].join("\n");
}

/** For docs/BENCHMARKS.md. */
export function markdown(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = table.columns.map((_, i) => i === 0 ? "---" : "---:");
  const notes = table.notes.length === 0 ? [] : ["", ...table.notes.map((note) => `- ${note}`)];
  return [`### ${table.title}`, "", line(table.columns), line(rule), ...table.rows.map(line), ...notes, ""]
    .join("\n");
}
