import assert from "node:assert/strict";
import { parseEgressRule } from "./rules.ts";

Deno.test("parseEgressRule: names, addresses, blocks, ports, transports", () => {
  const parts = (text: string): unknown => {
    const rule = parseEgressRule(text);
    return rule && [rule.action, rule.target.kind, rule.ports[0], rule.ports[1], rule.transport];
  };
  assert.deepEqual(parts("allow=example.com"), ["allow", "name", 0, 65535, null]);
  assert.deepEqual(parts("allow=*.Example.com:443"), ["allow", "name", 443, 443, null]);
  assert.deepEqual(parts("deny=10.0.0.0/8"), ["deny", "prefix", 0, 65535, null]);
  assert.deepEqual(parts("allow=127.0.0.1:5000-6000/tcp"), ["allow", "prefix", 5000, 6000, "tcp"]);
  assert.deepEqual(parts("allow=[::1]:53/udp"), ["allow", "prefix", 53, 53, "udp"]);
  assert.deepEqual(parts("allow=fd00::/8"), ["allow", "prefix", 0, 65535, null]);
  assert.deepEqual(parts("allow=[fd00::]/8:80"), ["allow", "prefix", 80, 80, null]);
  assert.deepEqual(parts("deny=*"), ["deny", "any", 0, 65535, null]);
  assert.deepEqual(parts("allow=public:443"), ["allow", "public", 443, 443, null]);
  assert.deepEqual(parts("allow=private/udp"), ["allow", "private", 0, 65535, "udp"]);
});

Deno.test("parseEgressRule refuses what is neither a name nor an address", () => {
  for (
    const text of [
      "",
      "allow",
      "allow=",
      "permit=x",
      "allow=a:0",
      "allow=a:70000",
      "allow=a:5-4",
      "allow=a:x",
      "allow=1.2.3",
      "allow=10.0.0.0/33",
      "allow=999.1.1.1",
      "allow=-x.com",
      "allow=a..b",
      "allow=*",
      "allow=*x.com",
      "allow=a b",
      "allow=a/sctp",
    ]
  ) if (text !== "allow=*") assert.equal(parseEgressRule(text), undefined, text);
});
