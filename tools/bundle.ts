/**
 * `deno task bundle [DIR]`: the command line as minified files, which start faster than its sources. Code that only some commands need is
 * in files of its own: one single file is slower than the sources, because all of it is compiled at every start. Code that a command needs in
 * any case is in one (docs/RATIONALE.md).
 * @module
 */
import { mergeFiles } from "./bundle/merge.ts";
import { hiddenImportsOf, hideDynamicImports } from "./bundle/imports.ts";
import { scriptsBelow } from "./bundle/scripts.ts";

const root = new URL("..", import.meta.url).pathname.replace(/^\/(?=[A-Za-z]:)/, "");
const out = Deno.args[0] ?? `${root}dist/umiak`;
/** Packages stay outside, and keep their versions: they are loaded by the few commands that want them. */
const { imports: packages } = JSON.parse(await Deno.readTextFile(`${root}deno.json`)) as {
  imports: Record<string, string>;
};
/** Commands that are programs of their own: what they share with others would else be cut into more and smaller files. */
const APART = [
  {
    command: "../commands/images.ts",
    source: "cli/commands/images.ts",
    file: "images/images.js",
    groups: undefined,
  },
  {
    command: "../commands/run.ts",
    source: "tools/bundle/run/run.ts",
    file: "run/run.js",
    groups: "tools/bundle/run/groups",
  },
];

const fresh = `${out}.new`;
await Deno.remove(fresh, { recursive: true }).catch(() => {});

async function bundle(source: string, outdir: string, entry: string, groups?: string): Promise<void> {
  const external = [...Object.keys(packages).map((name) => name.endsWith("/") ? `${name}*` : name)];
  external.push(...APART.map(({ command }) => command));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--minify", "--platform", "deno", "--code-splitting", "--outdir", outdir],
      ...[...external.map((name) => `--external=${name}`), `${root}${source}`],
    ],
    cwd: root,
  }).spawn().status;
  // deno bundle has been seen to succeed without writing anything.
  if (!success || !await Deno.stat(`${outdir}/${entry}`).then(() => true, () => false)) {
    console.error(`bundle: deno bundle wrote no ${outdir}/${entry}`);
    Deno.exit(1);
  }
  for await (const file of scriptsBelow(outdir)) {
    let text = await Deno.readTextFile(file);
    for (const { command, file } of APART) {
      text = text.replaceAll(`import("${command}")`, `import("./${file}")`);
    }
    await Deno.writeTextFile(file, hideDynamicImports(text, packages));
  }
  await mergeFiles(outdir, entry, await groupsOf(`${outdir}/${entry}`, groups));
}

/** The files that a bundler has made of the sources in `directory`; an entry names them all. */
async function groupsOf(entry: string, directory: string | undefined): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  if (directory === undefined) return files;
  const imported = hiddenImportsOf(await Deno.readTextFile(entry));
  const sources = await Array.fromAsync(Deno.readDir(`${root}${directory}`), ({ name }) => name);
  for (const source of sources.sort()) {
    const name = source.replace(/\.ts$/, "");
    const file = imported.find((each) => each.replace(/-[^-]+\.js$/, "") === name);
    if (file === undefined) throw new Error(`bundle: ${entry} does not import ${directory}/${source}`);
    files.set(name.replace("group_", ""), file); // other files are called as they are, too
  }
  return files;
}

await bundle("cli/main.ts", fresh, "main.js");
for (const { source, file, groups } of APART) {
  const [directory, entry] = file.split("/") as [string, string];
  await bundle(source, `${fresh}/${directory}`, entry, groups);
}
await bundle("tools/bundle/runtime/main.ts", `${fresh}/runtime`, "main.js", "tools/bundle/runtime/groups");
// bin/umiak starts this very Deno with it, as long as it is there: no search for one, and no question of what version it has.
await Deno.writeTextFile(`${fresh}/deno`, `${Deno.execPath()}\n`);
await Deno.remove(out, { recursive: true }).catch(() => {});
await Deno.rename(fresh, out);
let bytes = 0, files = 0;
for await (const file of scriptsBelow(out)) {
  bytes += (await Deno.stat(file)).size;
  files++;
}
console.log(`${out}: ${files} files, ${bytes} bytes`);
