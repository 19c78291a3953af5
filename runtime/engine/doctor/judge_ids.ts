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

function judgeMaps({ uids, gids, failure }: IdFacts, oneId: string | undefined): Finding {
  const about = "ids";
  if (failure !== undefined) {
    return native(
      about,
      "broken",
      failure,
      "an ordinary user has no native containers: these ids would be mapped",
    );
  }
  return oneId === undefined
    ? native(
      about,
      "ok",
      `newuidmap and newgidmap map ${uids} user ids and ${gids} group ids`,
      "rootless: containers have the user's own id as root, and those of /etc/subuid beside it",
    )
    : native(
      about,
      "limited",
      oneId,
      `rootless: one id is mapped, because ${oneId}: all files are root's, and there is no other user`,
    );
}

/** Findings about both. */
export function judgeIds(
  linux: LinuxFacts,
  { namespaces, ids, program }: CallFacts,
  oneId: string | undefined,
): Finding[] {
  if (program !== undefined) return []; // nothing could be tried
  const user = judgeUser(linux, namespaces.user);
  if (user.state === "broken") return [user];
  return [user, judgeOthers(namespaces), ...ids === undefined ? [] : [judgeMaps(ids, oneId)]];
}
