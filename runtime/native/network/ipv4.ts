/** Addresses of IPv4 as numbers of 32 bits, as texts and as bytes. @module */

/** An address from its four bytes. */
export function fromBytes(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, false);
}

/** An address as its four bytes. */
export function toBytes(address: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, address, false);
  return bytes;
}

/** An address in dots. */
export function format(address: number): string {
  return toBytes(address).join(".");
}

/** An address from its text, which has no other form than format() gives; undefined if it is none. */
export function parse(text: string): number | undefined {
  const parts = text.split(".").map(Number);
  if (parts.length !== 4 || !parts.every((part) => part >= 0 && part <= 255)) return undefined;
  const address = fromBytes(Uint8Array.from(parts));
  return format(address) === text ? address : undefined;
}

/** A network: all addresses that have its first bits. */
export interface Network {
  /** Its first address. */
  readonly address: number;
  /** How many bits. */
  readonly prefix: number;
}

/** How many addresses a network has. */
export const sizeOf = ({ prefix }: Network): number => 2 ** (32 - prefix);

/** The network that an address is in. */
export function networkOf(address: number, prefix: number): Network {
  return { address: address - address % 2 ** (32 - prefix), prefix };
}

/** True if networks have an address in common. */
export function overlap(one: Network, other: Network): boolean {
  return one.address < other.address + sizeOf(other) && other.address < one.address + sizeOf(one);
}
