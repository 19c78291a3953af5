/** System calls of this process: a library of our own, loaded from a memfd. One function makes a call, one runs a table of them. @module */
import { libraryFile } from "../asm/elf.ts";
import { type Machine, MACHINES } from "../asm/machine.ts";
import { syscallNumber, type SyscallNumberName } from "../../abi/linux/syscall_numbers.ts";
import { errnoText } from "../../../fs/abi/errno_text.ts";
import { nameToBytes } from "../../../fs/abi/name.ts";

const MFD_CLOEXEC = 1, MFD_NOEXEC_SEAL = 8;
const CALL = { parameters: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i64" } as const;
const SYMBOLS = {
  sys: CALL,
  run: { parameters: ["buffer", "buffer"], result: "i64" },
  blocking: { ...CALL, name: "sys", nonblocking: true },
} as const;

/** What a system call takes: a number, the address of bytes, or of a string. */
export type Argument = number | bigint | string | Uint8Array<ArrayBuffer>;

/** The machine that this is. Throws where containers cannot be run natively. */
export function thisMachine(): Machine {
  if (Deno.build.os !== "linux") {
    throw new Error(`native containers need Linux, and this is ${Deno.build.os}`);
  }
  return MACHINES[Deno.build.arch];
}

/** The library as a file: in memory, and not to be executed by itself, which some systems want said (sysctl vm.memfd_noexec). */
function libraryDescriptor(
  libc: (nr: bigint, bytes: Uint8Array<ArrayBuffer>, flags: bigint) => bigint,
  nr: bigint,
): bigint {
  const name = new TextEncoder().encode("umiak\0");
  const fd = libc(nr, name, BigInt(MFD_CLOEXEC | MFD_NOEXEC_SEAL));
  return fd < 0n ? libc(nr, name, BigInt(MFD_CLOEXEC)) : fd; // before Linux 6.3
}

function load(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  const machine = thisMachine();
  const libc = Deno.dlopen("libc.so.6", {
    syscall: { parameters: ["i64", "buffer", "i64"], result: "i64" },
  });
  try {
    const nr = syscallNumber("memfd_create", machine.architecture);
    const fd = libraryDescriptor(libc.symbols.syscall, BigInt(nr));
    if (fd < 0n) throw new Error("loading the library of system calls: memfd_create failed");
    const path = `/proc/self/fd/${fd}`;
    Deno.writeFileSync(path, libraryFile(machine), { create: false });
    const library = Deno.dlopen(path, SYMBOLS).symbols;
    library.sys(BigInt(syscallNumber("close", machine.architecture)), fd, 0n, 0n, 0n, 0n, 0n);
    return library;
  } finally {
    libc.close();
  }
}

let symbols: ReturnType<typeof load> | undefined;

/** Where bytes are in memory: as long as somebody refers to them. */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return bytes.length === 0 ? 0n : BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

type Words = [bigint, bigint, bigint, bigint, bigint, bigint];

/** The arguments as numbers. What they point to is added to `held`, and must be kept until the call has returned. */
function wordsOf(args: readonly Argument[], held: Uint8Array<ArrayBuffer>[]): Words {
  const words: Words = [0n, 0n, 0n, 0n, 0n, 0n];
  args.forEach((arg, i) => {
    if (typeof arg === "bigint" || typeof arg === "number") words[i] = BigInt(arg);
    else {
      const bytes = typeof arg === "string" ? nameToBytes(`${arg}\0`) : arg;
      held.push(bytes);
      words[i] = addressOf(bytes);
    }
  });
  return words;
}

/** Makes a system call. Its result, or a negative errno. */
export function sys(name: SyscallNumberName, ...args: Argument[]): number {
  symbols ??= load();
  const held: Uint8Array<ArrayBuffer>[] = [];
  const words = wordsOf(args, held);
  const result = Number(symbols.sys(BigInt(syscallNumber(name, thisMachine().architecture)), ...words));
  return held.length < 0 ? 0 : result; // what has been pointed to is there until now
}

/** Makes a system call that may take long, on another thread. Its result, or a negative errno. */
export async function sysBlocking(name: SyscallNumberName, ...args: Argument[]): Promise<number> {
  symbols ??= load();
  const held: Uint8Array<ArrayBuffer>[] = [];
  const words = wordsOf(args, held);
  const nr = BigInt(syscallNumber(name, thisMachine().architecture));
  const result = Number(await symbols.blocking(nr, ...words));
  return held.length < 0 ? 0 : result;
}

/** Runs a table that has been placed. What its RET says. */
export function runTable(table: Uint8Array<ArrayBuffer>, slots: Uint8Array<ArrayBuffer>): number {
  symbols ??= load();
  return Number(symbols.run(table, slots));
}

/** A system call's result; throws an Error that says what was being done if it is an errno. */
export function must(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: ${errnoText(-result)}`);
  return result;
}
