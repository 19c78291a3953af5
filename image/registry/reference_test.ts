import assert from "node:assert/strict";
import { apiHost, parseRegistryHost, parseRegistryReference, registryReferenceText } from "./reference.ts";
import { isLoopback } from "./http/hosts.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

Deno.test("parseRegistryReference() reads names as Docker does", () => {
  const cases: [string, string][] = [
    ["alpine", "docker.io/library/alpine"],
    ["alpine:3", "docker.io/library/alpine:3"],
    ["user/app", "docker.io/user/app"],
    ["docker.io/alpine", "docker.io/library/alpine"],
    ["index.docker.io/alpine", "docker.io/library/alpine"],
    ["localhost/app", "localhost/app"],
    ["localhost:5000/app:x", "localhost:5000/app:x"],
    ["host:5000/a/b/c", "host:5000/a/b/c"],
    ["example.com/a", "example.com/a"],
    ["EXAMPLE.com/a", "example.com/a"],
    ["[::1]:5000/a", "[::1]:5000/a"],
    ["127.0.0.1:5000/a_b/c__d/e-f.g", "127.0.0.1:5000/a_b/c__d/e-f.g"],
    [`alpine@${DIGEST}`, `docker.io/library/alpine@${DIGEST}`],
    [`alpine:3@${DIGEST}`, `docker.io/library/alpine:3@${DIGEST}`],
    ["name:5000", "docker.io/library/name:5000"],
  ];
  for (const [text, whole] of cases) {
    assert.equal(registryReferenceText(parseRegistryReference(text)), whole, text);
  }
});

Deno.test("parseRegistryReference() says which part is wrong (distribution-spec, Pulling manifests)", () => {
  const cases: [string, RegExp][] = [
    ["", /it is empty/],
    ["https://host/a", /without a scheme/],
    ["Alpine", /lower case/],
    ["host.com/", /names no repository/],
    ["host.com//a", /is not the name of a repository/],
    ["a..b", /is not the name of a repository/],
    ["a/-b", /is not the name of a repository/],
    ["a___b", /is not the name of a repository/],
    ["a:", /"" is not a tag/],
    ["a:-x", /"-x" is not a tag/],
    [`a:${"x".repeat(129)}`, /is not a tag/],
    ["a@sha256:12", /malformed digest "sha256:12"/],
    ["a@", /malformed digest ""/],
    ["a".repeat(64), /64 hexadecimal digits/],
    ["host:0/a", /port 0 does not exist/],
    ["host:65536/a", /port 65536 does not exist/],
    ["ho_st.x/a", /expected HOST\[:PORT\]/],
    [`host.com/${"a".repeat(250)}`, /longer than 255 characters/],
    ["a b", /is not the name of a repository/],
    ["host.com/../x", /is not the name of a repository/],
  ];
  for (const [text, error] of cases) assert.throws(() => parseRegistryReference(text), error, text);
});

Deno.test("parseRegistryHost() refuses what could lead a request elsewhere", () => {
  for (
    const bad of ["", "a/b", "user@host", "host:1:2", "http://host", "host?x", "host#x", "-a", "a..b", "h\n"]
  ) {
    assert.throws(() => parseRegistryHost(bad), /registry /, bad);
  }
  assert.equal(parseRegistryHost("registry-1.docker.io"), "docker.io");
  assert.equal(apiHost("docker.io"), "registry-1.docker.io");
  assert.equal(apiHost("host:1"), "host:1");
});

Deno.test("isLoopback() is true for this machine alone", () => {
  for (
    const own of [
      "localhost",
      "localhost:5000",
      "127.0.0.1",
      "127.1.2.3:80",
      "[::1]:5000",
      "[::1]",
      "x.localhost",
    ]
  ) {
    assert.ok(isLoopback(own), own);
  }
  const others = [
    "localhost.example.com",
    "127.0.0.1.example.com",
    "128.0.0.1",
    "[::2]",
    "10.0.0.1:5000",
    "127.0.0.256",
    "localhost.",
    "0.0.0.0",
  ];
  for (const other of others) assert.ok(!isLoopback(other), other);
});
