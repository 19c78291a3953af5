/** Values that several parts of config.json have. @module */
import type { Cursor } from "../../json/mod.ts";

/** Highest user or group id, and highest uint32. */
export const UINT32_MAX = 0xffffffff;
/** Bounds of 64-bit numbers. */
export const INT64_MIN = -(2n ** 63n), INT64_MAX = 2n ** 63n - 1n, UINT64_MAX = 2n ** 64n - 1n;

/** A string that the kernel can be given. */
export function text(cursor: Cursor): string {
  const value = cursor.string();
  if (value.includes("\0")) throw cursor.error("it contains a NUL character");
  return value;
}

/** A string that is one line of a file. */
export function line(cursor: Cursor): string {
  const value = text(cursor);
  if (value.includes("\n")) throw cursor.error("it contains a newline");
  return value;
}

/** An absolute path. */
export function absolutePath(cursor: Cursor): string {
  const path = text(cursor);
  if (!path.startsWith("/")) throw cursor.error(`${JSON.stringify(path)} is not an absolute path`);
  return path;
}

/** A string of a list. */
export function oneOf(cursor: Cursor, names: readonly string[], kind: string): string {
  const name = cursor.string();
  if (!names.includes(name)) throw cursor.error(`unknown ${kind} ${JSON.stringify(name)}`);
  return name;
}

/** A uint32, an id among others. */
export const uint32 = (cursor: Cursor): number => cursor.integer(0, UINT32_MAX);
/** An int64. */
export const int64 = (cursor: Cursor): bigint => cursor.bigint(INT64_MIN, INT64_MAX);
/** A uint64. */
export const uint64 = (cursor: Cursor): bigint => cursor.bigint(0n, UINT64_MAX);
/** True or false. */
export const boolean = (cursor: Cursor): boolean => cursor.boolean();

/** A list of CPUs or memory nodes: "0-3,7" (man 7 cpuset, "List format"). */
export function cpuList(cursor: Cursor): string {
  const list = text(cursor);
  if (!/^(\d+(-\d+(:\d+\/\d+)?)?(,\d+(-\d+(:\d+\/\d+)?)?)*)?$/.test(list.replaceAll(" ", ""))) {
    throw cursor.error(`${JSON.stringify(list)} is not a list such as "0-3,7"`);
  }
  return list;
}

/** The optional fields of an object, each by its decoder. */
export function optionalFields<T extends object>(
  cursor: Cursor,
  decoders: { readonly [K in keyof T]-?: (value: Cursor) => Exclude<T[K], undefined> },
): Partial<T> {
  const fields: Partial<T> = {};
  for (const name of Object.keys(decoders) as (keyof T & string)[]) {
    const value = cursor.field(name).optional(decoders[name]);
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}
