import assert from "node:assert/strict";
import { netlink } from "../conversation.ts";
import { answering, recordedKernel } from "../testing/kernel.ts";
import { ADDRESSES, BRIDGE, DONE, NO_SUCH_LINK, ROUTES } from "../testing/recorded.ts";
import { addAddress, listAddresses } from "./addresses.ts";
import { createBridge, createVethPair, deleteLink, findLink, moveLink, setLink } from "./links.ts";
import { addDefaultRoute, listRoutes } from "./routes.ts";
import type { Netlink } from "../conversation.ts";

/** What is sent for requests that are done, each as hexadecimal. */
function sentFor(body: (netlink: Netlink) => void, ...answers: readonly Uint8Array[]): string[] {
  const { transport, sent } = recordedKernel(answers.map((answer, i) => answering(answer, i + 1)));
  body(netlink(transport));
  return sent.map((datagram) => datagram.toHex());
}

const HEADER = (length: string, type: string, flags: string, sequence = "01"): string =>
  `${length}0000${type}00${flags}${sequence}00000000000000`;
const UP = "00000000000000000100000001000000";
const NO_LINK = "00000000000000000000000000000000", LINK_2 = "00000000020000000000000000000000";
const UMIAK0 = "0b000300756d69616b300000";

Deno.test("links: requests as the kernel reads them (man 7 rtnetlink)", () => {
  assert.deepEqual(sentFor((to) => createBridge(to, "umiak0", "02:42:0a:57:00:01"), DONE), [
    `${HEADER("4800", "10", "0506")}${UP}${UMIAK0}0a00010002420a5700010000100012800b0001006272696467650000`,
  ]);
  const pair = {
    ...{ name: "umiak0-2", master: 2 },
    peer: { name: "eth0", namespace: { fd: 5 }, hardwareAddress: "02:42:0a:57:00:02" },
  };
  assert.deepEqual(sentFor((to) => createVethPair(to, pair), DONE), [
    `${HEADER("8000", "10", "0506")}${UP}0d000300756d69616b302d320000000008000a0002000000` +
    "48001280" + "0900010076657468000000003800028034000180" + `${NO_LINK}0900030065746830000000000a000100` +
    "02420a570002000008001c0005000000",
  ]);
  assert.deepEqual(sentFor((to) => setLink(to, "umiak0", "down"), DONE), [
    `${HEADER("2c00", "10", "0500")}00000000000000000000000001000000${UMIAK0}`,
  ]);
  assert.deepEqual(sentFor((to) => moveLink(to, "umiak0", { pid: 7 }, "x"), BRIDGE, DONE), [
    `${HEADER("2c00", "12", "0500")}${NO_LINK}${UMIAK0}`,
    `${HEADER("3000", "10", "0500", "02")}${LINK_2}06000300780000000800130007000000`,
  ]);
  assert.deepEqual(sentFor((to) => assert.equal(deleteLink(to, "umiak0"), false), NO_SUCH_LINK), [
    `${HEADER("2c00", "11", "0500")}${NO_LINK}${UMIAK0}`,
  ]);
});

Deno.test("addresses and routes: requests as the kernel reads them (man 7 rtnetlink)", () => {
  const local = Uint8Array.of(10, 87, 0, 1);
  const address = { index: 2, family: 2, prefix: 22, scope: 0, flags: 0, local, peer: local };
  assert.deepEqual(
    sentFor((to) => addAddress(to, { ...address, label: "umiak0", priority: 3 }, "adding"), DONE),
    [
      `${
        HEADER("3c00", "14", "0506")
      }0216000002000000080002000a570001080001000a570001${UMIAK0}0800090003000000`,
    ],
  );
  assert.deepEqual(sentFor((to) => addDefaultRoute(to, local, 2, "adding"), DONE), [
    `${HEADER("2c00", "18", "0506")}02000000fe04000100000000080005000a5700010800040002000000`,
  ]);
});

Deno.test("findLink(): a bridge as the kernel describes it, and none", () => {
  sentFor((to) =>
    assert.deepEqual(findLink(to, "umiak0"), {
      ...{ index: 2, name: "umiak0", flags: 0x1003, kind: "bridge", mtu: 1500 },
      hardwareAddress: "02:42:0a:57:00:01",
    }), BRIDGE);
  sentFor((to) => assert.equal(findLink(to, "nope"), undefined), NO_SUCH_LINK);
});

Deno.test("listAddresses(), listRoutes(): what the kernel lists", () => {
  const local = Uint8Array.of(10, 87, 0, 1);
  sentFor((to) =>
    assert.deepEqual(listAddresses(to), [{
      ...{ index: 2, family: 2, prefix: 22, scope: 0, flags: 0x80, local, peer: local, label: "umiak0" },
      broadcast: Uint8Array.of(10, 87, 3, 255),
    }]), ADDRESSES);
  sentFor((to) => assert.deepEqual(listAddresses(to, 3), []), ADDRESSES);
  sentFor((to) =>
    assert.deepEqual(
      listRoutes(to).map(({ destination, prefix, type, table, index }) =>
        `${destination!.join(".")}/${prefix} ${type} ${table} ${index}`
      ),
      ["10.87.0.0/22 1 254 2", "10.87.0.1/32 2 255 2", "10.87.3.255/32 3 255 2"],
    ), ROUTES);
});
