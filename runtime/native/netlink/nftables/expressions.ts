/** Expressions of rules: what nft(8) writes as words is a few of these, which work on registers (linux/netfilter/nf_tables.h). @module */
import { be32, bytes, nested, string } from "../attributes.ts";
import * as nf from "./numbers.ts";

const { FIRST } = nf.NFT_REG;
/** Bytes of a link's name in a register (IFNAMSIZ). */
const IFNAMSIZ = 16;
/** Where the source address is in a header of IPv4. */
const IPV4_SOURCE = 12;

function expression(name: string, ...attributes: readonly Uint8Array[]): Uint8Array {
  return nested(
    nf.NFTA_LIST_ELEM,
    string(nf.NFTA_EXPR.NAME, name),
    nested(nf.NFTA_EXPR.DATA, ...attributes),
  );
}

const value = (type: number, data: Uint8Array): Uint8Array => nested(type, bytes(nf.NFTA_DATA.VALUE, data));

const native32 = (number: number): Uint8Array => new Uint8Array(Uint32Array.of(number).buffer);

function compare(operation: number, data: Uint8Array): Uint8Array {
  return expression(
    "cmp",
    be32(nf.CMP.SREG, FIRST),
    be32(nf.CMP.OP, operation),
    value(nf.CMP.DATA, data),
  );
}

function mask(data: Uint8Array): Uint8Array {
  return expression(
    "bitwise",
    be32(nf.BITWISE.SREG, FIRST),
    be32(nf.BITWISE.DREG, FIRST),
    be32(nf.BITWISE.LEN, data.length),
    value(nf.BITWISE.MASK, data),
    value(nf.BITWISE.XOR, new Uint8Array(data.length)),
  );
}

/** `iifname NAME`, `oifname NAME`, and with `!=`. */
export function linkName(
  way: "iifname" | "oifname",
  operation: "==" | "!=",
  name: string,
): Uint8Array[] {
  const register = new Uint8Array(IFNAMSIZ);
  register.set(new TextEncoder().encode(name));
  const key = way === "iifname" ? nf.META_KEY.IIFNAME : nf.META_KEY.OIFNAME;
  return [
    expression("meta", be32(nf.META.DREG, FIRST), be32(nf.META.KEY, key)),
    compare(operation === "==" ? nf.CMP_OP.EQ : nf.CMP_OP.NEQ, register),
  ];
}

/** `ip saddr NETWORK/PREFIX`. */
export function ipSource(network: Uint8Array, prefix: number): Uint8Array[] {
  const bits = new Uint8Array(4);
  new DataView(bits.buffer).setUint32(0, prefix === 0 ? 0 : -1 << (32 - prefix), false);
  return [
    expression(
      "payload",
      be32(nf.PAYLOAD.DREG, FIRST),
      be32(nf.PAYLOAD.BASE, nf.NETWORK_HEADER),
      be32(nf.PAYLOAD.OFFSET, IPV4_SOURCE),
      be32(nf.PAYLOAD.LEN, network.length),
    ),
    mask(bits),
    compare(nf.CMP_OP.EQ, network),
  ];
}

/** `ct state established,related`. */
export function ofConnection(): Uint8Array[] {
  return [
    expression("ct", be32(nf.CT.DREG, FIRST), be32(nf.CT.KEY, nf.CT_KEY_STATE)),
    mask(native32(nf.CT_STATE.ESTABLISHED | nf.CT_STATE.RELATED)),
    compare(nf.CMP_OP.NEQ, native32(0)),
  ];
}

/** `accept`, `drop`. */
export function verdict(what: "accept" | "drop"): Uint8Array[] {
  const code = what === "accept" ? nf.VERDICT.ACCEPT : nf.VERDICT.DROP;
  return [expression(
    "immediate",
    be32(nf.IMMEDIATE.DREG, nf.NFT_REG.VERDICT),
    nested(
      nf.IMMEDIATE.DATA,
      nested(nf.NFTA_DATA.VERDICT, be32(nf.NFTA_VERDICT_CODE, code)),
    ),
  )];
}

/** `masquerade`: the source becomes the address of the link that the packet leaves by. */
export function masquerade(): Uint8Array[] {
  return [expression("masq")];
}
