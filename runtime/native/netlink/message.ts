/** Messages of netlink: a header of 16 bytes, and what it is about (man 7 netlink). @module */
import { aligned, concat, parseAttributes, stringOf, u32Of } from "./attributes.ts";
import { ReplyError } from "./error.ts";
import { NLM_F, NLMSG, NLMSGERR_ATTR } from "./numbers.ts";

const HEADER = 16;

/** What a header says beside the length. */
export interface Header {
  /** Kind of message. */
  readonly type: number;
  /** NLM_F. */
  readonly flags: number;
  /** Number of the request, which its replies have, too. */
  readonly sequence: number;
}

/** A message. */
export interface Message extends Header {
  /** What follows the header. */
  readonly payload: Uint8Array;
}

/** A message as bytes. */
export function encodeMessage(
  { type, flags, sequence }: Header,
  payload: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const message = concat([new Uint8Array(HEADER), ...payload]), view = new DataView(message.buffer);
  view.setUint32(0, message.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  return message.length % 4 === 0 ? message : concat([message, new Uint8Array(-message.length & 3)]);
}

/** The messages of a datagram. */
export function parseMessages(datagram: Uint8Array): Message[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: Message[] = [];
  for (let at = 0; at < datagram.length;) {
    const left = datagram.length - at;
    if (left < HEADER) throw new ReplyError(`${left} bytes are left where a message begins`);
    const length = view.getUint32(at, true);
    if (length < HEADER || length > left) {
      throw new ReplyError(`a message has a length of ${length} where ${left} bytes are left`);
    }
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: datagram.subarray(at + HEADER, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** What the kernel says to a request. */
export interface Acknowledgement {
  /** 0 if it has been done; else a positive errno. */
  readonly errno: number;
  /** Its reason in words. */
  readonly said?: string;
}

/** In words: the kernel's own, and of which attribute of the request they are. */
function reasonOf(tlvs: Uint8Array): string | undefined {
  const attributes = parseAttributes(tlvs);
  const text = stringOf(attributes, NLMSGERR_ATTR.MSG);
  const missing = u32Of(attributes, NLMSGERR_ATTR.MISS_TYPE);
  const offset = u32Of(attributes, NLMSGERR_ATTR.OFFS);
  if (missing !== undefined) return `${text ? `${text}; ` : ""}attribute ${missing} is missing`;
  return text || (offset === undefined ? undefined : `byte ${offset} of the request`);
}

/** Reads an NLMSG_ERROR, or an NLMSG_DONE, which has no request in it. */
export function parseAcknowledgement({ type, flags, payload }: Message): Acknowledgement {
  // A list that came to its end before there were errnos has nothing.
  if (type === NLMSG.DONE && payload.length === 0) return { errno: 0 };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const least = type === NLMSG.ERROR ? 4 + HEADER : 4;
  if (payload.length < least) {
    throw new ReplyError(`an acknowledgement has ${payload.length} bytes, not ${least} or more`);
  }
  const errno = -view.getInt32(0, true);
  if (errno < 0 || errno > 4095) throw new ReplyError(`an acknowledgement has the errno ${errno}`);
  if (!(flags & NLM_F.ACK_TLVS)) return { errno };
  const repeated = type !== NLMSG.ERROR ? 0 : flags & NLM_F.CAPPED ? HEADER : view.getUint32(4, true);
  const from = 4 + aligned(repeated);
  if (from > payload.length) {
    throw new ReplyError(`an acknowledgement repeats ${repeated} bytes, and has ${payload.length}`);
  }
  const said = reasonOf(payload.subarray(from));
  return { errno, ...said === undefined ? {} : { said } };
}
