/** Values of -v, --mount and --tmpfs. @module */
import assert from "node:assert/strict";
import { parseMount, parseTmpfs, parseVolume } from "./mount_values.ts";

Deno.test("parseVolume()", () => {
  assert.deepEqual(parseVolume("/a:/b"), { kind: "bind", source: "/a", target: "/b", readOnly: false });
  assert.deepEqual(parseVolume("./a:/b:ro"), { kind: "bind", source: "./a", target: "/b", readOnly: true });
  assert.deepEqual(parseVolume("C:\\data:/b:ro"), {
    kind: "bind",
    source: "C:\\data",
    target: "/b",
    readOnly: true,
  });
  assert.deepEqual(parseVolume("/a:/b/../c//d/"), {
    kind: "bind",
    source: "/a",
    target: "/c/d",
    readOnly: false,
  });
  for (
    const [bad, message] of [
      ["/a", /expected HOST:CONTAINER/],
      ["/a:b", /not an absolute path/],
      ["/a:/", /root directory/],
      ["/a:/b:rx", /unknown flag "rx"/],
      ["name:/b", /no named volumes/],
    ] as const
  ) {
    assert.throws(() => parseVolume(bad), message, bad);
  }
  assert.deepEqual(parseVolume("/a:/b:z,rslave,rw"), {
    kind: "bind",
    source: "/a",
    target: "/b",
    readOnly: false,
    propagation: "rslave",
  });
});

Deno.test("parseTmpfs()", () => {
  assert.deepEqual(parseTmpfs("/t:size=1m,ro"), { kind: "tmpfs", target: "/t", options: ["size=1m", "ro"] });
  assert.deepEqual(parseTmpfs("/t"), { kind: "tmpfs", target: "/t", options: [] });
  assert.throws(() => parseTmpfs("t"), /--tmpfs: "t" is not an absolute path/);
});

const bind = { kind: "bind", source: "/a", target: "/b", readOnly: true };

Deno.test("parseMount(): docker's spellings of one bind", () => {
  for (
    const text of [
      "type=bind,source=/a,target=/b,readonly",
      "type=bind,src=/a,dst=/b,ro",
      "type=bind,src=/a,destination=/b,readonly=true",
      "type=bind,src=/a,dst=/b,ro=1",
      "ro=T,target=/b/,source=/a,type=bind",
      "src=/a,dst=/b,ro",
      "Type=bind,Source=/a,Target=/b,ReadOnly=TRUE",
      '"type=bind","src=/a","dst=/b",ro',
      "type=bind,src=/a,dst=/b,ro,consistency=cached,bind-recursive=readonly",
    ]
  ) assert.deepEqual(parseMount(text), bind, text);
  assert.deepEqual(parseMount("src=/a,dst=/b,readonly=false"), { ...bind, readOnly: false });
  assert.deepEqual(parseMount('type=bind,"src=/a,""b""",dst=/b,ro'), { ...bind, source: '/a,"b"' });
  assert.deepEqual(parseMount("src=/a,dst=/b,ro,bind-propagation=rshared"), {
    ...bind,
    propagation: "rshared",
  });
});

Deno.test("parseMount(): tmpfs", () => {
  assert.deepEqual(parseMount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700"), {
    kind: "tmpfs",
    target: "/t",
    options: ["size=1048576", "mode=700"],
  });
  assert.deepEqual(parseMount("type=tmpfs,dst=/t,ro"), { kind: "tmpfs", target: "/t", options: ["ro"] });
});

Deno.test("parseMount(): what cannot be is an error that says why", () => {
  for (
    const [bad, message] of [
      ["type=bind,dst=/b", /source is required/],
      ["src=/a", /target is required/],
      ["type=volume,src=a,dst=/b", /is not bind or tmpfs/],
      ["typ=bind", /unknown field "typ"; did you mean type\?/],
      ["src=/a,dst=/b,readonly=yes", /readonly: "yes" is neither true nor false/],
      ["src=/a,dst", /dst needs a value/],
      ["src=/a,dst=/b,tmpfs-size=1m", /tmpfs-size is not for type bind/],
      ["type=tmpfs,src=/a,dst=/b", /source is not for type tmpfs/],
      ["type=tmpfs,dst=/b,tmpfs-mode=9", /"9" is not an octal mode/],
      ["type=tmpfs,dst=/b,tmpfs-size=x", /"x" is not a size/],
      ["src=/a,dst=/b,bind-propagation=x", /"x" is none of private/],
      ["src=/a,dst=/b,bind-recursive=disabled", /"disabled" cannot be had/],
      ["src=/a,dst=b", /--mount: "b" is not an absolute path/],
      ["src=/a,dst=/", /root directory/],
      ['src="/a,dst=/b', /a quote is where none can be/],
      ["", /unknown field ""/],
    ] as const
  ) assert.throws(() => parseMount(bad), message, bad);
});
