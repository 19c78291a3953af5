/** Published ports of TCP: for each connection from outside there is one to the container. @module */
import type { PublishedPort } from "../types.ts";
import type { Endpoint, OpenPort } from "./mod.ts";

/** Bytes that are passed on at a time. */
const CHUNK = 1 << 15;
/** How long nobody is let in after that has failed: there are too many descriptors, mostly. */
const PAUSE_MS = 100;

/** Passes on until the sender says that nothing more comes; then the receiver is told. */
async function pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(CHUNK);
  for (;;) {
    const n = await from.read(buffer);
    if (n === null) break;
    for (let at = 0; at < n;) at += await to.write(buffer.subarray(at, n));
  }
  await to.closeWrite();
}

/** Nothing waits for more to send with it; and a peer that is gone without a word is found out. */
function prepare(connection: Deno.TcpConn): void {
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
}

function closeQuietly(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}

/** Listens. */
export function listenTcp({ hostAddress, host }: PublishedPort): OpenPort {
  const listener = Deno.listen({ hostname: hostAddress, port: host });
  const connections = new Set<Deno.TcpConn>();
  const ending = new AbortController();
  let closed = false, accepting: Promise<void> = Promise.resolve();

  /** Has a connection until `body` ends. */
  async function holding(connection: Deno.TcpConn, body: () => Promise<void>): Promise<void> {
    connections.add(connection);
    try {
      if (closed) return;
      prepare(connection);
      await body();
    } catch {
      // One of the two is gone, or the container does not listen: the other one is told by the end of its connection.
    } finally {
      connections.delete(connection);
      closeQuietly(connection);
    }
  }

  async function serve(outside: Deno.TcpConn, container: Endpoint): Promise<void> {
    await holding(outside, async () => {
      const inside = await Deno.connect({ ...container, signal: ending.signal });
      await holding(inside, async () => {
        await Promise.all([pass(outside, inside), pass(inside, outside)]);
      });
    });
  }

  async function accept(container: Endpoint): Promise<void> {
    while (!closed) {
      try {
        void serve(await listener.accept(), container);
      } catch {
        if (!closed) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  return {
    host: listener.addr.port,
    leadTo(container) {
      accepting = accept(container);
    },
    async close() {
      if (closed) return;
      closed = true;
      listener.close();
      ending.abort();
      for (const connection of connections) closeQuietly(connection);
      await accepting;
    },
  };
}
