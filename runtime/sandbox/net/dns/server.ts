/** A name server inside a namespace, for programs that ask by UDP: it answers what a NameService does. @module */
import { EACCES, ENOENT } from "../../../../fs/abi/errno.ts";
import { POLLIN } from "../../../../fs/abi/poll.ts";
import { AF_INET, SOCK_DGRAM } from "../../../abi/linux/socket.ts";
import { inetAddress } from "../address.ts";
import { createSocket } from "../create.ts";
import type { Ip } from "../ip.ts";
import type { NameService } from "../name_service.ts";
import type { NetNamespace } from "../namespace.ts";
import { Incoming, type SocketFile } from "../socket_file.ts";
import { answer, asksForAddresses, RCODE, readQuestion, TYPE } from "./message.ts";

/** The port of name servers. */
const PORT = 53;
/** Questions that are being answered at once; others are dropped, and asked again. */
const MAX_PENDING = 256;

/** Starts a server on an address of `ns`. A negative errno if the port is taken. */
export function serveNames(ns: NetNamespace, ip: Ip, names: NameService): SocketFile | number {
  const socket = createSocket(null, ns, AF_INET, SOCK_DGRAM, 0, 0);
  if (typeof socket === "number") return socket;
  const error = socket.bind(null, inetAddress(AF_INET, ip, PORT));
  if (error < 0) {
    socket.close();
    return error;
  }
  const buffer = new Uint8Array(512), more = new Incoming();
  let pending = 0;
  socket.queue.add({
    wake(events) {
      if ((events & POLLIN) === 0) return;
      for (;;) {
        const n = socket.recv(buffer, 0, buffer.length, 0, more);
        if (n < 0) return;
        const { from } = more;
        if (from === null || pending >= MAX_PENDING) continue;
        pending++;
        reply(buffer.slice(0, n), names).then((message) => {
          pending--;
          if (message !== undefined) socket.send(message, 0, message.length, 0, from);
        });
      }
    },
  });
  return socket;
}

/** The answer to a message; undefined for one that deserves none. */
export async function reply(query: Uint8Array, names: NameService): Promise<Uint8Array | undefined> {
  if (query.length < 12 || (query[2]! & 0x80) !== 0) return undefined; // an answer is not answered
  const question = readQuestion(query);
  if (question === undefined) return answer(query, undefined, RCODE.FORMERR, []);
  if (!asksForAddresses(question)) return answer(query, question, RCODE.NOERROR, []);
  const found = await names.lookup(question.name, question.type === TYPE.A ? 4 : 6);
  if (typeof found !== "number") return answer(query, question, RCODE.NOERROR, found);
  const code = found === -ENOENT ? RCODE.NXDOMAIN : found === -EACCES ? RCODE.REFUSED : RCODE.SERVFAIL;
  return answer(query, question, code, []);
}
