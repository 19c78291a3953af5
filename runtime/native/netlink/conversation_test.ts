import assert from "node:assert/strict";
import { concat, u32 } from "./attributes.ts";
import { netlink } from "./conversation.ts";
import { NetlinkError } from "./error.ts";
import { NLM_F, NLMSG } from "./numbers.ts";
import { encodeMessage } from "./message.ts";
import { answering, recordedKernel } from "./testing/kernel.ts";
import { ADDRESSES, BAD_PREFIX, DONE, NO_SUCH_LINK, NO_SUCH_TABLE } from "./testing/recorded.ts";

const request = (what: string) => ({ what, type: 16, payload: [] });

Deno.test("request(): its messages and its acknowledgement, whatever an earlier request has left", () => {
  const message = encodeMessage({ type: 20, flags: 0, sequence: 1 }, [u32(1, 7)]);
  const { transport, sent } = recordedKernel([
    answering(NO_SUCH_LINK, 0),
    concat([encodeMessage({ type: NLMSG.NOOP, flags: 0, sequence: 1 }, []), message]),
    answering(DONE, 1),
  ]);
  assert.deepEqual(
    netlink(transport).request(request("asking")).map(({ type, payload }) => [type, payload]),
    [
      [20, u32(1, 7)],
    ],
  );
  assert.equal(sent[0]!.toHex(), "10000000100005000100000000000000");
});

Deno.test("request(): refusals say what was being done, why in words of errno, and in the kernel's own where it has some", () => {
  const refusal = (answer: Uint8Array): NetlinkError => {
    try {
      netlink(recordedKernel([answering(answer, 1)]).transport).request(request("doing it"));
    } catch (error) {
      assert.ok(error instanceof NetlinkError);
      return error;
    }
    throw new Error("it was not refused");
  };
  assert.deepEqual([refusal(NO_SUCH_LINK).errno, refusal(BAD_PREFIX).errno], [19, 22]);
  assert.equal(refusal(NO_SUCH_LINK).message, "doing it: no such device or filesystem type (ENODEV)");
  assert.equal(
    refusal(BAD_PREFIX).message,
    "doing it: invalid argument (EINVAL): ipv4: Invalid prefix length",
  );
  assert.equal(
    refusal(NO_SUCH_TABLE).message,
    "doing it: no such file or directory (ENOENT): byte 20 of the request",
  );
});

Deno.test("request(): no answer, a lost one, and one that is no message are errors", () => {
  const asking = (...answers: Uint8Array[]) => () =>
    netlink(recordedKernel(answers).transport).request(request("asking"));
  assert.throws(asking(), /^Error: asking: the kernel does not answer$/);
  const overrun = encodeMessage({ type: NLMSG.OVERRUN, flags: 0, sequence: 1 }, []);
  assert.throws(asking(overrun), /^Error: asking: netlink reply: messages have been lost$/);
  assert.throws(
    asking(DONE.subarray(0, 20)),
    /^Error: asking: netlink reply: a message has a length of 36 where 20 bytes are left$/,
  );
  assert.throws(asking(answering(DONE, 1).fill(0xff, 16, 20)), /operation not permitted \(EPERM\)/);
  assert.throws(asking(answering(DONE, 1).fill(0x7f, 16, 20)), /an acknowledgement has the errno/);
});

Deno.test("dump(): a list that has changed meanwhile is asked for again", () => {
  const interrupted = answering(ADDRESSES, 1);
  interrupted[6]! |= NLM_F.DUMP_INTR;
  const { transport, sent } = recordedKernel([interrupted, answering(ADDRESSES, 2)]);
  assert.equal(netlink(transport).dump(request("listing")).length, 1);
  assert.equal(sent.length, 2);
  const atTheEnd = answering(ADDRESSES, 1), last = atTheEnd.length - 20;
  assert.equal(atTheEnd[last + 4], NLMSG.DONE);
  atTheEnd[last + 6]! |= NLM_F.DUMP_INTR;
  const again = recordedKernel([atTheEnd, answering(ADDRESSES, 2)]);
  assert.equal(netlink(again.transport).dump(request("listing")).length, 1);
  assert.equal(again.sent.length, 2);
  const always = Array.from({ length: 50 }, (_, i) => {
    const answer = answering(ADDRESSES, i + 1);
    answer[6]! |= NLM_F.DUMP_INTR;
    return answer;
  });
  assert.throws(
    () => netlink(recordedKernel(always).transport).dump(request("listing")),
    /it changes all the time/,
  );
});

Deno.test("batch(): one datagram; every request is acknowledged, and a refusal is said of the request that it is of", () => {
  const frame = { what: "the whole", type: 0x10, payload: [] };
  const parts = [request("the first"), request("the second")];
  const whole = recordedKernel([answering(DONE, 2), answering(DONE, 3)]);
  netlink(whole.transport).batch(frame, parts, { ...frame, type: 0x11 });
  assert.equal(
    whole.sent[0]!.toHex(),
    "10000000100001000100000000000000" + "10000000100005000200000000000000" +
      "10000000100005000300000000000000" +
      "10000000110001000400000000000000",
  );
  const refused = (...answers: Uint8Array[]) => () =>
    netlink(recordedKernel(answers).transport).batch(frame, parts, frame);
  assert.throws(refused(answering(DONE, 2), answering(BAD_PREFIX, 3)), /^NetlinkError: the second: /);
  assert.throws(refused(answering(NO_SUCH_LINK, 1)), /^NetlinkError: the whole: /);
  assert.throws(refused(answering(DONE, 2)), /^Error: the whole: the kernel does not answer$/);
});
