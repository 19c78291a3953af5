/** Links: interfaces of the network, as the kernel calls them (man 7 rtnetlink). @module */
import { ENODEV } from "../../../../fs/abi/errno.ts";
import {
  bytes,
  concat,
  nested,
  nestedOf,
  parseAttributes,
  string,
  stringOf,
  u32,
  u32Of,
} from "../attributes.ts";
import type { Netlink } from "../conversation.ts";
import { NetlinkError, ReplyError } from "../error.ts";
import { NLM_F } from "../numbers.ts";
import { IFF_UP, IFLA, IFLA_INFO, RTM, VETH_INFO_PEER } from "./numbers.ts";

/** Bytes of struct ifinfomsg. */
const IFINFOMSG = 16;

/** A link. */
export interface Link {
  /** Its number in its namespace. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** IFF_… (man 7 netdevice). */
  readonly flags: number;
  /** What made it: "bridge", "veth"; undefined for hardware. */
  readonly kind?: string;
  /** Its hardware address, in hexadecimal with colons. */
  readonly hardwareAddress?: string;
  /** Largest packet, in bytes. */
  readonly mtu?: number;
  /** The number of the bridge that it is a port of. */
  readonly master?: number;
}

/** A network namespace, as the kernel takes it: a descriptor, or a process that is in it. */
export type NamespaceReference = { readonly fd: number } | { readonly pid: number };

const namespaceAttribute = (to: NamespaceReference): Uint8Array =>
  "fd" in to ? u32(IFLA.NET_NS_FD, to.fd) : u32(IFLA.NET_NS_PID, to.pid);

/** struct ifinfomsg. `change` says which of the flags are meant. */
export function ifinfomsg(index: number, flags = 0, change = 0): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(IFINFOMSG), view = new DataView(message.buffer);
  view.setInt32(4, index, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, change, true);
  return message;
}

/** Bytes of a hardware address. */
export function hardwareBytes(address: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(address.split(":"), (part) => Number.parseInt(part, 16));
}

