/** A pod's network over a host that is made up. @module */
import assert from "node:assert/strict";
import { AF_INET, SOCK_DGRAM, SOCK_STREAM } from "../../../abi/linux/socket.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { formatInet, type InetAddress } from "../address.ts";
import * as calls from "../calls/mod.ts";
import { EgressPolicy } from "../egress/policy.ts";
import { parseEgressRule } from "../egress/rules.ts";
import { formatIp, type Ip, parseIp } from "../ip.ts";
import { NetNamespace } from "../namespace.ts";
import { socketsOf } from "../testing/here.ts";
import type { ScriptSockets } from "../testing/sockets.ts";
import type { HostConnection, HostDatagrams, HostNetwork } from "../uplink.ts";
import { type Attached, GATEWAY, hostsFile, PodNetwork } from "./network.ts";

const address = (text: string, port: number): InetAddress => ({ family: AF_INET, ip: parseIp(text)!, port });

/** A host that notes what is asked of it. */
class FakeHost implements HostNetwork {
  readonly pending: Set<Promise<void>> = new Set();
  readonly connects: string[] = [];
  readonly written: Uint8Array[] = [];
  readonly sent: string[] = [];
  deliver: ((data: Uint8Array, from: InetAddress) => void) | undefined;
  names: Record<string, string> = {};

  connect(to: InetAddress): Promise<HostConnection | number> {
    this.connects.push(formatInet(to));
    if (to.port === 81) return Promise.resolve(-111);
    const chunks = ["hello from outside"];
    return Promise.resolve({
      local: address("192.0.2.9", 5555),
      remote: to,
      read: (into: Uint8Array) => {
        const text = chunks.shift();
        if (text === undefined) return Promise.resolve(null);
        into.set(new TextEncoder().encode(text));
        return Promise.resolve(text.length);
      },
      write: (bytes: Uint8Array) => {
        this.written.push(bytes.slice());
        return Promise.resolve(bytes.length);
      },
      closeWrite: () => Promise.resolve(),
      close: () => {},
    });
  }
  listen(): number {
    return -98;
  }
  datagrams(): HostDatagrams {
    const waiting: ((m: { data: Uint8Array; from: InetAddress }) => void)[] = [];
    this.deliver = (data, from) => waiting.shift()?.({ data, from });
    return {
      local: address("192.0.2.9", 6666),
      receive: () => new Promise((resolve) => waiting.push(resolve)),
      send: (data, to) => {
        this.sent.push(`${new TextDecoder().decode(data)} to ${formatInet(to)}`);
        return Promise.resolve();
      },
      close: () => {},
    };
  }
  resolve(name: string): Promise<readonly Ip[] | number> {
    return Promise.resolve(this.names[name] === undefined ? -2 : [parseIp(this.names[name]!)!]);
  }
}

function pod(rules: readonly string[], otherwise: "public" | "nothing" = "nothing"): {
  host: FakeHost;
  network: PodNetwork;
  add: (
    name: string,
  ) => {
    s: ScriptSockets;
    ip: string;
    ns: NetNamespace;
    task: ReturnType<Kernel["spawn"]>;
    attached: Attached;
  };
} {
  const kernel = new Kernel(), host = new FakeHost(), owner = kernel.initial.net.owner!;
  const policy = new EgressPolicy({ rules: rules.map((r) => parseEgressRule(r)!), otherwise, log: () => {} });
  const network = new PodNetwork(owner, host, policy);
  const add = (name: string): ReturnType<ReturnType<typeof pod>["add"]> => {
    const ns = NetNamespace.withLoopback(owner), task = kernel.spawn();
    task.nsproxy = { ...task.nsproxy, net: ns };
    const ip = network.allocate();
    assert.ok(typeof ip !== "number");
    const attached = network.attach(ns, ip, name);
    assert.ok(typeof attached !== "number");
    return { s: socketsOf(task), ip: formatIp(ip), ns, task, attached };
  };
  return { host, network, add };
}
const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

Deno.test("a container that is detached leaves nothing: no interface, no name, and its address is the next one's that needs it", async () => {
  const { network, add } = pod([]);
  const web = add("web"), db = add("db");
  assert.deepEqual([network.router.devices.has("veth2"), web.ns.devices.has("eth0")], [true, true]);
  network.detach(web.attached);
  assert.deepEqual([network.router.devices.has("veth2"), web.ns.devices.has("eth0")], [false, false]);
  assert.equal(typeof await db.ns.names!.lookup("web", 4), "number");
  assert.deepEqual([add("again").ip, add("more").ip], ["10.88.0.2", "10.88.0.4"]);
  assert.deepEqual(await db.ns.names!.lookup("again", 4), [parseIp("10.88.0.2")]);
});

