import assert from "node:assert/strict";
import { AF_INET } from "../../../abi/linux/socket.ts";
import { netlink } from "../conversation.ts";
import { encodeMessage } from "../message.ts";
import { NLMSG } from "../numbers.ts";
import { answering, recordedKernel } from "../testing/kernel.ts";
import { DONE, NO_SUCH_TABLE } from "../testing/recorded.ts";
import { ipSource, linkName, masquerade, ofConnection, verdict } from "./expressions.ts";
import { NF_INET, NF_IP_PRI } from "./numbers.ts";
import { removeTable, replaceTable, type Table } from "./table.ts";

const hex = (parts: readonly Uint8Array[]): string => parts.map((part) => part.toHex()).join("");

/** Expressions as bytes. The kernel takes them, and nft(8) lists them as these words (tests/native/network). */
const EXPRESSIONS:
  readonly (readonly [words: string, made: readonly Uint8Array[], bytes: readonly string[]])[] = [
    ['iifname "umiak0"', linkName("iifname", "==", "umiak0"), [
      "24000180090001006d657461000000001400028008000100000000010800020000000006",
      "3800018008000100636d70002c000280080001000000000108000200000000001800038014000100756d6961" +
      "6b3000000000000000000000",
    ]],
    ['oifname != "umiak0"', linkName("oifname", "!=", "umiak0"), [
      "24000180090001006d657461000000001400028008000100000000010800020000000007",
      "3800018008000100636d70002c000280080001000000000108000200000000011800038014000100756d6961" +
      "6b3000000000000000000000",
    ]],
    ["ip saddr 10.87.0.0/22", ipSource(Uint8Array.of(10, 87, 0, 0), 22), [
      "340001800c0001007061796c6f6164002400028008000100000000010800020000000001080003000000000c" +
      "0800040000000004",
      "440001800c000100626974776973650034000280080001000000000108000200000000010800030000000004" +
      "0c00048008000100fffffc000c0005800800010000000000",
      "2c00018008000100636d700020000280080001000000000108000200000000000c000380080001000a570000",
    ]],
    ["ct state established,related", ofConnection(), [
      "2000018007000100637400001400028008000100000000010800020000000000",
      "440001800c000100626974776973650034000280080001000000000108000200000000010800030000000004" +
      "0c00048008000100060000000c0005800800010000000000",
      "2c00018008000100636d700020000280080001000000000108000200000000010c0003800800010000000000",
    ]],
    ["accept", verdict("accept"), [
      "300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c00028008000100" + "00000001",
    ]],
    ["drop", verdict("drop"), [
      "300001800e000100696d6d6564696174650000001c0002800800010000000000100002800c00028008000100" + "00000000",
    ]],
    ["masquerade", masquerade(), ["14000180090001006d6173710000000004000280"]],
  ];

for (const [words, made, expected] of EXPRESSIONS) {
  Deno.test(`expressions: ${words} (linux/netfilter/nf_tables.h)`, () => {
    assert.deepEqual(made.map((expression) => expression.toHex()), expected);
  });
}

const TABLE: Table = {
  ...{ family: AF_INET, name: "t" },
  chains: [{
    ...{ name: "c", type: "nat", hook: NF_INET.POST_ROUTING, priority: NF_IP_PRI.NAT_SRC },
    rules: [masquerade()],
  }],
};

Deno.test("replaceTable(): one batch makes what is there go, and the new table come", () => {
  const { transport, sent } = recordedKernel(Array.from({ length: 5 }, (_, i) => answering(DONE, i + 2)));
  replaceTable(() => netlink(transport), TABLE);
  const name = "0600010074000000",
    frame = (type: string, sequence: string): string =>
      `14000000${type}000100${sequence}000000000000000000000a`;
  const head = (length: string, type: string, flags: string, sequence: string): string =>
    `${length}000000${type}0a${flags}0${sequence}0000000000000002000000`;
  assert.equal(sent.length, 1);
  assert.equal(
    sent[0]!.toHex(),
    [
      frame("10", "01"),
      head("1c", "00", "0504", "2") + name,
      head("1c", "02", "0500", "3") + name,
      head("1c", "00", "0504", "4") + name,
      head("48", "03", "0504", "5") + name + "0600030063000000" +
      "14000480080001000000000408000200000000640800050000" +
      "00000108000700" + "6e617400",
      head("3c", "06", "050c", "6") + name + "0600020063000000" + `18000480${hex(masquerade())}`,
      frame("11", "07"),
    ].join(""),
  );
});

Deno.test("replaceTable(), removeTable(): a kernel without nf_tables", () => {
  const answer = (sequence: number, errno: number): Uint8Array => {
    const payload = new Uint8Array(20);
    new DataView(payload.buffer).setInt32(0, -errno, true);
    return encodeMessage({ type: NLMSG.ERROR, flags: 0x100, sequence }, [payload]);
  };
  const open = (errno: number) => () => netlink(recordedKernel([answer(1, errno)]).transport);
  // nfnetlink without the subsystem: EOPNOTSUPP.
  assert.throws(
    () => replaceTable(open(95), TABLE),
    /^Error: making nf_tables table "t": operation not supported \(EOPNOTSUPP\): this kernel has no nf_tables, or not/,
  );
  assert.throws(
    () => replaceTable(open(1), TABLE),
    /^NetlinkError: making nf_tables table "t": .*\(EPERM\)$/,
  );
  assert.equal(removeTable(open(95), TABLE), false);
  assert.throws(() => removeTable(open(1), TABLE), /EPERM/);
});

Deno.test("removeTable(): true if there was one", () => {
  const removed = (answer: Uint8Array): boolean =>
    removeTable(() => netlink(recordedKernel([answering(answer, 2)]).transport), TABLE);
  assert.equal(removed(DONE), true);
  assert.equal(removed(NO_SUCH_TABLE), false);
});
