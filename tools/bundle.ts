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

/** Scripts in a directory and those below it. */
async function* filesIn(directory: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) yield* filesIn(`${directory}/${name}`);
    else if (name.endsWith(".js")) yield `${directory}/${name}`;
  }
}

const fresh = `${out}.new`;
await Deno.remove(fresh, { recursive: true }).catch(() => {});
/** One program in a directory of its own: with two that share files, each has to be read in more and smaller pieces. */
async function bundle(source: string, outdir: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--minify", "--platform", "deno", "--code-splitting", "--outdir", outdir],
      ...[...external, `${root}${source}`],
    ],
    cwd: root,
  }).spawn().status;
  // deno bundle has been seen to succeed without writing anything.
  if (success && await Deno.stat(`${outdir}/main.js`).then(() => true, () => false)) return;
  console.error(`bundle: deno bundle wrote no ${outdir}/main.js`);
  Deno.exit(1);
}

await bundle("cli/main.ts", fresh);
await bundle("cli/runtime/main.ts", `${fresh}/runtime`);
// Deno reads every file that an import() names before it runs the first one: a name that it cannot see is read when it is wanted.
for await (const file of filesIn(fresh)) {
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, text.replace(/\bimport\("(\.{1,2}\/[^"]+)"\)/g, 'import(String("$1"))'));
}
// bin/umiak starts this very Deno with it, as long as it is there: no search for one, and no question of what version it has.
await Deno.writeTextFile(`${fresh}/deno`, `${Deno.execPath()}\n`);
await Deno.remove(out, { recursive: true }).catch(() => {});
await Deno.rename(fresh, out);
let bytes = 0, files = 0;
for await (const file of filesIn(out)) {
  bytes += (await Deno.stat(file)).size;
  files++;
}
console.log(`${out}: ${files} files, ${bytes} bytes`);
