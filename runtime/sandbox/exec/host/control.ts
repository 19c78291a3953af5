/** The socket on which a host process takes orders. @module */
import { FrameSocket, type Message } from "../container/frames.ts";
import { controlPath } from "../container/sockets.ts";

/** What is done about an order. The handler owns the socket. */
export type Orders = Readonly<
  Record<string, (socket: FrameSocket, message: Message) => Promise<void> | void>
>;

async function take(socket: FrameSocket, orders: Orders): Promise<void> {
  const message = await socket.receiveMessage();
  const handler = message !== null && Object.hasOwn(orders, message.op) ? orders[message.op] : undefined;
  if (message === null || handler === undefined) return socket.abort();
  await handler(socket, message);
}

/** Listens in a directory. What goes wrong with one caller is that caller's affair. Returns what ends that. */
export function takeOrders(sockets: string, orders: Orders): () => void {
  const listener = Deno.listen({ transport: "unix", path: controlPath(sockets) });
  (async () => {
    for await (const conn of listener) {
      const socket = new FrameSocket(conn);
      take(socket, orders).catch(() => socket.abort());
    }
  })();
  return () => listener.close();
}
