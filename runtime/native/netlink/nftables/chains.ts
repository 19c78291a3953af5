/** Chains of others, and rules in them that are found again by their comment. @module */
import { ENOENT } from "../../../../fs/abi/errno.ts";
import { be32Of, bytes, nested, nestedOf, parseAttributes, string, stringOf } from "../attributes.ts";
import type { Netlink } from "../conversation.ts";
import { ReplyError, unlessErrno } from "../error.ts";
import type { Message } from "../message.ts";
import { NLM_F } from "../numbers.ts";
import { change, NFGENMSG, nfgenmsg } from "./batch.ts";
import * as nf from "./numbers.ts";
import type { Rule } from "./table.ts";

/** A chain that sees packets by itself. */
export interface SeenChain {
  /** AF_INET, NFPROTO_INET and so on. */
  readonly family: number;
  /** Its table. */
  readonly table: string;
  /** Its name. */
  readonly name: string;
  /** "filter", "nat", "route". */
  readonly type: string;
  /** Where it sees them: NF_INET. */
  readonly hook: number;
  /** What becomes of a packet that none of its rules decides about: VERDICT. */
  readonly policy: number;
}

const UNSPECIFIED = 0;

/** Takes apart what the kernel says of a chain; undefined if others lead to it. */
export function parseChain(payload: Uint8Array): SeenChain | undefined {
  if (payload.length < NFGENMSG) throw new ReplyError(`${payload.length} bytes are no chain`);
  const attributes = parseAttributes(payload.subarray(NFGENMSG));
  const hook = be32Of(nestedOf(attributes, nf.NFTA_CHAIN.HOOK), nf.NFTA_HOOK.HOOKNUM);
  if (hook === undefined) return undefined;
  return {
    family: payload[0]!,
    table: stringOf(attributes, nf.NFTA_CHAIN.TABLE) ?? "",
    name: stringOf(attributes, nf.NFTA_CHAIN.NAME) ?? "",
    type: stringOf(attributes, nf.NFTA_CHAIN.TYPE) ?? "",
    hook,
    policy: be32Of(attributes, nf.NFTA_CHAIN.POLICY) ?? nf.VERDICT.ACCEPT,
  };
}

/** All that see packets by themselves, of all tables and families. */
export function listChains(netlink: Netlink): SeenChain[] {
  const found = netlink.dump({
    ...{ what: "listing chains of nf_tables", type: nf.NFT_MSG.GETCHAIN, payload: [nfgenmsg(UNSPECIFIED)] },
  });
  return found.map(({ payload }) => parseChain(payload)).filter((chain) => chain !== undefined);
}

const wordsFor = ({ table, name }: SeenChain): string =>
  `chain ${JSON.stringify(name)} of nf_tables table ${JSON.stringify(table)}`;

const placeOf = ({ family, table, name }: SeenChain): Uint8Array[] => [
  nfgenmsg(family),
  string(nf.NFTA_RULE.TABLE, table),
  string(nf.NFTA_RULE.CHAIN, name),
];

/** A comment as nft(8) keeps it: kind, length, text with its zero. */
function userData(comment: string): Uint8Array {
  const text = new TextEncoder().encode(`${comment}\0`);
  return Uint8Array.of(nf.NFTNL_UDATA_RULE_COMMENT, text.length, ...text);
}

/** Numbers of a chain's rules that have this comment, as the kernel writes them. */
export function findRules(netlink: Netlink, chain: SeenChain, comment: string): Uint8Array[] {
  const what = `listing the rules of ${wordsFor(chain)}`, wanted = userData(comment).toHex();
  let found: Message[] = [];
  // The chain may have gone.
  unlessErrno([ENOENT], () => {
    found = netlink.dump({ what, type: nf.NFT_MSG.GETRULE, payload: placeOf(chain) });
  });
  return found.flatMap(({ payload }) => {
    const attributes = parseAttributes(payload.subarray(NFGENMSG));
    const handle = attributes.get(nf.NFTA_RULE.HANDLE);
    const isIt = attributes.get(nf.NFTA_RULE.USERDATA)?.toHex() === wanted;
    return isIt && handle !== undefined ? [handle] : [];
  });
}

/** Puts rules before all others of a chain, the first one first. */
export function insertRules(
  netlink: Netlink,
  chain: SeenChain,
  comment: string,
  rules: readonly Rule[],
): void {
  const what = `adding rules to ${wordsFor(chain)}`;
  change(
    netlink,
    what,
    rules.toReversed().map((rule) => ({
      ...{ what, type: nf.NFT_MSG.NEWRULE, flags: NLM_F.CREATE },
      payload: [
        ...placeOf(chain),
        nested(nf.NFTA_RULE.EXPRESSIONS, ...rule),
        bytes(nf.NFTA_RULE.USERDATA, userData(comment)),
      ],
    })),
  );
}

/** Removes a chain's rules that have this comment; those that are gone already are. */
export function removeRules(netlink: Netlink, chain: SeenChain, comment: string): void {
  const what = `removing rules from ${wordsFor(chain)}`;
  for (const handle of findRules(netlink, chain, comment)) {
    const payload = [...placeOf(chain), bytes(nf.NFTA_RULE.HANDLE, handle)];
    unlessErrno([ENOENT], () => change(netlink, what, [{ what, type: nf.NFT_MSG.DELRULE, payload }]));
  }
}
