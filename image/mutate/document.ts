/**
 * JSON documents of which a few places are changed: every other value stays as it was written, numbers to their last digit.
 * @module
 */
import { Cursor, parseJson } from "../../json/mod.ts";

/** An object of a document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What ECMAScript's source text access adds to JSON, which TypeScript does not know yet. */
interface SourceAccess {
  readonly rawJSON?: (text: string) => unknown;
}
type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context?: { readonly source?: string },
) => unknown;

/** A number that a double would change is kept as its text, where the host can do that. */
const keepNumbers: Reviver = (_key, value, context) => {
  const { rawJSON } = JSON as SourceAccess;
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || rawJSON === undefined) return value;
  return JSON.stringify(value) === source ? value : rawJSON(source);
};

/** Reads a document whose outermost value is an object. Throws a JsonError as parseJson does. */
export function readDocument(bytes: Uint8Array, what: string): JsonObject {
  new Cursor(parseJson(bytes, what), what).object();
  return JSON.parse(new TextDecoder().decode(bytes), keepNumbers) as JsonObject;
}

/** A document as it is written: compact, fields in their order. */
export function documentBytes(value: JsonObject): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A field that must be an object; one that is absent or null is empty. */
export function objectField(document: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as JsonObject : {};
}

/** A field that must be an array; one that is absent or null is empty. */
export function arrayField(document: JsonObject, name: string): readonly unknown[] {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  return Array.isArray(value) ? value : [];
}

/** The document with one field changed; undefined takes it away. Fields keep their places. */
export function withField(document: JsonObject, name: string, value: unknown): JsonObject {
  if (value !== undefined) return { ...document, [name]: value };
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== name));
}

/** True for two values that are written the same, whatever the order of their fields. */
export function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !isRaw(value)
      ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => x < y ? -1 : 1))
      : value;
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

function isRaw(value: object): boolean {
  return (JSON as { readonly isRawJSON?: (value: unknown) => boolean }).isRawJSON?.(value) ?? false;
}
