/** Containers' networks and the host's loopback interface. @module */
import assert from "node:assert/strict";
import { EPERM } from "../../../fs/abi/errno.ts";
import { AF_INET, SHUT_WR, SOCK_DGRAM, SOCK_STREAM } from "../../abi/linux/socket.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Task } from "../kernel/task.ts";
import type { InetAddress, SocketAddress } from "../net/address.ts";
import * as calls from "../net/calls/mod.ts";
import { parseEgressRule } from "../net/egress/rules.ts";
import { parseIp } from "../net/ip.ts";
import { NetNamespace } from "../net/namespace.ts";
import { Incoming } from "../net/socket_file.ts";
import { type ContainerNetwork, containerNetwork, type ContainerNetworkOptions } from "./net_container.ts";

const LO = "127.0.0.1";
const at = (ip: string, port: number): InetAddress => ({ family: AF_INET, ip: parseIp(ip)!, port });
const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** A process whose calls block as a guest's do. */
class Guest {
  constructor(readonly task: Task) {}

  socket(type: number = SOCK_STREAM): number {
    return calls.socket(this.task, AF_INET, type, 0);
  }
  async connect(fd: number, address: SocketAddress): Promise<number> {
    const result = calls.connect(this.task, fd, address);
    return result === -115 ? await calls.waitConnect(this.task, fd, address) : result;
  }
  async accept(fd: number): Promise<calls.Accepted> {
    const now = calls.accept(this.task, fd, 0);
    const accepted = now === -11 ? await calls.waitAccept(this.task, fd, 0) : now;
    assert.ok(typeof accepted !== "number", `accept: ${accepted}`);
    return accepted;
  }
  async send(fd: number, data: Uint8Array, to: SocketAddress | null = null): Promise<number> {
    const n = calls.send(this.task, fd, data, 0, data.length, 0, to);
    if (n !== -11 && n !== data.length) return n;
    if (n === data.length) return n;
    return await calls.waitSend(this.task, fd, data, 0, data.length, 0, to);
  }
  async sendAll(fd: number, data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.length;) {
      const n = await this.send(fd, data.subarray(done));
      assert.ok(n > 0, `send: ${n}`);
      done += n;
    }
  }
  async recv(fd: number, length = 65536, more?: Incoming): Promise<Uint8Array | number> {
    const buffer = new Uint8Array(length);
    let n = calls.recv(this.task, fd, buffer, 0, length, 0, more);
    if (n === -11) n = await calls.waitRecv(this.task, fd, buffer, 0, length, 0, more);
    return n < 0 ? n : buffer.subarray(0, n);
  }
  async text(fd: number, more?: Incoming): Promise<string | number> {
    const data = await this.recv(fd, 65536, more);
    return typeof data === "number" ? data : new TextDecoder().decode(data);
  }
  port(fd: number): number {
    return (calls.getsockname(this.task, fd) as InetAddress).port;
  }
  listen(port = 0, ip = "0.0.0.0"): number {
    const fd = this.socket();
    assert.equal(calls.bind(this.task, fd, at(ip, port)), 0);
    assert.equal(calls.listen(this.task, fd, 5), 0);
    return fd;
  }
}

async function withNetwork(
  options: Omit<ContainerNetworkOptions, "hostname" | "rules"> & { rules?: readonly string[] },
  run: (guest: Guest, network: ContainerNetwork, kernel: Kernel) => Promise<void>,
): Promise<void> {
  const kernel = new Kernel();
  const rules = (options.rules ?? []).map((rule) => parseEgressRule(rule)!);
  const network = containerNetwork(kernel, { ...options, rules, hostname: "box" });
  const task = kernel.spawn();
  if (options.mode !== "host") {
    task.nsproxy = { ...task.nsproxy, net: NetNamespace.withLoopback(kernel.initial.net.owner!) };
  }
  try {
    network.attach(task);
    await run(new Guest(task), network, kernel);
  } finally {
    task.exit(0);
    await network.close();
    kernel.shutdown();
  }
}

/** A server of the host that does `serve` with every connection. */
async function withServer(
  serve: (conn: Deno.TcpConn) => Promise<void>,
  run: (port: number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: LO, port: 0 });
  const done = (async () => {
    for await (const conn of listener) {
      await serve(conn).catch(() => {});
      try {
        conn.close();
      } catch {
        // It has been closed.
      }
    }
  })();
  try {
    await run((listener.addr as Deno.NetAddr).port);
  } finally {
    listener.close();
    await done.catch(() => {});
  }
}
const echo = async (conn: Deno.TcpConn): Promise<void> => void await conn.readable.pipeTo(conn.writable);

/** Nobody listens at a port any more: the host takes a moment to close it. */
async function refused(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: LO, port })).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
    }
  }
}

