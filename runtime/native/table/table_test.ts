import assert from "node:assert/strict";
import { EAGAIN, EEXIST, EINVAL, ENOENT } from "../../../fs/abi/errno.ts";
import { O_DIRECTORY, O_NONBLOCK, O_PATH, RESOLVE_BENEATH, RESOLVE_IN_ROOT } from "../../../fs/abi/open.ts";
import { syscallNumber } from "../../abi/linux/syscall_numbers.ts";
import { MACHINES } from "../asm/machine.ts";
import { emulate } from "../asm/testing/emulate_aarch64.ts";
import { compileTable, relocate } from "./compile_table.ts";
import { printTable } from "./print_table.ts";
import { AGAIN, MOST_AGAIN, RECORD_SIZE, SLOT } from "./record.ts";
import { capData, openHow, rlimitBytes } from "./structs.ts";
import { type FakeKernel, Memory, simulate } from "./testing/simulate.ts";
import { type NativeStep, ref } from "./types.ts";

const BASE = 0x410000n, SLOTS = 0x600000n;
const END: NativeStep[] = [{ op: "RET", args: [-1] }];
const done: NativeStep = { op: "RET", args: [0] };

const nr = (name: Parameters<typeof syscallNumber>[0]): number => syscallNumber(name, "x86_64");

Deno.test("compileTable(): strings, structures and lists are where the arguments point to", () => {
  const steps: NativeStep[] = [
    { call: "openat2", args: [-100, "/x", { flags: O_PATH, mode: 0, resolve: 16 }], result: "x", what: "x" },
    { call: "execve", args: ["/bin/sh", ["sh", "-c"], ["A=b"]], what: "sh" },
    done,
  ];
  const memory = new Memory(compileTable(steps, END, "x86_64"), BASE, SLOTS);
  const seen: unknown[] = [];
  simulate(memory, (number, args) => {
    if (number === nr("openat2")) {
      seen.push([BigInt.asIntN(32, args[0]!), memory.string(args[1]!), memory.load(args[2]!, 8), args[3]]);
    } else {
      const list = (at: bigint): string[] => {
        const address = memory.load(at, 8);
        return address === 0n ? [] : [memory.string(address), ...list(at + 8n)];
      };
      seen.push([memory.string(args[0]!), list(args[1]!), list(args[2]!)]);
    }
    return 7;
  });
  assert.deepEqual(seen, [[-100n, "/x", BigInt(O_PATH), 24n], ["/bin/sh", ["sh", "-c"], ["A=b"]]]);
});

Deno.test("failures: what counts as success, what goes on elsewhere, what ends the program and how that is told", () => {
  const make = (more: object): NativeStep[] => [
    { call: "mkdirat", args: [3, "a", 0o755], what: "making a", ...more },
    { op: "RET", args: [1] },
    { label: "elsewhere" },
    { op: "RET", args: [2] },
  ];
  const run = (more: object, result: number): [bigint | undefined, bigint, bigint] => {
    const memory = new Memory(compileTable(make(more), END, "x86_64"), BASE, SLOTS);
    const value = simulate(memory, () => result);
    return [value, memory.slot(SLOT.ERRNO), memory.slot(SLOT.FAILED)];
  };
  assert.deepEqual(run({}, 0), [1n, 0n, 0n]);
  assert.deepEqual(run({ ok: [EEXIST] }, -EEXIST), [1n, BigInt(EEXIST), 0n]);
  assert.deepEqual(run({ onError: "ignore" }, -ENOENT), [1n, BigInt(ENOENT), 0n]);
  assert.deepEqual(run({ onError: "elsewhere" }, -ENOENT), [2n, BigInt(ENOENT), 0n]);
  const some = { onError: "elsewhere", errors: [ENOENT, EEXIST] };
  for (const each of [ENOENT, EEXIST]) assert.deepEqual(run(some, -each), [2n, BigInt(each), 0n]);
  assert.deepEqual(run(some, 0), [1n, 0n, 0n]);
  const [ended, why, where] = run(some, -EINVAL);
  assert.deepEqual([BigInt.asIntN(64, ended!), why, where > 0n], [-1n, BigInt(EINVAL), true]);
  const [value, errno, record] = run({}, -ENOENT);
  assert.deepEqual([BigInt.asIntN(64, value!), errno], [-1n, BigInt(ENOENT)]);
  assert.equal(compileTable(make({}), END, "x86_64").notes.get(Number(record))!.what, "making a");
});

