import assert from "node:assert/strict";
import { AF_INET, AF_INET6 } from "../../../abi/linux/socket.ts";
import type { InetAddress } from "../address.ts";
import { formatIp, parseIp, unmap } from "../ip.ts";
import type { HostNetwork } from "../uplink.ts";
import { EgressPolicy } from "./policy.ts";
import { parseEgressRule } from "./rules.ts";
import { policyNames } from "./uplink.ts";

function at(text: string, port: number): InetAddress {
  const ip = unmap(parseIp(text)!);
  return { family: ip.length === 4 ? AF_INET : AF_INET6, ip, port };
}
function policy(
  rules: readonly string[],
  otherwise: "public" | "nothing" = "public",
): { p: EgressPolicy; lines: string[] } {
  const lines: string[] = [];
  const p = new EgressPolicy({
    rules: rules.map((r) => parseEgressRule(r)!),
    otherwise,
    log: (line) => lines.push(line),
  });
  return { p, lines };
}

Deno.test("without rules: public addresses only", () => {
  const { p, lines } = policy([]);
  assert.equal(p.allows("tcp", at("93.184.216.34", 443)), true);
  for (
    const private_ of [
      "127.0.0.1",
      "127.8.8.8",
      "0.0.0.0",
      "10.0.0.1",
      "172.16.0.1",
      "172.31.255.255",
      "192.168.1.1",
      "169.254.169.254",
      "100.100.100.200",
      "168.63.129.16",
      "::1",
      "::",
      "fe80::1",
      "fd00:ec2::254",
      "::ffff:10.0.0.1",
      "::ffff:169.254.169.254",
      "64:ff9b::a9fe:a9fe",
      "2002:a00:1::",
      "::10.0.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "ff02::1",
    ]
  ) assert.equal(p.allows("tcp", at(private_, 80)), false, private_);
  for (const public_ of ["172.32.0.1", "11.0.0.1", "2606:4700::1111"]) {
    assert.equal(p.allows("udp", at(public_, 53)), true, public_);
  }
  assert.equal(lines[0], "egress allow tcp 93.184.216.34:443: a public address");
  assert.match(lines[1]!, /^egress deny tcp 127\.0\.0\.1:80: not a public address \(loopback\)/);
});

Deno.test("the first rule that fits decides; ports and transports narrow it", () => {
  const { p } = policy(["deny=10.0.0.5", "allow=10.0.0.0/8:5432/tcp", "deny=8.8.8.8", "deny=public:25"]);
  assert.equal(p.allows("tcp", at("10.0.0.5", 5432)), false);
  assert.equal(p.allows("tcp", at("10.0.0.6", 5432)), true);
  assert.equal(p.allows("udp", at("10.0.0.6", 5432)), false);
  assert.equal(p.allows("tcp", at("10.0.0.6", 5433)), false);
  assert.equal(p.allows("tcp", at("8.8.8.8", 53)), false);
  assert.equal(p.allows("tcp", at("1.1.1.1", 25)), false);
  assert.equal(p.allows("tcp", at("1.1.1.1", 26)), true);
});

Deno.test("a name opens the addresses it was resolved to, and no private one", () => {
  const { p, lines } = policy(["allow=*.good.example:443", "deny=*"]);
  const ip = at("93.184.216.34", 443);
  assert.equal(p.allows("tcp", ip), false);
  assert.equal(p.mayResolve("api.good.example"), true);
  assert.equal(p.mayResolve("good.example"), false);
  assert.equal(p.mayResolve("data.evil.example"), false);
  const told = p.admit("api.good.example", [ip.ip, parseIp("169.254.169.254")!, parseIp("127.0.0.1")!]);
  assert.deepEqual(told.map(formatIp), ["93.184.216.34"]);
  assert.equal(p.allows("tcp", ip), true);
  assert.equal(p.allows("tcp", at("93.184.216.34", 80)), false);
  assert.equal(p.allows("tcp", at("169.254.169.254", 443)), false);
  assert.ok(
    lines.includes("egress allow tcp 93.184.216.34:443 (api.good.example): allow=*.good.example:443"),
  );
  assert.ok(
    lines.some((line) => line.startsWith("egress deny name api.good.example as 127.0.0.1: not a public")),
  );
});

Deno.test("DNS rebinding: a name that turns to a private address is not followed there", async () => {
  let now = "93.184.216.34";
  const host = { resolve: () => Promise.resolve([parseIp(now)!]) } as unknown as HostNetwork;
  const { p } = policy(["allow=rebind.example"], "nothing");
  const names = policyNames(host, p, new Map());
  assert.deepEqual(await names.lookup("Rebind.Example.", 4), [parseIp(now)]);
  now = "10.0.0.1";
  assert.equal(await names.lookup("rebind.example", 4), -13);
  assert.equal(p.allows("tcp", at("10.0.0.1", 80)), false);
  assert.equal(p.allows("tcp", at("93.184.216.34", 80)), true);
  assert.equal(await names.lookup("other.example", 4), -13);
  assert.equal(await names.lookup("a\nb", 4), -2);
  assert.deepEqual(await names.lookup("localhost", 6), [parseIp("::1")]);
  assert.deepEqual(await names.lookup("10.1.2.3", 4), [parseIp("10.1.2.3")]);
});

Deno.test("a private address is told where a rule allows it as an address", () => {
  const { p } = policy(["allow=db.internal", "allow=10.0.0.5:5432"], "nothing");
  assert.deepEqual(p.admit("db.internal", [parseIp("10.0.0.5")!, parseIp("10.0.0.6")!]).map(formatIp), [
    "10.0.0.5",
  ]);
  assert.equal(p.allows("tcp", at("10.0.0.5", 5432)), true);
  assert.equal(p.allows("tcp", at("10.0.0.5", 22)), false);
});

Deno.test("what a guest makes the policy remember is bounded; UDP is written once a destination", () => {
  const { p, lines } = policy([]);
  for (let i = 0; i < 3; i++) p.allows("udp", at("8.8.8.8", 53));
  assert.equal(lines.length, 1);
  for (let i = 0; i < 10_000; i++) p.admit("x.example", [Uint8Array.of(11, 0, i >> 8, i & 255)]);
  assert.equal(p.allows("tcp", at("11.0.39.15", 1)), true);
});
