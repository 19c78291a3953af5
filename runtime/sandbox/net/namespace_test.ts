/** Interfaces, routes and what arrives where. @module */
import assert from "node:assert/strict";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  SO,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../abi/linux/socket.ts";
import { Kernel } from "../kernel/kernel.ts";
import type { Task } from "../kernel/task.ts";
import { pathTo } from "./delivery.ts";
import { ANY4, type Ip, parseIp, parsePrefix } from "./ip.ts";
import { NetNamespace } from "./namespace.ts";
import type { NetDevice } from "./device.ts";
import { socketsOf } from "./testing/here.ts";
import type { ScriptSockets } from "./testing/sockets.ts";

const ip = (text: string): Ip => parseIp(text)!;

/** A task of `kernel` in a namespace. */
function taskIn(kernel: Kernel, net: NetNamespace): Task {
  const task = kernel.spawn();
  task.nsproxy = { ...task.nsproxy, net };
  return task;
}
function veth(
  a: NetNamespace,
  aName: string,
  aIp: string | null,
  b: NetNamespace,
  bName: string,
  bIp: string | null,
): NetDevice {
  const device = a.addVeth(aName, b, bName);
  assert.ok(typeof device !== "number");
  device.up = device.peer!.up = true;
  if (aIp !== null) device.addAddress(ip(aIp), 24);
  if (bIp !== null) device.peer!.addAddress(ip(bIp), 24);
  return device;
}
/** Sends one datagram; what arrives, and from whom. */
function talk(from: ScriptSockets, to: ScriptSockets, address: string): unknown {
  const server = to.socket(AF_INET, SOCK_STREAM), client = from.socket(AF_INET, SOCK_STREAM);
  to.bind(server, ["0.0.0.0", 8080]);
  to.listen(server, 5);
  const begun = from.connect(client, [address, 8080]);
  const accepted = to.accept(server);
  const peer = accepted < 0 ? accepted : to.getpeername(accepted);
  if (accepted >= 0) {
    from.send(client, "hello");
    assert.equal(to.recv(accepted, 10), "hello");
    to.close(accepted);
  }
  to.close(server);
  from.close(client);
  return Array.isArray(peer) ? peer[0] : begun;
}

Deno.test("a namespace has a loopback interface of its own, and nothing else", () => {
  const kernel = new Kernel(), owner = kernel.initial.net.owner!;
  const a = NetNamespace.withLoopback(owner), b = NetNamespace.withLoopback(owner);
  const one = socketsOf(taskIn(kernel, a)), two = socketsOf(taskIn(kernel, b));
  const l = one.socket(AF_INET, SOCK_STREAM);
  one.bind(l, ["127.0.0.1", 80]);
  one.listen(l, 1);
  const here = one.socket(AF_INET, SOCK_STREAM), there = two.socket(AF_INET, SOCK_STREAM);
  one.connect(here, ["127.0.0.1", 80]);
  two.connect(there, ["127.0.0.1", 80]);
  assert.equal(one.getsockopt(here, SOL_SOCKET, SO.ERROR), 0);
  assert.equal(two.getsockopt(there, SOL_SOCKET, SO.ERROR), 111);
  assert.equal(two.connect(two.socket(AF_INET, SOCK_STREAM), ["10.0.0.1", 80]), -101);
  assert.equal(two.connect(two.socket(AF_INET6, SOCK_STREAM), ["2606:4700::1", 80]), -101);
  assert.equal(one.bind(one.socket(AF_UNIX, SOCK_STREAM), "@name"), 0);
  assert.equal(two.connect(two.socket(AF_UNIX, SOCK_STREAM), "@name"), -111);
  const down = new NetNamespace(owner), three = socketsOf(taskIn(kernel, down));
  assert.equal(three.connect(three.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 80]), -101);
  assert.equal(three.bind(three.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 80]), -99);
});

