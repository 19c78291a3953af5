/** Engines that are killed while they set networks up, and after that: the next one finds what they have left, and removes it when it may. @module */
import assert from "node:assert/strict";
import { cleanUpPrivateNetworks, setUpPrivateNetwork } from "../../../../runtime/native/network/mod.ts";
import { random } from "../../../support/random.ts";
import {
  assertNothingLeft,
  denoCommand,
  filesBelow,
  links,
  type Machine,
  machine,
  peer,
  run,
} from "../world.ts";

const ENGINE = new URL("../engine.ts", import.meta.url).pathname;
const ROUNDS = 24, LONGEST_MS = 40;
const [directory = "", seed = ""] = Deno.args, stateDirectory = `${directory}/state`;
const next = random(Number(seed));
await run("ip", "link", "set", "lo", "up");

/** Kills an engine some time after it has begun, or when it has come to the end. True if it had. */
async function kill(container: Machine, ms?: number): Promise<boolean> {
  const [program, ...args] = denoCommand(ENGINE, stateDirectory, String(container.pid), "8080");
  const engine = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped", stderr: "inherit" })
    .spawn();
  const lines = engine.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await lines.read()).value ?? "", /^begin\n/);
  let said = "";
  if (ms === undefined) said += (await lines.read()).value;
  else await new Promise((go) => setTimeout(go, ms));
  engine.kill("SIGKILL");
  for (let part; !(part = await lines.read()).done;) said += part.value;
  await engine.stdin.close();
  await engine.status;
  return said !== "";
}

/** Ids of the processes that have leases. */
const holders = (): number[] =>
  filesBelow(stateDirectory).filter((name) => name.includes("/leases/") && name.endsWith(".json"))
    .map((name) => JSON.parse(Deno.readTextFileSync(`${stateDirectory}/${name}`)).pid);

let kept: Machine[] = [], whole = 0;
for (let round = 0; round < ROUNDS; round++) {
  const container = await machine();
  if (await kill(container, next(LONGEST_MS))) whole++;
  if (next(2) === 0) kept.push(container);
  else await container.end();
  if (next(6) === 0) { // nobody is left
    for (const each of kept) await each.end();
    kept = [];
  }
}

// The last one is killed for certain when everything is there; the ports of the dead are free.
const last = await machine();
assert.ok(await kill(last));
kept.push(last);
const living = await machine();
await living.serve();
const network = await setUpPrivateNetwork({
  ...{ containerId: "living", pid: living.pid, stateDirectory },
  publish: [{ hostAddress: "0.0.0.0", host: 8080, container: 80, protocol: "tcp" }],
});
assert.equal(await peer("tcp", "127.0.0.1", "8080", "hello"), `${network.gateway}\nhello`);
const alive = new Set([...kept, living].map(({ pid }) => pid));
assert.ok(holders().every((pid) => alive.has(pid)), "a lease is of a container that has ended");
assert.ok(holders().includes(last.pid) && holders().includes(living.pid));
assert.ok((await links()).filter((name) => name.startsWith("umiak0-")).length <= holders().length);
// A container that has lost its engine keeps its network.
assert.match(await last.peer("tcp", network.address, "80", "hello"), /^10\.87\.0\.\d+\nhello$/);

await network.dispose();
assert.ok((await links()).includes("umiak0"));
for (const each of [...kept, living]) await each.end();
await cleanUpPrivateNetworks(stateDirectory);
await assertNothingLeft(stateDirectory, ["lo"]);
await cleanUpPrivateNetworks(stateDirectory);
console.log(`${whole} of ${ROUNDS} were killed after they had come to the end`);
