/** Lines of schemata files: a resource, and for each of its domains what may be used of it. @module */
import type { IntelRdt } from "../../spec/types.ts";

/** Values by domain. */
export interface Schema {
  /** "L3", "MB". */
  readonly resource: string;
  /** Masks are hexadecimal, and compared without leading zeros. */
  readonly domains: ReadonlyMap<string, string>;
}

/** Reads a line such as "L3:0=7f0;1=1f"; the kernel pads what stands before the colon. */
export function parseSchema(line: string): Schema {
  const colon = line.indexOf(":");
  const pairs = line.slice(colon + 1).split(";").map((pair) => {
    const [id = "", value = ""] = pair.split("=");
    return [id.trim(), value.trim().toLowerCase().replace(/^0+(?=.)/, "")] as const;
  });
  return { resource: line.slice(0, Math.max(colon, 0)).trim(), domains: new Map(pairs) };
}

/** What of a line a file says otherwise; undefined if nothing. Domains that the line does not name do not count. */
export function differenceFrom(line: string, schemata: string): string | undefined {
  const wanted = parseSchema(line);
  const there = schemata.split("\n").map(parseSchema).find(({ resource }) => resource === wanted.resource);
  if (there === undefined) return `it has no ${wanted.resource}`;
  for (const [id, value] of wanted.domains) {
    const now = there.domains.get(id);
    if (now !== value) return `${wanted.resource} of ${id} is ${now ?? "not there"}, not ${value}`;
  }
}

/** Lines that are compared with a class that is there. */
export const comparedLines = ({ l3CacheSchema, memBwSchema }: IntelRdt): string[] =>
  [l3CacheSchema ?? "", memBwSchema ?? ""].filter((line) => line !== "");

/** All lines in the order in which they are written (config-linux.md#intelrdt). */
export const writtenLines = (rdt: IntelRdt): string[] => [...comparedLines(rdt), ...rdt.schemata];