Deno.test("host: TCP to the host needs a rule; data, half close and the end go both ways", () =>
  withServer(echo, (port) => {
    const lines: string[] = [];
    const options = {
      mode: "host" as const,
      rules: [`allow=${LO}:${port}`],
      log: (line: string) => void lines.push(line),
    };
    return withNetwork(options, async (g) => {
      const fd = g.socket();
      assert.equal(await g.connect(fd, at(LO, port)), 0);
      await g.sendAll(fd, encode("hello"));
      assert.equal(await g.text(fd), "hello");
      const big = new Uint8Array(3_000_000).map((_, i) => i * 7);
      const sum = (bytes: Uint8Array): number => bytes.reduce((a, b) => (a * 31 + b) | 0, 0);
      const sending = g.sendAll(fd, big).then(() => assert.equal(calls.shutdown(g.task, fd, SHUT_WR), 0));
      const received = new Uint8Array(big.length);
      let length = 0;
      for (;;) {
        const data = await g.recv(fd);
        assert.ok(typeof data !== "number");
        if (data.length === 0) break;
        received.set(data, length);
        length += data.length;
      }
      await sending;
      assert.equal(length, big.length);
      assert.equal(sum(received), sum(big));
      assert.equal(g.task.files.close(fd), 0);
      const other = g.socket();
      assert.equal(await g.connect(other, at(LO, port === 1 ? 2 : 1)), -EPERM);
      assert.ok(lines[0]!.startsWith(`egress allow tcp ${LO}:${port}: allow=`), lines[0]);
      assert.match(lines.at(-1)!, /^egress deny tcp 127\.0\.0\.1:1: not a public address/);
    });
  }));

Deno.test("host: what the host refuses is the errno of a socket here", () =>
  withNetwork({ mode: "host", rules: ["allow=private"] }, async (g) => {
    const taken = Deno.listen({ hostname: LO, port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    assert.equal(calls.bind(g.task, g.socket(), at(LO, port)), -98);
    taken.close();
    const fd = g.socket();
    assert.equal(await g.connect(fd, at(LO, port)), -111);
    assert.equal(calls.bind(g.task, g.socket(), at("192.0.2.1", 0)), -99);
  }));

Deno.test("host: a listener here is one of the host's; clients inside do not leave the kernel", () =>
  withNetwork({ mode: "host" }, async (g) => {
    const l = g.listen(0, LO);
    const port = g.port(l);
    assert.ok(port > 0);
    const conn = await Deno.connect({ hostname: LO, port });
    const { fd, peer } = await g.accept(l);
    assert.equal((peer as InetAddress).port, (conn.localAddr as Deno.NetAddr).port);
    await conn.write(encode("from outside"));
    assert.equal(await g.text(fd), "from outside");
    await g.sendAll(fd, encode("from inside"));
    const buffer = new Uint8Array(100);
    assert.equal(new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0)), "from inside");
    g.task.files.close(fd);
    assert.equal(await conn.read(buffer), null);
    conn.close();
    const inside = g.socket();
    assert.equal(await g.connect(inside, at(LO, port)), 0);
    g.task.files.close(l);
    await refused(port);
  }));

Deno.test("host: UDP both ways, to whom the policy allows", async () => {
  const server = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
  const { port } = server.addr as Deno.NetAddr;
  try {
    await withNetwork({ mode: "host", rules: [`allow=${LO}:${port}/udp`] }, async (g) => {
      const fd = g.socket(SOCK_DGRAM);
      assert.equal(calls.bind(g.task, fd, at(LO, 0)), 0);
      assert.equal(await g.send(fd, encode("ping"), at(LO, port)), 4);
      const [data, from] = await server.receive();
      assert.equal(new TextDecoder().decode(data), "ping");
      assert.equal((from as Deno.NetAddr).port, g.port(fd));
      await server.send(encode("pong"), from);
      const more = new Incoming();
      assert.equal(await g.text(fd, more), "pong");
      assert.equal((more.from as InetAddress).port, port);
      assert.equal(await g.send(fd, encode("x"), at(LO, port === 9 ? 10 : 9)), -EPERM);
    });
  } finally {
    server.close();
  }
});

Deno.test("host: a UDP server answers whom it has heard, and nobody else", async () => {
  const client = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
  try {
    await withNetwork({ mode: "host" }, async (g) => {
      const server = g.socket(SOCK_DGRAM), more = new Incoming();
      assert.equal(calls.bind(g.task, server, at(LO, 0)), 0);
      const to = { transport: "udp", hostname: LO, port: g.port(server) } as const;
      assert.equal(await g.send(server, encode("x"), at(LO, (client.addr as Deno.NetAddr).port)), -EPERM);
      await client.send(encode("question"), to);
      assert.equal(await g.text(server, more), "question");
      assert.equal(await g.send(server, encode("answer"), more.from), 6);
      assert.equal(new TextDecoder().decode((await client.receive())[0]), "answer");
    });
  } finally {
    client.close();
  }
});

