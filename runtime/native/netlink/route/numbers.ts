/** Numbers of rtnetlink (linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/veth.h; man 7 rtnetlink). @module */

/** Kinds of messages. */
export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
} as const;

/** Attributes of links. */
export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  MASTER: 10,
  LINKINFO: 18,
  NET_NS_PID: 19,
  NET_NS_FD: 28,
} as const;

/** Attributes of IFLA.LINKINFO. */
export const IFLA_INFO = { KIND: 1, DATA: 2 } as const;

/** Attribute of a veth's IFLA_INFO.DATA: a whole message about the other end. */
export const VETH_INFO_PEER = 1;

/** Attributes of addresses. */
export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  ANYCAST: 5,
  FLAGS: 8,
  RT_PRIORITY: 9,
  PROTO: 11,
} as const;

/** Attributes of routes. */
export const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, TABLE: 15 } as const;

/** A link is up. */
export const IFF_UP = 1;
/** What is said of an address; PERMANENT: it stays until it is removed. */
export const IFA_F = {
  NODAD: 0x2,
  HOMEADDRESS: 0x10,
  PERMANENT: 0x80,
  MANAGETEMPADDR: 0x100,
  NOPREFIXROUTE: 0x200,
  MCAUTOJOIN: 0x400,
} as const;
/** Scope: everywhere. */
export const RT_SCOPE_UNIVERSE = 0;
/** The table that routes are in by themselves. */
export const RT_TABLE_MAIN = 254;
/** Who made a route: an administrator. */
export const RTPROT_STATIC = 4;
/** Kinds of routes: through a gateway or onto a link; to this machine. */
export const RTN = { UNICAST: 1, LOCAL: 2, BROADCAST: 3 } as const;
