import assert from "node:assert/strict";
import { random } from "../../../tests/support/random.ts";
import { format, fromBytes, networkOf, overlap, parse, sizeOf, toBytes } from "./ipv4.ts";

Deno.test("parse(): four numbers in dots, and nothing else", () => {
  assert.equal(parse("10.87.0.1"), 0x0a570001);
  assert.equal(parse("255.255.255.255"), 0xffffffff);
  const bad = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.-1",
    "01.2.3.4",
    "1.2.3.4 ",
    "1.2.3.",
    "1.2.3.x",
    "1e1.2.3.4",
    "::1",
  ];
  for (const text of bad) assert.equal(parse(text), undefined, text);
});

Deno.test("format(), parse(), toBytes(), fromBytes() are each other's way back", () => {
  const next = random(4);
  for (let i = 0; i < 200; i++) {
    const address = next(2 ** 31) * 2 + next(2);
    assert.equal(parse(format(address)), address);
    assert.equal(fromBytes(toBytes(address)), address);
  }
});

Deno.test("networkOf(), overlap(): networks have addresses in common or none, up to the whole internet", () => {
  const network = (text: string) => {
    const [address, prefix] = text.split("/");
    return networkOf(parse(address!)!, Number(prefix));
  };
  assert.deepEqual(network("10.87.3.255/22"), { address: parse("10.87.0.0"), prefix: 22 });
  assert.deepEqual(network("255.1.2.3/0"), { address: 0, prefix: 0 });
  assert.equal(sizeOf(network("10.87.0.0/22")), 1024);
  const cases: readonly [string, string, boolean][] = [
    ["10.87.0.0/22", "10.87.4.0/22", false],
    ["10.87.0.0/22", "10.87.3.255/32", true],
    ["10.87.0.0/22", "10.0.0.0/8", true],
    ["192.168.0.0/16", "192.167.255.255/32", false],
    ["255.255.255.255/32", "0.0.0.0/0", true],
    ["128.0.0.0/1", "10.0.0.0/8", false],
  ];
  for (const [one, other, expected] of cases) {
    assert.equal(overlap(network(one), network(other)), expected, `${one} ${other}`);
    assert.equal(overlap(network(other), network(one)), expected, `${other} ${one}`);
  }
});
