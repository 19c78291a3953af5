/** Messages of the domain name system (RFC 1035, section 4): one question in, addresses out. @module */
import type { Ip } from "../ip.ts";

/** Types that are answered. */
export const TYPE = { A: 1, AAAA: 28 } as const;
/** Response codes (RFC 1035, section 4.1.1). */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;

const HEADER = 12, QR = 0x80, AA = 0x04, RD = 0x01, RA = 0x80, OPCODE = 0x78;
const CLASS_IN = 1;
/** Largest answer without extensions (RFC 1035, section 2.3.4). */
const MAX_UDP = 512;
/** Seconds an answer may be kept: whoever asks again is asked about again. */
const TTL = 60;

/** A question. */
export interface Question {
  /** Name without a final dot, as it was asked. */
  readonly name: string;
  /** TYPE. */
  readonly type: number;
  /** Class: 1 is the internet. */
  readonly class: number;
  /** Where the question ends in its message. */
  readonly end: number;
}

/** The question of a query; undefined if the message is not a query with one question. */
export function readQuestion(message: Uint8Array): Question | undefined {
  if (message.length < HEADER || (message[2]! & (QR | OPCODE)) !== 0) return undefined;
  if (message[4] !== 0 || message[5] !== 1) return undefined; // QDCOUNT
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at++];
    if (length === undefined || length > 63) return undefined; // compressed names have no place in a question
    if (length === 0) break;
    if (at + length > message.length) return undefined;
    labels.push(String.fromCharCode(...message.subarray(at, at + length)));
    at += length;
  }
  if (at + 4 > message.length || at - HEADER > 255) return undefined;
  const number = (i: number): number => message[i]! << 8 | message[i + 1]!;
  return { name: labels.join("."), type: number(at), class: number(at + 2), end: at + 4 };
}

/** True for a question that addresses answer. */
export function asksForAddresses({ type, class: c }: Question): boolean {
  return c === CLASS_IN && (type === TYPE.A || type === TYPE.AAAA);
}

/** The answer to a query: as many of the addresses as fit. */
export function answer(
  query: Uint8Array,
  question: Question | undefined,
  code: number,
  addresses: readonly Ip[],
): Uint8Array {
  const body = query.subarray(HEADER, question?.end ?? HEADER);
  const size = addresses.length === 0 ? 0 : 12 + addresses[0]!.length;
  const fitting = addresses.slice(0, size === 0 ? 0 : Math.floor((MAX_UDP - HEADER - body.length) / size));
  const out = new Uint8Array(HEADER + body.length + fitting.length * size);
  out.set(query.subarray(0, 2)); // the id
  out[2] = QR | AA | (query[2]! & (RD | OPCODE));
  out[3] = RA | code;
  out[5] = question === undefined ? 0 : 1;
  out[7] = fitting.length;
  out.set(body, HEADER);
  let at = HEADER + body.length;
  for (const ip of fitting) {
    // The name is that of the question: a pointer to byte 12.
    out.set(
      [0xc0, HEADER, 0, ip.length === 4 ? TYPE.A : TYPE.AAAA, 0, CLASS_IN, 0, 0, 0, TTL, 0, ip.length],
      at,
    );
    out.set(ip, at + 12);
    at += size;
  }
  return out;
}
