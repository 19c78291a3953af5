/**
 * Network devices of the host that move into a container (config-linux.md#network-devices). A device takes its addresses with it; the kernel
 * itself keeps what else there is to keep: the hardware address, the MTU, the length of the queue.
 * @module
 */
import { AF_INET } from "../../abi/linux/socket.ts";
import { LifecycleError } from "../../lifecycle/error.ts";
import type { NetDevice } from "../../spec/types.ts";
import { type Descriptor, openPath, whileOpen } from "../ffi/descriptors.ts";
import type { Netlink } from "../netlink/conversation.ts";
import { NETLINK_ROUTE } from "../netlink/numbers.ts";
import { addAddress, type LinkAddress, listAddresses } from "../netlink/route/addresses.ts";
import { existing, findLink, linkOf, moveLink, renameLink, setLink } from "../netlink/route/links.ts";
import { IFA_F, IFF_UP, RT_SCOPE_UNIVERSE } from "../netlink/route/numbers.ts";
import { openNetlink, OWN_NAMESPACE } from "../netlink/socket.ts";

/** Flags that the kernel takes of who gives an address; the others are its own. */
const GIVEN = IFA_F.NODAD | IFA_F.HOMEADDRESS | IFA_F.MANAGETEMPADDR | IFA_F.NOPREFIXROUTE | IFA_F.MCAUTOJOIN;
/** Longest name of a link, without the zero at its end. */
const LONGEST_NAME = 15;

const quote = (name: string): string => JSON.stringify(name);

/** One side of a move. */
interface Side {
  readonly netlink: Netlink;
  readonly namespace: Descriptor;
}

/** A device that has been moved: what is needed to take it back. */
interface Moved {
  readonly hostName: string;
  /** What it is called now. */
  name: string;
  readonly wasUp: boolean;
  readonly addresses: readonly LinkAddress[];
}

/** A name that nobody else has: the device has it between two namespaces, where both names may be somebody's. */
const temporaryName = (): string => `mv${crypto.randomUUID().replaceAll("-", "").slice(0, LONGEST_NAME - 2)}`;

/** Addresses of a device that "are intended for persistent, external communication": permanent, of global scope. */
function addressesOf(netlink: Netlink, index: number): LinkAddress[] {
  return listAddresses(netlink, index)
    .filter(({ flags, scope }) => flags & IFA_F.PERMANENT && scope === RT_SCOPE_UNIVERSE);
}

/** The name of an address of a device that is called something else now; the kernel gives it the device's own where nothing is said. */
function withLabel({ label, ...address }: LinkAddress, from: string, to: string): LinkAddress {
  const own = label?.startsWith(`${from}:`) ? `${to}${label.slice(from.length)}` : undefined;
  return own === undefined || own.length > LONGEST_NAME ? address : { ...address, label: own };
}

function textOf({ family, local, prefix }: LinkAddress): string {
  const groups = Array.from(local, (byte) => byte.toString(16).padStart(2, "0"));
  const text = family === AF_INET
    ? local.join(".")
    : groups.map((byte, i) => i % 2 === 1 && i < 15 ? `${byte}:` : byte).join("");
  return `${text}/${prefix}`;
}

/** Gives a device its addresses, and sets it up. */
function bringUp(netlink: Netlink, index: number, moved: Moved, up: boolean): void {
  for (const address of moved.addresses) {
    const here = { ...withLabel(address, moved.hostName, moved.name), index, flags: address.flags & GIVEN };
    addAddress(netlink, here, `giving network device ${quote(moved.name)} the address ${textOf(address)}`);
  }
  if (up) setLink(netlink, moved.name, "up");
}

/** Takes a device back. What cannot be done about it is left as it is: why it is taken back counts more. */
function takeBack(host: Side, container: Side, moved: Moved): void {
  try {
    moveLink(container.netlink, moved.name, { fd: host.namespace.fd }, moved.hostName);
    moved.name = moved.hostName;
    const { index } = existing(host.netlink, moved.name, "taking a network device back");
    bringUp(host.netlink, index, moved, moved.wasUp);
  } catch {
    // See above.
  }
}

/**
 * "If a network device with the specified name already exists in the container namespace, the runtime MUST generate an error, unless the user
 * has provided a template by appending `%d` to the new name."
 */
function checkFree(container: Side, { hostName, name }: NetDevice): void {
  if (name.includes("%d") || findLink(container.netlink, name) === undefined) return;
  throw new Error(
    `moving network device ${quote(hostName)}: the container has a network device ${quote(name)}`,
  );
}

function move(
  host: Side,
  container: Side,
  { hostName, name }: NetDevice,
  moved: (device: Moved) => void,
): void {
  const link = existing(host.netlink, hostName, `moving network device ${quote(hostName)}`);
  const device: Moved = {
    ...{ hostName: link.name, name: temporaryName(), wasUp: (link.flags & IFF_UP) !== 0 },
    addresses: addressesOf(host.netlink, link.index),
  };
  moveLink(host.netlink, link.name, { fd: container.namespace.fd }, device.name);
  moved(device);
  const { index } = existing(container.netlink, device.name, `moving network device ${quote(hostName)}`);
  renameLink(container.netlink, device.name, name);
  device.name = linkOf(container.netlink, index).name; // the kernel fills a template in
  // "The runtime MUST set the network device state to "up" after moving it."
  bringUp(container.netlink, index, device, true);
}

/** Moves devices into the network namespace of a container's init. Throws an error that says what cannot be done; the host has all of them again then. */
export function moveDevices(id: string, devices: readonly NetDevice[], pid: number): void {
  try {
    moveAll(devices, pid);
  } catch (error) {
    const what = `creating container ${JSON.stringify(id)}: linux.netDevices`;
    throw new LifecycleError(`${what}: ${(error as Error).message}`, "failed", { cause: error });
  }
}

function moveAll(devices: readonly NetDevice[], pid: number): void {
  const what = "moving network devices into the container";
  whileOpen((own) => {
    const sideOf = (path: string, inside: boolean): Side => {
      const namespace = own(openPath(path, 0, `${what}: ${path}`));
      const netlink = openNetlink(NETLINK_ROUTE, what, ...inside ? [namespace] : []);
      return { netlink, namespace };
    };
    const host = sideOf(OWN_NAMESPACE, false);
    try {
      const container = sideOf(`/proc/${pid}/ns/net`, true);
      const moved: Moved[] = [];
      try {
        for (const device of devices) checkFree(container, device);
        for (const device of devices) move(host, container, device, (each) => moved.unshift(each));
      } catch (error) {
        for (const device of moved) takeBack(host, container, device);
        throw error;
      } finally {
        container.netlink.close();
      }
    } finally {
      host.netlink.close();
    }
  });
}
