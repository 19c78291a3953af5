/** Requests over a netlink socket, and what comes back. Everything here is done by the kernel while the request is sent: no answer has to be waited for. @module */
import { concat } from "./attributes.ts";
import { NetlinkError, ReplyError } from "./error.ts";
import { encodeMessage, type Message, parseAcknowledgement, parseMessages } from "./message.ts";
import { NLM_F, NLMSG } from "./numbers.ts";

/** How often a list is asked for again that has changed meanwhile. */
const DUMP_TRIES = 20;

/** What carries datagrams to the kernel and back. Both throw an Error that says what was being done. */
export interface Transport {
  /** Sends one. */
  send(datagram: Uint8Array<ArrayBuffer>, what: string): void;
  /** The next one that the kernel has sent; undefined if there is none. */
  receive(what: string): Uint8Array | undefined;
  /** Ends it. */
  close(): void;
}

/** A request. */
export interface Request {
  /** What is being done, to what: for errors. */
  readonly what: string;
  /** Kind of message. */
  readonly type: number;
  /** NLM_F beside REQUEST and ACK. */
  readonly flags?: number;
  /** What follows the header. */
  readonly payload: readonly Uint8Array[];
}

/** A netlink socket. */
export interface Netlink {
  /** Has something done. Throws NetlinkError if the kernel refuses. The messages that it answers with. */
  request(request: Request): Message[];
  /** Lists something. */
  dump(request: Request): Message[];
  /** Has several things done, all or none (netfilter's subsystems); `begin` and `end` are their frame. Throws NetlinkError with the first refusal. */
  batch(begin: Request, requests: readonly Request[], end: Request): void;
  /** Closes the socket. */
  close(): void;
}

const isEnd = ({ type }: Message): boolean => type === NLMSG.ERROR || type === NLMSG.DONE;

/** Runs `parse`, whose errors say then what was being done. */
function understand<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** Takes an acknowledgement for what it says. */
function check(message: Message, what: string): void {
  const { errno, said } = understand(what, () => parseAcknowledgement(message));
  if (errno !== 0) throw new NetlinkError(what, errno, said);
}

/** Talks over a transport. */
export function netlink(transport: Transport): Netlink {
  let sequence = 0, interrupted = false;

  /** Messages of the requests from `first` on; those of earlier ones, which were given up, are dropped. */
  function receive(what: string, first: number): Message[] {
    const datagram = transport.receive(what);
    if (datagram === undefined) throw new Error(`${what}: the kernel does not answer`);
    return understand(what, () => {
      const messages = parseMessages(datagram);
      if (messages.some(({ type }) => type === NLMSG.OVERRUN)) {
        throw new ReplyError("messages have been lost");
      }
      return messages.filter((message) => message.sequence >= first && message.type !== NLMSG.NOOP);
    });
  }

  function collect(what: string): Message[] {
    const all: Message[] = [];
    for (;;) {
      for (const message of receive(what, sequence)) {
        if (message.flags & NLM_F.DUMP_INTR) interrupted = true; // its last message may be the first that says so
        if (!isEnd(message)) all.push(message);
        else {
          check(message, what);
          return all;
        }
      }
    }
  }

  return {
    request({ what, type, flags = 0, payload }) {
      const header = { type, flags: NLM_F.REQUEST | NLM_F.ACK | flags, sequence: ++sequence };
      transport.send(encodeMessage(header, payload), what);
      return collect(what);
    },

    dump({ what, type, payload }) {
      for (let tries = 0; tries < DUMP_TRIES; tries++) {
        interrupted = false;
        const header = { type, flags: NLM_F.REQUEST | NLM_F.DUMP, sequence: ++sequence };
        transport.send(encodeMessage(header, payload), what);
        const all = collect(what);
        if (!interrupted) return all;
      }
      throw new Error(`${what}: it changes all the time`);
    },

    batch(begin, requests, end) {
      const first = ++sequence;
      const frame = ({ type, payload }: Request): Uint8Array =>
        encodeMessage({ type, flags: NLM_F.REQUEST, sequence: sequence }, payload);
      const opening = frame(begin);
      const middle = requests.map(({ type, flags = 0, payload }) =>
        encodeMessage({ type, flags: NLM_F.REQUEST | NLM_F.ACK | flags, sequence: ++sequence }, payload)
      );
      const last = sequence;
      sequence++;
      transport.send(concat([opening, ...middle, frame(end)]), begin.what);
      const open = new Set(requests.map((_, i) => first + 1 + i));
      while (open.size > 0) {
        for (const message of receive(begin.what, first)) {
          if (message.type !== NLMSG.ERROR) continue;
          // What is refused as a whole is refused in the name of the frame.
          const of = message.sequence > first && message.sequence <= last
            ? requests[message.sequence - first - 1]!
            : begin;
          check(message, of.what);
          open.delete(message.sequence);
        }
      }
    },

    close: transport.close,
  };
}
