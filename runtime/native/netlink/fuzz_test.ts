import assert from "node:assert/strict";
import { random } from "../../../tests/support/random.ts";
import { bytes, concat, parseAttributes } from "./attributes.ts";
import { netlink } from "./conversation.ts";
import { ReplyError } from "./error.ts";
import { type Message, parseAcknowledgement, parseMessages } from "./message.ts";
import { parseChain } from "./nftables/chains.ts";
import { parseAddress } from "./route/addresses.ts";
import { parseLink } from "./route/links.ts";
import { parseRoute } from "./route/routes.ts";
import { answering, recordedKernel } from "./testing/kernel.ts";
import * as recorded from "./testing/recorded.ts";

const REPLIES = Object.values(recorded);
const ROUNDS = 2000;

/** Lengths, types and bytes that are wrong, replies that are cut or run into each other. */
function spoil(reply: Uint8Array, next: (below: number) => number): Uint8Array {
  let bytes = reply.slice();
  for (let changes = 1 + next(4); changes > 0; changes--) {
    const at = next(bytes.length || 1), aligned = at & ~3;
    switch (next(6)) {
      case 0:
        bytes[at] = next(256);
        break;
      case 1:
        bytes[at]! ^= 1 << next(8);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3: // where lengths and types are
        bytes.set([next(12), 0, next(64), 0].slice(0, bytes.length - aligned), aligned);
        break;
      case 4:
        bytes.set([0xff, 0xff, 0xff, 0xff].slice(0, bytes.length - aligned), aligned);
        break;
      default:
        bytes = concat([bytes, REPLIES[next(REPLIES.length)]!.slice(next(8))]);
    }
  }
  return bytes;
}

const PARSERS: readonly ((message: Message) => unknown)[] = [
  parseAcknowledgement,
  ({ payload }) => parseLink(payload),
  ({ payload }) => parseAddress(payload),
  ({ payload }) => parseRoute(payload),
  ({ payload }) => parseChain(payload),
  ({ payload }) => parseAttributes(payload),
];

Deno.test("replies that are spoilt are taken apart, or refused as ReplyError: nothing else is thrown, nothing hangs", () => {
  const next = random(18);
  let whole = 0, refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const spoilt = spoil(REPLIES[next(REPLIES.length)]!, next);
    const attempt = (body: () => void): void => {
      try {
        body();
        whole++;
      } catch (error) {
        refused++;
        assert.ok(error instanceof ReplyError, `${spoilt.toHex()}: ${(error as Error).stack}`);
      }
    };
    let messages: Message[] = [];
    attempt(() => messages = parseMessages(spoilt));
    for (const message of messages) for (const parse of PARSERS) attempt(() => parse(message));
  }
  assert.ok(whole > ROUNDS / 10 && refused > ROUNDS / 10, `${whole} ${refused}`);
});

Deno.test("requests that get spoilt replies come to an end: with messages, a refusal, or an error that says what was being done", () => {
  const next = random(19);
  for (let round = 0; round < ROUNDS; round++) {
    const answers = Array.from(
      { length: 1 + next(3) },
      () => spoil(answering(REPLIES[next(REPLIES.length)]!, 1), next),
    );
    const asked = netlink(recordedKernel(answers).transport);
    const request = { what: "asking", type: 16, payload: [] };
    try {
      [asked.request, asked.dump, (each: typeof request) => asked.batch(each, [each], each)][next(3)]!(
        request,
      );
    } catch (error) {
      assert.ok(error instanceof Error);
      assert.ok(
        error.message.startsWith("asking: "),
        `${answers.map((each) => each.toHex())}: ${error.stack}`,
      );
    }
  }
});

Deno.test("parseAttributes() gives back what bytes() was given, of any length", () => {
  const next = random(20);
  for (let round = 0; round < 500; round++) {
    const given = Array.from(
      { length: next(6) },
      (_, type) => [type, Uint8Array.from({ length: next(20) }, () => next(256))] as const,
    );
    const encoded = concat(given.map(([type, value]) => bytes(type, value)));
    assert.deepEqual([...parseAttributes(encoded)], given.map(([type, value]) => [type, value]));
  }
});
