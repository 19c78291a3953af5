/** /proc/net as Linux writes it: headers and lines are compared with the host's own. @module */
import assert from "node:assert/strict";
import { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "../../../abi/linux/socket.ts";
import { parseIp, parsePrefix } from "../ip.ts";
import { here } from "../testing/here.ts";
import { linux, reasonAgainstLinux } from "../testing/linux.ts";
import { NET_PARAMETERS } from "./sysctls.ts";
import { netFiles } from "./tables.ts";

/** What differs from run to run: ports, inodes, addresses of structures, counters. */
function neutral(line: string): string {
  return line.trimEnd().replace(/^ *\d{1,6}: /, "N: ").replace(/:[0-9A-F]{4} /g, ":PORT ").replace(
    / \d+ (1|2) [0-9a-f]{16}/,
    " INODE $1 POINTER",
  )
    .replace(/^[0-9a-f]{16}: /, "POINTER: ").replace(/ +\d+( @|$)/, " INODE$1");
}

Deno.test({
  name: "/proc/net/tcp, tcp6, udp and unix: the line of a socket is Linux's",
  ignore: reasonAgainstLinux(true) !== undefined,
  fn() {
    const { sockets, task } = here(), host = linux();
    const name = `@umiak-proc-${crypto.randomUUID()}`;
    try {
      const ports = [sockets, host.sockets].map((s) => {
        const l = s.socket(AF_INET, SOCK_STREAM),
          six = s.socket(AF_INET6, SOCK_STREAM),
          u = s.socket(AF_INET, SOCK_DGRAM);
        s.bind(l, ["127.0.0.1", 0]);
        s.listen(l, 5);
        s.bind(six, ["::1", 0]);
        s.listen(six, 5);
        s.bind(u, ["127.0.0.1", 0]);
        const unix = s.socket(AF_UNIX, SOCK_STREAM);
        s.bind(unix, name);
        s.listen(unix, 1);
        return [l, six, u].map((fd) =>
          (s.getsockname(fd) as [string, number])[1].toString(16).toUpperCase().padStart(4, "0")
        );
      });
      const mine = netFiles(task.nsproxy.net);
      const compare = (file: string, mark: (i: number) => string): void => {
        const [ours, theirs] = [mine[file]!(), Deno.readTextFileSync(`/proc/net/${file}`)].map((text) =>
          text.split("\n")
        );
        assert.equal(ours![0], theirs![0], file);
        const [one, two] = [ours, theirs].map((lines, i) => lines!.find((line) => line.includes(mark(i))));
        assert.ok(one !== undefined && two !== undefined, file);
        assert.equal(neutral(one), neutral(two), file);
        assert.equal(
          one.length,
          two.length + (file === "tcp6" || file === "unix" ? one.length - two.length : 0),
          file,
        );
      };
      compare("tcp", (i) => `:${ports[i]![0]}`);
      compare("tcp6", (i) => `:${ports[i]![1]}`);
      compare("udp", (i) => `:${ports[i]![2]}`);
      compare("unix", () => name);
      for (const file of ["dev", "route"]) {
        const header = (text: string): string => text.split("\n").slice(0, file === "dev" ? 2 : 1).join("\n");
        assert.equal(header(mine[file]!()), header(Deno.readTextFileSync(`/proc/net/${file}`)), file);
      }
    } finally {
      host.close();
    }
  },
});

Deno.test("/proc/net: connections, counters, routes, addresses", () => {
  const { sockets: s, task } = here(), { net } = task.nsproxy, files = netFiles(net);
  const l = s.socket(AF_INET, SOCK_STREAM), c = s.socket(AF_INET, SOCK_STREAM);
  s.bind(l, ["127.0.0.1", 80]);
  s.listen(l, 5);
  s.connect(c, ["127.0.0.1", 80]);
  s.send(c, "hello");
  const lines = files.tcp!().trim().split("\n").slice(1);
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /0100007F:0050 00000000:0000 0A 00000000:00000001 /);
  assert.ok(lines.some((line) => /0100007F:0050 0100007F:[0-9A-F]{4} 01 00000000:00000005/.test(line)));
  assert.match(files.dev!(), /^ {4}lo: {7}5 {7}2 /m);
  assert.equal(files.if_inet6!(), "00000000000000000000000000000001 01 80 10 80       lo\n");
  const bridge = net.addBridge("br0");
  assert.ok(typeof bridge !== "number");
  bridge.up = true;
  bridge.addAddress(parseIp("10.1.2.1")!, 24);
  net.routes.add({
    to: parsePrefix("0.0.0.0/0")!,
    gateway: parseIp("10.1.2.254")!,
    device: bridge,
    metric: 7,
  });
  const routes = files.route!().split("\n").slice(1, 3).map((line) => line.trimEnd());
  assert.deepEqual(routes, [
    "br0\t0002010A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
    "br0\t00000000\tFE02010A\t0003\t0\t0\t7\t00000000\t0\t0\t0",
  ]);
  assert.match(files.sockstat!(), /^TCP: inuse 3 /m);
});

Deno.test("/proc/sys/net: values are checked as Linux checks them", () => {
  const { sysctls } = here().kernel.initial.net;
  const set = (name: string, text: string): number => NET_PARAMETERS[name]!.write(sysctls, text);
  assert.equal(set("net.ipv4.ip_unprivileged_port_start", "80"), 0);
  assert.equal(sysctls.unprivilegedPortStart, 80);
  for (const wrong of ["", "x", "-1", "65536", "1 2", "40000", "1.5"]) {
    assert.equal(set("net.ipv4.ip_unprivileged_port_start", wrong), -22, wrong);
  }
  assert.equal(set("net.ipv4.ip_local_port_range", "10000 20000"), 0);
  assert.equal(NET_PARAMETERS["net.ipv4.ip_local_port_range"]!.read(sysctls), "10000\t20000");
  for (const wrong of ["1", "5 4", "0 10", "1 70000", "50 60"]) {
    assert.equal(set("net.ipv4.ip_local_port_range", wrong), -22, wrong);
  }
  assert.equal(set("net.ipv4.ping_group_range", "0 100"), 0);
  assert.deepEqual(sysctls.pingGroups, [0, 100]);
  assert.equal(set("net.ipv4.ping_group_range", "5 4"), 0);
  assert.deepEqual(sysctls.pingGroups, [1, 0]);
  assert.equal(set("net.core.somaxconn", "0x10"), 0);
  assert.equal(sysctls.somaxconn, 16);
  assert.equal(set("net.ipv4.ip_forward", "1"), 0);
  assert.equal(sysctls.ipForward, true);
});
