/** linux.netDevices of native containers: what config-linux.md, "Network Devices", says, sentence by sentence. */
import assert from "node:assert/strict";
import { type Bench, withBench } from "../../../runtime/support.ts";
import { type Config, inUserNamespace, nativeBundle } from "../../support.ts";
import { ip, links, machine, run } from "../world.ts";

/** Devices of the container, as `ip -j addr` shows them. */
// deno-lint-ignore no-explicit-any
type Shown = any;

let bundles = 0;

function bundle(bench: Bench, netDevices: unknown, change: (config: Config) => void = () => {}): string {
  return nativeBundle(bench, `b${++bundles}`, "exec sleep 1000", (config) => {
    config.linux.netDevices = netDevices;
    change(config);
  });
}

async function shownIn(bench: Bench, id: string): Promise<Shown[]> {
  const { pid } = await bench.state(id);
  return JSON.parse(await run("nsenter", "-t", String(pid), "-n", "ip", "-j", "-d", "addr"));
}

const addressesOf = ({ addr_info }: Shown): string[] =>
  addr_info.map(({ local, prefixlen, scope, label = "" }: Shown) =>
    `${local}/${prefixlen} ${scope} ${label}`.trim()
  );

/** A pair of links, one of which is to move: as a physical device would, with all that can be set about it. */
async function makeDevice(name: string): Promise<void> {
  await run(
    "ip",
    "link",
    "add",
    name,
    "mtu",
    "1400",
    "txqueuelen",
    "77",
    "type",
    "veth",
    "peer",
    "name",
    `${name}p`,
  );
  await run("ip", "link", "set", name, "address", "02:00:00:00:00:17", "alias", "for the container");
  await run("ip", "addr", "add", "192.0.2.7/24", "brd", "+", "dev", name);
  await run("ip", "addr", "add", "192.0.2.8/24", "dev", name, "label", `${name}:1`);
  await run("ip", "addr", "add", "192.0.2.9", "peer", "198.51.100.1/32", "dev", name);
  await run("ip", "addr", "add", "192.0.2.70/24", "dev", name, "valid_lft", "1000", "preferred_lft", "1000");
  await run("ip", "addr", "add", "169.254.3.3/16", "scope", "link", "dev", name);
  await run("ip", "addr", "add", "2001:db8::7/64", "nodad", "dev", name);
  await run("ip", "link", "set", name, "up");
}

const MOVED = (name: string): string[] => [
  "192.0.2.9/32 global " + name,
  "192.0.2.7/24 global " + name,
  `192.0.2.8/24 global ${name}:1`,
  "2001:db8::7/64 global",
];

