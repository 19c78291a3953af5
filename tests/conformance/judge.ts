/** Expectations: what a report must say. @module */
import assert from "node:assert/strict";
import type { Expectation } from "./types.ts";

/** The value at a path; undefined if there is none. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path.split(".")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function same(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

/** Whether a list has an item, a text a part, an object a key; of a list of wanted things, all. */
function has(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) return wanted.every((each) => has(value, each));
  if (Array.isArray(value)) return value.some((item) => same(item, wanted));
  if (typeof value === "string") return value.includes(String(wanted));
  return typeof value === "object" && value !== null && Object.hasOwn(value, String(wanted));
}

function hasNone(value: unknown, unwanted: unknown): boolean {
  if (value === undefined) return false;
  return (Array.isArray(unwanted) ? unwanted : [unwanted]).every((each) => !has(value, each));
}

/** Of an object by paths, what belongs to the path that ends with a name. */
function ending(value: unknown, name: string): unknown {
  return Object.entries(value ?? {}).find(([path]) => path.endsWith(`/${name}`))?.[1];
}

const shown = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
};

/** Why a report does not meet expectations; undefined if it does. `host` is what "$host." stands for. */
export function disagreement(
  report: unknown,
  expectations: readonly Expectation[],
  host: unknown = {},
): string | undefined {
  for (const [path, operator, raw] of expectations) {
    const value = valueAt(report, path);
    const wanted: unknown = typeof raw === "string" && raw.startsWith("$host.")
      ? valueAt(host, raw.slice(6))
      : raw;
    const holds = {
      is: () => same(value, wanted),
      differs: () => value !== undefined && !same(value, wanted),
      has: () => has(value, wanted),
      lacks: () => hasNone(value, wanted),
      matches: () => typeof value === "string" && new RegExp(String(wanted)).test(value),
      atLeast: () => Number(value) >= Number(wanted),
      atMost: () => Number(value) <= Number(wanted),
      absent: () => value === undefined,
      present: () => value !== undefined,
      files: () => Object.entries(wanted as object).every(([name, text]) => same(ending(value, name), text)),
    }[operator]();
    if (!holds) {
      return `${path} ${operator} ${wanted === undefined ? "" : shown(wanted)}: it is ${shown(value)}`;
    }
  }
  return undefined;
}