Deno.test("man 2 openat2, EAGAIN: a way that others have changed meanwhile is gone again, but not for ever", () => {
  const opening = (resolve: number): NativeStep[] => [
    { call: "openat2", args: [3, "a", { flags: O_PATH, mode: 0, resolve }], result: "a", what: "opening a" },
    { op: "RET", args: [ref("a")] },
  ];
  const code = MACHINES.aarch64.assemble().finish();
  const runners = [
    (memory: Memory, kernel: FakeKernel) => simulate(memory, kernel),
    (memory: Memory, kernel: FakeKernel) => emulate(code, memory, kernel),
  ];
  for (const run of runners) {
    /** What comes out, the errno, and how many calls it took where the first `failures` are EAGAIN. */
    const attempt = (resolve: number, failures: number): [bigint, bigint, number] => {
      const memory = new Memory(compileTable(opening(resolve), END, "aarch64"), BASE, SLOTS);
      let calls = 0;
      const result = run(memory, () => ++calls > failures ? 9 : -EAGAIN);
      return [BigInt.asIntN(64, result!), memory.slot(SLOT.ERRNO), calls];
    };
    for (const resolve of [RESOLVE_IN_ROOT, RESOLVE_BENEATH]) {
      assert.deepEqual(attempt(resolve, 0), [9n, 0n, 1]);
      assert.deepEqual(attempt(resolve, 3)[0], 9n);
      assert.deepEqual(attempt(resolve, 3)[2], 4);
      assert.deepEqual(attempt(resolve, Infinity), [-1n, BigInt(EAGAIN), MOST_AGAIN + 1]);
    }
    assert.deepEqual(attempt(0, Infinity), [-1n, BigInt(EAGAIN), 1]);
  }
});

Deno.test({
  name: "man 2 openat2, EAGAIN: the interpreter of this machine counts, too",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { addressOf, runTable, sys, thisMachine } = await import("../ffi/kernel.ts");
    const pair = new Uint8Array(8);
    assert.equal(sys("pipe2", pair, O_NONBLOCK), 0);
    const ends = [...new Int32Array(pair.buffer)];
    // Nothing is in it: EAGAIN each time (man 2 read).
    const args = [ends[0]!, { bytes: new Uint8Array(8) }, 8];
    const steps: NativeStep[] = [{ native: "read", args, what: "reading" }, done];
    const table = compileTable(steps, END, thisMachine().architecture);
    const slots = new Uint8Array(8 * table.slots), view = new DataView(slots.buffer);
    relocate(table, addressOf(table.bytes), addressOf(slots));
    const run = (): unknown[] => [
      ...[runTable(table.bytes, slots)],
      ...[SLOT.ERRNO, SLOT.AGAIN].map((slot) => Number(view.getBigUint64(8 * slot, true))),
    ];
    assert.deepEqual(run(), [-1, EAGAIN, 0]);
    const [record] = [...table.notes].find(([, { what }]) => what === "reading")!;
    table.bytes[RECORD_SIZE * record + 2]! |= AGAIN;
    assert.deepEqual(run(), [-1, EAGAIN, MOST_AGAIN]);
    for (const fd of ends) sys("close", fd);
  },
});

