/** WWW-Authenticate (RFC 9110, section 11.6.1): what a server wants to be shown. @module */

/** One challenge. */
export interface Challenge {
  /** Scheme in lower case: "basic", "bearer". */
  readonly scheme: string;
  /** Parameters, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Longest header that is read. */
const MAX_LENGTH = 16 * 1024;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
const COMMAS = /[ \t,]*/y;

/** A place in the header. */
class Scanner {
  at = 0;
  constructor(readonly text: string) {}

  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    return found;
  }

  peek(): string | undefined {
    return this.text[this.at];
  }

  /** A quoted string; undefined if it does not end. */
  quoted(): string | undefined {
    let value = "";
    for (this.at++; this.at < this.text.length; this.at++) {
      const c = this.text[this.at]!;
      if (c === '"') {
        this.at++;
        return value;
      }
      if (c === "\\") this.at++;
      value += this.text[this.at] ?? "";
    }
    return undefined;
  }
}

/** `name=value` or `name="value"`; undefined, and no step forward, if something else follows. */
function parameter(scanner: Scanner): [name: string, value: string] | undefined {
  const start = scanner.at;
  const name = scanner.match(TOKEN);
  scanner.match(SPACE);
  if (name !== undefined && scanner.peek() === "=") {
    scanner.at++;
    scanner.match(SPACE);
    const value = scanner.peek() === '"' ? scanner.quoted() : scanner.match(TOKEN);
    if (value !== undefined) return [name.toLowerCase(), value];
  }
  scanner.at = start;
  return undefined;
}

/** The challenges of a header, or of several joined by commas. What cannot be understood ends the list. */
export function parseChallenges(header: string | null): Challenge[] {
  const challenges: Challenge[] = [];
  const scanner = new Scanner((header ?? "").slice(0, MAX_LENGTH));
  for (;;) {
    scanner.match(COMMAS);
    const scheme = scanner.match(TOKEN);
    if (scheme === undefined) return challenges;
    const parameters = new Map<string, string>();
    // A scheme and its first parameter have a space between them, and no "=" follows the scheme.
    if (scanner.match(SPACE) === "" && scanner.peek() !== undefined && scanner.peek() !== ",") {
      return challenges;
    }
    for (;;) {
      const found = parameter(scanner);
      if (found === undefined) break;
      if (!parameters.has(found[0])) parameters.set(found[0], found[1]);
      scanner.match(COMMAS);
    }
    // A token68, as Negotiate has it, is passed over.
    if (parameters.size === 0) scanner.match(/[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y);
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
}
