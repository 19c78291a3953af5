/** The interpreter of tables of system calls for aarch64: see record.ts for what a record means. @module */
import { EAGAIN } from "../../../fs/abi/errno.ts";
import { AGAIN, MOST_AGAIN, OP, SLOT } from "../table/record.ts";
import { Arm } from "./aarch64.ts";

/** What a call of C must find again (AAPCS64, 6.1.1), and what no system call changes: the slots, the record, the table. */
const SLOTS = 19, RECORD = 20, TABLE = 21;
/** The number of a system call (man 2 syscall), and registers for anything. */
const NUMBER = 8, A = 9, B = 10;

/** Loads the six arguments, x0 to x5: those that the mask names are in slots. */
function loadArguments(c: Arm): void {
  c.load(A, RECORD, 2, 1);
  for (let i = 0; i < 6; i++) {
    c.load(i, RECORD, 16 + 8 * i);
    c.jumpIfBitClear(A, i, `argument${i}`);
    c.loadIndexed(i, SLOTS, i);
    c.label(`argument${i}`);
  }
}

/** After a system call that failed with the errno in x0: makes it again, if the record says so and it has not been done too often. */
function makeAgain(c: Arm): void {
  c.load(A, RECORD, 2, 1);
  c.jumpIfBitClear(A, Math.log2(AGAIN), "final");
  c.compareImmediate32(0, EAGAIN);
  c.jumpIf("ne", "final");
  c.load(A, SLOTS, 8 * SLOT.AGAIN);
  c.jumpIfBitClear(A, Math.log2(MOST_AGAIN), "again");
  c.jump("final");
  c.label("again");
  c.addImmediate(A, A, 1);
  c.store(SLOTS, 8 * SLOT.AGAIN, A);
  c.jump("loop");
  c.label("final");
}

/** After a system call that failed: errno to slot 2, and on as the record says. */
function handleError(c: Arm): void {
  c.label("error");
  c.neg(0, 0);
  c.store(SLOTS, 16, 0);
  c.load(A, RECORD, 3, 1);
  c.compare32(A, 0);
  c.jumpIf("eq", "next");
  makeAgain(c);
  c.load(0, RECORD, 12, 4);
  c.compareNegative32(0, 1);
  c.jumpIf("eq", "next");
  c.jumpIfNotZero32(0, "goto");
  c.sub(A, RECORD, TABLE);
  c.shiftRight(A, A, 6);
  c.store(SLOTS, 24, A);
  c.movImmediate(0, 1);
}

/** Loads and stores of 1, 4 or 8 bytes. */
function memory(c: Arm): void {
  const byWidth = (name: string, each: (width: 1 | 4 | 8) => void, then: string): void => {
    c.label(name);
    c.add(A, 0, 1);
    c.load(B, RECORD, 4, 4);
    c.compareImmediate32(B, 1);
    c.jumpIf("eq", `${name}1`);
    c.compareImmediate32(B, 4);
    c.jumpIf("eq", `${name}4`);
    each(8);
    c.jump(then);
    for (const width of [4, 1] as const) {
      c.label(`${name}${width}`);
      each(width);
      c.jump(then);
    }
  };
  byWidth("LD", (width) => c.load(0, A, 0, width), "store");
  byWidth("ST", (width) => c.store(A, 0, 2, width), "next");
}

/** The code: `run(table, slots)` and `sys(nr, a, b, c, d, e, f)` for callers of C, `start` (table in x0, slots in x1) for a program. */
export function assembleArm(): Arm {
  const c = new Arm();
  c.label("run");
  c.pushPair(SLOTS, RECORD, 32);
  c.storeStack(TABLE, 16);
  c.label("start");
  c.mov(SLOTS, 1);
  c.mov(TABLE, 0);
  c.mov(RECORD, 0);
  c.label("loop");
  loadArguments(c);
  c.load(A, RECORD, 0, 2);
  c.jumpIfNotZero32(A, "control");
  c.load(NUMBER, RECORD, 4, 4);
  c.syscall();
  c.compareNegative(0, 4095);
  c.jumpIf("cs", "error");
  c.label("store");
  c.load(A, RECORD, 8, 4);
  c.storeIndexed(SLOTS, A, 0);
  c.label("next");
  c.addImmediate(RECORD, RECORD, 64);
  c.jump("loop");
  handleError(c);
  c.label("goto");
  c.add(RECORD, TABLE, 0, 6);
  c.jump("loop");

  c.label("control");
  for (const name of Object.keys(OP).filter((each) => each !== "SYS" && each !== "RET")) {
    c.decrement(A);
    c.jumpIf("eq", name);
  }
  c.loadStack(TABLE, 16);
  c.popPair(SLOTS, RECORD, 32);
  c.ret();
  c.label("JMP");
  c.jump("goto");
  for (const [name, condition] of [["JEQ", "eq"], ["JLT", "lt"]] as const) {
    c.label(name);
    c.compare(0, 1);
    c.mov(0, 2);
    c.jumpIf(condition, "goto");
    c.jump("next");
  }
  c.label("MOV");
  c.jump("store");
  c.label("ADD");
  c.add(0, 0, 1);
  c.jump("store");
  c.label("AND");
  c.and(0, 0, 1);
  c.jump("store");
  memory(c);

  c.label("sys");
  c.mov(NUMBER, 0);
  for (let i = 0; i < 6; i++) c.mov(i, i + 1);
  c.syscall();
  c.ret();
  return c;
}
