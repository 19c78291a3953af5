/** Routes (man 7 rtnetlink). @module */
import { AF_INET, AF_INET6 } from "../../../abi/linux/socket.ts";
import { addressOf, bytes, parseAttributes, u32, u32Of } from "../attributes.ts";
import type { Netlink } from "../conversation.ts";
import { ReplyError } from "../error.ts";
import { NLM_F } from "../numbers.ts";
import { RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTA, RTM, RTN, RTPROT_STATIC } from "./numbers.ts";

/** Bytes of struct rtmsg. */
const RTMSG = 12;

/** A route. */
export interface Route {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  /** RTN. */
  readonly type: number;
  /** The table that it is in. */
  readonly table: number;
  /** Bits of the network in `destination`; 0 for the default route. */
  readonly prefix: number;
  /** Where it leads; undefined for the default route. */
  readonly destination?: Uint8Array;
  /** Who takes it from here. */
  readonly gateway?: Uint8Array;
  /** Number of the link. */
  readonly index?: number;
}

/** Reads the payload of an RTM_NEWROUTE. */
export function parseRoute(payload: Uint8Array): Route {
  if (payload.length < RTMSG) throw new ReplyError(`a route has ${payload.length} bytes`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = parseAttributes(payload.subarray(RTMSG));
  const prefix = view.getUint8(1), destination = addressOf(attributes, RTA.DST);
  if (prefix > 8 * (destination?.length ?? 0)) {
    throw new ReplyError(
      `a route has a prefix of ${prefix}, and a destination of ${destination?.length ?? 0} bytes`,
    );
  }
  const gateway = addressOf(attributes, RTA.GATEWAY), index = u32Of(attributes, RTA.OIF);
  return {
    ...{ family: view.getUint8(0), prefix, type: view.getUint8(7) },
    table: u32Of(attributes, RTA.TABLE) ?? view.getUint8(4),
    ...destination === undefined ? {} : { destination },
    ...gateway === undefined ? {} : { gateway },
    ...index === undefined ? {} : { index },
  };
}

function rtmsg(
  family: number,
  { prefix, type, table }: { prefix: number; type: number; table: number },
): Uint8Array {
  return Uint8Array.of(family, prefix, 0, 0, table, RTPROT_STATIC, RT_SCOPE_UNIVERSE, type, 0, 0, 0, 0);
}

/** Routes of a family, of all tables. */
export function listRoutes(netlink: Netlink, family = AF_INET): Route[] {
  const payload = [rtmsg(family, { prefix: 0, type: 0, table: 0 })];
  return netlink.dump({ what: "listing routes", type: RTM.GETROUTE, payload })
    .filter(({ type, payload: [each] }) => type === RTM.NEWROUTE && each === family)
    .map(({ payload }) => parseRoute(payload));
}

const ofDefault = (gateway: Uint8Array, index: number): Uint8Array[] => [
  rtmsg(gateway.length === 4 ? AF_INET : AF_INET6, { prefix: 0, type: RTN.UNICAST, table: RT_TABLE_MAIN }),
  bytes(RTA.GATEWAY, gateway),
  u32(RTA.OIF, index),
];

/** Sends everything that has no other route to a gateway. EEXIST if there is such a route. */
export function addDefaultRoute(netlink: Netlink, gateway: Uint8Array, index: number, what: string): void {
  netlink.request({
    what,
    type: RTM.NEWROUTE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    payload: ofDefault(gateway, index),
  });
}
