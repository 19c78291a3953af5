/** From figures of several hosts to a table with ratios. @module */
import type { Timed } from "./process.ts";
import type { Table } from "./table.ts";

/** One host's figures, by measure; what it could not do is missing. */
export interface Figures {
  readonly name: string;
  readonly values: ReadonlyMap<string, number>;
  /** Why there are none. */
  readonly failure?: string;
}

/** Lines of "NAME NUMBER" that a guest printed, as far as it came. */
export function figuresOf(name: string, result: Timed | undefined): Figures {
  if (result === undefined) return { name, values: new Map(), failure: "not run" };
  const values = new Map<string, number>();
  for (const line of result.stdout.split("\n")) {
    const match = /^(.+) ([\d.]+)$/.exec(line);
    if (match !== null) values.set(match[1]!, Number(match[2]));
  }
  if (result.code === 0) return { name, values };
  const why = result.stderr.trim().split("\n").find((line) => /[a-z]/i.test(line))?.slice(0, 100) ?? "";
  return { name, values, failure: why === "" ? `ended with ${result.code}` : why };
}

function shown(value: number | undefined): string {
  if (value === undefined) return "—";
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** Ours first; the last column is the best peer's figure over ours: above 1 we are ahead. */
export function compare(
  title: string,
  unit: string,
  ours: readonly Figures[],
  peers: readonly Figures[],
  notes: readonly string[] = [],
): Table {
  const all = [...ours, ...peers];
  const measures = [...new Set(all.flatMap((host) => [...host.values.keys()]))];
  const rows = measures.map((measure) => {
    const own = ours.map((host) => host.values.get(measure)).find((value) => value !== undefined);
    const others = peers.flatMap((host) => host.values.get(measure) ?? []);
    const ratio = own === undefined || others.length === 0
      ? "—"
      : `${(Math.min(...others) / own).toFixed(2)}×`;
    return [measure, ...all.map((host) => shown(host.values.get(measure))), ratio];
  });
  const failures = all.filter((host) => host.failure !== undefined)
    .map((host) => `${host.name} did not finish: ${host.failure}`);
  return {
    title: `${title} (${unit})`,
    columns: ["", ...all.map((host) => host.name), "best peer / umiak"],
    rows,
    notes: [...notes, ...failures],
  };
}
