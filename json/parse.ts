/** JSON.parse, with I-JSON's rules on top (RFC 7493): UTF-8 only, no name twice in one object, bounded depth. @module */

/** JSON that is not what it should be. */
export class JsonError extends Error {}

const MAX_DEPTH = 128;

/** What V8 tells a reviver about a number. */
interface SourceContext {
  readonly source?: string;
}

function exactNumber(_name: string, value: unknown, context?: SourceContext): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/**
 * Parses bytes or text. `exact`: whole numbers that a double cannot hold become bigint, in place of their neighbours. Throws a JsonError that
 * begins with `what`.
 */
export function parseJson(
  input: Uint8Array | string,
  what: string,
  options: { readonly exact?: boolean } = {},
): unknown {
  const text = typeof input === "string" ? input : decode(input, what);
  let value: unknown;
  try {
    // A reviver sees every value: only where there may be such a number.
    value = options.exact && /\d{16}/.test(text)
      ? JSON.parse(text, exactNumber as (name: string, value: unknown) => unknown)
      : JSON.parse(text);
  } catch (error) {
    throw new JsonError(`${what}: not valid JSON: ${printable((error as Error).message)}`, { cause: error });
  }
  checkNames(text, what);
  return value;
}

// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/g;

/** A message that quotes a document, on one line and without commands to a terminal. */
export function printable(message: string): string {
  return message.replace(CONTROLS, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new JsonError(`${what}: not valid UTF-8`);
  }
}

/** Finds names that occur twice in one object. The text is known to be valid JSON. */
function checkNames(text: string, what: string): void {
  /** Names seen in each open object; null for an array. */
  const open: (Set<string> | null)[] = [];
  let expectName = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      open.push(c === "{" ? new Set() : null);
      if (open.length > MAX_DEPTH) throw new JsonError(`${what}: nested more than ${MAX_DEPTH} deep`);
      expectName = c === "{";
    } else if (c === "}" || c === "]") {
      open.pop();
      expectName = false;
    } else if (c === ",") expectName = open.at(-1) != null;
    else if (c === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      if (!expectName) continue;
      const name = JSON.parse(text.slice(start, i + 1)) as string;
      const names = open.at(-1)!;
      if (names.has(name)) {
        throw new JsonError(`${what}: the name ${JSON.stringify(name)} occurs twice in one object`);
      }
      names.add(name);
      expectName = false;
    }
  }
}
