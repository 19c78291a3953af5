import assert from "node:assert/strict";
import { etcMounts, hostsText, resolvText } from "./etc_files.ts";

Deno.test("hostsText(): the container's name has its address, in a host's network what the host says", () => {
  const own = hostsText("box", { kind: "private", address: "10.87.0.2" }, "192.0.2.1 host\n");
  assert.match(own, /^127\.0\.0\.1\tlocalhost\n/);
  assert.match(own, /\n10\.87\.0\.2\tbox\n$/);
  assert.doesNotMatch(own, /192/);
  assert.doesNotMatch(hostsText("box", { kind: "private" }, ""), /box/); // not known yet
  assert.match(hostsText("box", { kind: "none" }, ""), /\n127\.0\.1\.1\tbox\n$/);
  assert.equal(
    hostsText("box", { kind: "host" }, "192.0.2.1 host # box\n"),
    "192.0.2.1 host # box\n127.0.1.1\tbox\n",
  );
  assert.equal(hostsText("box", { kind: "host" }, "192.0.2.1 host box\n"), "192.0.2.1 host box\n");
});

Deno.test("resolvText(): a private network has no servers at the host's loopback addresses", () => {
  const stub = "nameserver 127.0.0.53\nsearch example.org\n",
    behind = "nameserver 192.0.2.9\nsearch example.org\n";
  assert.equal(resolvText({ kind: "private" }, stub, behind), behind);
  assert.equal(resolvText({ kind: "private" }, stub, ""), "search example.org\n");
  const mixed = "nameserver ::1\nnameserver 192.0.2.7\n";
  assert.equal(resolvText({ kind: "private" }, mixed, behind), "nameserver 192.0.2.7\n");
  for (const kind of ["host", "none"] as const) assert.equal(resolvText({ kind }, stub, behind), stub);
});

Deno.test("etcMounts(): what the caller mounts there is left to it", () => {
  const all = etcMounts("/c/etc", new Set(["/etc/hosts"]));
  assert.deepEqual(all.map(({ destination }) => destination), ["/etc/resolv.conf", "/etc/hostname"]);
});
