/** How far blobs have come, on standard error: a line each, redrawn on a terminal, one when it is finished elsewhere. @module */
import { compressionOf } from "../image/layer/compression.ts";
import type { BlobProgress } from "../image/transfer.ts";
import { sizeText } from "./size_text.ts";

/** Where lines go. */
export interface ProgressOutput {
  /** It is a terminal, whose lines can be drawn again. */
  readonly isTerminal: boolean;
  /** Writes text. */
  write(text: string): void;
  /** Milliseconds, from any beginning. */
  now(): number;
  /** Columns and rows of the terminal. */
  size(): { readonly columns: number; readonly rows: number };
}

/** Milliseconds between two drawings. */
const REDRAW_MS = 100;

/** A blob on its way. */
interface Moving {
  readonly began: number;
  readonly from: number;
  last: BlobProgress;
}

function label({ descriptor: { digest, mediaType } }: BlobProgress): string {
  const [algorithm = "", encoded = ""] = digest.split(":");
  const kind = compressionOf(mediaType) !== undefined
    ? "layer"
    : /config/.test(mediaType)
    ? "config"
    : "blob";
  return `${algorithm}:${encoded.slice(0, 12)} ${kind.padEnd(6)}`;
}

/** See the module's comment. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #moving = new Map<string, Moving>();
  readonly #finished: string[] = [];
  #drawn = 0;
  #lastDrawn = -Infinity;

  /** Writes to `output`. */
  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Takes news of a blob. */
  update(progress: BlobProgress): void {
    const { digest } = progress.descriptor;
    const known = this.#moving.get(digest);
    if (progress.state === "moving") {
      const { bytes } = progress;
      if (known === undefined) {
        this.#moving.set(digest, { began: this.#output.now(), from: bytes, last: progress });
      } else known.last = progress;
    } else {
      const speed = known === undefined ? "" : `  ${this.#rate(known, progress.bytes)}`;
      this.#finished.push(
        `${label(progress)} ${sizeText(progress.descriptor.size)}${
          progress.state === "present" ? "  already there" : speed
        }`,
      );
      this.#moving.delete(digest);
    }
    if (this.#output.isTerminal) this.#draw(progress.state !== "moving");
    else this.#writeFinished();
  }

  #rate({ began, from }: Moving, bytes: number): string {
    const seconds = (this.#output.now() - began) / 1000;
    return seconds > 0 ? `${sizeText((bytes - from) / seconds)}/s` : "";
  }

  #writeFinished(): void {
    for (const line of this.#finished.splice(0)) this.#output.write(`${line}\n`);
  }

  #draw(now: boolean): void {
    const time = this.#output.now();
    if (!now && time - this.#lastDrawn < REDRAW_MS) return;
    this.#lastDrawn = time;
    this.#erase();
    this.#writeFinished();
    const { columns, rows } = this.#output.size();
    const lines = [...this.#moving.values()].slice(0, Math.max(1, rows - 1)).map((moving) => {
      const { last } = moving;
      const done = `${sizeText(last.bytes)} of ${sizeText(last.descriptor.size)}`;
      return `${label(last)} ${done}  ${this.#rate(moving, last.bytes)}`.slice(0, columns - 1);
    });
    this.#drawn = lines.length;
    if (lines.length > 0) this.#output.write(`${lines.join("\n")}\n`);
  }

  #erase(): void {
    if (this.#drawn > 0) this.#output.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }

  /** Nothing more will come: what is unfinished is no longer shown. */
  close(): void {
    if (this.#output.isTerminal) this.#erase();
    this.#writeFinished();
  }
}

/** Standard error as the place for progress. */
export function standardError(): ProgressOutput {
  return {
    isTerminal: Deno.stderr.isTerminal(),
    write: (text) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
    },
    now: () => performance.now(),
    size: () => {
      try {
        return Deno.consoleSize();
      } catch {
        return { columns: 80, rows: 24 }; // standard output is no terminal
      }
    },
  };
}