Deno.test("veth: two namespaces, both ways", () => {
  const kernel = new Kernel(), owner = kernel.initial.net.owner!;
  const a = NetNamespace.withLoopback(owner), b = NetNamespace.withLoopback(owner);
  const device = veth(a, "eth0", "10.1.0.1", b, "eth0", "10.1.0.2");
  const one = socketsOf(taskIn(kernel, a)), two = socketsOf(taskIn(kernel, b));
  assert.equal(talk(one, two, "10.1.0.2"), "10.1.0.1");
  assert.equal(talk(two, one, "10.1.0.1"), "10.1.0.2");
  assert.equal(talk(one, two, "10.1.0.3"), -113);
  assert.equal(talk(one, two, "10.2.0.1"), -101);
  assert.equal(device.txBytes, 5);
  assert.equal(device.peer!.rxBytes, 5);
  device.peer!.up = false;
  assert.equal(talk(one, two, "10.1.0.2"), -113);
  device.peer!.up = true;
  assert.equal(a.remove(device), 0);
  assert.equal(talk(one, two, "10.1.0.2"), -101);
  assert.deepEqual([...b.devices.keys()], ["lo"]);
});

Deno.test("a bridge joins its ports; a router forwards when it is told to", () => {
  const kernel = new Kernel(), owner = kernel.initial.net.owner!;
  const make = (): NetNamespace => NetNamespace.withLoopback(owner);
  const [router, a, b, far] = [make(), make(), make(), make()];
  const bridge = router.addBridge("br0");
  assert.ok(typeof bridge !== "number");
  bridge.up = true;
  bridge.addAddress(ip("10.1.0.1"), 24);
  for (const [ns, name, address] of [[a, "va", "10.1.0.2"], [b, "vb", "10.1.0.3"]] as const) {
    assert.equal(veth(ns, "eth0", address, router, name, null).peer!.enslave(bridge), 0);
    ns.routes.add({
      to: parsePrefix("0.0.0.0/0")!,
      gateway: ip("10.1.0.1"),
      device: ns.devices.get("eth0")!,
    });
  }
  veth(far, "eth0", "10.9.0.2", router, "vfar", "10.9.0.1");
  far.routes.add({
    to: parsePrefix("10.1.0.0/24")!,
    gateway: ip("10.9.0.1"),
    device: far.devices.get("eth0")!,
  });
  const [r, one, two, three] = [router, a, b, far].map((ns) => socketsOf(taskIn(kernel, ns!))) as [
    ScriptSockets,
    ScriptSockets,
    ScriptSockets,
    ScriptSockets,
  ];
  assert.equal(talk(one, two, "10.1.0.3"), "10.1.0.2");
  assert.equal(talk(one, r, "10.1.0.1"), "10.1.0.2");
  assert.equal(talk(r, two, "10.1.0.3"), "10.1.0.1");
  assert.equal(talk(one, three, "10.9.0.2"), -113);
  router.sysctls.ipForward = true;
  assert.equal(talk(one, three, "10.9.0.2"), "10.1.0.2");
  assert.equal(talk(three, one, "10.1.0.2"), "10.9.0.2");
  bridge.up = false;
  assert.equal(talk(one, two, "10.1.0.3"), -113);
});

Deno.test("routes: the longest prefix, then the smallest metric; circles end", () => {
  const kernel = new Kernel(), owner = kernel.initial.net.owner!;
  const a = NetNamespace.withLoopback(owner), b = NetNamespace.withLoopback(owner);
  const one = veth(a, "eth0", "10.1.0.1", b, "eth0", "10.1.0.2");
  const two = veth(a, "eth1", "10.2.0.1", b, "eth1", "10.2.0.2");
  const route = (to: string, device: NetDevice, metric = 0): number =>
    a.routes.add({ to: parsePrefix(to)!, gateway: null, device, metric });
  assert.equal(route("0.0.0.0/0", one, 10), 0);
  assert.equal(route("0.0.0.0/0", two, 5), 0);
  assert.equal(route("0.0.0.0/0", two, 5), -17);
  assert.equal(route("192.168.0.0/16", one), 0);
  assert.equal(route("192.168.7.0/24", two), 0);
  const over = (text: string): string => a.routes.lookup(ip(text))!.device.name;
  assert.equal(over("1.1.1.1"), "eth1");
  assert.equal(over("192.168.8.1"), "eth0");
  assert.equal(over("192.168.7.1"), "eth1");
  two.up = false;
  assert.equal(over("192.168.7.1"), "eth0");
  two.up = true;
  assert.equal(a.routes.remove(parsePrefix("192.168.7.0/24")!), 0);
  assert.equal(a.routes.remove(parsePrefix("192.168.7.0/24")!), -3);
  // Each sends to the other what it does not know.
  a.routes.forget(two);
  a.routes.add({ to: { ip: ANY4, length: 0 }, gateway: ip("10.1.0.2"), device: one, metric: 1 });
  b.routes.add({ to: { ip: ANY4, length: 0 }, gateway: ip("10.1.0.1"), device: one.peer! });
  a.sysctls.ipForward = b.sysctls.ipForward = true;
  assert.equal(pathTo(a, ip("9.9.9.9")), -113);
});

