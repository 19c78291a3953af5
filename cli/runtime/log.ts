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

/** Writes all of a text. */
export function writeText(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

/** Writes to standard error. console.error() would load Deno's console, 1 ms of a create. */
function complain(text: string): void {
  try {
    writeText(Deno.stderr, text);
  } catch {
    // Nobody reads it.
  }
}

/** A log. */
export class Log {
  /** A log with these options. */
  constructor(readonly options: LogOptions) {}

  #write(level: string, message: string): void {
    const { path, json } = this.options;
    const text = line(level, message, json);
    if (path === undefined) complain(text);
    else {
      try {
        Deno.writeTextFileSync(path, text, { append: true });
      } catch (error) {
        complain(`${text}umiak-runtime: writing the log ${path}: ${(error as Error).message}\n`);
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
    if (this.options.path !== undefined) complain(`${message}\n`);
  }
}
