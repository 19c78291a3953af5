/** The log of a runtime, as callers of runtimes read it: a line for each entry, JSON or logrus's text. @module */

/** How is written. */
export interface LogOptions {
  /** File that is appended to; standard error without one. */
  readonly path: string | undefined;
  /** JSON lines. */
  readonly json: boolean;
  /** More is written. */
  readonly debug: boolean;
}

function line(level: string, message: string, json: boolean): string {
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return json
    ? `${JSON.stringify({ level, msg: message, time })}\n`
    : `time=${JSON.stringify(time)} level=${level} msg=${JSON.stringify(message)}\n`;
}

/** A log. */
export class Log {
  /** A log with these options. */
  constructor(readonly options: LogOptions) {}

  #write(level: string, message: string): void {
    const { path, json } = this.options;
    const text = line(level, message, json);
    if (path === undefined) console.error(text.trimEnd());
    else {
      try {
        Deno.writeTextFileSync(path, text, { append: true });
      } catch (error) {
        console.error(`${text}umiak-runtime: writing the log ${path}: ${(error as Error).message}`);
      }
    }
  }

  /** Something that does not stop what is being done. */
  readonly warn: (message: string) => void = (message) => this.#write("warning", message);

  /** What is only of use to those who look for something. */
  readonly note: (message: string) => void = (message) => {
    if (this.options.debug) this.#write("debug", message);
  };

  /** Why it was not done: in the log, and on standard error for people. */
  error(message: string): void {
    this.#write("error", message);
    if (this.options.path !== undefined) console.error(message);
  }
}
