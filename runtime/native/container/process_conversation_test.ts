import assert from "node:assert/strict";
import { makePipe, writeAll } from "../ffi/descriptors.ts";
import { converseWith } from "./process_conversation.ts";

const message = (errno: bigint, record: bigint): Uint8Array<ArrayBuffer> =>
  new Uint8Array(BigInt64Array.of(errno, record).buffer);

Deno.test({
  name:
    "an init that said why it ends before it was talked to: that is what went wrong, and not that nobody listens",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const [report, reporting] = makePipe("testing");
    const [syncing, sync] = makePipe("testing");
    try {
      const child = { pid: 0, pidfd: report };
      const table = {
        ...{ bytes: new Uint8Array(), slots: 0, pointers: [] },
        notes: new Map([[7, { what: "unable to apply the profile", call: "write" }]]),
        // deno-lint-ignore no-explicit-any
      } as any;
      const conversation = { child, table, report, sync };
      const talk = (): Promise<void> => Promise.reject(new Error("EPIPE"));
      await assert.rejects(converseWith(conversation, talk), /^Error: EPIPE$/);
      writeAll(reporting.fd, message(0x10000n, 5n), "testing"); // another thing that it has said
      writeAll(reporting.fd, message(2n, 7n), "testing");
      await assert.rejects(converseWith(conversation, talk), /unable to apply the profile: .*ENOENT/);
      reporting.close();
      await assert.rejects(converseWith(conversation, talk), /^Error: EPIPE$/);
      assert.equal(await converseWith(conversation, () => Promise.resolve(1)), 1);
    } finally {
      for (const each of [report, reporting, syncing, sync]) each.close();
    }
  },
});
