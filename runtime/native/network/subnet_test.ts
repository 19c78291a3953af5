import assert from "node:assert/strict";
import { format, type Network, networkOf, parse } from "./ipv4.ts";
import { chooseSubnet } from "./subnet.ts";

const network = (text: string): Network => {
  const [address, prefix] = text.split("/");
  return networkOf(parse(address!)!, Number(prefix));
};

function chosen(...inUse: readonly string[]): string {
  const { address, prefix } = chooseSubnet(inUse.map(network));
  return `${format(address)}/${prefix}`;
}

Deno.test("chooseSubnet(): the first private network that has nothing in common with what is in use (RFC 1918)", () => {
  assert.equal(chosen(), "10.87.0.0/22");
  assert.equal(chosen("10.87.0.0/24", "10.87.5.7/32"), "10.87.8.0/22");
  assert.equal(chosen("10.87.0.0/16"), "10.86.0.0/22");
  assert.equal(chosen("10.0.0.0/8"), "172.31.0.0/22");
  assert.equal(chosen("10.0.0.0/8", "172.24.0.0/13"), "172.23.0.0/22");
  assert.equal(chosen("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/23"), "192.168.4.0/22");
  assert.throws(() => chosen("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), /use all private networks/);
});

Deno.test("chooseSubnet(): whatever is chosen is private, and each block of 16 bits has its turn", () => {
  const blocks: string[] = [];
  try {
    for (const inUse: Network[] = [];;) {
      const block = networkOf(chooseSubnet(inUse).address, 16);
      inUse.push(block);
      blocks.push(format(block.address));
    }
  } catch {
    // All are in use.
  }
  assert.equal(new Set(blocks).size, 24 + 16 + 1);
  const isPrivate = /^(10\.(6[4-9]|7\d|8[0-7])|172\.(1[6-9]|2\d|3[01])|192\.168)\.0\.0$/;
  assert.ok(blocks.every((block) => isPrivate.test(block)), blocks.join());
});
