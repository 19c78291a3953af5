/** The files of /proc/PID/net (man 5 proc_pid_net). @module */
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  TCP_STATE,
} from "../../../abi/linux/socket.ts";
import type { NetDevice } from "../device.ts";
import { ANY4, ANY6, type Ip, isLoopback, mapped, masked } from "../ip.ts";
import type { InetSocket } from "../inet/inet_socket.ts";
import type { TcpSocket } from "../inet/tcp.ts";
import type { UdpSocket } from "../inet/udp.ts";
import type { NetNamespace } from "../namespace.ts";
import type { SocketFile } from "../socket_file.ts";
import type { UnixConnection } from "../unix/connection.ts";
import type { UnixSocket } from "../unix/unix_socket.ts";

// Told by what they say of themselves: programs without sockets do not load the classes.
const isTcp = (s: SocketFile): s is TcpSocket => s.isInet && s.type === SOCK_STREAM;
const isUdp = (s: SocketFile): s is UdpSocket => s.isInet && s.type === SOCK_DGRAM;
const isUnixSocket = (s: SocketFile): s is UnixSocket => s.family === AF_UNIX;

const hex = (n: number, digits: number): string => (n >>> 0).toString(16).toUpperCase().padStart(digits, "0");
const low = (text: string): string => text.toLowerCase();

/** An address as these files have it: 32-bit words in the byte order of x86. */
function words(ip: Ip): string {
  let text = "";
  for (let i = 0; i < ip.length; i += 4) {
    text += hex(ip[i + 3]! << 24 | ip[i + 2]! << 16 | ip[i + 1]! << 8 | ip[i]!, 8);
  }
  return text;
}

function endpoint(family: number, ip: Ip | null, port: number): string {
  const any = family === AF_INET ? ANY4 : ANY6;
  const shown = ip === null ? any : family === AF_INET6 ? mapped(ip) : ip;
  return `${words(shown)}:${hex(port, 4)}`;
}

/** A line of /proc/net/tcp or udp: the figures that are always 0 here are timers. */
function inetLine(
  number: string,
  s: InetSocket,
  state: number,
  tx: number,
  rx: number,
  tail: string,
): string {
  const local = endpoint(s.family, s.local ?? s.bound, s.port),
    remote = endpoint(s.family, s.remote, s.remotePort);
  return `${number}: ${local} ${remote} ${hex(state, 2)} ${hex(tx, 8)}:${hex(rx, 8)} 00:00000000 00000000 ` +
    `${String(s.inode.uid).padStart(5)}        0 ${s.inode.ino} ${tail}`;
}

const COLUMNS = "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const HEADER4 = `sl  local_address rem_address   ${COLUMNS}`;
const HEADER6 = `  sl  ${"local_address".padEnd(37)} ${"remote_address".padEnd(37)} ${COLUMNS}`;
/** Lines about IPv4 are filled with blanks to these lengths (seq_setwidth). */
const TCP_WIDTH = 149, UDP_WIDTH = 127;

/** /proc/net/tcp and tcp6. */
export function tcpTable(ns: NetNamespace, family: typeof AF_INET | typeof AF_INET6): string {
  const sockets = [...ns.sockets].filter((s): s is TcpSocket =>
    isTcp(s) && s.family === family && (s.state !== TCP_STATE.CLOSE || s.remote !== null) &&
    s.port !== 0
  );
  const listening = (s: TcpSocket): boolean => s.state === TCP_STATE.LISTEN;
  sockets.sort((a, b) => Number(listening(b)) - Number(listening(a)));
  const line = (s: TcpSocket, i: number): string => {
    const rx = listening(s) ? s.waiting.length : s.rx.length, tx = listening(s) ? 0 : s.peer?.rx.length ?? 0;
    return inetLine(String(i).padStart(4), s, s.state, tx, rx, "1 0000000000000000 100 0 0 10 0");
  };
  return table(family, TCP_WIDTH, family === AF_INET ? `  ${HEADER4}` : HEADER6, sockets.map(line));
}

/** /proc/net/udp and udp6. */
export function udpTable(ns: NetNamespace, family: typeof AF_INET | typeof AF_INET6): string {
  const sockets = [...ns.sockets].filter((s): s is UdpSocket =>
    isUdp(s) && s.family === family && s.port !== 0
  );
  const line = (s: UdpSocket, i: number): string => {
    const state = s.remote === null ? TCP_STATE.CLOSE : TCP_STATE.ESTABLISHED;
    return inetLine(String(i).padStart(5), s, state, 0, s.rx.cost, "2 0000000000000000 0");
  };
  const header = family === AF_INET ? `   ${HEADER4}` : HEADER6;
  return table(family, UDP_WIDTH, `${header} ref pointer drops`, sockets.map(line));
}

