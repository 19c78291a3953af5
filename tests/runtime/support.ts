/** Running `umiak-runtime` as its callers do: as a process, on bundles made for a test. @module */
import assert from "node:assert/strict";
import { V8_FLAGS } from "../../cli/runtime/self.ts";
import { repositoryFile } from "../support/umiak.ts";

/** What a process did. */
export interface Result {
  /** Exit code; 128 + the signal that ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How it is run. */
export interface CallOptions {
  /** Standard input: text, or a path that is opened. */
  readonly stdin?: string | { readonly path: string };
  /** Environment variables added to the test's own. */
  readonly env?: Record<string, string>;
}

/** A bundle of umiak-runtime in place of its sources: for slow machines. */
const BUNDLE = Deno.env.get("UMIAK_TEST_RUNTIME");

/** The words that run umiak-runtime from its sources. */
export function runtimeCommand(root: string): string[] {
  return [
    ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check", "--no-lock"],
    ...BUNDLE === undefined
      ? ["--config", repositoryFile("deno.json"), repositoryFile("cli/runtime/main.ts")]
      : ["--no-config", V8_FLAGS, BUNDLE],
    ...["--root", root],
  ];
}

/** Log lines without time and level: what they say, as it is. */
function messages(text: string): string {
  return text.replace(/^time="[^"]*" level=\w+ msg=(".*")$/gm, (_line, message) => JSON.parse(message));
}

/** Text of a file; none if its writer was killed before it opened it. */
function written(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** A directory with bundles, state, and what containers have written. */
export class Bench {
  readonly #outputs: string[] = [];
  #calls = 0;

  constructor(readonly dir: string) {}

  /** The state directory. */
  get root(): string {
    return `${this.dir}/state`;
  }

  /** Standard error of the last call, as it is. */
  get rawError(): string {
    return Deno.readTextFileSync(`${this.#outputs.at(-1)}.err`);
  }

  /** Starts umiak-runtime. Its streams are files, because containers keep those of their create. */
  spawn(
    args: readonly string[],
    options: CallOptions = {},
  ): { child: Deno.ChildProcess; result: Promise<Result> } {
    const name = `${this.dir}/call${++this.#calls}`;
    const stdin = typeof options.stdin === "object" ? options.stdin.path : `${name}.in`;
    if (typeof options.stdin !== "object") Deno.writeTextFileSync(stdin, options.stdin ?? "");
    const child = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        `exec "$@" <'${stdin}' >'${name}.out' 2>'${name}.err'`,
        "sh",
        ...runtimeCommand(this.root),
        ...args,
      ],
      ...options.env === undefined ? {} : { env: options.env },
    }).spawn();
    this.#outputs.push(name);
    const result = child.status.then(({ code }) => ({
      code,
      stdout: written(`${name}.out`),
      stderr: messages(written(`${name}.err`)),
    }));
    return { child, result };
  }

  /** Runs umiak-runtime to its end. */
  call(...args: string[]): Promise<Result> {
    return this.spawn(args).result;
  }

  /** Runs umiak-runtime, which must succeed. Its standard output. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** What the n-th call, from 1, has on standard output by now; its container writes there, too. */
  output(n: number = this.#calls): string {
    return Deno.readTextFileSync(`${this.#outputs[n - 1]}.out`);
  }

  /** How many calls there were. */
  get calls(): number {
    return this.#calls;
  }

  /** The state of a container. */
  async state(id: string): Promise<{ status: string; pid: number; exitStatus?: number }> {
    return JSON.parse(await this.ok("state", id));
  }

  /** Waits until a container is stopped. */
  async stopped(id: string): Promise<{ status: string; exitStatus?: number }> {
    for (;;) {
      const state = await this.state(id);
      if (state.status === "stopped") return state;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Makes a bundle that runs tests/guests/probe.wasm with these arguments. */
  bundle(name: string, args: readonly string[], more: Record<string, unknown> = {}): string {
    const path = `${this.dir}/${name}`;
    Deno.mkdirSync(`${path}/rootfs`, { recursive: true });
    Deno.copyFileSync(repositoryFile("tests/guests/probe.wasm"), `${path}/rootfs/probe.wasm`);
    const { process = {}, linux = {}, ...rest } = more as Record<string, Record<string, unknown>>;
    const config = {
      ociVersion: "1.3.0",
      root: { path: "rootfs" },
      process: { cwd: "/", args: ["/probe.wasm", ...args], ...process },
      linux: { namespaces: [{ type: "pid" }, { type: "mount" }, { type: "uts" }], ...linux },
      ...rest,
    };
    Deno.writeTextFileSync(`${path}/config.json`, JSON.stringify(config));
    return path;
  }
}

/** Runs `f` on a bench whose containers are gone afterwards, whatever has happened. */
export async function withBench(f: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench(await Deno.makeTempDir({ prefix: "umiak-test-" }));
  try {
    await f(bench);
  } finally {
    for (const { name } of safeList(bench.root)) await bench.call("delete", "--force", name);
    await Deno.remove(bench.dir, { recursive: true });
  }
}

function safeList(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)].filter(({ name, isDirectory }) =>
      isDirectory && !name.startsWith("~")
    );
  } catch {
    return [];
  }
}

/** Processes whose command line has a word with `text` in it; Linux only. */
export function processesWith(text: string): number[] {
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(({ name }) =>
    Number(name)
  )
    .filter((pid) => {
      try {
        return pid !== Deno.pid && Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(text);
      } catch {
        return false; // it has ended
      }
    });
}
