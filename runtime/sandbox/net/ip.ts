/** IP addresses: 4 bytes (IPv4) or 16 (IPv6); text, prefixes, and what kind of address one is. @module */

/** An address: 4 or 16 bytes, not changed once made. */
export type Ip = Uint8Array;

/** 0.0.0.0 */
export const ANY4: Ip = new Uint8Array(4);
/** :: */
export const ANY6: Ip = new Uint8Array(16);
/** 127.0.0.1 */
export const LOOPBACK4: Ip = Uint8Array.of(127, 0, 0, 1);
/** ::1 */
export const LOOPBACK6: Ip = Uint8Array.of(...new Array(15).fill(0), 1);

/** The same address. An IPv4 address is not the same as its mapped form: `unmap` first. */
export function sameIp(a: Ip, b: Ip): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** 0.0.0.0 or :: */
export function isAny(ip: Ip): boolean {
  return ip.every((byte) => byte === 0);
}

/** ::ffff:a.b.c.d */
export function isMapped(ip: Ip): boolean {
  return ip.length === 16 && ip[10] === 0xff && ip[11] === 0xff && ip.subarray(0, 10).every((b) => b === 0);
}

/** The IPv4 address inside of a mapped one; all others as they are. */
export function unmap(ip: Ip): Ip {
  return isMapped(ip) ? ip.slice(12) : ip;
}

/** An IPv4 address in its IPv6 form; IPv6 addresses as they are. */
export function mapped(ip: Ip): Ip {
  if (ip.length === 16) return ip;
  const out = new Uint8Array(16);
  out[10] = out[11] = 0xff;
  out.set(ip, 12);
  return out;
}

/** 127.0.0.0/8 or ::1 */
export function isLoopback(ip: Ip): boolean {
  return ip.length === 4 ? ip[0] === 127 : sameIp(ip, LOOPBACK6);
}

/** 224.0.0.0/4 or ff00::/8 */
export function isMulticast(ip: Ip): boolean {
  return ip.length === 4 ? (ip[0]! & 0xf0) === 0xe0 : ip[0] === 0xff;
}

/** 255.255.255.255 */
export function isBroadcast(ip: Ip): boolean {
  return ip.length === 4 && ip.every((byte) => byte === 255);
}

function parse4(text: string): Ip | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1).map(Number);
  // A leading zero reads as octal elsewhere: an address that two readers understand differently is none.
  if (parts.some((part, i) => part > 255 || String(part) !== match[i + 1])) return undefined;
  return Uint8Array.from(parts);
}

function parse6(text: string): Ip | undefined {
  const dotted = text.lastIndexOf(":") + 1;
  const tail = text.includes(".") ? parse4(text.slice(dotted)) : undefined;
  if (text.includes(".") && tail === undefined) return undefined;
  const body = tail === undefined ? text : text.slice(0, dotted) +
    [0, 2].map((i) => (tail[i]! << 8 | tail[i + 1]!).toString(16)).join(":");
  const halves = body.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const count = groups.reduce((sum, each) => sum + each.length, 0);
  if (halves.length === 2 ? count > 7 : count !== 8) return undefined;
  const all = [...groups[0]!, ...new Array<string>(8 - count).fill("0"), ...groups[1] ?? []];
  const out = new Uint8Array(16);
  for (const [i, group] of all.entries()) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = parseInt(group, 16);
    out[i * 2] = value >> 8;
    out[i * 2 + 1] = value & 0xff;
  }
  return out;
}

/** An address from its text (inet_pton: RFC 4291, section 2.2); undefined if it is none. */
export function parseIp(text: string): Ip | undefined {
  return text.includes(":") ? parse6(text) : parse4(text);
}

/** Text of an address, as RFC 5952 has it for IPv6. */
export function formatIp(ip: Ip): string {
  if (ip.length === 4) return ip.join(".");
  if (isMapped(ip)) return `::ffff:${ip.subarray(12).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, i) => (ip[i * 2]! << 8 | ip[i * 2 + 1]!).toString(16));
  let start = 0, length = 1; // the longest run of two or more zero groups is left out, the first of equals
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === "0") end++;
    if (end - i > length) start = i, length = end - i;
    i = Math.max(i, end - 1);
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** A block of addresses. */
export interface Prefix {
  /** Its first address. */
  readonly ip: Ip;
  /** Leading bits that its addresses share. */
  readonly length: number;
}

/** True if an address lies in a block (of the same family). */
export function inPrefix(ip: Ip, prefix: Prefix): boolean {
  if (ip.length !== prefix.ip.length) return false;
  const whole = prefix.length >> 3;
  for (let i = 0; i < whole; i++) if (ip[i] !== prefix.ip[i]) return false;
  const rest = prefix.length & 7;
  return rest === 0 || ((ip[whole]! ^ prefix.ip[whole]!) >> (8 - rest)) === 0;
}

/** "10.0.0.0/8", or an address by itself; bits behind the length are cleared. undefined if it is none. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = "", bits, extra] = text.split("/");
  const ip = parseIp(address);
  if (ip === undefined || extra !== undefined) return undefined;
  const length = bits === undefined ? ip.length * 8 : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (length < 0 || length > ip.length * 8) return undefined;
  return { ip: masked(ip, length), length };
}

/** "10.0.0.0/8" */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.ip)}/${prefix.length}`;
}

/** An address with the bits behind `length` cleared. */
export function masked(ip: Ip, length: number): Ip {
  return ip.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff);
}
