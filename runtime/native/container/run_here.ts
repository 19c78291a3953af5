/** Steps that the runtime itself takes while an init waits. @module */
import { compileTable, relocate } from "../table/compile_table.ts";
import { SLOT } from "../table/record.ts";
import type { Step } from "../../program/types.ts";
import { addressOf, runTable, thisMachine } from "../ffi/kernel.ts";
import { NO_MEETINGS, translate } from "../program/translate.ts";
import { failureText } from "./step_error.ts";

/** Says who is meant by "the child". */
function withChild(step: Step, pid: number): Step {
  if (!("call" in step)) return step;
  return {
    ...step,
    args: step.args.map((arg) => {
      if (typeof arg !== "object" || arg === null) return arg;
      if ("child" in arg) return `/proc/${pid}/${arg.child}`;
      return "pidOf" in arg ? String(pid) : arg;
    }),
  };
}

/** Takes steps. Throws an Error that says which failed, and why. */
export function runHere(steps: readonly Step[], child: number): void {
  if (steps.length === 0) return;
  const { architecture } = thisMachine();
  const own = translate(steps.map((step) => withChild(step, child)), architecture, NO_MEETINGS);
  const table = compileTable([...own, { op: "RET", args: [0] }], [{ op: "RET", args: [1] }], architecture);
  const slots = new Uint8Array(8 * table.slots), view = new DataView(slots.buffer);
  relocate(table, addressOf(table.bytes), addressOf(slots));
  if (runTable(table.bytes, slots) === 0) return;
  const [errno, record] = [SLOT.ERRNO, SLOT.FAILED].map((slot) => Number(view.getBigUint64(8 * slot, true)));
  throw new Error(failureText(errno!, table.notes.get(record!)));
}
