/** The io controller: settings by device. No block device exists here, so nothing is ever counted or held back. @module */
import { EINVAL } from "../../../../fs/abi/errno.ts";
import { parseRange, shown } from "./values.ts";

const KEYS = ["rbps", "wbps", "riops", "wiops"] as const;
type Limits = Record<(typeof KEYS)[number], number>;

/** See the module's comment. */
export class Io {
  /** io.max by "MAJOR:MINOR". */
  readonly #max: Map<string, Limits> = new Map();
  /** io.weight by "MAJOR:MINOR", and "default". */
  readonly #weights: Map<string, number> = new Map([["default", 100]]);

  /** io.max. */
  showMax(): string {
    return [...this.#max].map(([device, limits]) =>
      `${device} ${KEYS.map((key) => `${key}=${shown(limits[key])}`).join(" ")}\n`
    ).join("");
  }
  /** "8:16 rbps=2097152 wiops=120"; a value of "max" takes a limit away. */
  writeMax(text: string): number {
    const [device, ...words] = text.split(/\s+/);
    if (!/^\d+:\d+$/.test(device!)) return -EINVAL;
    const limits: Limits = {
      ...this.#max.get(device!) ?? { rbps: Infinity, wbps: Infinity, riops: Infinity, wiops: Infinity },
    };
    for (const word of words) {
      const match = /^(rbps|wbps|riops|wiops)=(max|\d+)$/.exec(word);
      if (match === null) return -EINVAL;
      const value = match[2] === "max" ? Infinity : Number(match[2]);
      if (value === 0) return -EINVAL;
      limits[match[1] as keyof Limits] = value;
    }
    if (KEYS.every((key) => limits[key] === Infinity)) this.#max.delete(device!);
    else this.#max.set(device!, limits);
    return 0;
  }
  /** io.weight. */
  showWeight(): string {
    return [...this.#weights].map(([device, weight]) => `${device} ${weight}\n`).join("");
  }
  /** "100", "default 100", "8:16 200" or "8:16 default". */
  writeWeight(text: string): number {
    const match = /^(?:(default|\d+:\d+)\s+)?(default|-?\d+)$/.exec(text);
    if (match === null) return -EINVAL;
    const device = match[1] ?? "default";
    if (match[2] === "default") {
      if (device === "default") return -EINVAL;
      this.#weights.delete(device);
      return 0;
    }
    const weight = parseRange(match[2]!, 1, 10000);
    if (weight < 0) return weight;
    this.#weights.set(device, weight);
    return 0;
  }
}
