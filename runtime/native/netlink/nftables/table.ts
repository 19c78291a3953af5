/** Tables of nf_tables, each made and removed as a whole. @module */
import { EAFNOSUPPORT, ENOENT, EOPNOTSUPP } from "../../../../fs/abi/errno.ts";
import { be32, nested, string } from "../attributes.ts";
import type { Netlink, Request } from "../conversation.ts";
import { NetlinkError } from "../error.ts";
import { NLM_F } from "../numbers.ts";
import { change, changeOrExplain, nfgenmsg } from "./batch.ts";
import * as nf from "./numbers.ts";

/** A rule: expressions in their order. */
export type Rule = readonly Uint8Array[];

/** A chain that sees packets by itself. */
export interface BaseChain {
  /** Its name. */
  readonly name: string;
  /** What it may do. */
  readonly type: "filter" | "nat";
  /** Where it sees them: NF_INET. */
  readonly hook: number;
  /** Among the chains there: NF_IP_PRI. */
  readonly priority: number;
  /** Its rules. What none of them decides goes on. */
  readonly rules: readonly Rule[];
}

/** A table. */
export interface Table {
  /** AF_INET: what sees packets of IPv4. */
  readonly family: number;
  /** Its name. */
  readonly name: string;
  /** Its chains. */
  readonly chains: readonly BaseChain[];
}

const named = (what: string, type: number, { family, name }: Pick<Table, "family" | "name">): Request => ({
  what,
  type,
  payload: [nfgenmsg(family), string(nf.NFTA_TABLE.NAME, name)],
});

function chainRequests(table: Table, chain: BaseChain): Request[] {
  const where = `chain ${JSON.stringify(chain.name)} of nf_tables table ${JSON.stringify(table.name)}`;
  const flags = NLM_F.CREATE;
  return [
    {
      ...{ what: `making ${where}`, type: nf.NFT_MSG.NEWCHAIN, flags },
      payload: [
        nfgenmsg(table.family),
        string(nf.NFTA_CHAIN.TABLE, table.name),
        string(nf.NFTA_CHAIN.NAME, chain.name),
        nested(
          nf.NFTA_CHAIN.HOOK,
          be32(nf.NFTA_HOOK.HOOKNUM, chain.hook),
          be32(nf.NFTA_HOOK.PRIORITY, chain.priority),
        ),
        be32(nf.NFTA_CHAIN.POLICY, nf.VERDICT.ACCEPT),
        string(nf.NFTA_CHAIN.TYPE, chain.type),
      ],
    },
    ...chain.rules.map((rule, i): Request => ({
      ...{ what: `making rule ${i + 1} of ${where}`, type: nf.NFT_MSG.NEWRULE },
      flags: flags | NLM_F.APPEND,
      payload: [
        nfgenmsg(table.family),
        string(nf.NFTA_RULE.TABLE, table.name),
        string(nf.NFTA_RULE.CHAIN, chain.name),
        nested(nf.NFTA_RULE.EXPRESSIONS, ...rule),
      ],
    })),
  ];
}

/** Makes a table, in the place of the one that has its name: packets meet the old one or the new one, whole. `open` gives the socket. */
export function replaceTable(open: () => Netlink, table: Table): void {
  const what = `making nf_tables table ${JSON.stringify(table.name)}`;
  const make = { ...named(what, nf.NFT_MSG.NEWTABLE, table), flags: NLM_F.CREATE };
  changeOrExplain(open, what, [
    make, // that there is one to remove
    named(what, nf.NFT_MSG.DELTABLE, table),
    make,
    ...table.chains.flatMap((chain) => chainRequests(table, chain)),
  ]);
}

/** Removes a table with everything in it. False if there is none of that name, or there can be none. */
export function removeTable(open: () => Netlink, table: Pick<Table, "family" | "name">): boolean {
  const what = `removing nf_tables table ${JSON.stringify(table.name)}`;
  try {
    change(open(), what, [named(what, nf.NFT_MSG.DELTABLE, table)]);
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && [ENOENT, EOPNOTSUPP, EAFNOSUPPORT].includes(error.errno)) {
      return false;
    }
    throw error;
  }
}
