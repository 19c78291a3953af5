import assert from "node:assert/strict";
import { random } from "../../../tests/support/random.ts";
import { reasonAgainst, testWhen } from "../../../tests/support/when.ts";
import { syscallTable, type TableArchitecture } from "../../abi/linux/syscall_table.ts";
import type { Seccomp } from "../../spec/types.ts";
import type { Architecture } from "../asm/machine.ts";
import { X32_BIT } from "./architectures.ts";
import type { Instruction } from "./bpf.ts";
import { generateFilter } from "./generate.ts";
import { type Libseccomp, libseccomp, TOKENS } from "./testing/libseccomp.ts";
import { podmanProfile, randomArguments, randomProfile } from "./testing/profiles.ts";
import { type SeccompData, simulate } from "./testing/simulate.ts";

const PODMAN = "/usr/share/containers/seccomp.json";

/** What is compared: machines, their architectures, and where the calls of those are in the tables. */
const MACHINES: readonly {
  machine: Architecture;
  native: string;
  architectures: readonly string[];
  podman: string;
}[] = [
  {
    ...{ machine: "x86_64", native: "SCMP_ARCH_X86_64", podman: "amd64" },
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  },
  { machine: "aarch64", native: "SCMP_ARCH_AARCH64", podman: "arm64", architectures: ["SCMP_ARCH_AARCH64"] },
];

const OF: Readonly<Record<string, { table: TableArchitecture; arch: number; bits: number }>> = {
  SCMP_ARCH_X86_64: { table: "x86_64", arch: TOKENS.SCMP_ARCH_X86_64!, bits: 0 },
  SCMP_ARCH_X86: { table: "i386", arch: TOKENS.SCMP_ARCH_X86!, bits: 0 },
  SCMP_ARCH_X32: { table: "x32", arch: TOKENS.SCMP_ARCH_X86_64!, bits: X32_BIT },
  SCMP_ARCH_AARCH64: { table: "aarch64", arch: TOKENS.SCMP_ARCH_AARCH64!, bits: 0 },
};

const library = libseccomp();
const missing = typeof library === "string" ? library : undefined;

/** What runc puts before libseccomp's program: ENOSYS for calls above those that the profile knows (libcontainer/seccomp/patchbpf). */
function isNewer(oracle: Libseccomp, filter: Seccomp, { nr, arch }: SeccompData): boolean {
  const { defaultAction, defaultErrnoRet, architectures, syscalls } = filter;
  if (
    ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].includes(defaultAction) || defaultErrnoRet === 38
  ) return false;
  const x32 = (nr & X32_BIT) !== 0;
  const name = architectures.find((each) =>
    OF[each]!.arch === arch && (arch !== TOKENS.SCMP_ARCH_X86_64 || (each === "SCMP_ARCH_X32") === x32)
  );
  if (name === undefined) return false;
  const last = Math.max(
    0,
    ...syscalls.flatMap(({ names }) => names).map((each) => oracle.numberOf(each, name)),
  );
  return last > 0 && nr > last;
}

const ENOSYS = 0x00050000 + 38;

interface Count {
  points: number;
  ours: number;
  theirs: number;
}

