/** Netlink sockets of the engine's own network, while something is done. @module */
import type { Netlink } from "../netlink/conversation.ts";
import { NETLINK_NETFILTER, NETLINK_ROUTE } from "../netlink/numbers.ts";
import { openNetlink } from "../netlink/socket.ts";

/** What the host's network is changed with. */
export interface Sockets {
  /** Links, addresses, routes. */
  readonly route: Netlink;
  /** Netfilter; opened when it is first asked for. */
  filter(): Netlink;
}

/** Runs `body` with sockets, which are closed in the end. */
export function withSockets<T>(body: (sockets: Sockets) => T): T {
  const route = openNetlink(NETLINK_ROUTE, "changing links of the host");
  let filter: Netlink | undefined;
  try {
    return body({
      route,
      filter: () => filter ??= openNetlink(NETLINK_NETFILTER, "changing packet filters of the host"),
    });
  } finally {
    filter?.close();
    route.close();
  }
}
