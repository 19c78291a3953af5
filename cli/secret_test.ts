import assert from "node:assert/strict";
import { edit, readSecret } from "./secret.ts";

function stream(...parts: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(
    parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part),
  );
}

Deno.test("readSecret() takes all of a stream, without the end of its last line", async () => {
  assert.equal(await readSecret(stream("pass", "word\n")), "password");
  assert.equal(await readSecret(stream("a b \r\n")), "a b ");
  assert.equal(await readSecret(stream("two\nlines\n")), "two\nlines");
  assert.equal(await readSecret(stream()), "");
  assert.equal(await readSecret(stream(new Uint8Array([0xc3]), new Uint8Array([0xbc]))), "ü");
  await assert.rejects(
    readSecret(stream(new Uint8Array([0xff]))),
    /^Error: the password is not valid UTF-8$/,
  );
  await assert.rejects(readSecret(stream("x".repeat(70_000))), /longer than 65536 characters/);
});

Deno.test("edit() knows the keys that end, correct and give up", () => {
  assert.deepEqual(edit("", "abc"), { text: "abc", done: false });
  assert.deepEqual(edit("ab", "c\r"), { text: "abc", done: true });
  assert.deepEqual(edit("ab", "\x04"), { text: "ab", done: true });
  assert.deepEqual(edit("ab文", "\x7f\bx"), { text: "ax", done: false });
  assert.deepEqual(edit("ab", "\x15c\x01"), { text: "c", done: false });
  assert.equal(edit("ab", "\x03"), undefined);
});
