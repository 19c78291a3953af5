import assert from "node:assert/strict";
import { checkEgress, parseNetworkMode, parsePublish } from "./network_options.ts";

Deno.test("parsePublish: address, ports, ranges, transport", () => {
  const shown = (text: string): string[] =>
    parsePublish(text).map((p) => `${p.hostIp} ${p.hostPort} ${p.containerPort} ${p.transport}`);
  assert.deepEqual(shown("8080:80"), ["0.0.0.0 8080 80 tcp"]);
  assert.deepEqual(shown("127.0.0.1:53:53/udp"), ["127.0.0.1 53 53 udp"]);
  assert.deepEqual(shown("[::1]:8080:80/tcp"), ["::1 8080 80 tcp"]);
  assert.deepEqual(shown("8000-8001:80-81"), ["0.0.0.0 8000 80 tcp", "0.0.0.0 8001 81 tcp"]);
  for (
    const [text, why] of [
      ["80", /expected/],
      ["x:80", /not a port/],
      ["0:80", /not a port/],
      ["80:70000", /not a port/],
      ["80:80/sctp", /tcp or udp/],
      ["host:80:80", /not an IP address/],
      ["1-2:3", /differ in length/],
      ["", /expected/],
      [":80:80", /^$/],
    ] as const
  ) {
    if (text === ":80:80") assert.deepEqual(shown(text), ["0.0.0.0 80 80 tcp"]);
    else assert.throws(() => parsePublish(text), why, text);
  }
});

Deno.test("the network's mode and egress rules: what is wrong is said", () => {
  assert.equal(parseNetworkMode("pod"), "pod");
  assert.throws(() => parseNetworkMode("bridge"), /none of none, pod, private and host/);
  assert.equal(checkEgress("allow=*.example.com:443"), "allow=*.example.com:443");
  assert.throws(() => checkEgress("example.com"), /expected allow=HOST/);
});