/** A hardware address in hexadecimal with colons. */
export function hardwareText(address: Uint8Array): string {
  return Array.from(address, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Reads the payload of an RTM_NEWLINK. */
export function parseLink(payload: Uint8Array): Link {
  if (payload.length < IFINFOMSG) throw new ReplyError(`a link has ${payload.length} bytes`);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const attributes = parseAttributes(payload.subarray(IFINFOMSG));
  const name = stringOf(attributes, IFLA.IFNAME);
  if (!name) throw new ReplyError("a link has no name");
  const kind = stringOf(nestedOf(attributes, IFLA.LINKINFO), IFLA_INFO.KIND);
  const hardware = attributes.get(IFLA.ADDRESS);
  const mtu = u32Of(attributes, IFLA.MTU), master = u32Of(attributes, IFLA.MASTER);
  return {
    index: view.getInt32(4, true),
    name,
    flags: view.getUint32(8, true),
    ...kind === undefined ? {} : { kind },
    ...hardware === undefined || hardware.length === 0 ? {} : { hardwareAddress: hardwareText(hardware) },
    ...mtu === undefined ? {} : { mtu },
    ...master === undefined ? {} : { master },
  };
}

/** All links. */
export function listLinks(netlink: Netlink): Link[] {
  const request = { what: "listing links", type: RTM.GETLINK, payload: [ifinfomsg(0)] };
  return netlink.dump(request).filter(({ type }) => type === RTM.NEWLINK).map(({ payload }) =>
    parseLink(payload)
  );
}

function askForLink(netlink: Netlink, what: string, payload: readonly Uint8Array[]): Link {
  const [reply] = netlink.request({ what, type: RTM.GETLINK, payload });
  if (reply?.type !== RTM.NEWLINK) throw new ReplyError(`${what}: it is not about a link`);
  return parseLink(reply.payload);
}

/** The link of a name, which may be one of its other names (`ip link property add altname`); undefined if there is none. */
export function findLink(netlink: Netlink, name: string): Link | undefined {
  const what = `looking for link ${JSON.stringify(name)}`;
  try {
    return askForLink(netlink, what, [ifinfomsg(0), string(IFLA.IFNAME, name)]);
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENODEV) return undefined;
    throw error;
  }
}

/** The link of a number. ENODEV if there is none. */
export function linkOf(netlink: Netlink, index: number): Link {
  return askForLink(netlink, `looking for link ${index}`, [ifinfomsg(index)]);
}

/** Makes a bridge, which is up. EEXIST if there is a link of that name. */
export function createBridge(netlink: Netlink, name: string, hardwareAddress: string): void {
  netlink.request({
    what: `making bridge ${JSON.stringify(name)}`,
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    payload: [
      ifinfomsg(0, IFF_UP, IFF_UP),
      string(IFLA.IFNAME, name),
      bytes(IFLA.ADDRESS, hardwareBytes(hardwareAddress)),
      nested(IFLA.LINKINFO, string(IFLA_INFO.KIND, "bridge")),
    ],
  });
}

/** Two links, each of which receives what the other sends (man 4 veth). */
export interface VethPair {
  /** Name of the end in this namespace; it is up. */
  readonly name: string;
  /** Number of the bridge that it is a port of. */
  readonly master?: number;
  /** The other end. */
  readonly peer: {
    /** Its name there. */
    readonly name: string;
    /** Where it is; in this namespace if it is not said. */
    readonly namespace?: NamespaceReference;
    /** Its hardware address; any if it is not said. */
    readonly hardwareAddress?: string;
  };
}

/** Makes a pair. EEXIST if there is a link of one of the names. */
export function createVethPair(netlink: Netlink, { name, master, peer }: VethPair): void {
  const other = concat([
    ifinfomsg(0),
    string(IFLA.IFNAME, peer.name),
    ...peer.hardwareAddress === undefined ? [] : [bytes(IFLA.ADDRESS, hardwareBytes(peer.hardwareAddress))],
    ...peer.namespace === undefined ? [] : [namespaceAttribute(peer.namespace)],
  ]);
  netlink.request({
    what: `making links ${JSON.stringify(name)} and ${JSON.stringify(peer.name)}`,
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    payload: [
      ifinfomsg(0, IFF_UP, IFF_UP),
      string(IFLA.IFNAME, name),
      ...master === undefined ? [] : [u32(IFLA.MASTER, master)],
      nested(
        IFLA.LINKINFO,
        string(IFLA_INFO.KIND, "veth"),
        nested(IFLA_INFO.DATA, nested(VETH_INFO_PEER, other)),
      ),
    ],
  });
}

/** Sets a link up, or down. */
export function setLink(netlink: Netlink, name: string, state: "up" | "down"): void {
  netlink.request({
    what: `setting link ${JSON.stringify(name)} ${state}`,
    type: RTM.NEWLINK,
    payload: [ifinfomsg(0, state === "up" ? IFF_UP : 0, IFF_UP), string(IFLA.IFNAME, name)],
  });
}

/** Gives a link another name. */
export function renameLink(netlink: Netlink, name: string, newName: string): void {
  const { index } = existing(netlink, name, `renaming link ${JSON.stringify(name)}`);
  netlink.request({
    what: `renaming link ${JSON.stringify(name)} to ${JSON.stringify(newName)}`,
    type: RTM.NEWLINK,
    payload: [ifinfomsg(index), string(IFLA.IFNAME, newName)],
  });
}

/** Moves a link into another namespace, where it is down and has no addresses. A new name may have one `%d`, for the first number that is free. */
export function moveLink(netlink: Netlink, name: string, to: NamespaceReference, newName = name): void {
  const what = `moving link ${JSON.stringify(name)} into another network namespace as ${
    JSON.stringify(newName)
  }`;
  const { index } = existing(netlink, name, what);
  netlink.request({
    what,
    type: RTM.NEWLINK,
    payload: [ifinfomsg(index), string(IFLA.IFNAME, newName), namespaceAttribute(to)],
  });
}

/** Removes a link; of a pair both go. False if there is none of that name. */
export function deleteLink(netlink: Netlink, name: string): boolean {
  const what = `removing link ${JSON.stringify(name)}`;
  try {
    netlink.request({ what, type: RTM.DELLINK, payload: [ifinfomsg(0), string(IFLA.IFNAME, name)] });
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === ENODEV) return false;
    throw error;
  }
}

/** The link of a name. ENODEV if there is none. */
export function existing(netlink: Netlink, name: string, what: string): Link {
  const link = findLink(netlink, name);
  if (link === undefined) throw new NetlinkError(what, ENODEV);
  return link;
}
