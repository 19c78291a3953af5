/** A value of a document that is checked: everything that is wrong is reported, with its path, and checking goes on. @module */
import type { Report } from "./findings.ts";
import { ExactNumber, fieldPath } from "./json_text.ts";

const MAX_INT64 = 2n ** 63n - 1n;

function kind(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof ExactNumber) return "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** See the module's comment. */
export class Node {
  /**
   * A value of the document `blob` at `path`; `rule`: the document's specification, for what is found. `nullIsAbsent`: an optional
   * property may be null, as only config.md has it.
   */
  constructor(
    readonly report: Report,
    readonly blob: string,
    readonly rule: string,
    readonly value: unknown,
    readonly path = "",
    readonly nullIsAbsent = false,
  ) {}

  /** Reports an error here. */
  error(message: string, rule = this.rule): void {
    this.report.add("error", this.blob, this.path, message, rule);
  }

  /** Reports a warning here. */
  warn(message: string, rule = this.rule): void {
    this.report.add("warning", this.blob, this.path, message, rule);
  }

  /** True if there is a value other than null. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The same value under other rules. */
  under(rule: string): Node {
    return new Node(this.report, this.blob, rule, this.value, this.path, this.nullIsAbsent);
  }

  #wrong<T>(type: string): T | undefined {
    this.error(`expected ${type}, found ${kind(this.value)}`);
    return undefined;
  }

  /** A field of an object; of anything else an absent value. */
  field(name: string): Node {
    const record = this.value as Record<string, unknown>;
    const has = typeof record === "object" && record !== null && Object.hasOwn(record, name);
    return this.#inside(has ? record[name] : undefined, fieldPath(this.path, name));
  }

  #inside(value: unknown, path: string): Node {
    return new Node(this.report, this.blob, this.rule, value, path, this.nullIsAbsent);
  }

  /** The field, which must be there: undefined, and an error, if it is not. */
  required(name: string): Node | undefined {
    const field = this.field(name);
    if (field.exists) return field;
    field.error(field.value === null ? "it is required, but null" : "it is required");
    return undefined;
  }

  /** The field if it is there. */
  optional(name: string): Node | undefined {
    const field = this.field(name);
    if (field.value === null && !this.nullIsAbsent) field.error("it is null: it should be absent");
    return field.exists ? field : undefined;
  }

  /** True for an object; anything else is an error. */
  object(): boolean {
    const ok = typeof this.value === "object" && this.value !== null && !Array.isArray(this.value) &&
      !(this.value instanceof ExactNumber);
    if (!ok) this.#wrong("an object");
    return ok;
  }

  /** The value as a string. */
  string(): string | undefined {
    return typeof this.value === "string" ? this.value : this.#wrong("a string");
  }

  /** Reports anything but true and false. */
  boolean(): void {
    if (typeof this.value !== "boolean") this.#wrong("a boolean");
  }

  /** The value as a whole number of 64 bits; one that a double cannot hold comes back rounded. */
  int64(): number | undefined {
    const { value } = this;
    if (value instanceof ExactNumber) {
      const exact = BigInt(value.text);
      if (exact <= MAX_INT64 && exact >= -MAX_INT64 - 1n) return Number(exact);
      this.error(`${value.text} does not fit into 64 bits`);
      return undefined;
    }
    if (typeof value !== "number") return this.#wrong("a number");
    if (Number.isInteger(value)) return value;
    this.error(`expected a whole number, found ${value}`);
    return undefined;
  }

  /** The items of an array; of anything else none. */
  items(): Node[] {
    if (!Array.isArray(this.value)) {
      this.#wrong("an array");
      return [];
    }
    return this.value.map((item, i) => this.#inside(item, `${this.path}[${i}]`));
  }

  /** The fields of an object; of anything else none. */
  entries(): [name: string, value: Node][] {
    if (!this.object()) return [];
    return Object.keys(this.value as object).map((name) => [name, this.field(name)]);
  }

  /** The strings of an array. */
  strings(): string[] {
    return this.items().map((item) => item.string()).filter((each) => each !== undefined);
  }
}
