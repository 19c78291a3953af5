/** The routing table of a namespace: the longest prefix that holds an address wins. @module */
import { EEXIST, ESRCH } from "../../../fs/abi/errno.ts";
import type { NetDevice } from "./device.ts";
import { inPrefix, type Ip, type Prefix, sameIp } from "./ip.ts";

/** A route. */
export interface Route {
  /** Addresses it is for; length 0 is the default route. */
  readonly to: Prefix;
  /** Next hop; null where the addresses are on the interface's own network. */
  readonly gateway: Ip | null;
  /** Interface it goes out of. */
  readonly device: NetDevice;
  /** Address that packets leave with; the interface's first by itself. */
  readonly source?: Ip;
  /** Of two equal routes the one with the smaller metric is taken. */
  readonly metric?: number;
}

/** See the module's comment. */
export class RouteTable {
  /** Longest prefixes first, then small metrics. */
  readonly #routes: Route[] = [];

  /** Adds a route; -EEXIST if there is one for these addresses with this metric. */
  add(route: Route): number {
    const metric = route.metric ?? 0;
    const same = (each: Route): boolean =>
      each.to.length === route.to.length && sameIp(each.to.ip, route.to.ip) && (each.metric ?? 0) === metric;
    if (this.#routes.some(same)) return -EEXIST;
    const at = this.#routes.findIndex((each) =>
      each.to.length < route.to.length || (each.to.length === route.to.length && (each.metric ?? 0) > metric)
    );
    this.#routes.splice(at < 0 ? this.#routes.length : at, 0, route);
    return 0;
  }

  /** Removes the first route to a prefix; -ESRCH if there is none. */
  remove(to: Prefix): number {
    const at = this.#routes.findIndex((each) => each.to.length === to.length && sameIp(each.to.ip, to.ip));
    if (at < 0) return -ESRCH;
    this.#routes.splice(at, 1);
    return 0;
  }

  /** Forgets the routes through an interface. */
  forget(device: NetDevice): void {
    for (let i = this.#routes.length - 1; i >= 0; i--) {
      if (this.#routes[i]!.device === device) this.#routes.splice(i, 1);
    }
  }

  /** The route for an address, over an interface that is up. */
  lookup(ip: Ip): Route | undefined {
    return this.#routes.find((route) => route.device.up && inPrefix(ip, route.to));
  }

  /** All routes, in the order they are looked at. */
  list(): readonly Route[] {
    return this.#routes;
  }
}