Deno.test("names of interfaces: what Linux takes", () => {
  const ns = new Kernel().initial.net;
  for (const name of ["", ".", "..", "a/b", "a b", "a:b", "0123456789abcdef", "a\n"]) {
    assert.equal(ns.addBridge(name), -22, name);
  }
  assert.equal(ns.addBridge("lo"), -17);
  assert.ok(typeof ns.addBridge("br-0.1") !== "number");
  assert.equal(ns.addVeth("v0", ns, "v0"), -17);
  assert.equal(ns.remove(ns.loopback), -22);
  assert.deepEqual([...ns.devices.keys()], ["lo", "br-0.1"]);
});

Deno.test("bind below ip_unprivileged_port_start needs CAP_NET_BIND_SERVICE over the namespace's owner", () => {
  const kernel = new Kernel(), task = kernel.spawn(), s = socketsOf(task);
  assert.equal(s.bind(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 80]), 0);
  const { effective } = task.cred.fields;
  task.cred = task.cred.with({ effective: effective.without(effective) });
  assert.equal(s.bind(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 81]), -13);
  assert.equal(s.bind(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 1024]), 0);
  kernel.initial.net.sysctls.unprivilegedPortStart = 81;
  assert.equal(s.bind(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 81]), 0);
  assert.equal(s.bind(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 80]), -13);
});

Deno.test("ephemeral ports: from the range, until there are none", () => {
  const kernel = new Kernel(), s = socketsOf(kernel.spawn());
  kernel.initial.net.sysctls.portRange = [50000, 50002];
  const ports = [0, 1, 2].map(() => {
    const fd = s.socket(AF_INET, SOCK_DGRAM);
    assert.equal(s.bind(fd, ["0.0.0.0", 0]), 0);
    return (s.getsockname(fd) as [string, number])[1];
  });
  assert.deepEqual(ports.sort(), [50000, 50001, 50002]);
  assert.equal(s.bind(s.socket(AF_INET, SOCK_DGRAM), ["0.0.0.0", 0]), -98);
  assert.equal(s.send(s.socket(AF_INET, SOCK_DGRAM), "x", 0, ["127.0.0.1", 50000]), -11);
  // Connections share a port as long as their peers differ.
  const listeners = [7001, 7002].map((port) => {
    const l = s.socket(AF_INET, SOCK_STREAM);
    s.bind(l, ["127.0.0.1", port]);
    s.listen(l, 100);
    return port;
  });
  for (let i = 0; i < 6; i++) {
    assert.equal(s.connect(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", listeners[i % 2]!]), -115);
  }
  assert.equal(s.connect(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 7001]), -99);
});

Deno.test("SO_REUSEPORT spreads connections over the group", () => {
  const kernel = new Kernel(), s = socketsOf(kernel.spawn());
  const group = [0, 1, 2, 3].map(() => {
    const l = s.socket(AF_INET, SOCK_STREAM);
    s.setsockopt(l, SOL_SOCKET, SO.REUSEPORT, 1);
    assert.equal(s.bind(l, ["127.0.0.1", 7000]), 0);
    assert.equal(s.listen(l, 100), 0);
    return l;
  });
  for (let i = 0; i < 80; i++) s.connect(s.socket(AF_INET, SOCK_STREAM), ["127.0.0.1", 7000]);
  const counts = group.map((l) => {
    let n = 0;
    while (s.accept(l) >= 0) n++;
    return n;
  });
  assert.equal(counts.reduce((a, b) => a + b), 80);
  assert.ok(counts.every((n) => n > 0), counts.join(" "));
});
