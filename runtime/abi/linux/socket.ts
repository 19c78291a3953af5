/**
 * Numbers of the socket calls (bits/socket.h, asm-generic/socket.h, netinet/in.h, netinet/tcp.h: the same on x86_64 and aarch64).
 * @module
 */

/** No family: connect with it forgets the peer. */
export const AF_UNSPEC = 0;
/** Sockets named by paths. */
export const AF_UNIX = 1;
/** IPv4. */
export const AF_INET = 2;
/** IPv6. */
export const AF_INET6 = 10;

/** A stream of bytes. */
export const SOCK_STREAM = 1;
/** Messages, each by itself. */
export const SOCK_DGRAM = 2;
/** Packets below TCP and UDP. */
export const SOCK_RAW = 3;
/** Messages in order, over a connection. */
export const SOCK_SEQPACKET = 5;
/** Bits of a type that are one of the above. */
export const SOCK_TYPE_MASK = 0xf;
/** Beside a type: O_NONBLOCK. */
export const SOCK_NONBLOCK = 0x800;
/** Beside a type: close on exec. */
export const SOCK_CLOEXEC = 0x80000;

/** The protocol of a type by itself. */
export const IPPROTO_IP = 0;
/** ICMP. */
export const IPPROTO_ICMP = 1;
/** TCP. */
export const IPPROTO_TCP = 6;
/** UDP. */
export const IPPROTO_UDP = 17;
/** IPv6. */
export const IPPROTO_IPV6 = 41;

/** send, recv: out-of-band data. */
export const MSG_OOB = 0x1;
/** recv: look, do not take (man 2 recv). */
export const MSG_PEEK = 0x2;
/** recvmsg, in flags: descriptors did not fit. */
export const MSG_CTRUNC = 0x8;
/** recv: tell the real length of a message; in flags of recvmsg: it was cut. */
export const MSG_TRUNC = 0x20;
/** Do not block this time. */
export const MSG_DONTWAIT = 0x40;
/** recvmsg, in flags: the end of a record. */
export const MSG_EOR = 0x80;
/** recv: wait for the full length. */
export const MSG_WAITALL = 0x100;
/** send: no SIGPIPE. */
export const MSG_NOSIGNAL = 0x4000;
/** send: more is coming. */
export const MSG_MORE = 0x8000;
/** recvmsg: descriptors are closed on exec. */
export const MSG_CMSG_CLOEXEC = 0x40000000;

/** shutdown: no more receives. */
export const SHUT_RD = 0;
/** shutdown: no more sends. */
export const SHUT_WR = 1;
/** shutdown: neither. */
export const SHUT_RDWR = 2;

/** Options of any socket. */
export const SOL_SOCKET = 1;
/** Largest backlog by itself (/proc/sys/net/core/somaxconn). */
export const SOMAXCONN = 4096;
/** Most descriptors in one message (man 7 unix). */
export const SCM_MAX_FD = 253;

/** Options at SOL_SOCKET (man 7 socket). */
export const SO = {
  DEBUG: 1,
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  DONTROUTE: 5,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  OOBINLINE: 10,
  PRIORITY: 12,
  LINGER: 13,
  REUSEPORT: 15,
  PASSCRED: 16,
  PEERCRED: 17,
  RCVLOWAT: 18,
  SNDLOWAT: 19,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  BINDTODEVICE: 25,
  ACCEPTCONN: 30,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  PROTOCOL: 38,
  DOMAIN: 39,
} as const;

/** Options at IPPROTO_TCP (man 7 tcp). */
export const TCP = {
  NODELAY: 1,
  MAXSEG: 2,
  CORK: 3,
  KEEPIDLE: 4,
  KEEPINTVL: 5,
  KEEPCNT: 6,
  SYNCNT: 7,
  DEFER_ACCEPT: 9,
  QUICKACK: 12,
  USER_TIMEOUT: 18,
} as const;

/** Options at IPPROTO_IP (man 7 ip). */
export const IP = {
  TOS: 1,
  TTL: 2,
  RECVERR: 11,
  MULTICAST_IF: 32,
  MULTICAST_TTL: 33,
  MULTICAST_LOOP: 34,
  ADD_MEMBERSHIP: 35,
  DROP_MEMBERSHIP: 36,
} as const;

/** Options at IPPROTO_IPV6 (man 7 ipv6). */
export const IPV6 = {
  UNICAST_HOPS: 16,
  MULTICAST_IF: 17,
  MULTICAST_HOPS: 18,
  MULTICAST_LOOP: 19,
  ADD_MEMBERSHIP: 20,
  DROP_MEMBERSHIP: 21,
  V6ONLY: 26,
} as const;

/** States of a TCP socket, as /proc/net/tcp shows them (net/tcp_states.h). */
export const TCP_STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  FIN_WAIT2: 5,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LISTEN: 10,
} as const;