/** Compares verdicts at points: every call of every architecture, and numbers that are none. */
function compare(
  oracle: Libseccomp,
  filter: Seccomp,
  of: typeof MACHINES[number],
  seed: number,
  per: number,
): Count {
  const ours = generateFilter(filter, of.machine), { program } = oracle.generate(filter, of.native);
  const next = random(seed), count = { points: 0, ours: 0, theirs: 0 };
  const newer = new Map<string, boolean>();
  const verdict = (data: SeccompData): number => {
    const key = `${data.nr} ${data.arch}`;
    const is = newer.get(key) ?? isNewer(oracle, filter, data);
    newer.set(key, is);
    return is ? ENOSYS : simulate(program, data).ret;
  };
  const at = (data: SeccompData): void => {
    const own = simulate(ours, data);
    count.points++;
    count.ours += own.steps;
    count.theirs += simulate(program, data).steps;
    if (own.ret !== verdict(data)) {
      assert.fail(
        `seed ${seed}: call ${data.nr} of ${data.arch.toString(16)} with ${data.args}: ${
          own.ret.toString(16)
        }, ` +
          `libseccomp has ${verdict(data).toString(16)}`,
      );
    }
  };
  for (const name of of.architectures) {
    const { table, arch, bits } = OF[name]!;
    for (const [call, number] of syscallTable(table)) {
      // Numbers of calls that the library does not know yet are compared as calls without rules.
      const about = filter.syscalls.filter(({ names }) => names.includes(call)).flatMap(({ args }) => args);
      for (let i = 0; i < (about.length === 0 ? 1 : per); i++) {
        const args = randomArguments(next, about, arch === TOKENS.SCMP_ARCH_X86 ? 32 : 64);
        at({ nr: number + bits, arch, args });
      }
    }
    for (const nr of [335, 400, 471, 1000, 0x3fffffff, 0x7fffffff, 0xc0000000, 0xfffffffe, 0xffffffff]) {
      at({ nr, arch, args: randomArguments(next, [], 32) });
      at({ nr: (nr | bits) >>> 0, arch, args: randomArguments(next, [], 32) });
    }
    for (const nr of [102, 117]) {
      for (let part = 0; part < 30; part++) at({ nr, arch, args: [BigInt(part), 1n, 2n, 3n, 4n, 5n] });
    }
  }
  for (const arch of [0, 0x40000028, 0xc00000f3, ...Object.values(TOKENS)]) {
    at({ nr: 1, arch, args: [0n, 0n, 0n, 0n, 0n, 0n] });
  }
  return count;
}

const size = (program: readonly Instruction[]): number => program.length;

testWhen(
  { missing: missing ?? reasonAgainst({ missing: exists(PODMAN) ? undefined : `needs ${PODMAN}` }) },
  "podman's profile: the verdicts of libseccomp",
  async () => {
    const oracle = library as Libseccomp, text = await Deno.readTextFile(PODMAN);
    for (const of of MACHINES) {
      for (const caps of [[], ["CAP_SYS_ADMIN", "CAP_AUDIT_WRITE", "CAP_SYS_PTRACE", "CAP_SYS_TIME"]]) {
        const filter = podmanProfile(text, caps, of.podman, of.architectures);
        const { points, ours, theirs } = compare(oracle, filter, of, 1, 200);
        console.log(
          `${of.machine}: ${points} points, ${size(generateFilter(filter, of.machine))} instructions for ` +
            `${size(oracle.generate(filter, of.native).program)}, ${(ours / points).toFixed(1)} steps for ${
              (theirs / points).toFixed(1)
            }`,
        );
      }
    }
  },
);

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

testWhen({ missing }, "random profiles: the verdicts of libseccomp", () => {
  const oracle = library as Libseccomp;
  let points = 0;
  for (const of of MACHINES) {
    const names = [...new Set(of.architectures.flatMap((each) => [...syscallTable(OF[each]!.table).keys()]))]
      .filter((name) => oracle.numberOf(name, of.native) !== -1);
    for (let seed = 1; seed <= 24; seed++) {
      points += compare(
        oracle,
        randomProfile(random(seed), { names, architectures: of.architectures, overlaps: false }),
        of,
        seed,
        12,
      ).points;
    }
  }
  assert.ok(points > 30_000, String(points));
  return Promise.resolve();
});

testWhen({ missing }, "the numbers of calls are those of libseccomp", () => {
  const oracle = library as Libseccomp;
  for (const [name, { table, bits }] of Object.entries(OF)) {
    for (const [call, number] of syscallTable(table)) {
      const theirs = oracle.numberOf(call, name);
      // It has newer calls not at all, and those of i386 that are parts of others under numbers of its own.
      if (theirs >= 0) assert.equal(theirs, number + bits, `${call} of ${name}`);
    }
  }
  return Promise.resolve();
});