await run("ip", "link", "set", "lo", "up");
await withBench(async (bench) => {
  for (const [id, change] of [["c", () => {}], ["u", inUserNamespace]] as const) {
    await Deno.chmod(bench.dir, 0o755);
    await makeDevice("dev0");
    const host = await links();
    await bench.ok(
      "create",
      "-b",
      bundle(bench, { dev0: { name: "inside0" } }, (config) => {
        change(config);
        // A kernel parameter of the device: it is there when parameters are set.
        config.linux.sysctl = { "net.ipv4.conf.inside0.arp_notify": "1" };
      }),
      id,
    );
    // "moving existing network devices identified by name from the host network namespace into the container network namespace"
    assert.deepEqual(await links(), host.filter((name) => name !== "dev0"));
    const shown = await shownIn(bench, id);
    assert.deepEqual(shown.map(({ ifname }: Shown) => ifname), ["lo", "inside0"]);
    const [, device] = shown;
    // "The runtime MUST preserve existing network interface attributes, including all permanent IP addresses of any family with global scope"
    const { address, mtu, txqlen, ifalias } = device;
    assert.deepEqual([address, mtu, txqlen, ifalias], ["02:00:00:00:00:17", 1400, 77, "for the container"]);
    const kept = addressesOf(device).filter((text) => !text.startsWith("fe80"));
    assert.deepEqual(kept.sort(), MOVED("inside0").sort());
    assert.equal(device.addr_info.find(({ local }: Shown) => local === "192.0.2.9").address, "198.51.100.1");
    assert.equal(device.addr_info.find(({ local }: Shown) => local === "192.0.2.7").broadcast, "192.0.2.255");
    // "The runtime MUST set the network device state to "up" after moving it to the network namespace"
    assert.ok(device.flags.includes("UP"));
    await bench.ok("start", id);
    const { pid } = await bench.state(id), arp = "/proc/sys/net/ipv4/conf/inside0/arp_notify";
    assert.equal(await run("nsenter", "-t", String(pid), "-n", "cat", arp), "1\n");
    // "The runtime MUST NOT attempt to move the interface out of the namespace before deletion": a virtual one goes with its namespace.
    await bench.ok("delete", "--force", id);
    for (;;) { // which the kernel takes its time for
      if (!(await links()).includes("dev0p")) break;
    }
    assert.deepEqual(await links(), ["lo"]);
  }

  // "If not specified, the host name is used"; templates: "the kernel will generate a unique name".
  await makeDevice("dev0");
  await makeDevice("dev1");
  await makeDevice("dev2");
  const templates = { dev0: {}, dev1: { name: "net%d" }, dev2: { name: "net%d" } };
  await bench.ok("create", "-b", bundle(bench, templates), "t");
  const names = (await shownIn(bench, "t")).map(({ ifname }) => ifname);
  assert.deepEqual(names.sort(), ["dev0", "lo", "net0", "net1"]);
  await bench.ok("delete", "--force", "t");
  while ((await links()).length > 1);

  // A namespace that is there already: "If a network device with the specified name already exists in the container namespace, the runtime
  // MUST generate an error". The host has its devices again, as they were.
  await makeDevice("dev0");
  await makeDevice("dev1");
  const before = JSON.stringify(stable(await ip("-d", "addr")));
  const other = await machine();
  await run(...other.in("ip", "link", "add", "name", "taken", "type", "bridge"));
  const joined = (config: Config): void => {
    config.linux.namespaces.find(({ type }: { type: string }) => type === "network").path =
      `/proc/${other.pid}/ns/net`;
  };
  const refusals: readonly [unknown, RegExp][] = [
    [
      { dev0: { name: "taken" } },
      /^creating container "r": linux\.netDevices: moving network device "dev0": the container has a network device "taken"/,
    ],
    [
      { dev0: { name: "fine" }, dev1: { name: "fine" } },
      /^creating container "r": linux\.netDevices: renaming link "mv[0-9a-f]{13}" to "fine": file exists \(EEXIST\)/,
    ],
    [
      { dev0: { name: "fine" }, nosuch: {} },
      /^creating container "r": linux\.netDevices: moving network device "nosuch": no such device/,
    ],
    [
      { dev0: {}, lo: { name: "lo1" } },
      /moving link "lo" into another network namespace .*: The interface netns is immutable/,
    ],
    [{ dev0: { name: "a%db%d" } }, /renaming link ".*" to "a%db%d": invalid argument/],
  ];
  for (const [netDevices, why] of refusals) {
    const { code, stderr } = await bench.call("create", "-b", bundle(bench, netDevices, joined), "r");
    assert.notEqual(code, 0);
    assert.match(stderr, why);
    assert.equal(JSON.stringify(stable(await ip("-d", "addr"))), before, stderr);
  }
  // A template is no name that is taken.
  await bench.ok("create", "-b", bundle(bench, { dev0: { name: "taken%d" } }, joined), "j");
  assert.deepEqual((await other.ip("link")).map(({ ifname }: Shown) => ifname).sort(), [
    "lo",
    "taken",
    "taken0",
  ]);
  await bench.ok("delete", "--force", "j");
  // It lives on with the namespace.
  assert.equal((await other.ip("link", "show", "taken0")).length, 1);

  // Without a network namespace of its own there is nowhere to move to.
  const { stderr } = await bench.call(
    ...["create", "-b"],
    bundle(bench, { dev1: {} }, (config) => {
      config.linux.namespaces = config.linux.namespaces.filter(({ type }: { type: string }) =>
        type !== "network"
      );
      config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== "sysfs");
    }),
    "o",
  );
  assert.match(
    stderr,
    /^creating container "o": linux\.netDevices: the container has the runtime's own network/,
  );
  await other.end();
});

/** What of links does not change by itself. */
function stable(shown: Shown[]): unknown {
  return shown.map(({ ifname, address, mtu, txqlen, flags, addr_info }) => ({
    ...{ ifname, address, mtu, txqlen, flags: [...flags].sort() },
    addresses: addressesOf({
      addr_info: addr_info.filter(({ scope, dynamic }: Shown) => scope === "global" && !dynamic),
    }).sort(),
  })).sort((a, b) => a.ifname < b.ifname ? -1 : 1);
}
