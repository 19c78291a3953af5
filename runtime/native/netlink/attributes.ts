/**
 * Attributes of netlink messages (man 7 netlink; linux/netlink.h, struct nlattr): length, type and value, each at a multiple of four. Numbers
 * have the machine's byte order, which is little-endian wherever this runs, or the network's where a subsystem says so.
 * @module
 */
import { ReplyError } from "./error.ts";
import { NLA_F_NESTED, NLA_TYPE_MASK } from "./numbers.ts";

const HEADER = 4;

/** A length, rounded up to a multiple of four. */
export const aligned = (length: number): number => (length + 3) & ~3;

/** Bytes one after the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An attribute of bytes. */
export function bytes(type: number, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const attribute = new Uint8Array(aligned(HEADER + value.length)), view = new DataView(attribute.buffer);
  view.setUint16(0, HEADER + value.length, true);
  view.setUint16(2, type, true);
  attribute.set(value, HEADER);
  return attribute;
}

/** An attribute of other attributes. */
export function nested(type: number, ...attributes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return bytes(type | NLA_F_NESTED, concat(attributes));
}

/** An attribute of a number of 32 bits. */
export function u32(type: number, value: number): Uint8Array<ArrayBuffer> {
  return bytes(type, new Uint8Array(Uint32Array.of(value).buffer));
}

/** The same in the network's byte order. */
export function be32(type: number, value: number): Uint8Array<ArrayBuffer> {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, value, false);
  return bytes(type, number);
}

/** An attribute of a string, with the zero at its end. */
export function string(type: number, value: string): Uint8Array<ArrayBuffer> {
  return bytes(type, new TextEncoder().encode(`${value}\0`));
}

/** Attributes by their types. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

/** Takes attributes apart. Of two of one type the last one counts, as it does for the kernel. */
export function parseAttributes(value: Uint8Array): Attributes {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const attributes = new Map<number, Uint8Array>();
  for (let at = 0; at < value.length;) {
    const left = value.length - at;
    if (left < HEADER) throw new ReplyError(`${left} bytes are left where an attribute begins`);
    const length = view.getUint16(at, true), type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    if (length < HEADER || length > left) {
      throw new ReplyError(`attribute ${type} has a length of ${length} where ${left} bytes are left`);
    }
    attributes.set(type, value.subarray(at + HEADER, at + length));
    at += aligned(length); // the last one may do without its padding
  }
  return attributes;
}

function ofLength(attributes: Attributes, type: number, lengths: readonly number[]): Uint8Array | undefined {
  const value = attributes.get(type);
  if (value === undefined || lengths.includes(value.length)) return value;
  throw new ReplyError(`attribute ${type} has ${value.length} bytes, not ${lengths.join(" or ")}`);
}

/** A number of 32 bits. */
export function u32Of(attributes: Attributes, type: number): number | undefined {
  const value = ofLength(attributes, type, [4]);
  return value && new DataView(value.buffer, value.byteOffset).getUint32(0, true);
}

/** The same in the network's byte order. */
export function be32Of(attributes: Attributes, type: number): number | undefined {
  const value = ofLength(attributes, type, [4]);
  return value && new DataView(value.buffer, value.byteOffset).getUint32(0, false);
}

/** An address of IPv4 or IPv6, as bytes. */
export function addressOf(attributes: Attributes, type: number): Uint8Array | undefined {
  return ofLength(attributes, type, [4, 16]);
}

/** A string, which ends with its first zero, or with the attribute. */
export function stringOf(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** Attributes in an attribute; none if it is not there. */
export function nestedOf(attributes: Attributes, type: number): Attributes {
  return parseAttributes(attributes.get(type) ?? new Uint8Array());
}
