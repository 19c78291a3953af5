/** libseccomp, which runc and crun make their filters with: what ours are compared with. @module */
import type { Seccomp, SeccompArg, SeccompRule } from "../../../spec/types.ts";
import { returnOf } from "../actions.ts";
import { decodeProgram, type Instruction } from "../bpf.ts";

const LIBRARY = {
  seccomp_init: { parameters: ["u32"], result: "pointer" },
  seccomp_release: { parameters: ["pointer"], result: "void" },
  seccomp_arch_add: { parameters: ["pointer", "u32"], result: "i32" },
  seccomp_arch_remove: { parameters: ["pointer", "u32"], result: "i32" },
  seccomp_syscall_resolve_name: { parameters: ["buffer"], result: "i32" },
  seccomp_syscall_resolve_name_arch: { parameters: ["u32", "buffer"], result: "i32" },
  seccomp_rule_add_array: { parameters: ["pointer", "u32", "i32", "u32", "buffer"], result: "i32" },
  seccomp_export_bpf: { parameters: ["pointer", "i32"], result: "i32" },
} as const;

const LIBC = {
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** Architectures as libseccomp numbers them. */
export const TOKENS: Readonly<Record<string, number>> = {
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X32: 0x4000003e,
  SCMP_ARCH_AARCH64: 0xc00000b7,
};

const OPERATORS =
  "_ SCMP_CMP_NE SCMP_CMP_LT SCMP_CMP_LE SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_MASKED_EQ"
    .split(" ");
const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${value}\0`);
const EEXIST = 17, EDOM = 33;

/** struct scmp_arg_cmp, one after the other. */
function comparisons(args: readonly SeccompArg[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 * Math.max(1, args.length)), view = new DataView(bytes.buffer);
  args.forEach(({ index, op, value, valueTwo }, i) => {
    view.setUint32(24 * i, index, true);
    view.setUint32(24 * i + 4, OPERATORS.indexOf(op), true);
    view.setBigUint64(24 * i + 8, value, true);
    view.setBigUint64(24 * i + 16, valueTwo, true);
  });
  return bytes;
}

/** The library. */
export interface Libseccomp {
  /** The program of a filter for a machine, by its native architecture; `conflicts` are rules that were there already. */
  generate(filter: Seccomp, native: string): { program: Instruction[]; conflicts: number };
  /** A call's number; negative if there is none. */
  numberOf(name: string, architecture: string): number;
  /** Unloads it. */
  close(): void;
}

function tryOpen(): Libseccomp | string {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return "needs Linux on x86_64";
  try {
    return open();
  } catch (error) {
    return `needs libseccomp: ${(error as Error).message}`;
  }
}

function open(): Libseccomp {
  const library = Deno.dlopen("libseccomp.so.2", LIBRARY), libc = Deno.dlopen("libc.so.6", LIBC);
  const { symbols: c } = library;
  function check(result: number, what: string): void {
    if (result < 0) throw new Error(`libseccomp: ${what}: ${result}`);
  }
  function exported(context: Deno.PointerValue): Instruction[] {
    const fd = libc.symbols.memfd_create(text("filter"), 1);
    check(fd, "memfd_create");
    try {
      check(c.seccomp_export_bpf(context, fd), "exporting");
      return decodeProgram(Deno.readFileSync(`/proc/self/fd/${fd}`));
    } finally {
      libc.symbols.close(fd);
    }
  }
  /** As runc adds it; how many of its calls had such a rule. */
  function add(context: Deno.PointerValue, rule: SeccompRule, ret: number): number {
    const split = new Set(rule.args.map(({ index }) => index)).size < rule.args.length;
    let conflicts = 0;
    for (const name of rule.names) {
      const number = c.seccomp_syscall_resolve_name(text(name));
      if (number === -1) continue;
      for (const args of split ? rule.args.map((arg) => [arg]) : [rule.args]) {
        const result = c.seccomp_rule_add_array(context, ret, number, args.length, comparisons(args));
        if (result === -EEXIST) conflicts++;
        else if (result !== -EDOM) check(result, `a rule for ${name}`);
      }
    }
    return conflicts;
  }
  return {
    generate(filter, native) {
      const byDefault = returnOf(filter.defaultAction, filter.defaultErrnoRet);
      const context = c.seccomp_init(byDefault);
      try {
        let conflicts = 0;
        for (const name of new Set([native, ...filter.architectures])) {
          const result = c.seccomp_arch_add(context, TOKENS[name]!);
          if (result !== -EEXIST) check(result, `adding ${name}`);
        }
        if (native !== "SCMP_ARCH_X86_64") {
          check(c.seccomp_arch_remove(context, TOKENS.SCMP_ARCH_X86_64!), "removing");
        }
        for (const rule of filter.syscalls) {
          const ret = returnOf(rule.action, rule.errnoRet);
          if (ret !== byDefault) conflicts += add(context, rule, ret);
        }
        return { program: exported(context), conflicts };
      } finally {
        c.seccomp_release(context);
      }
    },
    numberOf: (name, architecture) => c.seccomp_syscall_resolve_name_arch(TOKENS[architecture]!, text(name)),
    close() {
      library.close();
      libc.close();
    },
  };
}

/** The library, or why it is not to be had. */
export function libseccomp(): Libseccomp | string {
  return tryOpen();
}
