import assert from "node:assert/strict";
import { parseChallenges } from "./challenge.ts";

function read(header: string | null): [string, Record<string, string>][] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

Deno.test("parseChallenges() reads quoted strings and several challenges (RFC 9110, section 11.6.1)", () => {
  assert.deepEqual(read(null), []);
  assert.deepEqual(read('Basic realm="x"'), [["basic", { realm: "x" }]]);
  assert.deepEqual(
    read('Bearer realm="https://auth/token",service="a, b",scope="repository:x:pull,push repository:y:pull"'),
    [["bearer", {
      realm: "https://auth/token",
      service: "a, b",
      scope: "repository:x:pull,push repository:y:pull",
    }]],
  );
  assert.deepEqual(read('Basic realm="a", Bearer realm = "b" , service=c'), [
    ["basic", { realm: "a" }],
    ["bearer", { realm: "b", service: "c" }],
  ]);
  assert.deepEqual(read('Bearer realm="a\\"b\\\\c", error="invalid_token"'), [
    ["bearer", { realm: 'a"b\\c', error: "invalid_token" }],
  ]);
  assert.deepEqual(read('Negotiate, NTLM TlRMTVNTUAAC==, BASIC Realm="x"'), [
    ["negotiate", {}],
    ["ntlm", {}],
    ["basic", { realm: "x" }],
  ]);
});

Deno.test("parseChallenges() keeps the first of parameters with one name", () => {
  assert.deepEqual(read('Bearer realm="https://good", realm="https://evil"'), [["bearer", {
    realm: "https://good",
  }]]);
});

Deno.test("parseChallenges() ends at what it does not understand, and never fails", () => {
  for (
    const header of [
      'Bearer realm="x',
      "Bearer realm=",
      "=",
      '"',
      "Bearer \\",
      ", ,,",
      "Bearer realm=\u0000",
      "a=b",
    ]
  ) {
    assert.ok(Array.isArray(parseChallenges(header)), header);
  }
  assert.equal(
    parseChallenges(`Bearer realm="${"x".repeat(100_000)}"`)[0]?.parameters.get("realm"),
    undefined,
  );
  const many = parseChallenges("Basic, ".repeat(100_000));
  assert.ok(many.length < 5000);
});
