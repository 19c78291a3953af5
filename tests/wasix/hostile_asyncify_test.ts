/** Modules that say they have asyncify and do not do what it does: their own end at most. @module */
import assert from "node:assert/strict";
import { WasmWriter } from "../../runtime/sandbox/exec/wasm/writer.ts";
import { GuestKernel } from "../support/guests.ts";

const I32 = 0x7f, I64 = 0x7e;

/**
 * A module whose `_start` runs `start`, with proc_fork (function 0), stack_checkpoint (1), stack_restore (2) and proc_exit (3) of WASIX, and
 * whose asyncify functions are all `fake`. Assembled by hand.
 */
function moduleOf(start: readonly number[], fake: readonly number[]): Uint8Array {
  const out = new WasmWriter();
  const section = (id: number, write: (w: WasmWriter) => void): void => {
    const w = new WasmWriter();
    write(w);
    out.u8(id);
    out.leb(w.length);
    out.raw(w.view());
  };
  out.raw([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(
    1,
    (w) =>
      w.raw([
        5,
        0x60,
        2,
        I32,
        I32,
        1,
        I32,
        0x60,
        2,
        I32,
        I64,
        0,
        0x60,
        1,
        I32,
        0,
        0x60,
        0,
        0,
        0x60,
        1,
        I32,
        0,
      ]),
  );
  section(2, (w) => {
    w.u8(4);
    for (
      const [name, type] of [["proc_fork", 0], ["stack_checkpoint", 0], ["stack_restore", 1], [
        "proc_exit",
        2,
      ]] as const
    ) {
      w.name("wasix_32v1");
      w.name(name);
      w.raw([0, type]);
    }
  });
  section(3, (w) => w.raw([5, 3, 4, 3, 4, 3])); // _start; start_unwind, stop_unwind, start_rewind, stop_rewind
  section(5, (w) => w.raw([1, 0, 1]));
  section(6, (w) => w.raw([1, I32, 1, 0x41, 0, 0x0b])); // a counter
  section(7, (w) => {
    w.u8(6);
    const names = [
      "_start",
      "asyncify_start_unwind",
      "asyncify_stop_unwind",
      "asyncify_start_rewind",
      "asyncify_stop_rewind",
    ];
    names.forEach((name, i) => {
      w.name(name);
      w.raw([0, 4 + i]);
    });
    w.name("memory");
    w.raw([2, 0]);
  });
  section(10, (w) => {
    w.u8(5);
    for (const code of [start, fake, fake, fake, fake]) {
      w.leb(code.length + 2);
      w.raw([0, ...code, 0x0b]);
    }
  });
  return out.view();
}

/** global 0 += 1; after three times: proc_exit(7). Ends a program that is started over and over. */
const THREE_TIMES = [
  0x23,
  0,
  0x41,
  1,
  0x6a,
  0x24,
  0,
  0x23,
  0,
  0x41,
  3,
  0x4a,
  0x04,
  0x40,
  0x41,
  7,
  0x10,
  3,
  0x0b,
];
const FORK = [0x41, 1, 0x41, 16, 0x10, 0, 0x1a], CHECKPOINT = [0x41, 32, 0x41, 16, 0x10, 1, 0x1a];
/** The buffer's first word, at 65536, becomes all ones: a stack that would end behind the memory. */
const LIE = [0x41, 0x80, 0x80, 0x04, 0x41, 0x7f, 0x36, 2, 0];

Deno.test("asyncify functions that do nothing, trap, or lie about the stack end the guest or nothing", async () => {
  const fakes: Readonly<Record<string, readonly number[]>> = { nothing: [], trap: [0x00], lie: LIE };
  for (const [what, fake] of Object.entries(fakes)) {
    for (const call of [FORK, CHECKPOINT]) {
      for (const interruptible of [false, true]) {
        const bytes = moduleOf([...THREE_TIMES, ...call], fake);
        await using guests = new GuestKernel({ files: { "/p": bytes }, interruptible });
        const { status } = await guests.run(["/p"]);
        assert.ok(
          status === 7 << 8 || status === 6 || status === 11 || status === 0,
          `${what}: status ${status}`,
        );
      }
    }
  }
});