function table(family: number, filled: number, header: string, lines: readonly string[]): string {
  const width = family === AF_INET ? filled : 0;
  return [header, ...lines].map((line) => `${line.padEnd(width)}\n`).join("");
}

/** /proc/net/unix. */
export function unixTable(ns: NetNamespace): string {
  const rows = [...ns.sockets].filter(isUnixSocket).map((s) => {
    const listens = s.isListening;
    // SS_UNCONNECTED, SS_CONNECTED of linux/net.h; __SO_ACCEPTCON of the listeners.
    const state = (s as unknown as Partial<UnixConnection>).state === TCP_STATE.ESTABLISHED ? 3 : 1;
    const name = s.name === "" ? "" : ` ${s.name.replace("\0", "@")}`;
    const type = [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].includes(s.type) ? s.type : SOCK_DGRAM;
    return `0000000000000000: 00000002 00000000 ${hex(listens ? 0x10000 : 0, 8)} ${hex(type, 4)} ${
      hex(state, 2)
    } ${String(s.inode.ino).padStart(5)}${name}\n`;
  });
  return `Num       RefCount Protocol Flags    Type St Inode Path\n${rows.join("")}`;
}

/** /proc/net/dev. */
export function deviceTable(ns: NetNamespace): string {
  const figure = (n: number, width: number): string => String(n).padStart(width);
  const rows = [...ns.devices.values()].map((d) =>
    `${d.name.padStart(6)}:${figure(d.rxBytes, 8)}${
      figure(d.rxPackets, 8)
    }    0    0    0     0          0         0 ` +
    `${figure(d.txBytes, 8)}${figure(d.txPackets, 8)}    0    0    0     0       0          0\n`
  );
  return "Inter-|   Receive                                                |  Transmit\n" +
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n" +
    rows.join("");
}

const RTF_UP = 1, RTF_GATEWAY = 2, RTF_HOST = 4;

/** /proc/net/route: IPv4 only. */
export function routeTable(ns: NetNamespace): string {
  const rows = ns.routes.list().filter((r) => r.to.ip.length === 4).map(({ to, gateway, device, metric }) => {
    const flags = (device.up ? RTF_UP : 0) | (gateway === null ? 0 : RTF_GATEWAY) |
      (to.length === 32 ? RTF_HOST : 0);
    const mask = masked(Uint8Array.of(255, 255, 255, 255), to.length);
    return [
      device.name,
      words(to.ip),
      words(gateway ?? ANY4),
      hex(flags, 4),
      0,
      0,
      metric ?? 0,
      words(mask),
      0,
      0,
      0,
    ].join("\t");
  });
  const header = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
  return [header, ...rows].map((line) => `${line.padEnd(127)}\n`).join("");
}

const SCOPE_HOST = 0x10, SCOPE_LINK = 0x20, SCOPE_GLOBAL = 0x00, PERMANENT = 0x80;

/** /proc/net/if_inet6. */
export function inet6Table(ns: NetNamespace): string {
  const row = (device: NetDevice, ip: Ip, length: number): string => {
    const scope = isLoopback(ip)
      ? SCOPE_HOST
      : ip[0] === 0xfe && (ip[1]! & 0xc0) === 0x80
      ? SCOPE_LINK
      : SCOPE_GLOBAL;
    const address = Array.from(ip, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${address} ${low(hex(device.index, 2))} ${low(hex(length, 2))} ${low(hex(scope, 2))} ${
      low(hex(PERMANENT, 2))
    } ${device.name.padStart(8)}\n`;
  };
  return [...ns.devices.values()].filter((d) => d.up).flatMap((d) =>
    d.addresses.filter(({ ip }) => ip.length === 16).map(({ ip, length }) => row(d, ip, length))
  ).join("");
}

/** /proc/net/sockstat. */
export function sockstat(ns: NetNamespace): string {
  const all = [...ns.sockets];
  const count = (kind: (s: SocketFile) => boolean): number => all.filter(kind).length;
  const tcp = count((s) => isTcp(s) && s.family === AF_INET);
  const udp = count((s) => isUdp(s) && s.family === AF_INET);
  return `sockets: used ${all.length}\nTCP: inuse ${tcp} orphan 0 tw 0 alloc ${tcp} mem 0\nUDP: inuse ${udp} mem 0\n` +
    "UDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n";
}

/** The files of a namespace by name. */
export function netFiles(ns: NetNamespace): Readonly<Record<string, () => string>> {
  return {
    dev: () => deviceTable(ns),
    if_inet6: () => inet6Table(ns),
    route: () => routeTable(ns),
    sockstat: () => sockstat(ns),
    tcp: () => tcpTable(ns, AF_INET),
    tcp6: () => tcpTable(ns, AF_INET6),
    udp: () => udpTable(ns, AF_INET),
    udp6: () => udpTable(ns, AF_INET6),
    unix: () => unixTable(ns),
  };
}
