/** Published ports of UDP: each sender from outside has a socket of its own towards the container, by which the answers find back. @module */
import type { PublishedPort } from "../types.ts";
import type { Endpoint, OpenPort } from "./mod.ts";

/** Longest datagram. */
const LARGEST = 1 << 16;
/** How long a sender is remembered from whom, and to whom, nothing comes. */
const IDLE_MS = 90_000;
/** How many are; the one that has been silent longest makes room. */
const MOST_SENDERS = 1024;

interface Sender {
  readonly socket: Deno.DatagramConn;
  lastUsed: number;
}

function closeQuietly(socket: Deno.DatagramConn): void {
  try {
    socket.close();
  } catch {
    // It is closed.
  }
}

/** Passes on datagrams until the socket is closed. What cannot be sent is lost, as datagrams may be. */
async function pass(
  socket: Deno.DatagramConn,
  passOn: (datagram: Uint8Array, from: Deno.NetAddr) => Promise<unknown>,
  isClosed: () => boolean,
): Promise<void> {
  const buffer = new Uint8Array(LARGEST);
  while (!isClosed()) {
    try {
      const [datagram, from] = await socket.receive(buffer);
      await passOn(datagram, from as Deno.NetAddr);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
    }
  }
}

/** Listens. Remembers so many senders. */
export function listenUdp(
  { hostAddress, host }: Pick<PublishedPort, "hostAddress" | "host">,
  mostSenders = MOST_SENDERS,
): OpenPort {
  if (Deno.listenDatagram === undefined) throw new Error("Deno has no datagrams without --unstable-net");
  const outside = Deno.listenDatagram({ transport: "udp", hostname: hostAddress, port: host });
  const senders = new Map<string, Sender>(); // the one that was used last is the last one
  let closed = false, passing: Promise<void> = Promise.resolve();

  function forget(name: string): void {
    const sender = senders.get(name);
    senders.delete(name);
    if (sender !== undefined) closeQuietly(sender.socket);
  }

  const sweep = setInterval(() => {
    for (const [name, { lastUsed }] of senders) {
      if (performance.now() - lastUsed > IDLE_MS) forget(name);
    }
  }, IDLE_MS / 3);
  Deno.unrefTimer(sweep);

  /** Has a socket for a sender, and passes what the container answers on to it. */
  function remember(name: string, from: Deno.NetAddr, container: Endpoint): Sender {
    const [oldest] = senders.keys();
    if (senders.size >= mostSenders && oldest !== undefined) forget(oldest);
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    const sender = { socket, lastUsed: performance.now() };
    senders.set(name, sender);
    void pass(socket, async (datagram, by) => {
      // Anybody can send to the socket, but only the container is listened to.
      if (by.hostname !== container.hostname || by.port !== container.port) return;
      sender.lastUsed = performance.now();
      await outside.send(datagram, from);
    }, () => senders.get(name) !== sender);
    return sender;
  }

  function senderOf(from: Deno.NetAddr, container: Endpoint): Sender {
    const name = `${from.hostname} ${from.port}`;
    const sender = senders.get(name);
    if (sender === undefined) return remember(name, from, container);
    sender.lastUsed = performance.now();
    senders.delete(name);
    senders.set(name, sender);
    return sender;
  }

  return {
    host: (outside.addr as Deno.NetAddr).port,
    leadTo(container) {
      const to: Deno.NetAddr = { transport: "udp", ...container };
      passing = pass(
        outside,
        (datagram, from) => senderOf(from, container).socket.send(datagram, to),
        () => closed,
      );
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(sweep);
      closeQuietly(outside);
      for (const name of [...senders.keys()]) forget(name);
      await passing;
    },
  };
}
