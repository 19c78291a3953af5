/** Addresses of links (man 7 rtnetlink). @module */
import { AF_INET, AF_INET6, AF_UNSPEC } from "../../../abi/linux/socket.ts";
import { addressOf, bytes, parseAttributes, string, stringOf, u32, u32Of } from "../attributes.ts";
import type { Netlink } from "../conversation.ts";
import { ReplyError } from "../error.ts";
import { NLM_F } from "../numbers.ts";
import { IFA, RT_SCOPE_UNIVERSE, RTM } from "./numbers.ts";

/** Bytes of struct ifaddrmsg. */
const IFADDRMSG = 8;

/** An address of a link. */
export interface LinkAddress {
  /** Number of the link. */
  readonly index: number;
  /** AF_INET or AF_INET6. */
  readonly family: number;
  /** Bits of the network in it. */
  readonly prefix: number;
  /** RT_SCOPE_…. */
  readonly scope: number;
  /** IFA_F_…. */
  readonly flags: number;
  /** The address itself. */
  readonly local: Uint8Array;
  /** The other end's, where there is one; else the same. */
  readonly peer: Uint8Array;
  /** The one for everybody in the network. */
  readonly broadcast?: Uint8Array;
  /** Its name (IPv4): the link's, or that and more. */
  readonly label?: string;
  /** The metric of the route that comes with it. */
  readonly priority?: number;
  /** Who made it (IFAPROT_…). */
  readonly protocol?: number;
}

/** Reads the payload of an RTM_NEWADDR. */
export function parseAddress(payload: Uint8Array): LinkAddress {
  if (payload.length < IFADDRMSG) throw new ReplyError(`an address has ${payload.length} bytes`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = parseAttributes(payload.subarray(IFADDRMSG));
  // IPv6 has no IFA_LOCAL unless there is another end.
  const peer = addressOf(attributes, IFA.ADDRESS), local = addressOf(attributes, IFA.LOCAL) ?? peer;
  const family = view.getUint8(0), prefix = view.getUint8(1);
  if (local === undefined) throw new ReplyError("an address has no bytes");
  const length = family === AF_INET ? 4 : 16;
  if (local.length !== length || (peer ?? local).length !== length || prefix > 8 * length) {
    throw new ReplyError(
      `an address of family ${family} has ${local.length} bytes and a prefix of ${prefix}`,
    );
  }
  const broadcast = addressOf(attributes, IFA.BROADCAST), label = stringOf(attributes, IFA.LABEL);
  const priority = u32Of(attributes, IFA.RT_PRIORITY), [protocol] = attributes.get(IFA.PROTO) ?? [];
  return {
    ...{ index: view.getUint32(4, true), family, prefix, local, peer: peer ?? local },
    scope: view.getUint8(3),
    flags: u32Of(attributes, IFA.FLAGS) ?? view.getUint8(2),
    ...broadcast === undefined ? {} : { broadcast },
    ...label === undefined ? {} : { label },
    ...priority === undefined ? {} : { priority },
    ...protocol === undefined ? {} : { protocol },
  };
}

function ifaddrmsg(family: number, prefix = 0, scope = RT_SCOPE_UNIVERSE, index = 0): Uint8Array {
  const message = new Uint8Array(IFADDRMSG), view = new DataView(message.buffer);
  view.setUint8(0, family);
  view.setUint8(1, prefix);
  view.setUint8(3, scope);
  view.setUint32(4, index, true);
  return message;
}

/** Addresses of IPv4 and IPv6: of one link, or of all. */
export function listAddresses(netlink: Netlink, index?: number): LinkAddress[] {
  const request = { what: "listing addresses", type: RTM.GETADDR, payload: [ifaddrmsg(AF_UNSPEC)] };
  return netlink.dump(request)
    .filter(({ type, payload }) =>
      type === RTM.NEWADDR && (payload[0] === AF_INET || payload[0] === AF_INET6)
    )
    .map(({ payload }) => parseAddress(payload))
    .filter((address) => index === undefined || address.index === index);
}

/** The payload that gives a link an address. */
export function encodeAddress(address: LinkAddress): Uint8Array[] {
  const { family, prefix, scope, index, local, peer, broadcast, label, priority, flags, protocol } = address;
  return [
    ifaddrmsg(family, prefix, scope, index),
    bytes(IFA.LOCAL, local),
    bytes(IFA.ADDRESS, peer),
    ...broadcast === undefined ? [] : [bytes(IFA.BROADCAST, broadcast)],
    ...label === undefined ? [] : [string(IFA.LABEL, label)],
    ...flags === 0 ? [] : [u32(IFA.FLAGS, flags)],
    ...priority === undefined ? [] : [u32(IFA.RT_PRIORITY, priority)],
    ...protocol === undefined ? [] : [bytes(IFA.PROTO, Uint8Array.of(protocol))],
  ];
}

/** Gives a link an address. `what` says which and to which link. EEXIST if it has it. */
export function addAddress(netlink: Netlink, address: LinkAddress, what: string): void {
  netlink.request({
    what,
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    payload: encodeAddress(address),
  });
}
