/** A host whose other packet filters drop what they do not know. Argument: a directory. @module */
import assert from "node:assert/strict";
import { cleanUpPrivateNetworks, setUpPrivateNetwork } from "../../../../runtime/native/network/mod.ts";
import { ip, machine, outside, run } from "../world.ts";

const stateDirectory = `${Deno.args[0]}/state`;
const away = await outside(), one = await machine(), two = await machine();
await Promise.all([away.serve(), one.serve()]);

// As Docker and ufw have it, as firewalld has it; one for IPv6, one that lets through, one at another place.
const RULES = `table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
		iifname "docker0" accept
	}
}
table inet firewall {
	chain forward {
		type filter hook forward priority filter + 10; policy drop;
	}

	chain input {
		type filter hook input priority filter; policy accept;
	}
}
table ip6 filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
table ip open {
	chain forward {
		type filter hook forward priority filter; policy accept;
	}
}
`;
await Deno.writeTextFile(`${Deno.args[0]}/rules`, RULES);
await run("nft", "-f", `${Deno.args[0]}/rules`);
assert.equal(await run("nft", "list", "ruleset"), RULES);

const set = (containerId: string, pid: number): ReturnType<typeof setUpPrivateNetwork> =>
  setUpPrivateNetwork({ containerId, pid, publish: [], stateDirectory });
const first = await set("one", one.pid);
assert.equal(await one.peer("tcp", "192.0.2.2", "80", "hello"), "192.0.2.1\nhello");
assert.equal(await one.peer("udp", "192.0.2.2", "53", "hello"), "192.0.2.1 hello\n");

// Once for a bridge, however many containers it has; before what was there; nothing where nothing is dropped, or IPv4 does not come.
const second = await set("two", two.pid);
const ours = (direction: string): string =>
  `		${direction}ifname "umiak0" accept comment "containers of umiak0"\n`;
const chain = async (...where: string[]): Promise<string> => {
  const [, , text = ""] = (await run("nft", "list", "chain", ...where)).split(/(policy \w+;\n)/);
  return text.replace(/\t\}\n\}\n$/, "");
};
assert.equal(
  await chain("ip", "filter", "FORWARD"),
  `${ours("i")}${ours("o")}		iifname "docker0" accept\n`,
);
assert.equal(await chain("inet", "firewall", "forward"), ours("i") + ours("o"));
for (
  const other of [["inet", "firewall", "input"], ["ip6", "filter", "FORWARD"], ["ip", "open", "forward"]]
) {
  assert.equal(await chain(...other), "");
}

// Nobody outside begins to speak with a container through them: of the two datagrams only the other container's arrives.
await run(...away.in("ip", "route", "add", "10.87.0.0/22", "via", "192.0.2.1"));
await away.peer("udp", first.address, "53", "past the host", "no");
assert.equal(await two.peer("udp", first.address, "53", "beside it"), `${second.address} beside it\n`);

// Whose firewall has been set up anew gets them again with the next container, and a firewall that has gone is not missed.
await run("nft", "flush", "chain", "ip", "filter", "FORWARD");
await run("nft", "delete", "table", "inet", "firewall");
await second.dispose();
const third = await set("three", two.pid);
assert.equal(await chain("ip", "filter", "FORWARD"), ours("i") + ours("o"));
await third.dispose();
await first.dispose();
assert.equal(await chain("ip", "filter", "FORWARD"), "");
assert.doesNotMatch(await run("nft", "list", "ruleset"), /umiak/);

// What a killed engine has left goes with its bridge, though the firewall does not drop any more.
await run("nft", "flush", "ruleset");
await run("nft", "-f", `${Deno.args[0]}/rules`);
const lost = await machine();
await set("lost", lost.pid);
await lost.end();
await run("nft", "chain", "ip", "filter", "FORWARD", "{ policy accept; }");
await cleanUpPrivateNetworks(stateDirectory);
assert.doesNotMatch(await run("nft", "list", "ruleset"), /umiak/);
assert.deepEqual((await ip("link", "show")).map(({ ifname }: { ifname: string }) => ifname), ["lo", "out0"]);
for (const each of [away, one, two]) await each.end();
