/** What a bridge is called, and which addresses are on it: nothing that is somebody else's. @module */
import assert from "node:assert/strict";
import { type PrivateNetwork, setUpPrivateNetwork } from "../../../../runtime/native/network/mod.ts";
import {
  assertNothingLeft,
  denoCommand,
  filesBelow,
  links,
  type Machine,
  machine,
  outside,
  run,
} from "../world.ts";

const ENGINE = new URL("../engine.ts", import.meta.url).pathname;
const directory = Deno.args[0]!, stateDirectory = `${directory}/state`;
const away = await outside();
const machines = await Promise.all(Array.from({ length: 6 }, machine));
const [one, two, three] = machines as [Machine, Machine, Machine];
const expected = ["lo", "out0"];

const setUp = ({ pid }: Machine, state = stateDirectory): Promise<PrivateNetwork> =>
  setUpPrivateNetwork({ containerId: `c${pid}`, pid, publish: [], stateDirectory: state });

/** The address that a container gets; its network is taken away again. */
async function addressOf(container: Machine): Promise<string> {
  const network = await setUp(container);
  await network.dispose();
  await assertNothingLeft(stateDirectory, expected);
  return network.address;
}

// Addresses of links and routes are in use; a way out and a dead end are not.
assert.equal(await addressOf(one), "10.87.0.2");
await run("ip", "route", "add", "blackhole", "10.0.0.0/8");
await run("ip", "route", "add", "0.0.0.0/1", "dev", "out0");
assert.equal(await addressOf(one), "10.87.0.2");
await run("ip", "addr", "add", "10.87.2.1/24", "dev", "out0");
assert.equal(await addressOf(one), "10.87.4.2");
await run("ip", "route", "add", "10.84.0.0/14", "dev", "out0", "table", "77");
assert.equal(await addressOf(one), "10.83.0.2");
await run("ip", "route", "add", "10.0.0.0/8", "dev", "out0", "table", "77");
assert.equal(await addressOf(one), "172.31.0.2");
for (const all of ["172.16.0.0/12", "192.168.0.0/16"]) await run("ip", "route", "add", all, "dev", "out0");
await assert.rejects(
  setUp(one),
  /choosing addresses for containers: the host's links and routes use all private/,
);
await assertNothingLeft(stateDirectory, expected);
await run("ip", "route", "flush", "table", "77");
for (const all of ["172.16.0.0/12", "192.168.0.0/16"]) await run("ip", "route", "del", all);
await run("ip", "addr", "del", "10.87.2.1/24", "dev", "out0");

// A link of that name is left alone; engines with another state directory have another bridge, another network, and other rules.
await run("ip", "link", "add", "name", "umiak0", "type", "bridge");
const first = await setUp(one), second = await setUp(two, `${directory}/other`);
assert.deepEqual([first.gateway, second.gateway], ["10.87.0.1", "10.87.4.1"]);
assert.deepEqual(await links(), ["lo", "out0", "umiak0", "umiak1", "umiak1-2", "umiak2", "umiak2-2"]);
await first.dispose();
assert.deepEqual(await links(), ["lo", "out0", "umiak0", "umiak2", "umiak2-2"]);
assert.match(await run("nft", "list", "ruleset"), /^table ip umiak2 \{[^]*^\}\n$/m);
await second.dispose();
await run("ip", "link", "del", "umiak0");
await assertNothingLeft(stateDirectory, expected);

// Many at once, in one process and in several.
const engines = machines.slice(3).map(({ pid }) => {
  const [program, ...args] = denoCommand(ENGINE, stateDirectory, String(pid));
  return new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" }).spawn();
});
const [a, b, c] = await Promise.all([setUp(one), setUp(two), setUp(three)]);
const outputs = engines.map(async (engine) => {
  await engine.stdin.close();
  const { stdout } = await engine.output();
  return new TextDecoder().decode(stdout).split("\n")[1];
});
// Those may be gone before the next one comes, and then it has their address.
for (const address of await Promise.all(outputs)) assert.match(address!, /^10\.87\.0\.[2-7]$/);
const addresses = [a, b, c].map(({ address }) => address);
assert.equal(new Set(addresses).size, 3);

// Rules and bridges that somebody has removed come back with the next container.
await run("nft", "flush", "ruleset");
await c.dispose();
const again = await setUp(three);
assert.match(await run("nft", "list", "ruleset"), /masquerade/);
await again.dispose();
await a.dispose();
await run("ip", "link", "del", "umiak0");
const after = await setUp(three);
assert.deepEqual([after.gateway, after.prefix], ["10.87.0.1", 22]);

// A file that is none of ours is named, and nothing is done.
const [file] = filesBelow(stateDirectory).filter((name) => name.endsWith("network.json"));
const text = Deno.readTextFileSync(`${stateDirectory}/${file}`);
Deno.writeTextFileSync(`${stateDirectory}/${file}`, text.replace("10.87", "x"));
await assert.rejects(setUp(one), /network\.json: gateway is not an address/);
Deno.writeTextFileSync(`${stateDirectory}/${file}`, text);
for (const each of [b, after]) await each.dispose();
await assertNothingLeft(stateDirectory, expected);

// A container without a network of its own, and one that is gone.
await assert.rejects(
  setUpPrivateNetwork({ containerId: "own", pid: Deno.pid, publish: [], stateDirectory }),
  /^Error: the network of container "own": process \d+ has no network namespace of its own$/,
);
await one.end();
await assert.rejects(
  setUp(one),
  /: the network namespace of process \d+: no such file or directory \(ENOENT\)/,
);
for (const each of [away, ...machines.slice(1)]) await each.end();
