/** Allowed devices of a group (config-linux.md#allowed-device-list): what Linux does with a BPF_CGROUP_DEVICE program. @module */

/** A rule; the last one that fits decides. */
export interface DeviceRule {
  /** Allowed or denied. */
  readonly allow: boolean;
  /** a (all), c or b. */
  readonly type: "a" | "c" | "b";
  /** Major number; absent means all. */
  readonly major?: number;
  /** Minor number; absent means all. */
  readonly minor?: number;
  /** Of r, w and m; "" means all three. */
  readonly access: string;
}

function fits(rule: DeviceRule, type: "c" | "b", major: number, minor: number, access: string): boolean {
  return (rule.type === "a" || rule.type === type) &&
    (rule.major === undefined || rule.major === major) &&
    (rule.minor === undefined || rule.minor === minor) &&
    (rule.access === "" || rule.access.includes(access));
}

/** Is each letter of `access` (r, w, m) allowed? What no rule is about is denied. */
export function mayUseDevice(
  rules: readonly DeviceRule[],
  type: "c" | "b",
  major: number,
  minor: number,
  access: string,
): boolean {
  return [...access].every((letter) =>
    rules.findLast((rule) => fits(rule, type, major, minor, letter))?.allow ?? false
  );
}
