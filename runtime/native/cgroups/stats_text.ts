/** Counters of cgroups as texts, and what `runc events --stats` makes of them. @module */

/** The text of a file of the container's cgroup; undefined if there is none. */
export type ReadCounter = (controller: string, file: string) => string | undefined;

/** A part of the JSON. */
export type StatsObject = Record<string, unknown>;

/** A number; 2^64 - 1 for "max", as runc has it; 0 for nothing. */
export function numberOf(text: string | undefined): bigint {
  if (text === "max") return (1n << 64n) - 1n;
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text) : 0n;
}

/** Lines of a name and a number. */
export function pairsOf(text: string | undefined): Record<string, bigint> {
  const lines = (text ?? "").split("\n").map((line) => line.split(" "));
  return Object.fromEntries(
    lines.filter(([name, value]) => name && value !== undefined).map((
      [name, value],
    ) => [name!, numberOf(value)]),
  );
}

/** "0-2,7" as numbers; undefined for none, as runc leaves it out. */
export function listOf(text: string | undefined): number[] | undefined {
  if (text === undefined || text === "") return undefined;
  return text.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** An object without what is 0, absent or empty: Go's omitempty. */
export function withoutEmpty(object: StatsObject): StatsObject {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) =>
      value !== undefined && value !== 0n && value !== 0 && !(Array.isArray(value) && value.length === 0)
    ),
  );
}

/** A memory counter. */
export const memoryPart = (
  limit: bigint,
  usage: bigint,
  max: bigint,
  failcnt: bigint,
): StatsObject => ({ limit, ...withoutEmpty({ usage, max }), failcnt });

/** Throttling of cpu.stat; version 1 counts nanoseconds as throttled_time, version 2 microseconds as throttled_usec. */
export function throttlingOf(stat: Record<string, bigint>): StatsObject {
  return withoutEmpty({
    periods: stat.nr_periods,
    throttledPeriods: stat.nr_throttled,
    throttledTime: stat.throttled_time ?? (stat.throttled_usec ?? 0n) * 1000n,
  });
}
