/**
 * `deno task bundle [DIR]`: the command line as minified files, which start faster than its sources. Code that only some commands need is
 * in files of its own: one single file is slower than the sources, because all of it is compiled at every start (docs/RATIONALE.md).
 * @module
 */

const root = new URL("..", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");
const out = Deno.args[0] ?? `${root}dist/umiak`;
// Packages stay outside: they are loaded by the few commands that want them.
const external = ["@wasmer/wasi", "bcryptjs", "effect/*", "fflate", "memfs"].map((name) =>
  `--external=${name}`
);

const fresh = `${out}.new`;
await Deno.remove(fresh, { recursive: true }).catch(() => {});
const { success } = await new Deno.Command(Deno.execPath(), {
  args: [
    "bundle",
    "--quiet",
    "--minify",
    "--platform",
    "deno",
    "--code-splitting",
    "--outdir",
    fresh,
    ...external,
    `${root}cli/main.ts`,
  ],
  cwd: root,
}).spawn().status;
// deno bundle has been seen to succeed without writing anything.
if (!success || !await Deno.stat(`${fresh}/main.js`).then(() => true, () => false)) {
  console.error("bundle: deno bundle wrote no main.js");
  Deno.exit(1);
}
// bin/umiak starts this very Deno with it, as long as it is there: no search for one, and no question of what version it has.
await Deno.writeTextFile(`${fresh}/deno`, `${Deno.execPath()}\n`);
await Deno.remove(out, { recursive: true }).catch(() => {});
await Deno.rename(fresh, out);
let bytes = 0, files = 0;
for await (const { name } of Deno.readDir(out)) {
  bytes += (await Deno.stat(`${out}/${name}`)).size;
  files++;
}
console.log(`${out}: ${files} files, ${bytes} bytes`);
