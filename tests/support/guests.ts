/** Guests in a kernel of their own, without an image: what tests of the kernel's personalities run. @module */
import assert from "node:assert/strict";
import { bytesToName } from "../../fs/abi/name.ts";
import { O_CREAT, O_WRONLY } from "../../fs/abi/open.ts";
import { makePipe, mkdirAt, openAt, parsePath, type PathName } from "../../fs/vfs/mod.ts";
import type { OpenFile } from "../../fs/vfs/open_file.ts";
import { tmpfsType } from "../../fs/mod.ts";
import { Ticker } from "../../runtime/sandbox/exec/interrupt/ticker.ts";
import { WasmFormat } from "../../runtime/sandbox/exec/wasm_format.ts";
import { execve } from "../../runtime/sandbox/kernel/execve.ts";
import { Kernel } from "../../runtime/sandbox/kernel/kernel.ts";
import type { Task } from "../../runtime/sandbox/kernel/task.ts";
import { clone } from "../../runtime/sandbox/kernel/task_clone.ts";
import { runTask } from "../../runtime/sandbox/kernel/task_run.ts";

/** How a kernel for tests is made. */
export interface GuestKernelOptions {
  /** Files at absolute paths; parents are made. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Guests are interruptible. */
  readonly interruptible?: boolean;
}

/** What has come out of a guest. */
export interface GuestResult {
  /** Wait status. */
  readonly status: number;
  /** Standard output. */
  readonly stdout: string;
  /** Standard error. */
  readonly stderr: string;
}

/** A process of a guest kernel. */
export interface RunningGuest {
  /** The task. */
  readonly task: Task;
  /** Resolves at its end. */
  readonly ended: Promise<GuestResult>;
}

const name = (path: string): PathName => parsePath(path) as PathName;

/** See the module's comment. */
export class GuestKernel implements AsyncDisposable {
  /** The kernel. */
  readonly kernel: Kernel;
  /** Its first process, which does nothing: parent of the others. */
  readonly init: Task;
  readonly #ticker: Ticker | undefined;
  /** Reasons of guests that trapped. */
  readonly traps: string[] = [];

  /** A kernel with files. */
  constructor({ files, interruptible = false }: GuestKernelOptions) {
    this.#ticker = interruptible ? new Ticker() : undefined;
    const fillRandom = (bytes: Uint8Array): void => void bytes.fill(4);
    const diagnose = (message: string): void => void this.traps.push(message);
    this.kernel = new Kernel({ formats: [new WasmFormat({ fillRandom, diagnose, ticker: this.#ticker })] });
    this.kernel.vfs.filesystems.set("tmpfs", tmpfsType);
    this.init = this.kernel.spawn();
    for (const [path, bytes] of Object.entries(files)) this.write(path, bytes);
  }

  /** Makes a file. */
  write(path: string, bytes: Uint8Array): void {
    path.split("/").slice(1, -1).reduce((parent, part) => {
      mkdirAt(this.init, null, name(`${parent}/${part}`), 0o755);
      return `${parent}/${part}`;
    }, "");
    const file = openAt(this.init, null, name(path), O_CREAT | O_WRONLY, 0o755);
    assert.ok(typeof file !== "number", `${path}: errno ${file}`);
    assert.equal(file.write(bytes, 0, bytes.length), bytes.length);
    file.close();
    // An hour old: settled, as files of an image are.
    file.inode.ctimeSec -= 3600;
  }

  /** Starts a program with standard input at its end. */
  async start(argv: readonly string[], env: readonly string[] = []): Promise<RunningGuest> {
    const task = clone(this.init, { flags: 0 });
    assert.ok(typeof task !== "number");
    const [[input, none], [out, stdout], [err, stderr]] = [makePipe(), makePipe(), makePipe()];
    none.close();
    for (const file of [input, stdout, stderr]) task.files.install(file);
    const image = await execve(task, argv[0]!, argv, env);
    assert.ok(typeof image !== "number", `${argv[0]}: errno ${-image} ${task.execMessage}`);
    const ended = Promise.all([runTask(task, image), this.#drain(out), this.#drain(err)])
      .then(([status, stdout, stderr]) => ({ status, stdout, stderr }));
    return { task, ended };
  }

  /** Runs a program to its end. */
  async run(argv: readonly string[], env: readonly string[] = []): Promise<GuestResult> {
    return await (await this.start(argv, env)).ended;
  }

  async #drain(file: OpenFile): Promise<string> {
    const bytes = new Uint8Array(65536);
    let text = "";
    for (;;) {
      const n = file.read(bytes, 0, bytes.length);
      if (n === 0) break;
      if (n > 0) text += bytesToName(bytes.subarray(0, n));
      else await this.init.block(file, -1);
    }
    file.close();
    return text;
  }

  /** Gives everything back. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ticker?.close();
    this.kernel.shutdown();
    return Promise.resolve();
  }
}
