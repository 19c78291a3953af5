/** TCP connections between sockets here and the host: the end that speaks for the host is a socket of the kernel, and bytes are moved. @module */
import { EAGAIN } from "../../../../fs/abi/errno.ts";
import { POLLIN, POLLOUT } from "../../../../fs/abi/poll.ts";
import type { WaitQueue } from "../../../../fs/vfs/wait_queue.ts";
import { AF_INET, AF_INET6, SHUT_WR, TCP_STATE } from "../../../abi/linux/socket.ts";
import { type InetAddress, inetAddress } from "../address.ts";
import { ANY4, ANY6, type Ip } from "../ip.ts";
import { type HostConnection, type HostListener, type HostNetwork, track, type Uplink } from "../uplink.ts";
import { TcpSocket } from "./tcp.ts";
import { TcpEndpoint } from "./tcp_endpoint.ts";

/** Bytes that are moved at once; connections that move little do with the first size. */
const FIRST = 4 * 1024, CHUNK = 64 * 1024;

/** The buffer for the next piece, after one that filled `buffer`. */
function larger(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return buffer.length < CHUNK ? new Uint8Array(buffer.length * 4) : buffer;
}

/** Resolves at the next wake with one of these events. */
export function woken(queue: WaitQueue, events: number): Promise<void> {
  return new Promise((resolve) => {
    const waiter = {
      wake(now: number): void {
        if ((now & events) === 0) return;
        queue.remove(waiter);
        resolve();
      },
    };
    queue.add(waiter);
  });
}

/** Connects a socket to an address of the host's network. */
export function dial(socket: TcpSocket, uplink: Uplink, to: InetAddress): void {
  uplink.host.connect(to).then((connection) => {
    if (typeof connection === "number") return socket.hostRefused(-connection);
    if (socket.isClosed || socket.connectResult() === 0 || socket.remote === null) return connection.close();
    const proxy = TcpSocket.proxy(socket.ns, socket.family);
    if (uplink.binds) socket.adoptLocal(connection.local);
    TcpEndpoint.join(socket, proxy);
    void pump(uplink.host, proxy, connection);
  });
}

/** Takes a port of the host for a socket that may listen. */
export function listenOnHost(socket: TcpSocket, ip: Ip | null, port: number): HostListener | number {
  const any = socket.family === AF_INET6 ? ANY6 : ANY4;
  const at = ip ?? any;
  const uplink = socket.ns.hostUplink()!;
  const listener = uplink.host.listen(inetAddress(at.length === 4 ? AF_INET : AF_INET6, at, port));
  if (typeof listener !== "number") void serve(listener, (connection) => arrive(socket, uplink, connection));
  return listener;
}

/** Hands every connection of a listener of the host to `take`, until it is closed. */
export async function serve(
  listener: HostListener,
  take: (connection: HostConnection) => void,
): Promise<void> {
  for (;;) {
    const connection = await listener.accept();
    if (connection === undefined) return;
    take(connection);
  }
}

/** A connection from the host for a listening socket; ended at once when it does not listen or has no room. */
function arrive(socket: TcpSocket, { host }: Uplink, connection: HostConnection): void {
  const { local, remote } = connection;
  const proxy = socket.arrive(local.ip, remote.ip, remote.port);
  if (proxy === undefined) connection.close();
  else void pump(host, proxy, connection);
}

/** Moves bytes both ways until both have ended; then both are closed. What goes to the host is noted as on its way. */
export async function pump(host: HostNetwork, proxy: TcpSocket, connection: HostConnection): Promise<void> {
  const sent = toHost(proxy, connection);
  track(host, sent);
  await Promise.all([
    sent.then(() => untilClosed(proxy)).then(() => connection.close()),
    fromHost(proxy, connection),
  ]);
  proxy.close();
}

/** Nobody inside can read any more: the end was sent both ways, or the socket is gone. */
async function untilClosed(proxy: TcpSocket): Promise<void> {
  while (proxy.state !== TCP_STATE.CLOSE && proxy.peer?.isClosed === false) await woken(proxy.queue, POLLOUT);
}

async function toHost(proxy: TcpSocket, connection: HostConnection): Promise<void> {
  let buffer = new Uint8Array(FIRST);
  try {
    for (;;) {
      const n = proxy.recv(buffer, 0, buffer.length, 0);
      if (n === -EAGAIN) await woken(proxy.queue, POLLIN);
      else if (n > 0) {
        for (let at = 0; at < n;) at += await connection.write(buffer.subarray(at, n));
        if (n === buffer.length) buffer = larger(buffer);
      } else if (n === 0 && proxy.peer?.isClosed === false) return await connection.closeWrite();
      else return connection.close(); // nobody reads an answer any more
    }
  } catch {
    proxy.abort(); // the socket inside sees a reset
    connection.close();
  }
}

async function fromHost(proxy: TcpSocket, connection: HostConnection): Promise<void> {
  let buffer = new Uint8Array(FIRST);
  try {
    for (;;) {
      const n = await connection.read(buffer);
      if (n === null) {
        proxy.shutdown(SHUT_WR);
        return;
      }
      for (let at = 0; at < n;) {
        const sent = proxy.send(buffer, at, n - at);
        if (sent === -EAGAIN) await woken(proxy.queue, POLLOUT);
        else if (sent < 0) return connection.close();
        else at += sent;
      }
      if (n === buffer.length) buffer = larger(buffer);
    }
  } catch {
    proxy.abort(); // the socket inside sees a reset
  }
}
