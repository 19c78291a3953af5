/** The host's network for the kernel's uplinks: TCP and UDP sockets and names, through Deno. @module */
import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EHOSTUNREACH,
  EIO,
  ENETUNREACH,
  ENOENT,
  EPROTONOSUPPORT,
  ETIMEDOUT,
} from "../../../fs/abi/errno.ts";
import { ERRNO, type ErrnoName } from "../../../fs/abi/errno.ts";
import { AF_INET, AF_INET6 } from "../../abi/linux/socket.ts";
import type { InetAddress } from "../net/address.ts";
import { formatIp, type Ip, parseIp, unmap } from "../net/ip.ts";
import type { HostConnection, HostDatagrams, HostListener, HostNetwork } from "../net/uplink.ts";

/** Deno's errors that say what went wrong where the system's own number is not Linux's. */
const BY_NAME: Readonly<Record<string, number>> = {
  ConnectionRefused: ECONNREFUSED,
  ConnectionReset: ECONNRESET,
  AddrInUse: EADDRINUSE,
  AddrNotAvailable: EADDRNOTAVAIL,
  TimedOut: ETIMEDOUT,
  PermissionDenied: EACCES,
  NotCapable: EACCES,
  NetworkUnreachable: ENETUNREACH,
  HostUnreachable: EHOSTUNREACH,
};

/** A failed call's errno, negative. */
export function errnoOf(error: unknown): number {
  if (!(error instanceof Error)) return -EIO;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && code in ERRNO) return -ERRNO[code as ErrnoName];
  return -(BY_NAME[error.name] ?? EIO);
}

function inet(hostname: string, port: number): InetAddress {
  const ip = unmap(parseIp(hostname.replace(/%.*$/, "")) ?? new Uint8Array(4));
  return { family: ip.length === 4 ? AF_INET : AF_INET6, ip, port };
}
const addressOf = (address: Deno.Addr): InetAddress => {
  const { hostname, port } = address as Deno.NetAddr;
  return inet(hostname, port);
};

/** Every handle that is open, so that an end of the kernel ends them, too. */
type Handles = Set<{ close(): void }>;

function connection(conn: Deno.TcpConn, handles: Handles): HostConnection {
  const self: HostConnection = {
    local: addressOf(conn.localAddr),
    remote: addressOf(conn.remoteAddr),
    read: (into) => conn.read(into),
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close() {
      if (!handles.delete(self)) return;
      conn.close();
    },
  };
  handles.add(self);
  return self;
}

function listening(listener: Deno.TcpListener, handles: Handles): HostListener {
  const self: HostListener = {
    local: addressOf(listener.addr),
    async accept() {
      while (handles.has(self)) {
        try {
          const conn = await listener.accept();
          return connection(conn, handles);
        } catch {
          // Closed, or a client that gave up before it was taken.
          if (handles.has(self)) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
      return undefined;
    },
    close() {
      if (handles.delete(self)) listener.close();
    },
  };
  handles.add(self);
  return self;
}

function datagrams(socket: Deno.DatagramConn, handles: Handles): HostDatagrams {
  const self: HostDatagrams = {
    local: addressOf(socket.addr),
    async receive() {
      while (handles.has(self)) {
        try {
          const [data, from] = await socket.receive();
          return { data: data.slice(), from: addressOf(from) };
        } catch {
          // Closed, or an ICMP error about an earlier datagram.
          if (handles.has(self)) await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
      return undefined;
    },
    async send(data, to) {
      await socket.send(data, { transport: "udp", hostname: formatIp(to.ip), port: to.port });
    },
    close() {
      if (handles.delete(self)) socket.close();
    },
  };
  handles.add(self);
  return self;
}

/** Addresses of a name as programs of the host see them (getaddrinfo: /etc/hosts, then DNS). */
async function resolve(name: string, family: 4 | 6): Promise<readonly Ip[] | number> {
  const { lookup } = await import("node:dns");
  return await new Promise((done) => {
    lookup(name, { all: true, family }, (error, addresses) => {
      if (error === null) return done(addresses.flatMap(({ address }) => parseIp(address) ?? []));
      done(error.code === "EAI_AGAIN" ? -EAGAIN : -ENOENT);
    });
  });
}

/** The host's network; `close` ends whatever is open. */
export interface DenoNetwork extends HostNetwork {
  /** Closes every connection, listener and socket. */
  close(): void;
}

/** A view of the host's network with handles of its own. */
export function hostNetwork(): DenoNetwork {
  const handles: Handles = new Set();
  return {
    pending: new Set(),
    async connect(to) {
      try {
        return connection(await Deno.connect({ hostname: formatIp(to.ip), port: to.port }), handles);
      } catch (error) {
        return errnoOf(error);
      }
    },
    listen(at) {
      try {
        return listening(Deno.listen({ hostname: formatIp(at.ip), port: at.port }), handles);
      } catch (error) {
        return errnoOf(error);
      }
    },
    datagrams(at) {
      // Deno has UDP where it is started with --unstable-net, or a configuration that says so.
      if (Deno.listenDatagram === undefined) return -EPROTONOSUPPORT;
      try {
        const options = { transport: "udp", hostname: formatIp(at.ip), port: at.port } as const;
        return datagrams(Deno.listenDatagram(options), handles);
      } catch (error) {
        return errnoOf(error);
      }
    },
    resolve,
    close() {
      for (const handle of [...handles]) handle.close();
    },
  };
}
