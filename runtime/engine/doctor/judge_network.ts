/** Networks of native containers. @module */
import type { NetworkFacts } from "../../native/probe/facts.ts";
import { native } from "./finding.ts";
import type { Finding } from "./types.ts";

/** Findings about them; an ordinary user's are not known, because there are none. */
export function judgeNetwork(facts: NetworkFacts | undefined): Finding[] {
  const about = "networks";
  if (facts === undefined) {
    return [
      native(
        about,
        "limited",
        "a bridge is root's to make",
        "containers of an ordinary user have --network none, which is the default, or host; --publish is refused",
      ),
    ];
  }
  const { bridge, veth, filter, forwarding } = facts;
  const missing = Object.entries({ bridge, veth, nf_tables: filter })
    .filter(([, failure]) => failure !== undefined).map(([name, failure]) => `no ${name}: ${failure}`);
  if (missing.length > 0) {
    return [
      native(
        about,
        "limited",
        missing.join(", "),
        "--network private and --publish are refused; host and none are there",
      ),
    ];
  }
  return [
    native(
      about,
      "ok",
      "bridge, veth and nf_tables",
      "containers are on a bridge, behind the host's address",
    ),
    forwarding ? native("IPv4 forwarding", "ok", "on", "it stays as it is") : native(
      "IPv4 forwarding",
      "ok",
      forwarding === undefined ? "not known" : "off",
      "the first container with a network of its own switches it on, and it stays on",
    ),
  ];
}
