/**
 * The allowed device list as files of version 1 have it: a default and exceptions from it. The kernel removes an exception only by its very
 * numbers, so a rule that would cut a hole into a wider one cannot be said there; it is an error, not left out (config-linux.md#allowed-device-list).
 * @module
 */
import { refusal } from "../../spec/refusal.ts";
import type { DeviceRule } from "../../spec/types.ts";

const ALL = "rwm";

const place = (i: number): string => `linux.resources.devices[${i}]`;

const accessOf = (access: string): string => [...ALL].filter((c) => (access || ALL).includes(c)).join("");

interface State {
  /** What no exception is about. */
  allow: boolean;
  /** What is the other way round: accesses by "c 1:3". */
  readonly exceptions: Map<string, string>;
}

const numbers = ({ major, minor }: DeviceRule): string => `${major ?? "*"}:${minor ?? "*"}`;

/** True if `wide`, a key with stars, is about all of `narrow`'s devices, and more. */
function covers(wide: string, narrow: string): boolean {
  if (wide === narrow) return false;
  const [type, major, minor] = wide.split(/[ :]/), [type2, major2, minor2] = narrow.split(/[ :]/);
  return type === type2 && (major === "*" || major === major2) && (minor === "*" || minor === minor2);
}

const common = (a: string, b: string): boolean => [...a].some((c) => b.includes(c));

function remove({ exceptions, allow }: State, key: string, access: string, where: string): void {
  for (const [other, has] of exceptions) {
    if (covers(other, key) && common(has, access)) {
      throw refusal(
        where,
        `cgroups of version 1 cannot ${allow ? "allow" : "deny"} a part of "${other} ${has}"`,
      );
    }
  }
  // A wider rule takes the narrower ones that it is about with it.
  for (const [other, has] of [...exceptions]) {
    if (other !== key && !covers(key, other)) continue;
    const rest = [...has].filter((c) => !access.includes(c)).join("");
    if (rest === "") exceptions.delete(other);
    else exceptions.set(other, rest);
  }
}

/** A write to devices.allow or devices.deny. */
export interface DeviceWrite {
  /** The file. */
  readonly file: "devices.allow" | "devices.deny";
  /** A line. */
  readonly line: string;
}

/** What brings a cgroup to where these rules, in their order, bring it; what no rule is about is denied. */
export function deviceWrites(rules: readonly DeviceRule[]): DeviceWrite[] {
  const state: State = { allow: false, exceptions: new Map() };
  rules.forEach((rule, i) => {
    const access = accessOf(rule.access);
    if (rule.type === "a" && rule.major === undefined && rule.minor === undefined && access === ALL) {
      state.allow = rule.allow;
      state.exceptions.clear();
      return;
    }
    for (const type of rule.type === "a" ? ["b", "c"] : [rule.type]) {
      const key = `${type} ${numbers(rule)}`;
      if (rule.allow === state.allow) remove(state, key, access, place(i));
      else state.exceptions.set(key, accessOf((state.exceptions.get(key) ?? "") + access));
    }
  });
  const file = state.allow ? "devices.deny" : "devices.allow";
  return [
    { file: state.allow ? "devices.allow" : "devices.deny", line: "a" },
    ...[...state.exceptions].map(([key, access]): DeviceWrite => ({ file, line: `${key} ${access}` })),
  ];
}
