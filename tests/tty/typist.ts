/** Somebody who types at a terminal that script(1) makes. @module */
import assert from "node:assert/strict";

/** What tests with one want. */
export const TYPIST_NEEDS = { tools: ["script", "stty"], os: ["linux"] } as const;

/** Words for the shell. */
export const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");

/** A command on a terminal of its own. */
export class Typist {
  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  /** What the terminal has shown and nobody has looked at. */
  #shown = "";

  /** Runs a line of the shell. */
  constructor(command: string) {
    this.#child = new Deno.Command("script", {
      args: ["-qefc", command, "/dev/null"],
      env: { NO_COLOR: "1", TERM: "xterm", SHELL: "/bin/sh" },
      ...{ stdin: "piped", stdout: "piped", stderr: "inherit" } as const,
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Types. */
  async type(keys: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(keys));
  }

  /** Waits until the terminal has shown `text`; everything up to its end. */
  async until(text: string): Promise<string> {
    while (!this.#shown.includes(text)) {
      const { value, done } = await this.#output.read();
      if (done) {
        throw new Error(`the terminal shows no ${JSON.stringify(text)}: ${JSON.stringify(this.#shown)}`);
      }
      this.#shown += value;
    }
    const end = this.#shown.indexOf(text) + text.length;
    const seen = this.#shown.slice(0, end);
    this.#shown = this.#shown.slice(end);
    return seen;
  }

  /** Types, and expects exactly `answer`. */
  async ask(keys: string, answer: string): Promise<void> {
    await this.type(keys);
    assert.equal(await this.until(answer), answer);
  }

  /** Waits for the end; the rest of what is shown. */
  async end(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#output.read();
      if (done) break;
      this.#shown += value;
    }
    await this.#keys.close().catch(() => {});
    await this.#child.status;
    return this.#shown;
  }
}
