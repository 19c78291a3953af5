/** A proxy that cuts connections, for tests of clients. @module */

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}

/** Passes bytes on; `count` says whether to go on. */
async function pump(from: Deno.Conn, to: Deno.Conn, count: (n: number) => boolean): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      const goOn = count(n);
      for (let at = 0; at < n;) at += await to.write(buffer.subarray(at, n));
      if (!goOn) break;
    }
    // Whatever has been passed on is to be seen before the end.
    await new Promise((resolve) => setTimeout(resolve, 20));
  } catch {
    // One of the two has gone.
  }
}

/** Runs `run` with a proxy to `host` that cuts `times` connections, each time after `limit` bytes in one direction. */
export async function cutting(
  host: string,
  times: number,
  limit: number,
  run: (proxy: string) => Promise<void>,
  direction: "up" | "down" = "up",
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = Number(host.split(":")[1]);
  const open = new Set<Deno.Conn>(), work: Promise<unknown>[] = [];
  let total = 0, cuts = 0;
  const one = async (client: Deno.Conn): Promise<void> => {
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    open.add(client).add(server);
    const counted = (n: number): boolean => {
      total += n;
      if (cuts >= times || total < limit) return true;
      cuts++;
      total = 0;
      return false;
    };
    const all = (): boolean => true;
    const ways = [
      pump(client, server, direction === "up" ? counted : all),
      pump(server, client, direction === "down" ? counted : all),
    ];
    await Promise.race(ways);
    for (const each of [client, server]) close(each);
    await Promise.all(ways);
  };
  const accepting = (async () => {
    for await (const client of listener) work.push(one(client));
  })().catch(() => {});
  try {
    await run(`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`);
  } finally {
    listener.close();
    for (const each of open) close(each);
    await accepting;
    await Promise.allSettled(work);
  }
}
