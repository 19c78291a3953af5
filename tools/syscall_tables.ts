/**
 * `deno run -A tools/syscall_tables.ts`: writes runtime/abi/linux/syscalls_generated.ts from the headers of Linux that a C preprocessor finds.
 * @module
 */
const FILE = new URL("../runtime/abi/linux/syscalls_generated.ts", import.meta.url);

/** What arch/arm64 asks of asm-generic/unistd.h. */
const ARM64 = ["RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "TIME32_SYSCALLS", "SYS_CLONE3", "MEMFD_SECRET"]
  .map((name) => `-D__ARCH_WANT_${name}`);

const SOURCES: readonly (readonly [table: string, header: string, flags: readonly string[]])[] = [
  ["X86_64", "asm/unistd_64.h", []],
  ["I386", "asm/unistd_32.h", []],
  ["X32", "asm/unistd_x32.h", ["-D__X32_SYSCALL_BIT=0"]],
  ["AARCH64", "asm-generic/unistd.h", ARM64],
];

/** Calls with one number on every architecture that are newer than the headers of Linux 6.1 (include/uapi/asm-generic/unistd.h of 6.17). */
const NEWER: readonly (readonly [string, number])[] = [
  ..."cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount".split(
    " ",
  ),
  ..."lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat".split(
    " ",
  ),
  ..."removexattrat open_tree_attr file_getattr file_setattr".split(" "),
].map((name, i) => [name, 451 + i]);

/** Names of asm-generic/unistd.h that are no calls. */
const NO_CALLS = ["syscalls", "arch_specific_syscall"];

/** The calls of a header with their numbers: what the preprocessor has for each name's macro. */
function callsOf(header: string, flags: readonly string[]): [string, number][] {
  const { success, stdout, stderr } = new Deno.Command("cpp", {
    args: ["-dM", ...flags, "-include", header, "/dev/null"],
  }).outputSync();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`reading ${header}: ${text(stderr)}`);
  const macros = new Map(
    [...text(stdout).matchAll(/^#define (__NR\w+) (.+)$/gm)].map(([, name, value]) => [name!, value!]),
  );
  const numberOf = (value: string): number => {
    const other = macros.get(value);
    return other === undefined
      ? Number(value.replace(/^\(0 ?\+ ?|^\(__X32_SYSCALL_BIT \+ |\)$/g, ""))
      : numberOf(other);
  };
  return [...macros].flatMap(([macro, value]): [string, number][] => {
    const name = /^__NR_(\w+)$/.exec(macro)?.[1];
    return name === undefined || NO_CALLS.includes(name) ? [] : [[name, numberOf(value)]];
  });
}

/** Calls that x32 has not (arch/x86/entry/syscalls/syscall_64.tbl: "64" in place of "common"). */
const NOT_X32 = ["map_shadow_stack"];

/** Names in the order of their numbers; a number stands before a name that does not follow the one before it. */
function sequence(calls: readonly [string, number][], without: readonly string[]): string[] {
  const known = new Set([...without, ...calls.map(([name]) => name)]);
  const all = [...calls, ...NEWER.filter(([name]) => !known.has(name))].sort((a, b) => a[1] - b[1]);
  return all.flatMap(([name, number], i) =>
    number === (all[i - 1]?.[1] ?? -1) + 1 ? [name] : [String(number), name]
  );
}

const WIDTH = 100;

function lines(words: readonly string[]): string {
  const out = [""];
  for (const word of words) {
    if (out.at(-1)!.length + word.length >= WIDTH) out.push("");
    out.push(`${out.pop()} ${word}`);
  }
  return out.map((line) => line.trim()).join("\n");
}

const parts = SOURCES.map(([table, header, flags]) => {
  const calls = callsOf(header, flags);
  if (calls.some(([, number]) => !Number.isInteger(number))) {
    throw new Error(`${header}: a number is missing`);
  }
  return `/** ${header}. */\nexport const ${table} = \`\n${
    lines(sequence(calls, table === "X32" ? NOT_X32 : []))
  }\n\`;\n`;
});
Deno.writeTextFileSync(
  FILE,
  `/**
 * System calls of Linux by architecture, in the order of their numbers; a number stands before a name that does not follow the one before it.
 * Those of x32 have bit 30 beside. Written by tools/syscall_tables.ts.
 * @module
 */

${parts.join("\n")}`,
);
