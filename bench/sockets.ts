/** Two sockets of one kernel beside two sockets of the host's loopback interface: round trips, and bytes in one direction. @module */
import { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "../runtime/abi/linux/socket.ts";
import { Kernel } from "../runtime/sandbox/kernel/kernel.ts";
import type { Task } from "../runtime/sandbox/kernel/task.ts";
import * as calls from "../runtime/sandbox/net/calls/mod.ts";
import type { InetAddress } from "../runtime/sandbox/net/address.ts";
import { LOOPBACK4 } from "../runtime/sandbox/net/ip.ts";
import type { Table } from "./table.ts";

const TRIPS = 50_000, SIZE = 64 * 1024, TOTAL = 1 << 30;
const SECOND = 1000;

interface Measured {
  readonly tripsPerSecond: number;
  readonly mbPerSecond: number;
}

/** An end of a connection whose calls wait, as a guest's do. */
class End {
  constructor(readonly task: Task, readonly fd: number) {}
  async read(buffer: Uint8Array): Promise<number> {
    const n = calls.recv(this.task, this.fd, buffer, 0, buffer.length, 0);
    return n === -11 ? await calls.waitRecv(this.task, this.fd, buffer, 0, buffer.length, 0) : n;
  }
  async write(buffer: Uint8Array): Promise<number> {
    const n = calls.send(this.task, this.fd, buffer, 0, buffer.length, 0);
    return n === -11 ? await calls.waitSend(this.task, this.fd, buffer, 0, buffer.length, 0) : n;
  }
}

interface Stream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(buffer: Uint8Array): Promise<number>;
}

async function roundTrips(a: Stream, b: Stream, trips: number): Promise<number> {
  const one = new Uint8Array(1), two = new Uint8Array(1);
  const start = performance.now();
  const echo = (async () => {
    for (let i = 0; i < trips; i++) {
      await b.read(two);
      await b.write(two);
    }
  })();
  for (let i = 0; i < trips; i++) {
    await a.write(one);
    await a.read(one);
  }
  await echo;
  return trips / (performance.now() - start) * SECOND;
}

async function throughput(a: Stream, b: Stream, total: number): Promise<number> {
  const out = new Uint8Array(SIZE), into = new Uint8Array(SIZE);
  const start = performance.now();
  const sending = (async () => {
    for (let sent = 0; sent < total;) sent += await a.write(out);
  })();
  for (let got = 0; got < total;) got += (await b.read(into)) ?? 0;
  await sending;
  return total / 2 ** 20 / (performance.now() - start) * SECOND;
}

async function measure(a: Stream, b: Stream, total = TOTAL): Promise<Measured> {
  await roundTrips(a, b, TRIPS / 10);
  const tripsPerSecond = await roundTrips(a, b, TRIPS);
  await throughput(a, b, total / 10);
  return { tripsPerSecond, mbPerSecond: await throughput(a, b, total) };
}

function tcpPair(kernel: Kernel): [End, End] {
  const client = kernel.spawn(), server = kernel.spawn();
  const l = calls.socket(server, AF_INET, SOCK_STREAM, 0), c = calls.socket(client, AF_INET, SOCK_STREAM, 0);
  calls.bind(server, l, { family: AF_INET, ip: LOOPBACK4, port: 0 });
  calls.listen(server, l, 1);
  calls.connect(client, c, calls.getsockname(server, l) as InetAddress);
  return [new End(client, c), new End(server, (calls.accept(server, l, 0) as calls.Accepted).fd)];
}

function unixPair(kernel: Kernel, type: number): [End, End] {
  const task = kernel.spawn();
  const [a, b] = calls.socketpair(task, AF_UNIX, type, 0) as [number, number];
  const other = kernel.spawn();
  const fd = other.files.install(task.files.get(b)!.file.acquire());
  return [new End(task, a), new End(other, fd)];
}

async function loopback(): Promise<Measured> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [a, b] = await Promise.all([Deno.connect({ hostname: "127.0.0.1", port }), listener.accept()]);
  a.setNoDelay();
  b.setNoDelay();
  const result = await measure(a, b);
  for (const each of [a, b, listener]) each.close();
  return result;
}

const thousands = (n: number): string => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ",");

/** The table. */
export async function socketsBench(): Promise<Table> {
  const kernel = new Kernel();
  const host = await loopback();
  const measured: [string, Measured][] = [
    ["TCP over the host's loopback interface, in Deno", host],
    ["TCP between two tasks of one kernel", await measure(...tcpPair(kernel))],
    ["unix stream between two tasks", await measure(...unixPair(kernel, SOCK_STREAM))],
    ["unix datagrams of 64 KiB between two tasks", await measure(...unixPair(kernel, SOCK_DGRAM), TOTAL / 4)],
  ];
  return {
    title: "Sockets",
    columns: ["", "round trips of 1 byte per second", "", "MB/s in writes of 64 KiB", ""],
    rows: measured.map(([name, { tripsPerSecond, mbPerSecond }]) => [
      name,
      thousands(tripsPerSecond),
      `${(tripsPerSecond / host.tripsPerSecond).toFixed(1)} ×`,
      thousands(mbPerSecond),
      `${(mbPerSecond / host.mbPerSecond).toFixed(1)} ×`,
    ]),
    notes: [
      "Both ends share a thread and wait as guests do; what is sent is copied into the receiver's buffer and out of it again.",
    ],
  };
}
