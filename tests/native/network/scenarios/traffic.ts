/** Two containers and somebody outside: who reaches whom, under which address. @module */
import assert from "node:assert/strict";
import { setUpPrivateNetwork } from "../../../../runtime/native/network/mod.ts";
import { assertNothingLeft, ip, machine, outside, peer, run } from "../world.ts";

const stateDirectory = `${Deno.args[0]}/state`;
const away = await outside(), one = await machine(), two = await machine();
await Promise.all([away.serve(), one.serve(), two.serve()]);
Deno.writeTextFileSync("/proc/sys/net/ipv4/ip_forward", "0");

const published = [
  { hostAddress: "0.0.0.0", host: 8080, container: 80, protocol: "tcp" },
  { hostAddress: "::", host: 8081, container: 80, protocol: "tcp" },
  { hostAddress: "127.0.0.1", host: 0, container: 80, protocol: "tcp" },
  { hostAddress: "0.0.0.0", host: 5353, container: 53, protocol: "udp" },
  { hostAddress: "0.0.0.0", host: 8083, container: 81, protocol: "tcp" },
] as const;
const first = await setUpPrivateNetwork({
  containerId: "one",
  pid: one.pid,
  publish: published,
  stateDirectory,
});
const second = await setUpPrivateNetwork({ containerId: "two", pid: two.pid, publish: [], stateDirectory });

// Addresses, links and routes are what iproute2 sees.
assert.deepEqual([first.gateway, first.address, second.address], ["10.87.0.1", "10.87.0.2", "10.87.0.3"]);
assert.deepEqual([first.prefix, second.prefix, second.gateway], [22, 22, "10.87.0.1"]);
const [bridge] = await ip("-d", "addr", "show", "umiak0");
assert.equal(bridge.linkinfo.info_kind, "bridge");
assert.deepEqual(
  bridge.addr_info.filter(({ family }: { family: string }) => family === "inet").map((
    { local, prefixlen, broadcast, scope }: Record<string, unknown>,
  ) => [local, prefixlen, broadcast, scope]),
  [["10.87.0.1", 22, "10.87.3.255", "global"]],
);
const [port] = await ip("link", "show", "umiak0-2");
assert.equal(port.master, "umiak0");
const [eth0] = await one.ip("addr", "show", "eth0");
assert.deepEqual([eth0.address, eth0.operstate], ["02:42:0a:57:00:02", "UP"]);
assert.deepEqual(
  [eth0.addr_info[0].local, eth0.addr_info[0].prefixlen, eth0.addr_info[0].broadcast],
  ["10.87.0.2", 22, "10.87.3.255"],
);
const [route] = await one.ip("route", "show", "default");
assert.deepEqual([route.gateway, route.dev], ["10.87.0.1", "eth0"]);
assert.equal(Deno.readTextFileSync("/proc/sys/net/ipv4/ip_forward"), "1\n");
assert.equal(
  await run("nft", "list", "ruleset"),
  `table ip umiak0 {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.87.0.0/22 oifname != "umiak0" masquerade
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "umiak0" accept
		oifname "umiak0" ct state established,related accept
		oifname "umiak0" drop
	}
}
`,
);

// Containers reach each other, the host, and, as the host, what is outside.
assert.equal(await one.peer("tcp", second.address, "80", "hello"), "10.87.0.2\nhello");
assert.equal(await two.peer("udp", first.address, "53", "hello"), "10.87.0.3 hello\n");
assert.equal(await one.peer("tcp", "192.0.2.2", "80", "hello"), "192.0.2.1\nhello");
assert.equal(await two.peer("udp", "192.0.2.2", "53", "hello"), "192.0.2.1 hello\n");

// Published ports lead in: from outside, from the host's own loopback, from another container. The container sees the bridge's address.
assert.equal(await away.peer("tcp", "192.0.2.1", "8080", "hello"), "10.87.0.1\nhello");
assert.equal(await peer("tcp", "127.0.0.1", "8080", "hello"), "10.87.0.1\nhello");
assert.equal(await peer("tcp", "::1", "8081", "hello"), "10.87.0.1\nhello");
assert.equal(await peer("tcp", "127.0.0.1", String(first.published[2]!.host), "hello"), "10.87.0.1\nhello");
assert.equal(await two.peer("tcp", "192.0.2.1", "8080", "hello"), "10.87.0.1\nhello");
assert.equal(await away.peer("bytes", "192.0.2.1", "8080", "3000000"), "10.87.0.1 same\n");
assert.deepEqual(
  await Promise.all(Array.from({ length: 4 }, (_, i) => peer("tcp", "127.0.0.1", "8080", `${i}`))),
  Array.from({ length: 4 }, (_, i) => `10.87.0.1\n${i}`),
);
// Where nothing listens in the container the connection ends.
assert.equal(await away.peer("tcp", "192.0.2.1", "8083", ""), "");

// Who has a way to the bridge's network comes no further than the host: of the two datagrams only the published one arrives.
await run(...away.in("ip", "route", "add", "10.87.0.0/22", "via", "192.0.2.1"));
await away.peer("udp", first.address, "53", "past the host", "no");
assert.equal(
  await away.peer("udp", "192.0.2.1", "5353", "published"),
  "10.87.0.3 hello\n10.87.0.1 published\n",
);

// Ports that are taken.
await assert.rejects(
  setUpPrivateNetwork({ containerId: "three", pid: two.pid, publish: [published[0]], stateDirectory }),
  /^Error: publishing port 0\.0\.0\.0:8080\/tcp: Address already in use/,
);
// A container that is on the bridge already.
await assert.rejects(
  setUpPrivateNetwork({ containerId: "two", pid: two.pid, publish: [], stateDirectory }),
  /^Error: the network of container "two": making links "umiak0-4" and "eth0": file exists \(EEXIST\)/,
);

await first.dispose();
await first.dispose();
await assert.rejects(away.peer("tcp", "192.0.2.1", "8080", "hello"), /ConnectionRefused/);
assert.equal(await two.peer("tcp", "192.0.2.2", "80", "hello"), "192.0.2.1\nhello");
assert.deepEqual(await one.ip("link", "show", "type", "veth"), []);
await second.dispose();
await assertNothingLeft(stateDirectory, ["lo", "out0"]);
for (const each of [away, one, two]) await each.end();
