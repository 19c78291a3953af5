/** How values of interface files are written and shown (cgroup-v2, "Format"). @module */
import { EINVAL, ERANGE } from "../../../../fs/abi/errno.ts";

const PAGE = 4096;
const SUFFIXES: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** "max" or a number. */
export const shown = (value: number): string => value === Infinity ? "max" : String(value);

/** A limit in bytes: "max", or a number with K, M, G or T behind it, rounded down to whole pages. */
export function parseBytes(text: string): number {
  if (text === "max") return Infinity;
  const match = /^(\d+)([kmgt]?)$/i.exec(text);
  if (match === null) return -EINVAL;
  const bytes = Number(match[1]) * SUFFIXES[match[2]!.toLowerCase()]!;
  return bytes > Number.MAX_SAFE_INTEGER ? Infinity : Math.floor(bytes / PAGE) * PAGE;
}

/** "max" or a whole number from 0 on: -EINVAL for what is none, -ERANGE when it is negative. */
export function parseCount(text: string): number {
  if (text === "max") return Infinity;
  if (!/^-?\d+$/.test(text)) return -EINVAL;
  const value = Number(text);
  return value < 0 || value > 2 ** 31 - 1 ? -ERANGE : value;
}

/** A whole number between two: -EINVAL for what is none, -ERANGE outside. */
export function parseRange(text: string, from: number, to: number): number {
  if (!/^-?\d+$/.test(text)) return -EINVAL;
  const value = Number(text);
  return value < from || value > to ? -ERANGE : value;
}

/** Names and values as "flat keyed" lines. */
export function keyed(values: Readonly<Record<string, number>>): string {
  return Object.entries(values).map(([name, value]) => `${name} ${value}\n`).join("");
}
