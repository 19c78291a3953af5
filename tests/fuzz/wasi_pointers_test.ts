/**
 * Every preview1 function with any arguments: the answer is an errno or the guest's end, never an exception of the host; a call that
 * fails writes nothing, one that succeeds writes only where its arguments say.
 * @module
 */
import assert from "node:assert/strict";
import { makedev } from "../../fs/abi/device.ts";
import { S_IFCHR, S_IFIFO } from "../../fs/abi/mode.ts";
import { O_CREAT, O_DIRECTORY, O_NONBLOCK, O_RDWR } from "../../fs/abi/open.ts";
import { registerDevices } from "../../fs/devfs/mod.ts";
import { Files } from "../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import { makePipe } from "../../fs/vfs/mod.ts";
import { assembleShim } from "../../runtime/sandbox/abi/shim.ts";
import { WASI_ERRNO_NAMES } from "../../runtime/sandbox/abi/wasi_p1/errno.ts";
import {
  functionsOf,
  PREVIEW1,
  wasiImports,
  type WasiModuleName,
} from "../../runtime/sandbox/abi/wasi_p1/interface.ts";
import { WasiProcess } from "../../runtime/sandbox/abi/wasi_p1/process.ts";
import { FdTable } from "../../runtime/sandbox/kernel/fd_table.ts";
import { Kernel } from "../../runtime/sandbox/kernel/kernel.ts";
import { Task } from "../../runtime/sandbox/kernel/task.ts";
import { AF_UNIX, SOCK_STREAM } from "../../runtime/abi/linux/socket.ts";
import { createPair, netOf } from "../../runtime/sandbox/net/create.ts";
import { type Kind, type Lists, type Range, SIGNATURES } from "./preview1.ts";
import { fuzz, type Random } from "./random.ts";

const PAGE = 65536;
const CALLS = 150;
/** Limits of the guest's filesystem: what it can make the host hold. */
const SIZE = 1024 * 1024, INODES = 200;

const encoder = new TextEncoder();
const PATHS = [
  "a",
  "b",
  "d",
  "d/a",
  "d/b",
  "l",
  "dl",
  "dl/",
  "dang",
  "up",
  ".",
  "..",
  "/",
  "/a",
  "d/../a",
  "a/",
  "fifo",
  "",
  "null",
];
const ARGS = ["program", "", "ü"].map((arg) => encoder.encode(arg));
const ENVIRON = ["A=1"].map((entry) => encoder.encode(entry));
const size = (list: readonly Uint8Array[]): number => list.reduce((sum, item) => sum + item.length + 1, 0);

type Imported = (...args: (number | bigint)[]) => number | Promise<number>;

/** A process with files of every kind under its first descriptors. */
class Guest {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly kernel = new Kernel();
  readonly sb = new TmpfsSuper({ size: SIZE, inodes: INODES });
  readonly task: Task;
  readonly functions: ReadonlyMap<string, Imported>;
  readonly lists: Lists;

  constructor(readonly module: WasiModuleName) {
    const { kernel } = this;
    registerDevices(kernel.vfs.devices, { fillRandom: () => {} });
    kernel.mountHost("/root", this.sb);
    const root = new Files(kernel.swapper);
    root.mkdir("/root/d");
    root.write("/root/a", "content of a");
    root.write("/root/d/a", "x".repeat(5000));
    root.symlink("a", "/root/l");
    root.symlink("d", "/root/dl");
    root.symlink("none", "/root/dang");
    root.symlink("../../a", "/root/d/up");
    root.mknod("/root/fifo", S_IFIFO | 0o666);
    root.mknod("/root/null", S_IFCHR | 0o666, makedev(1, 3));
    root.mknod("/root/zero", S_IFCHR | 0o666, makedev(1, 5));
    const place = root.open("/root", O_DIRECTORY);
    const files = new FdTable(40);
    const at = { mount: place.mount!, dentry: place.dentry! };
    this.task = new Task(kernel, {
      parent: kernel.swapper,
      nsproxy: kernel.initial,
      root: at,
      cwd: at,
      umask: 0o022,
      cred: kernel.swapper.cred,
      files,
    });
    const [reader, writer] = makePipe(O_NONBLOCK);
    const pair = createPair(this.task, netOf(this.task), AF_UNIX, SOCK_STREAM, 0, O_NONBLOCK);
    assert.ok(typeof pair !== "number", String(pair));
    const [one, two] = pair;
    for (
      const file of [
        root.open("/root/zero", O_RDWR),
        root.open("/root/null", O_RDWR),
        root.open("/root/a", O_RDWR),
        place,
        reader,
        writer,
        one,
        two,
        root.open("/root/d/a", O_RDWR | O_CREAT),
        root.open("/root/d", O_DIRECTORY),
      ]
    ) files.install(file);
    const process = new WasiProcess(this.task, {
      argv: ARGS,
      envp: ENVIRON,
      preopens: [{ fd: 3, name: encoder.encode("/") }],
      anchorFd: -1,
      fillRandom: (bytes) => bytes.fill(0x5a),
    });
    process.memory.attach(this.memory);
    this.lists = {
      args: [ARGS.length, size(ARGS)],
      environ: [ENVIRON.length, size(ENVIRON)],
      filestat: module === "wasi_unstable" ? 56 : 64,
    };
    const imports = wasiImports(process, module);
    const { promising } = WebAssembly as unknown as { promising(f: unknown): Imported };
    this.functions = new Map(
      functionsOf(module).filter((f) => !f.noreturn).map((f) =>
        [f.name, f.blocks ? promising(imports[f.name]) : imports[f.name] as Imported] as const
      ),
    );
  }