Deno.test("containers of a pod reach each other by address and by name, and their own loopback only", async () => {
  const { add } = pod([]);
  const web = add("web"), db = add("db");
  assert.deepEqual([web.ip, db.ip], ["10.88.0.2", "10.88.0.3"]);
  const l = db.s.socket(AF_INET, SOCK_STREAM);
  assert.equal(db.s.bind(l, ["0.0.0.0", 5432]), 0);
  db.s.listen(l, 5);
  const c = web.s.socket(AF_INET, SOCK_STREAM);
  assert.equal(web.s.connect(c, [db.ip, 5432]), -115);
  assert.equal(web.s.connect(c, [db.ip, 5432]), 0);
  const served = db.s.accept(l);
  assert.deepEqual((db.s.getpeername(served) as [string, number])[0], web.ip);
  web.s.send(c, "select 1");
  assert.equal(db.s.recv(served, 20), "select 1");
  assert.deepEqual((await calls.resolveName(web.task, "DB.", 4) as Ip[]).map(formatIp), [db.ip]);
  const own = web.s.socket(AF_INET, SOCK_STREAM);
  web.s.connect(own, ["127.0.0.1", 5432]);
  assert.equal(web.s.connect(own, ["127.0.0.1", 5432]), -111);
  const nobody = web.s.socket(AF_INET, SOCK_STREAM);
  assert.equal(web.s.connect(nobody, ["10.88.0.9", 1]), -113);
  // The router has a name server, and nothing else.
  const router = web.s.socket(AF_INET, SOCK_STREAM);
  web.s.connect(router, [formatIp(GATEWAY), 22]);
  assert.equal(web.s.connect(router, [formatIp(GATEWAY), 22]), -111);
});

Deno.test("TCP out of a pod: through the policy, and as bytes of a socket here", async () => {
  const { host, add } = pod(["allow=93.184.216.34:80-81"]);
  const { s } = add("web");
  assert.equal(s.connect(s.socket(AF_INET, SOCK_STREAM), ["93.184.216.34", 443]), -1);
  assert.deepEqual(host.connects, []);
  const fd = s.socket(AF_INET, SOCK_STREAM);
  assert.equal(s.connect(fd, ["93.184.216.34", 80]), -115);
  assert.equal(s.poll(fd), 0);
  await settled();
  assert.equal(s.connect(fd, ["93.184.216.34", 80]), 0);
  assert.deepEqual((s.getsockname(fd) as [string, number])[0], "10.88.0.2");
  s.send(fd, "GET /");
  await settled();
  assert.equal(s.recv(fd, 100), "hello from outside");
  assert.equal(s.recv(fd, 100), "");
  assert.equal(new TextDecoder().decode(host.written[0]), "GET /");
  const refused = s.socket(AF_INET, SOCK_STREAM);
  s.connect(refused, ["93.184.216.34", 81]);
  await settled();
  assert.equal(s.connect(refused, ["93.184.216.34", 81]), -111);
});

Deno.test("UDP out of a pod: only who has been sent to is heard", async () => {
  const { host, add } = pod(["allow=93.184.216.34/udp"]);
  const { s } = add("web");
  const fd = s.socket(AF_INET, SOCK_DGRAM);
  assert.equal(s.send(fd, "x", 0, ["93.184.216.35", 53]), -1);
  assert.equal(s.send(fd, "query", 0, ["93.184.216.34", 53]), 5);
  assert.deepEqual(host.sent, ["query to 93.184.216.34:53"]);
  host.deliver!(new TextEncoder().encode("stranger"), address("93.184.216.35", 53));
  await settled();
  assert.equal(s.recv(fd, 100), -11);
  host.deliver!(new TextEncoder().encode("answer"), address("93.184.216.34", 53));
  await settled();
  assert.equal(s.recv(fd, 100), "answer");
});

Deno.test("names out of a pod: those that rules allow, and public addresses", async () => {
  const { host, add } = pod(["allow=api.example"]);
  const { task, s } = add("web");
  host.names = { "api.example": "93.184.216.34", "other.example": "93.184.216.35" };
  assert.deepEqual((await calls.resolveName(task, "api.example", 4) as Ip[]).map(formatIp), [
    "93.184.216.34",
  ]);
  assert.equal(await calls.resolveName(task, "other.example", 4), -13);
  assert.equal(s.connect(s.socket(AF_INET, SOCK_STREAM), ["93.184.216.34", 443]), -115);
  assert.equal(s.connect(s.socket(AF_INET, SOCK_STREAM), ["93.184.216.35", 443]), -1);
  host.names["api.example"] = "169.254.169.254";
  assert.equal(await calls.resolveName(task, "api.example", 4), -13);
  assert.equal(s.connect(s.socket(AF_INET, SOCK_STREAM), ["169.254.169.254", 80]), -1);
});

Deno.test("addresses of a pod come to an end; a container has one interface", () => {
  const { network, add } = pod([]);
  const { ns } = add("a");
  assert.equal(network.attach(ns, parseIp("10.88.0.9")!, "again"), -17);
  let n = 1;
  while (typeof network.allocate() !== "number") n++;
  assert.equal(n, 65532); // 10.88.0.2 to 10.88.255.253
});

Deno.test("/etc/hosts of containers", () => {
  assert.equal(
    hostsFile("web", parseIp("10.88.0.2")!, [["db", parseIp("10.88.0.3")!]]),
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.88.0.2\tweb\n10.88.0.3\tdb\n",
  );
  assert.deepEqual(
    calls.lookupHosts("10.0.0.1 a A. b # c\n# 10.0.0.2 a\n::1 a\n10.0.0.3 x a\n", "a", 4).map(formatIp),
    [
      "10.0.0.1",
      "10.0.0.3",
    ],
  );
});
