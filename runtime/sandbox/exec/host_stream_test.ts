/** The host's streams as open files. @module */
import assert from "node:assert/strict";
import { EAGAIN, EIO } from "../../../fs/abi/errno.ts";
import { POLLHUP, POLLIN } from "../../../fs/abi/poll.ts";
import { type ByteSource, HostInput } from "./host_stream.ts";

/** A source of these answers: of readNow when it is asked at once, of read else. */
function source(
  now: readonly (string | null | undefined | Error)[],
  later: readonly (string | null)[],
): ByteSource {
  const answers = [...now], others = [...later];
  const put = (into: Uint8Array, text: string | null): number | null =>
    text === null ? null : new TextEncoder().encodeInto(text, into).written;
  return {
    readNow(into) {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer === undefined ? undefined : put(into, answer);
    },
    read: (into) => Promise.resolve(put(into, others.shift() ?? null)),
  };
}

function read(file: HostInput): string | number {
  const buf = new Uint8Array(16), n = file.read(buf, 1, 10);
  return n < 0 ? n : new TextDecoder().decode(buf.subarray(1, 1 + n));
}

const turn = (): Promise<void> => new Promise((done) => setTimeout(done));

Deno.test("HostInput reads what is there at once, and waits for the rest", async () => {
  const file = new HostInput(source(["one", undefined, "three", null], ["two"]));
  assert.equal(read(file), "one");
  assert.equal(read(file), -EAGAIN);
  assert.equal(read(file), -EAGAIN); // what is on its way comes first
  await turn();
  assert.equal(file.poll(), POLLIN);
  assert.equal(read(file), "two");
  assert.equal(read(file), "three");
  assert.equal(read(file), "");
  assert.equal(file.poll(), POLLIN | POLLHUP);
  assert.equal(read(file), "");
});

Deno.test("HostInput: a source that fails is EIO, and stays so", () => {
  const file = new HostInput(source([new Error("no")], []));
  assert.equal(read(file), -EIO);
  assert.equal(read(file), -EIO);
});
