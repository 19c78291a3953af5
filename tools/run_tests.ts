/**
 * `deno task test`: all tests, the reasons of those that were skipped, and as the last line `N passed, N failed`. Arguments are
 * passed on to `deno test`.
 * @module
 */

/** Folders with tests. A file called test.ts in one of them would be taken for a test: this one is not. */
const ROOTS = ["fs", "json", "image", "runtime", "cli", "tests", "tools"];

/** Passes a stream on and hands every line to `each`. */
async function relay(
  from: ReadableStream<Uint8Array>,
  to: typeof Deno.stdout,
  each: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of from) {
    for (let at = 0; at < chunk.length;) at += to.writeSync(chunk.subarray(at));
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    // deno-lint-ignore no-control-regex
    for (const line of lines) each(line.replace(/\x1b\[[0-9;]*m/g, ""));
  }
  if (rest !== "") each(rest);
}

const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "--allow-all", "--no-check", "--parallel", ...(Deno.args.length > 0 ? Deno.args : ROOTS)],
  stdout: "piped",
  stderr: "piped",
  env: { NO_COLOR: "1" },
}).spawn();

const skipped = new Set<string>();
let passed = 0, failed = 0, summary = false;
const onLine = (line: string): void => {
  const skip = /^skipped: (.*)$/.exec(line);
  if (skip !== null) skipped.add(skip[1]!);
  const counts = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/.exec(line);
  if (counts === null) return;
  summary = true;
  passed += Number(counts[1]);
  failed += Number(counts[2]);
};
await Promise.all([relay(child.stdout, Deno.stdout, onLine), relay(child.stderr, Deno.stderr, onLine)]);
const { success } = await child.status;
// A file that does not even load is a failure that deno's figures do not count.
if (!summary || (!success && failed === 0)) failed++;
for (const reason of [...skipped].sort()) console.log(`skipped: ${reason}`);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
