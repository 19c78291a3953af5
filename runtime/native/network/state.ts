/**
 * What engines of a host have to know of each other, below one directory:
 *
 *     ROOT/lock                           held by whoever changes anything: a lock of the system's, which goes with its holder
 *     ROOT/NET-PID/network.json           the bridge and its addresses; NET and PID are the namespaces of the engines that share it
 *     ROOT/NET-PID/leases/ADDRESS.json    whose an address is
 *
 * Files are replaced by rename. Each is written before what it tells of is made, and removed after that: whatever a killed process leaves is
 * found by the next one.
 * @module
 */
import { replaceFile } from "../../lifecycle/host/state_directory.ts";
import type { ProcessIdentity } from "../../lifecycle/record.ts";
import { OWN_NAMESPACE } from "../netlink/socket.ts";
import { format, parse } from "./ipv4.ts";

/** The bridge of a host. */
export interface NetworkRecord {
  /** Its name. */
  readonly bridge: string;
  /** Its hardware address, by which it is known from another link of that name. */
  readonly hardwareAddress: string;
  /** Its address. */
  readonly gateway: number;
  /** Bits of the network in it. */
  readonly prefix: number;
}

/** Whose an address is. */
export interface Lease {
  /** The address. */
  readonly address: number;
  /** The link that leads to its holder; it is in the engine's namespace. */
  readonly link: string;
  /** Id of the container. */
  readonly containerId: string;
  /** Its init: when that is gone, so is the lease. */
  readonly holder: ProcessIdentity;
  /** What tells it from a later one of the same address. */
  readonly token: string;
}

const isNotFound = (error: unknown): boolean => error instanceof Deno.errors.NotFound;

/** True if there is a directory. */
export function exists(directory: string): boolean {
  try {
    return Deno.statSync(directory).isDirectory;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Directory of the engines that see the same networks and the same processes as this one. */
export function placeOf(root: string): string {
  const numberOf = (path: string): number | null => Deno.statSync(path).ino;
  return `${root}/${numberOf(OWN_NAMESPACE)}-${numberOf("/proc/self/ns/pid")}`;
}

/** Runs `body` while nobody else changes anything below `root`, which is made if there is none. */
export async function locked<T>(root: string, body: (place: string) => T): Promise<T> {
  try {
    Deno.mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`making ${root}: ${(error as Error).message}`, { cause: error });
  }
  const file = Deno.openSync(`${root}/lock`, { create: true, write: true, mode: 0o600 });
  try {
    if (!file.tryLockSync(true)) await file.lock(true);
    return body(placeOf(root));
  } finally {
    file.close();
  }
}

/** The values of a file that is a JSON object; undefined if there is no such file. */
function readObject(path: string): Record<string, unknown> | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  try {
    return { ...JSON.parse(text) as Record<string, unknown> };
  } catch (error) {
    throw new Error(`reading ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A value that is a string. */
function text(object: Record<string, unknown>, name: string, path: string): string {
  const value = object[name];
  if (typeof value !== "string") throw new Error(`reading ${path}: ${name} is not a string`);
  return value;
}

/** A value that is a whole number. */
function number(object: Record<string, unknown>, name: string, path: string): number {
  const value = object[name];
  if (!Number.isSafeInteger(value)) throw new Error(`reading ${path}: ${name} is not a whole number`);
  return value as number;
}

function address(object: Record<string, unknown>, name: string, path: string): number {
  const value = parse(text(object, name, path));
  if (value === undefined) throw new Error(`reading ${path}: ${name} is not an address`);
  return value;
}

/** The bridge; undefined if there is none. */
export function readNetwork(place: string): NetworkRecord | undefined {
  const path = `${place}/network.json`, object = readObject(path);
  if (object === undefined) return undefined;
  const prefix = number(object, "prefix", path);
  if (prefix < 8 || prefix > 30) throw new Error(`reading ${path}: a prefix of ${prefix}`);
  return {
    bridge: text(object, "bridge", path),
    hardwareAddress: text(object, "hardwareAddress", path),
    gateway: address(object, "gateway", path),
    prefix,
  };
}

/** Notes the bridge. */
export function writeNetwork(place: string, network: NetworkRecord): void {
  Deno.mkdirSync(`${place}/leases`, { recursive: true, mode: 0o700 });
  replaceFile(`${place}/network.json`, JSON.stringify({ ...network, gateway: format(network.gateway) }));
}

const leasePath = (place: string, leased: number): string => `${place}/leases/${format(leased)}.json`;

/** The lease of an address; undefined if it is nobody's. */
export function readLease(place: string, leased: number): Lease | undefined {
  const path = leasePath(place, leased), object = readObject(path);
  return object && {
    address: leased,
    link: text(object, "link", path),
    containerId: text(object, "containerId", path),
    holder: { pid: number(object, "pid", path), startTime: text(object, "startTime", path) },
    token: text(object, "token", path),
  };
}

/** Notes a lease. */
export function writeLease(place: string, { address, holder, ...rest }: Lease): void {
  replaceFile(leasePath(place, address), JSON.stringify({ ...rest, ...holder }));
}

/** Ends a lease. */
export function removeLease(place: string, { address }: Lease): void {
  removeIfThere(leasePath(place, address));
}

/** All leases. */
export function listLeases(place: string): Lease[] {
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(`${place}/leases`), ({ name }) => name);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
  return names.flatMap((name) => {
    // What a killed process was about to rename is nothing yet.
    const leased = name.endsWith(".json") ? parse(name.slice(0, -".json".length)) : undefined;
    return (leased === undefined ? undefined : readLease(place, leased)) ?? [];
  });
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Forgets the bridge, and with it the place. */
export function removePlace(place: string): void {
  removeIfThere(place);
}
