import assert from "node:assert/strict";
import { nextLink } from "./link.ts";
import { retryAfter } from "./retry_after.ts";
import { Warnings } from "./warnings.ts";

const BASE = new URL("https://host:5000/v2/a/tags/list?n=2");

Deno.test("nextLink() finds the relation next, relative or absolute (distribution-spec, Listing Tags)", () => {
  const cases: [string | null, string | undefined][] = [
    [null, undefined],
    ["", undefined],
    ['</v2/a/tags/list?n=2&last=b>; rel="next"', "https://host:5000/v2/a/tags/list?n=2&last=b"],
    ["<?last=c>; rel=next", "https://host:5000/v2/a/tags/list?last=c"],
    ["<https://host:5000/x>; rel=next", "https://host:5000/x"],
    ['</prev>; rel="prev", </n>; title="a, b"; rel="next last"', "https://host:5000/n"],
    ['</prev>; rel="prev"', undefined],
    ['</x>; rel="nextish"', undefined],
    ["garbage", undefined],
  ];
  for (const [header, expected] of cases) {
    assert.equal(nextLink(header, BASE)?.href, expected, header ?? "null");
  }
});

Deno.test("nextLink() does not lead to another server", () => {
  for (const target of ["https://other/x", "https://host/x", "http://host:5000/x", "//other/x"]) {
    assert.throws(() => nextLink(`<${target}>; rel="next"`, BASE), /another server/, target);
  }
});

Deno.test("retryAfter() reads seconds and dates (RFC 9110, section 10.2.3)", () => {
  const now = Date.parse("Fri, 31 Dec 1999 23:59:00 GMT");
  const read = (value: string, date?: string): number | undefined =>
    retryAfter(new Headers({ "retry-after": value, ...(date === undefined ? {} : { date }) }), now);
  assert.equal(read("7"), 7000);
  assert.equal(read("0"), 0);
  assert.equal(read("Fri, 31 Dec 1999 23:59:59 GMT"), 59000);
  assert.equal(read("Fri, 31 Dec 1999 23:00:00 GMT"), 0);
  // The server's clock is an hour ahead: what it means is ten seconds.
  assert.equal(read("Sat, 01 Jan 2000 01:00:10 GMT", "Sat, 01 Jan 2000 01:00:00 GMT"), 10000);
  for (const bad of ["", "-1", "1.5", "soon", "1e3"]) assert.equal(read(bad), undefined, bad);
  assert.equal(retryAfter(new Headers(), now), undefined);
});

Deno.test("Warnings reports each warning once (distribution-spec, Warnings)", () => {
  const told: string[] = [];
  const warnings = new Warnings((text) => told.push(text));
  const note = (text: string): void => warnings.note(new Headers({ warning: text }));
  note('299 - "Your auth token will expire in 30 seconds."');
  note('299 - "Your auth token will expire in 30 seconds.", 299 - "say \\"no\\""');
  note('199 - "another code"');
  note(`299 - "${"x".repeat(5000)}"`);
  assert.deepEqual(told, ["Your auth token will expire in 30 seconds.", 'say "no"']);
});
