import assert from "node:assert/strict";
import {
  formatIp,
  formatPrefix,
  inPrefix,
  isLoopback,
  isMapped,
  mapped,
  parseIp,
  parsePrefix,
  unmap,
} from "./ip.ts";

Deno.test("parseIp and formatIp: RFC 4291 in, RFC 5952 out", () => {
  const same = (text: string, shown = text): void => {
    const ip = parseIp(text);
    assert.ok(ip, text);
    assert.equal(formatIp(ip), shown);
    assert.deepEqual(parseIp(shown), ip);
  };
  same("0.0.0.0");
  same("255.254.1.0");
  same("::");
  same("::1");
  same("1::");
  same("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
  same("2001:db8:0:1:1:1:1:1");
  same("1:0:0:2:0:0:0:3", "1:0:0:2::3");
  same("::ffff:1.2.3.4");
  same("64:ff9b::1.2.3.4", "64:ff9b::102:304");
  same("0:0:0:0:0:0:0:1", "::1");
});

Deno.test("parseIp refuses what readers understand differently", () => {
  for (
    const text of [
      "",
      "1",
      "1.2.3",
      "1.2.3.4.5",
      "256.0.0.1",
      "01.2.3.4",
      "0x7f.0.0.1",
      "1.2.3.4 ",
      "127.1",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "12345::",
      "::1.2.3",
      "::1%lo",
      "g::",
      "1:2:3:4:5:6:7::8",
      "[::1]",
      "+1.2.3.4",
    ]
  ) assert.equal(parseIp(text), undefined, text);
});

Deno.test("parsePrefix clears the bits behind the length; inPrefix keeps to the family", () => {
  const block = parsePrefix("10.1.2.3/9")!;
  assert.equal(formatPrefix(block), "10.0.0.0/9");
  assert.equal(inPrefix(parseIp("10.127.0.1")!, block), true);
  assert.equal(inPrefix(parseIp("10.128.0.1")!, block), false);
  assert.equal(inPrefix(parseIp("::ffff:10.0.0.1")!, block), false);
  assert.equal(inPrefix(parseIp("2001:db8::5")!, parsePrefix("2001:db8::/32")!), true);
  assert.equal(inPrefix(parseIp("1.2.3.4")!, parsePrefix("0.0.0.0/0")!), true);
  for (const text of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "::/129", "x/8", "10.0.0.0/-1"]) {
    assert.equal(parsePrefix(text), undefined, text);
  }
});

Deno.test("mapped addresses are the IPv4 ones in another form", () => {
  const four = parseIp("127.0.0.1")!, six = mapped(four);
  assert.ok(isMapped(six));
  assert.deepEqual(unmap(six), four);
  assert.ok(isLoopback(unmap(six)) && isLoopback(parseIp("127.9.9.9")!) && !isLoopback(six));
});