function freePort(): number {
  const listener = Deno.listen({ hostname: LO, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

Deno.test("pod: a published TCP port; the host itself is the gateway there", async () => {
  const hostPort = freePort();
  const publish = [{ hostIp: parseIp(LO)!, hostPort, port: 8080, transport: "tcp" }] as const;
  await withNetwork({ mode: "pod", publish, otherwise: "nothing" }, async (g) => {
    const nobody = await Deno.connect({ hostname: LO, port: hostPort });
    assert.equal(await nobody.read(new Uint8Array(1)), null);
    nobody.close();
    const l = g.listen(8080);
    const conn = await Deno.connect({ hostname: LO, port: hostPort });
    const { fd, peer } = await g.accept(l);
    assert.deepEqual(peer, at("10.88.0.1", (conn.localAddr as Deno.NetAddr).port));
    assert.deepEqual(calls.getsockname(g.task, fd), at("10.88.0.2", 8080));
    await conn.write(encode("GET"));
    assert.equal(await g.text(fd), "GET");
    await conn.closeWrite();
    assert.equal(await g.text(fd), "");
    await g.sendAll(fd, encode("200"));
    g.task.files.close(fd);
    const buffer = new Uint8Array(10);
    assert.equal(await conn.read(buffer), 3);
    assert.equal(await conn.read(buffer), null);
    conn.close();
    // Publishing opens nothing the other way.
    assert.equal(await g.connect(g.socket(), at("93.184.216.34", 80)), -EPERM);
  });
  await refused(hostPort);
});

Deno.test("pod: a published UDP port answers from the port it was asked at", async () => {
  const hostPort = freePort();
  const publish = [{ hostIp: parseIp(LO)!, hostPort, port: 53, transport: "udp" }] as const;
  await withNetwork({ mode: "pod", publish, otherwise: "nothing" }, async (g) => {
    const fd = g.socket(SOCK_DGRAM), more = new Incoming();
    assert.equal(calls.bind(g.task, fd, at("0.0.0.0", 53)), 0);
    const client = Deno.listenDatagram({ transport: "udp", hostname: LO, port: 0 });
    await client.send(encode("question"), { transport: "udp", hostname: LO, port: hostPort });
    assert.equal(await g.text(fd, more), "question");
    assert.equal(await g.send(fd, encode("answer"), more.from), 6);
    const [data, from] = await client.receive();
    assert.equal(new TextDecoder().decode(data), "answer");
    assert.equal((from as Deno.NetAddr).port, hostPort);
    assert.equal(await g.send(fd, encode("x"), at(LO, 9)), 1); // its own loopback, where nobody is
    assert.equal(await g.send(fd, encode("x"), at("93.184.216.34", 9)), -EPERM);
    client.close();
  });
});

Deno.test("pod: a port of the host that is taken is said", async () => {
  const taken = Deno.listen({ hostname: LO, port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const publish = [{ hostIp: parseIp(LO)!, hostPort: port, port: 80, transport: "tcp" }] as const;
  await assert.rejects(
    withNetwork({ mode: "pod", publish }, () => Promise.resolve()),
    new RegExp(`publishing tcp port 80 on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`),
  );
  taken.close();
});

Deno.test("pod: the gateway answers names by UDP; /etc/hosts and /etc/resolv.conf say so", () =>
  withNetwork({ mode: "pod", otherwise: "nothing" }, async (g, network) => {
    assert.match(network.hosts, /^10\.88\.0\.2\tbox$/m);
    assert.equal(network.resolvConf, "nameserver 10.88.0.1\n");
    const fd = g.socket(SOCK_DGRAM);
    const ask = async (...labels: string[]): Promise<Uint8Array> => {
      const name = labels.flatMap((label) => [label.length, ...encode(label)]);
      const query = Uint8Array.of(1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...name, 0, 0, 1, 0, 1);
      assert.equal(await g.send(fd, query, at("10.88.0.1", 53)), query.length);
      const answer = await g.recv(fd);
      assert.ok(typeof answer !== "number");
      return answer;
    };
    assert.deepEqual([...(await ask("box")).subarray(-4)], [10, 88, 0, 2]);
    assert.deepEqual([...(await ask("localhost")).subarray(-4)], [127, 0, 0, 1]);
    assert.equal((await ask("example", "com"))[3]! & 15, 5); // refused by the policy
  }));

Deno.test("none: nothing but the loopback interface", () =>
  withNetwork({ mode: "none" }, async (g, network) => {
    assert.match(network.hosts, /^127\.0\.0\.1\tlocalhost$/m);
    assert.equal(await g.connect(g.socket(), at("93.184.216.34", 80)), -101);
    assert.equal(await g.connect(g.socket(), at(LO, 80)), -111);
  }));

Deno.test("a socket that is gone ends its connection outside, also after a half close, and what it sent arrives", async () => {
  let received = 0;
  await withServer(async (conn) => {
    await conn.write(encode("hello"));
    received = (await new Response(conn.readable).arrayBuffer()).byteLength;
  }, (port) =>
    withNetwork({ mode: "host", rules: [`allow=${LO}`] }, async (g) => {
      const fd = g.socket();
      assert.equal(await g.connect(fd, at(LO, port)), 0);
      await g.sendAll(fd, new Uint8Array(2_000_000));
      assert.equal(await g.text(fd), "hello");
      assert.equal(calls.shutdown(g.task, fd, SHUT_WR), 0);
      g.task.files.close(fd);
    }));
  assert.equal(received, 2_000_000);
});
