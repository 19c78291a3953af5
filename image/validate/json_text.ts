/** JSON against the rules of I-JSON (RFC 7493), with the path of everything that breaks them. @module */
import type { Report } from "./findings.ts";

const MAX_DEPTH = 128;
const RULE = "considerations.md#json";

/** A number that a double cannot hold exactly: its text. */
export class ExactNumber {
  /** `text` as it stands in the document. */
  constructor(readonly text: string) {}
}

/** The path of a field. */
export function fieldPath(path: string, name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** An object or array that is open while the text is read. */
interface Open {
  readonly path: string;
  /** Names so far; null for an array. */
  readonly names: Set<string> | null;
  /** The name, or the number, of the value that comes next. */
  at: string | number;
}

/** Finds names that come twice, strings that are no Unicode, and too deep nesting. The text is known to be valid JSON. */
function scan(text: string, report: Report, blob: string): boolean {
  const open: Open[] = [];
  let expectName = false;
  const here = (): string => {
    const top = open.at(-1);
    if (top === undefined) return "";
    return typeof top.at === "number" ? `${top.path}[${top.at}]` : fieldPath(top.path, top.at);
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      if (open.length >= MAX_DEPTH) {
        report.add("error", blob, here(), `nested more than ${MAX_DEPTH} deep`, RULE);
        return false;
      }
      open.push({ path: here(), names: c === "{" ? new Set() : null, at: c === "{" ? "" : 0 });
      expectName = c === "{";
    } else if (c === "}" || c === "]") {
      open.pop();
      expectName = false;
    } else if (c === ",") {
      const top = open.at(-1)!;
      if (typeof top.at === "number") top.at++;
      expectName = top.names !== null;
    } else if (c === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      const value = JSON.parse(text.slice(start, i + 1)) as string;
      if (expectName) {
        const top = open.at(-1)!;
        top.at = value;
        if (top.names!.has(value)) {
          report.add("error", blob, here(), "the name occurs twice in one object", RULE);
        }
        top.names!.add(value);
        expectName = false;
      }
      if (!value.isWellFormed()) {
        report.add("error", blob, here(), "a string with half a surrogate pair", RULE);
      }
    }
  }
  return true;
}

/** Parses a document and reports what I-JSON forbids; undefined if it cannot be read at all. */
export function readJson(bytes: Uint8Array, report: Report, blob: string): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    report.add("error", blob, "", "not valid UTF-8", RULE);
    return undefined;
  }
  if (text.startsWith("\ufeff")) {
    report.add("error", blob, "", "it begins with a byte order mark", RULE);
    text = text.slice(1);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    report.add("error", blob, "", `not valid JSON: ${(error as Error).message}`, RULE);
    return undefined;
  }
  if (!scan(text, report, blob)) return undefined;
  const exact = (_key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
    return /^-?\d+$/.test(source) ? new ExactNumber(source) : value;
  };
  return JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]);
}
