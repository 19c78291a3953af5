/** Every function of WASIX with any arguments: the answer is an errno or the guest's end, never an exception of the host. @module */
import assert from "node:assert/strict";
import { O_DIRECTORY, O_NONBLOCK } from "../../fs/abi/open.ts";
import { Files } from "../../fs/testing/mod.ts";
import { TmpfsSuper } from "../../fs/tmpfs/mod.ts";
import { makePipe } from "../../fs/vfs/mod.ts";
import { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "../../runtime/abi/linux/socket.ts";
import type { Machine } from "../../runtime/sandbox/abi/machine.ts";
import type { SupportedFunction } from "../../runtime/sandbox/abi/wasi_p1/interface.ts";
import { WASI_ERRNO_NAMES } from "../../runtime/sandbox/abi/wasi_p1/errno.ts";
import { WasiProcess } from "../../runtime/sandbox/abi/wasi_p1/process.ts";
import { wasixFunctions, wasixImports } from "../../runtime/sandbox/abi/wasix/interface.ts";
import { EpollFile } from "../../runtime/sandbox/kernel/epoll.ts";
import { makeEventFile } from "../../runtime/sandbox/kernel/eventfd.ts";
import { Kernel } from "../../runtime/sandbox/kernel/kernel.ts";
import type { Task } from "../../runtime/sandbox/kernel/task.ts";
import { clone } from "../../runtime/sandbox/kernel/task_clone.ts";
import { createPair, createSocket, netOf } from "../../runtime/sandbox/net/create.ts";
import { fuzz, type Random } from "./random.ts";

const PAGE = 65536, CALLS = 150, SIGKILL = 9;
const EDGES = [0, 1, 2, 3, 4, 8, 0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffc, 0xffffffff];

/** A machine without asyncify: what needs it answers notsup. */
const MACHINE: Machine = {
  canUnwind: false,
  canJump: false,
  canFork: false,
  unwind: () => false,
  rewound: () => null,
  fork: () => assert.fail("fork without asyncify"),
  setSignalHandler: () => false,
  stackPointer: 0,
};

type Imported = (...args: (number | bigint)[]) => number | Promise<number>;

/** A process with files of several kinds under its first descriptors. */
class Guest {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly kernel = new Kernel();
  readonly task: Task;
  readonly functions: readonly (readonly [SupportedFunction, Imported])[];

  constructor() {
    const { kernel } = this;
    kernel.mountHost("/root", new TmpfsSuper({ size: 1024 * 1024, inodes: 200 }));
    const root = new Files(kernel.swapper);
    root.mkdir("/root/d");
    root.write("/root/a", "content of a");
    const parent = kernel.spawn();
    const task = this.task = clone(parent, { flags: 0 }) as Task;
    task.driven = true;
    const place = root.open("/root", O_DIRECTORY);
    task.root = task.cwd = { mount: place.mount!, dentry: place.dentry! };
    const [reader, writer] = makePipe(O_NONBLOCK);
    const pair = createPair(task, netOf(task), AF_UNIX, SOCK_STREAM, 0, O_NONBLOCK);
    const udp = createSocket(task, netOf(task), AF_INET, SOCK_DGRAM, 0, O_NONBLOCK);
    const tcp = createSocket(task, netOf(task), AF_INET, SOCK_STREAM, 0, O_NONBLOCK);
    assert.ok(typeof pair !== "number" && typeof udp !== "number" && typeof tcp !== "number");
    const event = makeEventFile(1n, false, true);
    for (
      const file of [
        reader,
        writer,
        root.open("/root/a", 2),
        place,
        ...pair,
        udp,
        tcp,
        new EpollFile(),
        event,
      ]
    ) {
      task.files.install(file);
    }
    const process = new WasiProcess(task, {
      argv: [],
      envp: [],
      preopens: [{ fd: 3, name: new TextEncoder().encode("/") }],
      anchorFd: -1,
      fillRandom: (bytes) => bytes.fill(0x5a),
    });
    process.memory.attach(this.memory);
    const functions = wasixFunctions(new Map()).filter((f) => !f.noreturn);
    const imports = wasixImports(process, MACHINE, new Map(), new Set(functions.map((f) => f.name)));
    const { promising } = WebAssembly as unknown as { promising(f: unknown): Imported };
    this.functions = functions.map((f) =>
      [f, f.blocks ? promising(imports[f.name]) : imports[f.name] as Imported] as const
    );
  }

  /** Everything is given back. */
  end(): void {
    this.task.exit(0);
    this.kernel.shutdown();
  }
}

function argument(random: Random, wide: boolean): number | bigint {
  if (wide) {
    return random.pick([
      0n,
      1n,
      5000n,
      2n ** 32n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
      BigInt(random.u32()),
    ]);
  }
  switch (random.below(5)) {
    case 0:
      return random.pick(EDGES);
    case 1:
      return PAGE - random.below(120);
    case 2:
      return random.below(PAGE);
    default:
      return random.below(random.pick([2, 14, 14, 300]));
  }
}

const NEVER = Symbol("still waiting");

async function settled(returned: Promise<number>): Promise<number | typeof NEVER> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const waiting = new Promise<typeof NEVER>((resolve) => timer = setTimeout(() => resolve(NEVER), 10));
  try {
    return await Promise.race([returned, waiting]);
  } finally {
    clearTimeout(timer);
  }
}

/** Does an error end the guest, as it must where the task is dying? */
const isTrap = (error: unknown): boolean =>
  error instanceof WebAssembly.RuntimeError && error.message === "unreachable";

async function oneCall(guest: Guest, random: Random): Promise<void> {
  const [f, call] = random.pick(guest.functions);
  const args = f.params.map((param) => argument(random, param !== "i32"));
  const said = `${f.name}(${args.join(", ")})`;
  try {
    const returned = call(...args);
    let errno = returned instanceof Promise ? await settled(returned) : returned;
    if (errno === NEVER) {
      guest.task.raise(SIGKILL);
      errno = await (returned as Promise<number>);
    }
    if (f.noresult) return assert.equal(errno, undefined, said);
    assert.ok(
      typeof errno === "number" && errno >= 0 && errno < WASI_ERRNO_NAMES.length,
      `${said} is ${String(errno)}`,
    );
  } catch (error) {
    if (!isTrap(error)) throw new Error(`${said} threw ${error}`, { cause: error });
    assert.ok(guest.task.dying, `${said} ended a guest that may live`);
  }
}

fuzz("WASIX: any arguments are answered", 60, async (random) => {
  const guest = new Guest();
  try {
    new Uint8Array(guest.memory.buffer).set(random.bytes(PAGE));
    for (let i = 0; i < CALLS && !guest.task.dying; i++) await oneCall(guest, random);
  } finally {
    guest.end();
  }
});
