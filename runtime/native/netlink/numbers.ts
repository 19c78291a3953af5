/** Numbers of netlink itself (linux/netlink.h, man 7 netlink). @module */

/** Sockets that talk with the kernel. */
export const AF_NETLINK = 16;
/** Links, addresses, routes. */
export const NETLINK_ROUTE = 0;
/** Subsystems of netfilter. */
export const NETLINK_NETFILTER = 12;

/** Level of a netlink socket's options. */
export const SOL_NETLINK = 270;
/** Option: acknowledgements of failures do not repeat the request. */
export const NETLINK_CAP_ACK = 10;
/** Option: acknowledgements say in words what was wrong. */
export const NETLINK_EXT_ACK = 11;

/** Types of messages that are no subsystem's own. */
export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Flags of messages. The kernel gives some numbers two meanings, by the kind of request. */
export const NLM_F = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  /** Of a reply: what is listed has changed meanwhile. */
  DUMP_INTR: 0x10,
  /** Of a request: everything there is. */
  DUMP: 0x300,
  /** Of an acknowledgement: the request in it is its header only. */
  CAPPED: 0x100,
  /** Of an acknowledgement: attributes follow. */
  ACK_TLVS: 0x200,
  /** Of a request that makes something: not if it is there. */
  EXCL: 0x200,
  /** Of a request that makes something: take the place of what is there. */
  REPLACE: 0x100,
  /** Of a request that makes something: if it is not there. */
  CREATE: 0x400,
  /** Of a request that makes something: at the end of a list. */
  APPEND: 0x800,
} as const;

/** Attributes of an acknowledgement. */
export const NLMSGERR_ATTR = { MSG: 1, OFFS: 2, MISS_TYPE: 5 } as const;

/** Bits of an attribute's type that are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
export const NLA_F_NESTED = 0x8000;
/** The other bits. */
export const NLA_TYPE_MASK = 0x3fff;
