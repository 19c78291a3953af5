/** `deno task bundle`: the command line as one minified file, which starts faster than its sources. @module */

const root = new URL("..", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");
const out = `${root}dist/umiak.js`;
// Packages stay outside: they are loaded by the few commands that want them.
const external = ["@wasmer/wasi", "fflate", "memfs"].flatMap((name) => ["--external", name]);

await Deno.mkdir(`${root}dist`, { recursive: true });
const { success } = await new Deno.Command(Deno.execPath(), {
  args: [
    "bundle",
    "--quiet",
    "--minify",
    "--platform",
    "deno",
    "-o",
    `${out}.new`,
    ...external,
    `${root}cli/main.ts`,
  ],
}).spawn().status;
if (!success) Deno.exit(1);
await Deno.rename(`${out}.new`, out);
console.log(`${out}: ${(await Deno.stat(out)).size} bytes`);
