import assert from "node:assert/strict";
import type { DeviceRule } from "../../spec/types.ts";
import { type BpfInstruction, deviceProgram, encodeBpf } from "./device_program.ts";
import { deviceWrites } from "./device_rules.ts";

const rule = (
  allow: boolean,
  type: "a" | "b" | "c",
  access: string,
  major?: number,
  minor?: number,
): DeviceRule => ({
  ...{ allow, type, access },
  ...major === undefined ? {} : { major },
  ...minor === undefined ? {} : { minor },
});
const written = (...rules: DeviceRule[]): string[] =>
  deviceWrites(rules).map(({ file, line }) => `${file.slice(8)} ${line}`);

Deno.test("deviceWrites(): what no rule is about is denied; rules of one device add up, in the kernel's order of letters", () => {
  assert.deepEqual(written(), ["deny a"]);
  assert.deepEqual(
    written(rule(false, "a", "rwm"), rule(true, "c", "wr", 10, 229), rule(true, "c", "m", 10, 229)),
    [
      "deny a",
      "allow c 10:229 rwm",
    ],
  );
  assert.deepEqual(written(rule(true, "a", "r")), ["deny a", "allow b *:* r", "allow c *:* r"]);
});

Deno.test("deviceWrites(): a rule for all devices forgets those before it", () => {
  assert.deepEqual(written(rule(true, "c", "rwm", 1), rule(true, "a", ""), rule(false, "b", "w", 8, 0)), [
    "allow a",
    "deny b 8:0 w",
  ]);
});

Deno.test("deviceWrites(): denied again, alone or by a wider rule", () => {
  assert.deepEqual(written(rule(true, "c", "rw", 1, 3), rule(false, "c", "w", 1, 3)), [
    "deny a",
    "allow c 1:3 r",
  ]);
  assert.deepEqual(written(rule(true, "c", "rw", 1, 3), rule(false, "c", "rwm", 1)), ["deny a"]);
});

Deno.test("deviceWrites(): a hole in a wider rule is an error, not left out", () => {
  assert.throws(
    () => written(rule(true, "c", "rwm", 1), rule(false, "c", "w", 1, 3)),
    /linux\.resources\.devices\[1\]: cgroups of version 1 cannot deny a part of "c 1:\* rwm"/,
  );
  assert.deepEqual(written(rule(true, "c", "m"), rule(false, "c", "w", 1, 3)), ["deny a", "allow c *:* m"]);
});

/** What the kernel does with a program: true if it allows. */
function run(
  program: readonly BpfInstruction[],
  type: number,
  access: number,
  major: number,
  minor: number,
): boolean {
  const context = [access << 16 | type, major, minor], r = new Uint32Array(11);
  for (let pc = 0; pc < program.length; pc++) {
    const { code, dst, src, offset, immediate } = program[pc]!;
    if (code === 0x95) return r[0] === 1;
    else if (code === 0x61) r[dst] = context[offset / 4]!;
    else if (code === 0xbc) r[dst] = r[src]!;
    else if (code === 0xb4) r[dst] = immediate;
    else if (code === 0x54) r[dst] = r[dst]! & immediate;
    else if (code === 0x74) r[dst] = r[dst]! >>> immediate;
    else if (code === 0x16) pc += r[dst] === immediate >>> 0 ? offset : 0;
    else if (code === 0x56) pc += r[dst] !== immediate >>> 0 ? offset : 0;
    else throw new Error(`instruction ${code}`);
  }
  throw new Error("the program has no end");
}

/** The rule itself: of each access, the last rule about it decides. */
function decide(
  rules: readonly DeviceRule[],
  type: "b" | "c",
  access: string,
  major: number,
  minor: number,
): boolean {
  return [...access].every((c) =>
    rules.findLast((each) =>
      (each.type === "a" || each.type === type) && (each.major ?? major) === major &&
      (each.minor ?? minor) === minor && (each.access === "" || each.access.includes(c))
    )?.allow ?? false
  );
}

Deno.test("deviceProgram(): decides as the list does, last rule first, for each access (random lists)", () => {
  let seed = 7;
  const random = (n: number): number => (seed = Math.imul(seed, 1103515245) + 12345 >>> 0, (seed >>> 8) % n);
  const accesses = ["", "r", "w", "m", "rw", "rm", "wm", "rwm"];
  for (let i = 0; i < 300; i++) {
    const rules = Array.from({ length: random(6) }, () =>
      rule(
        random(2) === 0,
        (["a", "b", "c"] as const)[random(3)]!,
        accesses[random(8)]!,
        random(2) === 0 ? undefined : random(3),
        random(2) === 0 ? undefined : random(3),
      ));
    const program = deviceProgram(rules);
    for (let j = 0; j < 40; j++) {
      const type = (["b", "c"] as const)[random(2)]!, access = accesses[1 + random(7)]!;
      const major = random(3), minor = random(3);
      const bits = [..."mrw"].reduce((sum, c, k) => access.includes(c) ? sum | 1 << k : sum, 0);
      assert.equal(
        run(program, type === "b" ? 1 : 2, bits, major, minor),
        decide(rules, type, access, major, minor),
        JSON.stringify({ rules, type, access, major, minor }),
      );
    }
  }
});

Deno.test("encodeBpf(): struct bpf_insn", () => {
  const [first] = deviceProgram([]);
  assert.deepEqual([...encodeBpf([first!])], [0x61, 0x12, 0, 0, 0, 0, 0, 0]);
  const jump = { code: 0x56, dst: 4, src: 0, offset: 5, immediate: -1 };
  assert.deepEqual([...encodeBpf([jump])], [0x56, 4, 5, 0, 0xff, 0xff, 0xff, 0xff]);
});
