/** A value inside a document, with its path: `config.json: linux.namespaces[2].type: expected a string, found a number`. @module */
import { JsonError, printable } from "./parse.ts";

function kind(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "bigint") return "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** See the module's comment. Unknown fields are never looked at; null counts as absent, as Go's decoder has it. */
export class Cursor {
  /** A value of the document `what` at `path` ("" for the whole). */
  constructor(readonly value: unknown, readonly what: string, readonly path = "") {}

  /** An error about this value. */
  error(message: string): JsonError {
    return new JsonError(printable(`${this.what}: ${this.path === "" ? "" : `${this.path}: `}${message}`));
  }

  #expected(type: string): JsonError {
    return this.value === undefined || this.value === null
      ? this.error(`${type} is required`)
      : this.error(`expected ${type}, found ${kind(this.value)}`);
  }

  /** True if there is a value. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A field of an object. */
  field(name: string): Cursor {
    const record = this.object();
    const simple = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
    const path = simple
      ? (this.path === "" ? name : `${this.path}.${name}`)
      : `${this.path}[${JSON.stringify(name)}]`;
    return new Cursor(Object.hasOwn(record, name) ? record[name] : undefined, this.what, path);
  }

  /** The value as an object. */
  object(): Record<string, unknown> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      throw this.#expected("an object");
    }
    return this.value as Record<string, unknown>;
  }

  /** The value as a string. */
  string(): string {
    if (typeof this.value !== "string") throw this.#expected("a string");
    return this.value;
  }

  /** The value as true or false. */
  boolean(): boolean {
    if (typeof this.value !== "boolean") throw this.#expected("a boolean");
    return this.value;
  }

  /** The value as a whole number within bounds; exact numbers only. */
  integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): number {
    if (typeof this.value === "bigint") throw this.error(`${this.value} is out of range (${min} to ${max})`);
    if (typeof this.value !== "number") throw this.#expected("a number");
    if (!Number.isInteger(this.value)) throw this.error(`expected a whole number, found ${this.value}`);
    if (this.value < min || this.value > max) {
      throw this.error(`${this.value} is out of range (${min} to ${max})`);
    }
    return this.value;
  }

  /** The value as a whole number within bounds, whatever its size: of a document that was parsed exactly. */
  bigint(min: bigint, max: bigint): bigint {
    if (typeof this.value !== "bigint" && typeof this.value !== "number") throw this.#expected("a number");
    if (typeof this.value === "number" && !Number.isInteger(this.value)) {
      throw this.error(`expected a whole number, found ${this.value}`);
    }
    const value = BigInt(this.value);
    if (value < min || value > max) throw this.error(`${value} is out of range (${min} to ${max})`);
    return value;
  }

  /** The items of an array. */
  items(): Cursor[] {
    if (!Array.isArray(this.value)) throw this.#expected("an array");
    return this.value.map((item, i) => new Cursor(item, this.what, `${this.path}[${i}]`));
  }

  /** What `decode` makes of each item; an absent array is empty. */
  list<T>(decode: (item: Cursor) => T): T[] {
    return this.exists ? this.items().map(decode) : [];
  }

  /** An absent or null value is undefined; anything else goes through `decode`. */
  optional<T>(decode: (value: Cursor) => T): T | undefined {
    return this.exists ? decode(this) : undefined;
  }

  /** Strings of an array; absent is empty. */
  strings(): string[] {
    return this.list((item) => item.string());
  }

  /** The entries of an object as cursors; absent is empty. */
  entries(): [name: string, value: Cursor][] {
    return this.exists ? Object.keys(this.object()).map((name) => [name, this.field(name)]) : [];
  }

  /** An object whose values are strings; absent is empty. */
  stringMap(): Record<string, string> {
    return Object.fromEntries(this.entries().map(([name, value]) => [name, value.string()]));
  }
}
