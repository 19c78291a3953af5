/** Namespaces, and the ids that a user namespace maps. @module */
import type { CallFacts, IdFacts, LinuxFacts } from "../../native/probe/facts.ts";
import { native } from "./finding.ts";
import type { Finding } from "./types.ts";

/** Those that umiak run makes. */
const NEEDED = ["mount", "pid", "network", "ipc", "uts", "cgroup"];

/** Values of sysctls that keep ordinary users from making user namespaces. */
const FORBIDDING: Readonly<Record<string, string>> = {
  "user.max_user_namespaces": "0",
  "kernel.unprivileged_userns_clone": "0",
  "kernel.apparmor_restrict_unprivileged_userns": "1",
};

function judgeUser({ root, userNamespaceSysctls }: LinuxFacts, reason: string | undefined): Finding {
  const about = "user namespaces";
  if (reason === undefined) {
    return native(
      about,
      "ok",
      "they can be made",
      root ? "a config.json may ask for one" : "containers have one of their own",
    );
  }
  const because = Object.entries(userNamespaceSysctls).filter(([name, value]) => FORBIDDING[name] === value)
    .map(([name, value]) => `; ${name} is ${value}`).join("");
  return root
    ? native(about, "limited", reason + because, "a config.json that asks for one is refused")
    : native(about, "broken", reason + because, "an ordinary user has no native containers; root has");
}

function judgeOthers(refused: Readonly<Record<string, string>>): Finding {
  const about = "namespaces", types = Object.keys(refused).filter((type) => type !== "user");
  if (types.length === 0) {
    return native(about, "ok", [...NEEDED, "time"].join(", "), "containers have all that they ask for");
  }
  const found = types.map((type) => `no ${type}: ${refused[type]}`).join(", ");
  return types.some((type) => NEEDED.includes(type))
    ? native(about, "broken", found, "native containers cannot be made: umiak run makes them all")
    : native(about, "limited", found, `a config.json that asks for ${types.join(", ")} is refused`);
}

function judgeMaps({ uids, failure }: IdFacts): Finding {
  return failure === undefined
    ? native(
      "ids",
      "limited",
      `newuidmap and newgidmap map ${uids!.size} ids from ${uids!.first} on`,
      "rootless: umiak run maps one id, the user's own; a config.json may map the others",
    )
    : native(
      "ids",
      "limited",
      failure,
      `rootless: one id is mapped, because ${failure}; a config.json that maps others is refused`,
    );
}

/** Findings about both. */
export function judgeIds(linux: LinuxFacts, { namespaces, ids, program }: CallFacts): Finding[] {
  if (program !== undefined) return []; // nothing could be tried
  const user = judgeUser(linux, namespaces.user);
  if (user.state === "broken") return [user];
  return [user, judgeOthers(namespaces), ...ids === undefined ? [] : [judgeMaps(ids)]];
}
