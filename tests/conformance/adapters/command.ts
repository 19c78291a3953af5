/** Cases on a runtime with runc's command line. @module */
import { fill, mergePatch } from "../bundle.ts";
import { disagreement } from "../judge.ts";
import { interpret } from "../report.ts";
import type { Case, Expectation, Result, Step } from "../types.ts";
import { fail, PASS } from "./adapter.ts";

/** After this long an operation hangs. */
const PATIENCE_MS = 20_000;

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One container of a case, by the operations of a command. */
export class CommandRun {
  #calls = 0;
  #last: Answer = { code: 0, stdout: "", stderr: "" };
  readonly #made = new Set<string>();

  /** `command` are the words of the runtime with its global options; `host` is what "$host." stands for. */
  constructor(
    readonly command: readonly string[],
    readonly dir: string,
    readonly id: string,
    readonly names: Readonly<Record<string, string>>,
    readonly host: unknown,
  ) {}

  /** Where the container's output is. */
  get output(): string {
    return `${this.dir}/container.out`;
  }

  /** Runs an operation. What makes containers writes its streams to files, which the container keeps. */
  async call(
    verb: string,
    options: readonly string[] = [],
    args: readonly string[] = [],
    suffix = "",
  ): Promise<Answer> {
    const making = verb === "create" || verb === "run";
    const id = this.id + suffix;
    if (making) this.#made.add(id);
    const out = making ? this.output : `${this.dir}/call${++this.#calls}`;
    const words = [...this.command, verb, ...making ? ["--bundle", this.dir] : [], ...options, id, ...args];
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", `exec "$@" </dev/null >>'${out}' 2>'${out}.err'`, "sh", ...words],
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const { code } = await child.status;
    clearTimeout(timer);
    return this.#last = {
      code,
      stdout: await Deno.readTextFile(out),
      stderr: (await Deno.readTextFile(`${out}.err`)).trim(),
    };
  }

  /** Takes every container away. */
  async clean(): Promise<void> {
    for (const id of this.#made) await this.call("delete", ["--force"], [], id.slice(this.id.length));
  }

  async #status(): Promise<string> {
    const { code, stdout } = await this.call("state");
    return code === 0 ? JSON.parse(stdout).status : "none";
  }

  async #until(status: string): Promise<string | undefined> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const now = await this.#status();
      if (now === status) return undefined;
      if (performance.now() > end) return `it is ${now}, and did not become ${status}`;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #judge(value: unknown, expectations: readonly Expectation[]): string | undefined {
    return disagreement(value, fill(expectations, this.names), this.host);
  }

  #judgeReport(expectations: readonly Expectation[], code: number): string | undefined {
    const text = Deno.readTextFileSync(this.output);
    if (text.trim() === "") return `no report: exit code ${code}: ${this.#last.stderr}`;
    return this.#judge({ ...interpret(text.trim().split("\n")[0]!), exit: code }, expectations);
  }

  #judgeFile(path: string, expectations: readonly Expectation[]): string | undefined {
    let text: string | undefined;
    try {
      text = Deno.readTextFileSync(`${this.dir}/${path}`);
    } catch {
      // There is none, which may be right.
    }
    const lines = text?.split("\n").filter((line) => line !== "");
    const json = lines?.map((line) => {
      try {
        return JSON.parse(line);
      } catch {
        return line;
      }
    });
    return this.#judge(text === undefined ? {} : { text, lines, json }, expectations);
  }

  /** Takes a step. Why it did not go as it must. */
  async step(step: Step): Promise<string | undefined> {
    if ("until" in step) return await this.#until(step.until);
    if ("report" in step) return this.#judgeReport(step.report, this.#last.code);
    if ("file" in step) return this.#judgeFile(step.file, step.expect);
    if ("change" in step) {
      const path = `${this.dir}/config.json`;
      const changed = mergePatch(JSON.parse(await Deno.readTextFile(path)), step.change);
      await Deno.writeTextFile(path, JSON.stringify(changed));
      return undefined;
    }
    const { code, stdout, stderr } = await this.call(
      step.verb,
      step.options,
      fill(step.args ?? [], this.names),
      step.of,
    );
    if (step.fails) return code === 0 ? `${step.verb} did not fail` : undefined;
    if (code !== (step.code ?? 0)) return `${step.verb}: exit code ${code}: ${stderr}`;
    if (step.expect === undefined) return undefined;
    return this.#judge(step.verb === "exec" ? interpret(stdout) : JSON.parse(stdout), step.expect);
  }

  async #refused(): Promise<Result> {
    const { code, stderr } = await this.call("create");
    if (code === 0) return fail("it was created");
    const { code: left } = await this.call("state");
    return left === 0 ? fail(`create failed (${stderr}), but there is a container`) : PASS;
  }

  /** Runs a case. */
  async run(test: Case): Promise<Result> {
    if (test.fails === "create") return await this.#refused();
    if (test.steps !== undefined) {
      for (const [i, step] of test.steps.entries()) {
        const why = await this.step(step);
        if (why !== undefined) return fail(`step ${i + 1}: ${why}`);
      }
      return PASS;
    }
    const { code, stdout, stderr } = await this.call("run");
    if (test.fails === "start") return stdout === "" && code !== 0 ? PASS : fail("its program ran");
    if (test.mayFail && code !== 0 && stdout === "") return PASS;
    if (stdout.trim() === "") return fail(`run: exit code ${code}: ${stderr}`);
    const why = this.#judgeReport(test.expect ?? [], code);
    return why === undefined ? PASS : fail(why);
  }
}
