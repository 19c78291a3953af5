/** Networks of images that Linux runs, in a world of their own: bridges and rules made there end with it. */
import assert from "node:assert/strict";
import { NETWORK } from "../native/network/support.ts";
import { umiakArgs } from "../support/umiak.ts";
import { reasonAgainst, testWhen } from "../support/when.ts";
import { AS_ROOT, type Place, withPlace } from "./support.ts";

const NEEDS = { ...NETWORK, missing: reasonAgainst(NETWORK) ?? reasonAgainst(AS_ROOT) };
const ALONE = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Runs a script in new namespaces, with `umiak` and the image's name as functions and variables. What it says. */
async function alone(place: Place, script: string): Promise<string> {
  const words = [Deno.execPath(), ...umiakArgs(["run"])].map((word) => `'${word}'`).join(" ");
  const whole =
    `mount -t tmpfs none /run; ip link set lo up; umiak() { ${words} "$@"; }; image=${place.image}; ${script}`;
  const { success, stdout, stderr } = await new Deno.Command("unshare", {
    args: [...ALONE, "sh", "-ec", whole],
    env: { ...place.env, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

testWhen(
  NEEDS,
  "a container has a network of its own unless it is told otherwise, and its address in /etc/hosts",
  () =>
    withPlace(async (place) => {
      const said = await alone(
        place,
        `umiak $image sh -c 'ip -4 addr show eth0 | grep -o "inet [0-9.]*"; grep "$HOSTNAME" /etc/hosts; ip route | grep -c ^default'
       ip link show type bridge | wc -l; ls /run/umiak-network 2>/dev/null | grep -vc lock || true`,
      );
      const [address, hosts, routes, bridges] = said.split("\n");
      assert.equal(hosts!.split("\t")[0], address!.slice("inet ".length));
      assert.deepEqual([routes, bridges], ["1", "0"], said);
    }),
);

testWhen(
  NEEDS,
  "published ports lead to the container; those of two containers do not meet",
  () =>
    withPlace(async (place) => {
      const said = await alone(
        place,
        `for n in 1 2; do
         umiak -p 127.0.0.1:1808$n:80 $image sh -c "echo begun >/out/$n; echo from $n | nc -l -p 80" &
       done 2>/dev/null
       exec 2>/dev/null
       for n in 1 2; do
         until said=$(/bin/busybox nc 127.0.0.1 1808$n </dev/null) && [ -n "$said" ]; do sleep 0.1; done
         echo "$said"
       done
       wait`.replaceAll("/out/$n", "/dev/null"),
      );
      assert.equal(said, "from 1\nfrom 2\n");
    }),
);

testWhen(
  AS_ROOT,
  "--network host is the host's, none has the loopback interface only; neither publishes ports",
  () =>
    withPlace(async (place) => {
      const names = (text: string): string[] =>
        text.split("\n").slice(2).map((line) => line.split(":")[0]!.trim()).sort();
      const own = names(await Deno.readTextFile("/proc/self/net/dev"));
      const { stdout } = await place.run(["--network", "host"], ["cat", "/proc/net/dev"]);
      for (const name of own.filter((each) => each === "lo" || each.startsWith("eth"))) {
        assert.ok(names(stdout).includes(name));
      }
      assert.deepEqual(
        names(await place.says("cat /proc/net/dev")).filter((name) => /^(lo|eth)/.test(name)),
        ["lo"],
      );
      for (const mode of ["host", "none"]) {
        const refused = await place.run(["--network", mode, "-p", "18090:80"], ["true"]);
        assert.deepEqual([refused.code, refused.stderr.includes(`--publish with --network ${mode}`)], [
          125,
          true,
        ]);
      }
    }),
);
