/** Warnings of registries (distribution-spec, Warnings): each is reported once. @module */
import { plain } from "./errors.ts";

/** A registry sends no more than this (distribution-spec, Warnings). */
const MAX_LENGTH = 4096;
/** Warnings that are remembered, and so reported. */
const MAX_WARNINGS = 100;

/** Reports the warnings of answers. */
export class Warnings {
  readonly #report: (text: string) => void;
  readonly #seen = new Set<string>();

  /** `report` gets the text of each warning. */
  constructor(report: (text: string) => void) {
    this.#report = report;
  }

  /** Looks at the headers of an answer. */
  note(headers: Headers): void {
    const text = headers.get("warning");
    if (text === null || text.length > MAX_LENGTH) return;
    for (const [, quoted = ""] of text.matchAll(/\b299 - "((?:[^"\\]|\\.)*)"/g)) {
      const warning = plain(quoted.replace(/\\(.)/g, "$1"));
      if (warning === "" || this.#seen.has(warning) || this.#seen.size >= MAX_WARNINGS) continue;
      this.#seen.add(warning);
      this.#report(warning);
    }
  }
}
