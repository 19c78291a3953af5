/** The interpreter of tables of system calls for x86_64: see record.ts for what a record means. @module */
import { EAGAIN } from "../../../fs/abi/errno.ts";
import { AGAIN, MOST_AGAIN, OP, SLOT } from "../table/record.ts";
import { type Reg, X86 } from "./x86_64.ts";

/** rbx: slots. rbp: the record. r12: the table. What a call of C must find again (psABI x86-64, 3.2.1), and what no system call changes. */
const SLOTS = "rbx", RECORD = "rbp", TABLE = "r12";
/** Where system calls have their arguments (man 2 syscall). */
const ARGUMENTS: readonly Reg[] = ["rdi", "rsi", "rdx", "r10", "r8", "r9"];

/** Loads the six arguments: those that the mask names are in slots. */
function loadArguments(c: X86): void {
  c.load("rcx", RECORD, 2, 1);
  ARGUMENTS.forEach((reg, i) => {
    c.load(reg, RECORD, 16 + 8 * i);
    c.testCl(1 << i);
    c.jumpIf("e", `argument${i}`);
    c.loadIndexed(reg, SLOTS, reg);
    c.label(`argument${i}`);
  });
}

/** After a system call that failed with the errno in rax: makes it again, if the record says so and it has not been done too often. */
function makeAgain(c: X86): void {
  c.load("rcx", RECORD, 2, 1);
  c.testCl(AGAIN);
  c.jumpIf("e", "final");
  c.compareImmediate32("rax", EAGAIN);
  c.jumpIf("ne", "final");
  c.load("rcx", SLOTS, 8 * SLOT.AGAIN);
  c.compareImmediate("rcx", MOST_AGAIN);
  c.jumpIf("e", "final");
  c.addImmediate("rcx", 1);
  c.store(SLOTS, 8 * SLOT.AGAIN, "rcx");
  c.jump("loop");
  c.label("final");
}

/** After a system call that failed: errno to slot 2, and on as the record says. */
function handleError(c: X86): void {
  c.label("error");
  c.neg("rax");
  c.store(SLOTS, 16, "rax");
  c.load("rcx", RECORD, 3, 1);
  c.compare32("rcx", "rax");
  c.jumpIf("e", "next");
  makeAgain(c);
  c.load("rax", RECORD, 12, 4);
  c.compareImmediate32("rax", -1);
  c.jumpIf("e", "next");
  c.test32("rax");
  c.jumpIf("ne", "goto");
  c.mov("rcx", RECORD);
  c.sub("rcx", TABLE);
  c.shiftRight("rcx", 6);
  c.store(SLOTS, 24, "rcx");
  c.movImmediate("rax", 1);
}

/** Loads and stores of 1, 4 or 8 bytes. */
function memory(c: X86): void {
  const byWidth = (name: string, each: (width: 1 | 4 | 8) => void, then: string): void => {
    c.label(name);
    c.add("rdi", "rsi");
    c.load("rax", RECORD, 4, 4);
    c.compareImmediate32("rax", 1);
    c.jumpIf("e", `${name}1`);
    c.compareImmediate32("rax", 4);
    c.jumpIf("e", `${name}4`);
    each(8);
    c.jump(then);
    for (const width of [4, 1] as const) {
      c.label(`${name}${width}`);
      each(width);
      c.jump(then);
    }
  };
  byWidth("LD", (width) => c.load("rax", "rdi", 0, width), "store");
  byWidth("ST", (width) => c.store("rdi", 0, "rdx", width), "next");
}

/** The code: `run(table, slots)` and `sys(nr, a, b, c, d, e, f)` for callers of C, `start` (table in rdi, slots in rsi) for a program. */
export function assembleX86(): X86 {
  const c = new X86();
  c.label("run");
  for (const reg of [SLOTS, RECORD, TABLE] as const) c.push(reg);
  c.label("start");
  c.mov(SLOTS, "rsi");
  c.mov(TABLE, "rdi");
  c.mov(RECORD, "rdi");
  c.label("loop");
  loadArguments(c);
  c.load("rax", RECORD, 0, 2);
  c.test32("rax");
  c.jumpIf("ne", "control");
  c.load("rax", RECORD, 4, 4);
  c.syscall();
  c.compareImmediate("rax", -4095);
  c.jumpIf("ae", "error");
  c.label("store");
  c.load("rcx", RECORD, 8, 4);
  c.storeIndexed(SLOTS, "rcx", "rax");
  c.label("next");
  c.addImmediate(RECORD, 64);
  c.jump("loop");
  handleError(c);
  c.label("goto");
  c.shiftLeft("rax", 6);
  c.leaSum(RECORD, TABLE, "rax");
  c.jump("loop");

  c.label("control");
  for (const name of Object.keys(OP).filter((each) => each !== "SYS" && each !== "RET")) {
    c.decrement("rax");
    c.jumpIf("e", name);
  }
  c.mov("rax", "rdi");
  for (const reg of [TABLE, RECORD, SLOTS] as const) c.pop(reg);
  c.ret();
  c.label("JMP");
  c.mov("rax", "rdi");
  c.jump("goto");
  for (const [name, condition] of [["JEQ", "e"], ["JLT", "l"]] as const) {
    c.label(name);
    c.mov("rax", "rdx");
    c.compare("rdi", "rsi");
    c.jumpIf(condition, "goto");
    c.jump("next");
  }
  c.label("MOV");
  c.mov("rax", "rdi");
  c.jump("store");
  c.label("ADD");
  c.leaSum("rax", "rdi", "rsi");
  c.jump("store");
  c.label("AND");
  c.mov("rax", "rdi");
  c.and("rax", "rsi");
  c.jump("store");
  memory(c);

  c.label("sys");
  const moves: readonly (readonly [Reg, Reg])[] = [
    ...[["rax", "rdi"], ["rdi", "rsi"], ["rsi", "rdx"], ["rdx", "rcx"], ["r10", "r8"], ["r8", "r9"]] as const,
  ];
  for (const [to, from] of moves) c.mov(to, from);
  c.loadStack("r9", 8);
  c.syscall();
  c.ret();
  return c;
}