  /** Everything is given back. */
  end(): void {
    if (this.task.exitStatus === null || !this.task.dying) this.task.exit(0);
    else this.task.files.closeAll();
    this.kernel.shutdown();
  }
}

const EDGES = [0, 1, 2, 3, 4, 8, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffc, 0xffffffff];

function pointer(random: Random): number {
  switch (random.below(6)) {
    case 0:
      return random.pick(EDGES);
    case 1:
      return PAGE - random.below(70);
    case 2:
      return random.u32();
    default:
      return random.below(PAGE);
  }
}

const length = (random: Random): number =>
  random.oneIn(8) ? random.pick([...EDGES, PAGE, PAGE + 1, random.u32()]) : random.below(400);

function wide(random: Random): bigint {
  switch (random.below(4)) {
    case 0:
      return random.pick([
        0n,
        1n,
        2n ** 31n,
        2n ** 32n,
        2n ** 53n,
        2n ** 62n,
        2n ** 63n,
        2n ** 64n - 1n,
        0x3fffffffn,
      ]);
    case 1:
      return BigInt(random.u32()) << 32n | BigInt(random.u32());
    default:
      return BigInt(random.below(6000));
  }
}

/** Arguments of one kind; what they point to is put in memory. */
function argumentsOf(kind: Kind, random: Random, view: DataView): (number | bigint)[] {
  switch (kind) {
    case "fd":
      return [random.oneIn(8) ? random.pick(EDGES) : random.below(14)];
    case "dir":
      return [random.oneIn(6) ? random.below(14) : random.pick([3, 9])];
    case "ptr":
      return [pointer(random)];
    case "strings":
      return [pointer(random), pointer(random)];
    case "buffer":
      return [pointer(random), length(random)];
    case "x":
      return [wide(random)];
    case "n":
      return [random.oneIn(8) ? random.pick(EDGES) : random.below(random.pick([2, 2, 9]))];
    case "path": {
      if (random.oneIn(4)) return [pointer(random), length(random)];
      const bytes = encoder.encode(random.pick(PATHS));
      const at = random.below(PAGE - 20);
      new Uint8Array(view.buffer).set(bytes, at);
      return [at, bytes.length];
    }
    case "iovs": {
      const count = random.below(5), at = random.below(PAGE - 40);
      for (let i = 0; i < count; i++) {
        view.setUint32(at + i * 8, pointer(random), true);
        view.setUint32(at + i * 8 + 4, length(random), true);
      }
      return random.oneIn(6) ? [pointer(random), length(random)] : [at, count];
    }
    case "subs": {
      const count = 1 + random.below(3), at = random.below(PAGE - 200);
      for (let i = 0; i < count; i++) {
        const s = at + i * 48;
        view.setUint8(s + 8, random.below(4));
        view.setUint32(s + 16, random.below(14), true);
        view.setUint32(s + 20, 0, true);
        view.setBigUint64(s + 24, random.oneIn(3) ? wide(random) : 0n, true);
        view.setUint16(s + 40, random.below(3), true);
      }
      return random.oneIn(6)
        ? [pointer(random), pointer(random), length(random)]
        : [at, pointer(random), count];
    }
  }
}

