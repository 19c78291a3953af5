import assert from "node:assert/strict";
import type { BlobProgress } from "../image/transfer.ts";
import { Progress, type ProgressOutput } from "./progress.ts";
import { sizeText } from "./size_text.ts";

Deno.test("sizeText() has three digits or so", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "0.98 KiB"],
    [1536, "1.50 KiB"],
    [20 * 1024 ** 2, "20.0 MiB"],
    [200 * 1024 ** 3, "200 GiB"],
    [2 ** 53, "8.00 PiB"],
  ];
  for (const [bytes, text] of cases) assert.equal(sizeText(bytes), text);
});

/** What a terminal shows, understanding only the sequences that are written. */
class Screen implements ProgressOutput {
  text = "";
  time = 0;
  constructor(readonly isTerminal: boolean, readonly columns = 80, readonly rows = 24) {}
  write(text: string): void {
    this.text += text;
  }
  now(): number {
    return this.time;
  }
  size(): { columns: number; rows: number } {
    return { columns: this.columns, rows: this.rows };
  }
  get lines(): string[] {
    let lines: string[] = [];
    // deno-lint-ignore no-control-regex
    for (const [, up, line] of this.text.matchAll(/\x1b\[(\d+)A\x1b\[J|([^\x1b\n]*)\n/g)) {
      if (up !== undefined) lines = lines.slice(0, -Number(up));
      else lines.push(line!);
    }
    return lines;
  }
}

const blob =
  (digit: string, size: number, mediaType = "application/vnd.oci.image.layer.v1.tar+gzip") =>
  (state: BlobProgress["state"], bytes: number): BlobProgress => ({
    descriptor: { mediaType, digest: `sha256:${digit.repeat(64)}`, size, annotations: {} },
    state,
    bytes,
  });
const a = blob("a", 2048),
  b = blob("b", 1024 ** 2),
  c = blob("c", 10, "application/vnd.oci.image.config.v1+json");

Deno.test("Progress writes one line for each finished blob where nothing can be redrawn", () => {
  const screen = new Screen(false);
  const progress = new Progress(screen);
  progress.update(a("moving", 0));
  screen.time = 1000;
  progress.update(a("moving", 1024));
  progress.update(c("present", 10));
  progress.update(a("done", 2048));
  progress.close();
  assert.equal(
    screen.text,
    "sha256:cccccccccccc config 10 B  already there\nsha256:aaaaaaaaaaaa layer  2.00 KiB  2.00 KiB/s\n",
  );
});

Deno.test("Progress redraws a line for each blob on a terminal, and leaves those that are finished", () => {
  const screen = new Screen(true);
  const progress = new Progress(screen);
  progress.update(a("moving", 0));
  progress.update(b("moving", 0));
  screen.time = 500;
  progress.update(b("moving", 1024));
  assert.deepEqual(screen.lines, [
    "sha256:aaaaaaaaaaaa layer  0 B of 2.00 KiB  0 B/s",
    "sha256:bbbbbbbbbbbb layer  1.00 KiB of 1.00 MiB  2.00 KiB/s",
  ]);
  const before = screen.text;
  screen.time = 510;
  progress.update(b("moving", 2048));
  assert.equal(screen.text, before, "not more than ten times a second");
  screen.time = 1000;
  progress.update(a("done", 2048));
  assert.deepEqual(screen.lines, [
    "sha256:aaaaaaaaaaaa layer  2.00 KiB  2.00 KiB/s",
    "sha256:bbbbbbbbbbbb layer  2.00 KiB of 1.00 MiB  2.00 KiB/s",
  ]);
  progress.close();
  assert.deepEqual(screen.lines, ["sha256:aaaaaaaaaaaa layer  2.00 KiB  2.00 KiB/s"]);
});

Deno.test("Progress never draws more lines, or longer ones, than a terminal has", () => {
  const screen = new Screen(true, 30, 3);
  const progress = new Progress(screen);
  for (const digit of "0123456789") progress.update(blob(digit, 5000)("moving", 1));
  screen.time = 1000;
  progress.update(blob("0", 5000)("moving", 2));
  assert.equal(screen.lines.length, 2);
  for (const line of screen.lines) assert.ok(line.length < 30);
});
