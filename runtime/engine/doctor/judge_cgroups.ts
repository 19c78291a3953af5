/** Control groups: which there are, and which limits can be had. @module */
import type { CgroupFacts, LinuxFacts } from "../../native/probe/facts.ts";
import { native } from "./finding.ts";
import type { Finding } from "./types.ts";

/** Options of umiak run by the controllers that they want. */
const OPTIONS: readonly (readonly [controller: string, option: string])[] = [
  ["memory", "--memory"],
  ["pids", "--pids-limit"],
  ["cpu", "--cpus"],
];

const MODES: Readonly<Record<CgroupFacts["mode"], string>> = {
  unified: "version 2",
  hybrid: "version 1, with a hierarchy of version 2 beside it",
  legacy: "version 1",
  none: "no cgroups",
};

/** Findings about them. */
export function judgeCgroups({ root }: LinuxFacts, facts: CgroupFacts): Finding[] {
  const { mode, controllers, failure, devices } = facts, about = "cgroups";
  const found = `${MODES[mode]}${controllers.length > 0 ? `: ${controllers.join(", ")}` : ""}`;
  if (failure !== undefined) {
    return [
      root
        ? native(
          about,
          "broken",
          `${found}; ${failure}`,
          "native containers cannot be made: their devices are limited by one",
        )
        : native(
          about,
          "limited",
          `${found}; none can be made by this user: ${failure}`,
          `containers have no cgroup of their own; ${
            OPTIONS.map(([, option]) => option).join(", ")
          } are refused`,
        ),
    ];
  }
  const missing = OPTIONS.filter(([controller]) => !controllers.includes(controller));
  const limits = missing.length === 0
    ? native(about, "ok", found, "limits are files of the container's own cgroup; systemd is not asked")
    : native(
      about,
      "limited",
      `${found}; without ${missing.map(([controller]) => controller).join(", ")}`,
      `refused: ${missing.map(([, option]) => option).join(", ")}`,
    );
  if (devices === undefined) return [limits];
  return [
    limits,
    native(
      "devices",
      "broken",
      devices,
      "native containers cannot be made: their devices could not be limited",
    ),
  ];
}