Deno.test("a table has other numbers and flags on aarch64", () => {
  const steps: NativeStep[] = [{ call: "pivot_root", args: [".", "."], what: "pivot" }, done];
  const first = (architecture: "x86_64" | "aarch64"): string =>
    printTable(compileTable(steps, END, architecture), architecture).split("\n")[2]!;
  assert.match(first("x86_64"), /^2: pivot_root\(\+0x/);
  assert.equal(first("x86_64"), first("aarch64"));
  const how = { flags: O_DIRECTORY, mode: 0, resolve: 0 };
  assert.equal(openHow(how, "x86_64")[2], 1);
  assert.equal(openHow(how, "aarch64")[1], 0x40);
});

Deno.test("structures: limits, capabilities", () => {
  assert.deepEqual([...rlimitBytes({ rlim_cur: 1024, rlim_max: null })], [
    ...[0, 4, 0, 0, 0, 0, 0, 0],
    ...new Array(8).fill(255),
  ]);
  const caps = capData({ effective: [0, 32], permitted: [33], inheritable: [] });
  const words = Array.from({ length: 6 }, (_, i) => new DataView(caps.buffer).getUint32(4 * i, true));
  assert.deepEqual(words, [1, 0, 0, 1, 2, 0]);
});

Deno.test("errors: two labels of a name, a label that is not there, NUL in a string", () => {
  assert.throws(() => compileTable([{ label: "x" }, { label: "x" }], END, "x86_64"), /there twice/);
  assert.throws(() => compileTable([{ jump: "x" }], END, "x86_64"), /no label "x"/);
  assert.throws(() => compileTable([{ call: "chdir", args: ["a\0b"], what: "x" }], END, "x86_64"), /NUL/);
});

/** A program of `size` random steps that ends: jumps lead forwards. */
function randomSteps(random: () => number, size: number): NativeStep[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const names = ["a", "b", "c", "d"], numbers = [0, 1, -1, 255, 2 ** 31, -(2 ** 31), 2 ** 40];
  const value = () => random() < 0.6 ? ref(pick(names)) : pick(numbers);
  const steps: NativeStep[] = [
    { op: "MOV", args: [{ bytes: new Uint8Array(64), name: "memory" }] },
    ...names.map((result): NativeStep => ({ op: "MOV", args: [pick(numbers)], result })),
  ];
  for (let i = 0; i < size; i++) {
    const op = pick(["MOV", "ADD", "AND", "LD", "ST", "JEQ", "JLT", "SYS"] as const), result = pick(names);
    const place = { place: "memory" }, at = 8 * Math.floor(random() * 8), width = pick([1, 4, 8] as const);
    steps.push({ label: `l${i}` });
    if (op === "MOV") steps.push({ op, args: [value()], result });
    else if (op === "ADD" || op === "AND") steps.push({ op, args: [value(), value()], result });
    else if (op === "LD") steps.push({ op, args: [place, at], result, width });
    else if (op === "ST") steps.push({ op, args: [place, at, value()], width });
    else if (op === "SYS") {
      // EBADF, or nothing at all: close(-1), umask(0).
      const more = pick([{}, { onError: "ignore" }, { onError: `l${size}` }, { ok: [9] }]);
      steps.push({ native: "close", args: [-1], what: "closing", result, ...more });
    } else {steps.push({
        op,
        args: [value(), value()],
        target: `l${i + 1 + Math.floor(random() * (size - i))}`,
      });}
  }
  return [...steps, { label: `l${size}` }, { op: "ADD", args: [ref("a"), ref("b")], result: "a" }, {
    op: "RET",
    args: [ref("a")],
  }];
}

Deno.test({
  name: "the interpreter does with random tables what the simulation does",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { addressOf, runTable, thisMachine } = await import("../ffi/kernel.ts");
    const { architecture } = thisMachine();
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 300; round++) {
      const steps = randomSteps(random, 40);
      const memory = new Memory(compileTable(steps, END, architecture), BASE, SLOTS);
      const expected = simulate(memory, () => -9);
      const table = compileTable(steps, END, architecture), slots = new Uint8Array(8 * table.slots);
      relocate(table, addressOf(table.bytes), addressOf(slots));
      const got = runTable(table.bytes, slots), view = new DataView(slots.buffer);
      const data = (bytes: Uint8Array): number[] => [...bytes.subarray(bytes.length - 64)];
      assert.deepEqual(
        [
          BigInt(got),
          Array.from(table.names, ([, slot]) => view.getBigUint64(8 * slot, true)),
          data(table.bytes),
        ],
        [
          BigInt.asIntN(64, expected!),
          Array.from(table.names, ([, slot]) => memory.slot(slot)),
          data(memory.table.bytes),
        ],
        `round ${round}`,
      );
    }
  },
});

Deno.test("the interpreter for aarch64, emulated, does with random tables what the simulation does", () => {
  const code = MACHINES.aarch64.assemble().finish();
  let seed = 7;
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let round = 0; round < 300; round++) {
    const steps = randomSteps(random, 40);
    const memories = [0, 1].map(() => new Memory(compileTable(steps, END, "aarch64"), BASE, SLOTS));
    const [simulated, emulated] = memories as [Memory, Memory];
    const result = simulate(simulated, () => -9);
    const told: (readonly bigint[])[] = [];
    assert.equal(
      emulate(code, emulated, (_nr, args) => {
        told.push(args);
        return -9;
      }),
      BigInt.asUintN(64, result!),
      `round ${round}`,
    );
    const slots = (memory: Memory): bigint[] =>
      Array.from({ length: memory.table.slots }, (_, i) => memory.slot(i));
    assert.deepEqual(slots(emulated), slots(simulated));
    assert.deepEqual(emulated.table.bytes, simulated.table.bytes);
    assert.ok(told.every(([fd]) => BigInt.asIntN(64, fd!) === -1n));
  }
});
