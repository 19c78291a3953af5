/** Mount options of devpts. @module */
import { EINVAL } from "../abi/errno.ts";

/** Most terminals of an instance unless `max` says less (NR_UNIX98_PTY_MAX). */
export const MAX_PTYS: number = 1 << 20;

/** Options of a devpts. */
export interface DevptsOptions {
  /** Owner of new terminals; whoever opens ptmx by default. */
  readonly uid?: number;
  /** Group of new terminals. */
  readonly gid?: number;
  /** Permission bits of new terminals. */
  readonly mode?: number;
  /** Permission bits of ptmx; none by default, as Linux has it. */
  readonly ptmxmode?: number;
  /** Most terminals. */
  readonly max?: number;
}

const OCTAL = /^[0-7]{1,4}$/, DECIMAL = /^\d{1,10}$/;

/** Options of a mount call. -EINVAL for what is none. */
export function parseOptions(options: readonly string[]): DevptsOptions | number {
  const parsed: { -readonly [K in keyof DevptsOptions]: DevptsOptions[K] } = {};
  for (const option of options) {
    if (option === "newinstance") continue; // every instance is a new one
    const [key, value = ""] = option.split("=");
    if (key === "mode" || key === "ptmxmode") {
      if (!OCTAL.test(value)) return -EINVAL;
      parsed[key] = parseInt(value, 8) & 0o7777;
    } else if (key === "uid" || key === "gid" || key === "max") {
      if (!DECIMAL.test(value) || Number(value) >= 2 ** 32 - 1) return -EINVAL;
      if (key === "max" && Number(value) > MAX_PTYS) return -EINVAL;
      parsed[key] = Number(value);
    } else return -EINVAL;
  }
  return parsed;
}

const octal = (mode: number): string => mode.toString(8).padStart(3, "0");

/** Options as mountinfo shows them. */
export function showOptions({ uid, gid, mode = 0o600, ptmxmode = 0, max = MAX_PTYS }: DevptsOptions): string {
  return [
    ...uid === undefined ? [] : [`uid=${uid}`],
    ...gid === undefined ? [] : [`gid=${gid}`],
    `mode=${octal(mode)}`,
    `ptmxmode=${octal(ptmxmode)}`,
    ...max === MAX_PTYS ? [] : [`max=${max}`],
  ].join(",");
}
