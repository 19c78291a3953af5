/** What validation finds. @module */

/** How bad it is: against a MUST of a specification, or against a SHOULD. */
export type Severity = "error" | "warning";

/** One thing that is wrong. */
export interface Finding {
  /** See Severity. */
  readonly severity: Severity;
  /** What it is in: "manifest sha256:…", "oci-layout". */
  readonly blob: string;
  /** Where in it: a JSON path, or an entry of an archive; empty for the whole. */
  readonly at: string;
  /** What is wrong. */
  readonly message: string;
  /** Where the rule stands: "manifest.md#schemaVersion". */
  readonly rule: string;
}

/** Findings that are kept, at most: a layer could have millions. */
const MAX_FINDINGS = 10_000;

/** Collects findings. */
export class Report {
  readonly #findings: Finding[] = [];
  /** Findings that were not kept because there were too many. */
  dropped = 0;

  /** All findings, in the order in which they were made. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /** True if there is no error among them. */
  get valid(): boolean {
    return this.dropped === 0 && !this.#findings.some((each) => each.severity === "error");
  }

  /** Takes a finding. */
  add(severity: Severity, blob: string, at: string, message: string, rule: string): void {
    if (this.#findings.length >= MAX_FINDINGS) this.dropped++;
    else this.#findings.push({ severity, blob, at, message, rule });
  }
}

/** A finding on one line; what it quotes cannot command a terminal. */
export function findingText(finding: Finding): string {
  const { severity, blob, at, message, rule } = finding;
  const text = `${severity}: ${blob}: ${at === "" ? "" : `${at}: `}${message} (${rule})`;
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
