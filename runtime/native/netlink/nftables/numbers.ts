/** Numbers of nf_tables (linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h, linux/netfilter.h). @module */

/** Kinds of messages: the subsystem (10) in the upper byte, and what is to be done in the lower. */
export const NFT_MSG = {
  NEWTABLE: 0xa00,
  DELTABLE: 0xa02,
  NEWCHAIN: 0xa03,
  GETCHAIN: 0xa04,
  NEWRULE: 0xa06,
  GETRULE: 0xa07,
  DELRULE: 0xa08,
} as const;

/** The frame of what is done as a whole. */
export const NFNL_MSG_BATCH = { BEGIN: 0x10, END: 0x11 } as const;
/** The subsystem that a batch is for. */
export const NFNL_SUBSYS_NFTABLES = 10;

/** Attributes of tables. */
export const NFTA_TABLE = { NAME: 1 } as const;
/** Attributes of chains. */
export const NFTA_CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7 } as const;
/** Attributes of NFTA_CHAIN.HOOK. */
export const NFTA_HOOK = { HOOKNUM: 1, PRIORITY: 2 } as const;
/** Attributes of rules. */
export const NFTA_RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, USERDATA: 7 } as const;
/** What is in a rule's user data: the kind that nft(8) shows as its comment. */
export const NFTNL_UDATA_RULE_COMMENT = 0;
/** Attribute of a list: one of its elements. */
export const NFTA_LIST_ELEM = 1;
/** Attributes of expressions. */
export const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;
/** Attributes of data: bytes, or a verdict. */
export const NFTA_DATA = { VALUE: 1, VERDICT: 2 } as const;
/** Attribute of a verdict. */
export const NFTA_VERDICT_CODE = 1;

/** Attributes of expressions, by their names. */
export const META = { DREG: 1, KEY: 2 } as const;
/** What meta loads: the name of the link that a packet came by, and goes by. */
export const META_KEY = { IIFNAME: 6, OIFNAME: 7 } as const;
/** What cmp has: a register, an operation, and data. */
export const CMP = { SREG: 1, OP: 2, DATA: 3 } as const;
/** Operations of cmp. */
export const CMP_OP = { EQ: 0, NEQ: 1 } as const;
/** What payload has. */
export const PAYLOAD = { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 } as const;
/** Base of payload: the header of IP. */
export const NETWORK_HEADER = 1;
/** What bitwise has. */
export const BITWISE = { SREG: 1, DREG: 2, LEN: 3, MASK: 4, XOR: 5 } as const;
/** What ct has. */
export const CT = { DREG: 1, KEY: 2 } as const;
/** What ct loads: the state of the packet's connection, as bits. */
export const CT_KEY_STATE = 0;
/** Bits of that state. */
export const CT_STATE = { ESTABLISHED: 2, RELATED: 4 } as const;
/** What immediate has. */
export const IMMEDIATE = { DREG: 1, DATA: 2 } as const;

/** The register of verdicts, and the first one of 16 bytes. */
export const NFT_REG = { VERDICT: 0, FIRST: 1 } as const;

/** What becomes of a packet. */
export const VERDICT = { DROP: 0, ACCEPT: 1 } as const;
/** Families of tables beside those of sockets: what sees packets of IPv4 and of IPv6. */
export const NFPROTO_INET = 1;
/** Where packets are looked at: on their way through, and before they leave. */
export const NF_INET = { FORWARD: 2, POST_ROUTING: 4 } as const;
/** The order at one place: filters, and what changes the source. */
export const NF_IP_PRI = { FILTER: 0, NAT_SRC: 100 } as const;
