import assert from "node:assert/strict";
import { openPorts } from "./mod.ts";
import { listenUdp } from "./udp.ts";

const LO = "127.0.0.1";
const text = new TextEncoder(), of = new TextDecoder();

async function readAll(connection: Deno.TcpConn): Promise<string> {
  let all = "";
  const buffer = new Uint8Array(4096);
  for (let n; (n = await connection.read(buffer)) !== null;) all += of.decode(buffer.subarray(0, n));
  return all;
}

/** A container of this host: something that listens at another port of the loopback. */
function tcpServer(serve: (connection: Deno.TcpConn) => Promise<void>): { port: number; close(): void } {
  const listener = Deno.listen({ hostname: LO, port: 0 });
  void (async () => {
    for await (const connection of listener) {
      await serve(connection).catch(() => {});
      connection.close();
    }
  })();
  return { port: listener.addr.port, close: () => listener.close() };
}

const tcp = (container: number) => ({ hostAddress: LO, host: 0, container, protocol: "tcp" }) as const;
const udp = (container: number) => ({ hostAddress: LO, host: 0, container, protocol: "udp" }) as const;

Deno.test("openPorts(): a port that is taken is an error that names it, and opens no other", () => {
  const taken = Deno.listen({ hostname: LO, port: 0 }), { port } = taken.addr;
  const free = Deno.listen({ hostname: LO, port: 0 }), other = free.addr.port;
  free.close();
  assert.throws(
    () => openPorts([{ ...tcp(1), host: other }, { ...tcp(1), host: port }]),
    (error: Error) =>
      error.message.startsWith(`publishing port 127.0.0.1:${port}/tcp: `) &&
      error.cause instanceof Deno.errors.AddrInUse,
  );
  Deno.listen({ hostname: LO, port: other }).close();
  taken.close();
  assert.throws(
    () => openPorts([{ ...tcp(1), hostAddress: "192.0.2.77" }]),
    /publishing port 192\.0\.2\.77:0\/tcp: /,
  );
});

Deno.test("TCP: each side says on its own that nothing more comes", async () => {
  const server = tcpServer(async (connection) => {
    const request = await readAll(connection); // to its end, which the client says before it reads
    await connection.write(text.encode(`got ${request}`));
  });
  const ports = openPorts([tcp(server.port)]), { host } = ports.published[0]!;
  ports.leadTo(LO);
  const client = await Deno.connect({ hostname: LO, port: host });
  await client.write(text.encode("this"));
  await client.closeWrite();
  assert.equal(await readAll(client), "got this");
  client.close();
  await ports.close();
  server.close();
  await assert.rejects(Deno.connect({ hostname: LO, port: host }), Deno.errors.ConnectionRefused);
});

Deno.test("TCP: what came in before the container has its address is passed on then", async () => {
  const server = tcpServer(async (connection) => void await connection.write(text.encode("hello")));
  const ports = openPorts([tcp(server.port)]);
  const client = await Deno.connect({ hostname: LO, port: ports.published[0]!.host });
  ports.leadTo(LO);
  assert.equal(await readAll(client), "hello");
  client.close();
  await ports.close();
  server.close();
});

Deno.test("TCP: where the container does not listen the connection ends; close() ends those that are open", async () => {
  const gone = Deno.listen({ hostname: LO, port: 0 }), { port } = gone.addr;
  gone.close();
  const arrived = Promise.withResolvers<Deno.TcpConn>();
  const listener = Deno.listen({ hostname: LO, port: 0 });
  void listener.accept().then(arrived.resolve);
  const ports = openPorts([tcp(port), tcp(listener.addr.port)]);
  ports.leadTo(LO);
  const [refused, open] = await Promise.all(
    ports.published.map(({ host }) => Deno.connect({ hostname: LO, port: host })),
  ) as [Deno.TcpConn, Deno.TcpConn];
  assert.equal(await readAll(refused), "");
  const inside = await arrived.promise;
  await ports.close();
  await ports.close();
  assert.deepEqual([await readAll(open), await readAll(inside)], ["", ""]);
  for (const connection of [refused, open, inside, listener]) connection.close();
});

Deno.test("UDP: answers find back to who has asked, and only the container's are answers", async () => {
  const server = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
  const stranger = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
  const ports = openPorts([udp((server.addr as Deno.NetAddr).port)]);
  ports.leadTo(LO);
  const to: Deno.NetAddr = { transport: "udp", hostname: LO, port: ports.published[0]!.host };
  const clients = Array.from(
    { length: 3 },
    () => Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 }),
  );
  const senders: Deno.Addr[] = [];
  for (const [i, client] of clients.entries()) {
    await client.send(text.encode(`client ${i}`), to);
    const [datagram, from] = await server.receive();
    assert.equal(of.decode(datagram), `client ${i}`);
    senders.push(from);
    // To the socket that stands for the client, but from somebody else.
    await stranger.send(text.encode("not for you"), from);
  }
  assert.equal(new Set(senders.map((sender) => (sender as Deno.NetAddr).port)).size, 3);
  for (const i of [2, 0, 1]) await server.send(text.encode(`answer ${i}`), senders[i]!);
  for (const [i, client] of clients.entries()) {
    const [datagram, from] = await client.receive();
    assert.deepEqual([of.decode(datagram), (from as Deno.NetAddr).port], [`answer ${i}`, to.port]);
  }
  // A client keeps its socket.
  await clients[0]!.send(text.encode("again"), to);
  assert.deepEqual((await server.receive())[1], senders[0]);
  await ports.close();
  for (const socket of [server, stranger, ...clients]) socket.close();
});

Deno.test("UDP: of more senders than are remembered the one that has been silent longest is forgotten", async () => {
  const server = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
  const port = listenUdp({ hostAddress: LO, host: 0 }, 2);
  port.leadTo({ hostname: LO, port: (server.addr as Deno.NetAddr).port });
  const to: Deno.NetAddr = { transport: "udp", hostname: LO, port: port.host };
  const ask = async (client: Deno.DatagramConn): Promise<number> => {
    await client.send(text.encode("x"), to);
    return ((await server.receive())[1] as Deno.NetAddr).port;
  };
  const clients = Array.from(
    { length: 3 },
    () => Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 }),
  );
  const [first, second, third] = clients as [Deno.DatagramConn, Deno.DatagramConn, Deno.DatagramConn];
  const [one] = [await ask(first), await ask(second)];
  assert.equal(await ask(first), one);
  await ask(third);
  assert.equal(await ask(first), one);
  // The second one has a new socket, and its answers find it.
  await second.send(text.encode("x"), to);
  const [, from] = await server.receive();
  await server.send(text.encode("answer"), from);
  assert.equal(of.decode((await second.receive())[0]), "answer");
  await port.close();
  for (const socket of [server, ...clients]) socket.close();
});