/** The iovecs of an array, as they are before the call. */
function iovecs(view: DataView, at: number, count: number): Range[] {
  const ranges: Range[] = [];
  for (let i = 0; i < count && at + i * 8 + 8 <= PAGE; i++) {
    ranges.push([view.getUint32(at + i * 8, true), view.getUint32(at + i * 8 + 4, true)]);
  }
  return ranges;
}

const NEVER = Symbol("still waiting");

/** The result of a call: an errno, "trap" when it ended the guest, NEVER when it waits. */
async function result(call: () => number | Promise<number>): Promise<number | "trap" | typeof NEVER> {
  try {
    const returned = call();
    if (typeof returned === "number") return returned;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waiting = new Promise<typeof NEVER>((resolve) => timer = setTimeout(() => resolve(NEVER), 20));
    try {
      return await Promise.race([returned, waiting]);
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError && error.message === "unreachable") return "trap";
    throw error;
  }
}

/** One call; false when the guest is at its end. */
async function oneCall(guest: Guest, random: Random): Promise<boolean> {
  const { buffer } = guest.memory;
  const view = new DataView(buffer), bytes = new Uint8Array(buffer);
  let name = random.pick([...guest.functions.keys()]);
  if (name === "proc_raise" && !random.oneIn(5)) name = "path_open"; // most signals are the guest's end
  const { kinds, writes, fills } = SIGNATURES[name]!;
  const args = kinds.flatMap((kind) => argumentsOf(kind, random, view));
  const numbers = args.map((arg) => typeof arg === "bigint" ? -1 : arg >>> 0);
  const said = `${name}(${args.join(", ")})`;
  const allowed = [
    ...writes(numbers, guest.lists),
    ...(fills === undefined ? [] : iovecs(view, numbers[fills]!, numbers[fills + 1]!)),
  ];
  const before = bytes.slice();
  let pending: Promise<number> | undefined;
  const errno = await result(() => {
    const returned = guest.functions.get(name)!(...args);
    if (typeof returned !== "number") (pending = returned).catch(() => {});
    return returned;
  }).catch((error) => {
    throw new Error(`${said} threw ${error}`, { cause: error });
  });
  if (errno === NEVER) {
    // It waits, as it may. A signal ends it, and the guest.
    guest.task.raise(9);
    assert.equal(await result(() => pending!), "trap", said);
  } else if (errno !== "trap") {
    assert.ok(
      Number.isInteger(errno) && errno >= 0 && errno < WASI_ERRNO_NAMES.length,
      `${said} is ${errno}`,
    );
  } else assert.ok(guest.task.dying, `${said} ended a guest that may live`);
  for (let at = 0; at < PAGE; at++) {
    if (bytes[at] === before[at]) continue;
    const inside = errno === 0 && allowed.some(([start, n]) => at >= start && at < start + n);
    assert.ok(inside, `${said} is ${String(errno)} and wrote at ${at}`);
  }
  return !guest.task.dying;
}

for (const module of ["wasi_snapshot_preview1", "wasi_unstable"] as const) {
  fuzz(
    `${module}: any arguments are answered, and memory is written only where they say`,
    80,
    async (random) => {
      const guest = new Guest(module);
      try {
        new Uint8Array(guest.memory.buffer).set(random.bytes(2000), random.below(PAGE - 2000));
        for (let i = 0; i < CALLS && await oneCall(guest, random); i++);
        assert.ok(guest.sb.usedBytes <= SIZE && guest.sb.usedInodes <= INODES);
      } finally {
        guest.end();
      }
      // Whatever it did, the kernel is well, and what was outside of its root is as it was.
      assert.equal(guest.task.files.list().length, 0);
    },
  );
}

Deno.test("the table of this test has every function, with as many parameters as the guest's import", () => {
  const shim = new WebAssembly.Instance(
    new WebAssembly.Module(assembleShim(PREVIEW1)),
    {
      host: { attend: () => 0, attention: new WebAssembly.Global({ value: "i32", mutable: true }, 0) },
      plain: new Proxy({}, { get: () => () => 0 }),
      blocking: new Proxy({}, { get: () => () => 0 }),
    },
  );
  for (const { name, noreturn } of PREVIEW1) {
    if (noreturn) continue;
    const wide = { path: 2, iovs: 2, buffer: 2, strings: 2, subs: 3 } as Partial<Record<Kind, number>>;
    const count = SIGNATURES[name]!.kinds.reduce((sum, kind) => sum + (wide[kind] ?? 1), 0);
    assert.equal((shim.exports[name] as (...args: unknown[]) => unknown).length, count, name);
  }
  assert.equal(Object.keys(SIGNATURES).length, PREVIEW1.length - 1);
});
