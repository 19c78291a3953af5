/** Files of a bundle that are always loaded together, as one. @module */
import { exportsOf, hiddenImportsOf, importsOf, redirectImports } from "./imports.ts";

/** The files that are loaded with `entry`, in the order in which they are run; the entry last. */
function loadedWith(texts: ReadonlyMap<string, string>, entry: string): string[] {
  const found = new Set<string>(), order: string[] = [];
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const each of importsOf(texts.get(name)!)) visit(each);
    order.push(name);
  };
  visit(entry);
  return order;
}

async function link(directory: string, source: string, out: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--minify", "--platform", "deno", "--external=npm:*", "-o", out],
      source,
    ],
    cwd: directory,
  }).spawn().status;
  if (!success) throw new Error(`deno bundle ${source} failed`);
}

/**
 * Makes one file of those that are loaded with `entry`, and has all others import from that. The entry itself stays as it is: others cannot
 * import from a file that waits for them in its top level.
 */
export async function mergeFiles(directory: string, entry: string): Promise<void> {
  const texts = new Map<string, string>();
  for await (const { name } of Deno.readDir(directory)) {
    if (name.endsWith(".js")) texts.set(name, await Deno.readTextFile(`${directory}/${name}`));
  }
  const order = loadedWith(texts, entry).slice(0, -1), parts = new Set(order);
  if (order.length < 2) return;
  const common = "common.js";
  const nameIn = (part: string, name: string): string => `m${order.indexOf(part)}_${name}`;
  const renamed = (part: string): string =>
    exportsOf(texts.get(part)!).map((name) => `${name} as ${nameIn(part, name)}`).join(",");
  const source = order.map((part) => `import"./${part}";export{${renamed(part)}}from"./${part}";\n`).join("");
  await Deno.writeTextFile(`${directory}/merge.js`, source);
  await link(directory, "merge.js", common);
  await Deno.remove(`${directory}/merge.js`);
  const wanted = new Set([...texts.values()].flatMap(hiddenImportsOf));
  for (const [name, text] of texts) {
    if (!parts.has(name)) {
      await Deno.writeTextFile(`${directory}/${name}`, redirectImports(text, parts, common, nameIn));
    } else if (wanted.has(name)) {
      const names = exportsOf(text).map((each) => `${nameIn(name, each)} as ${each}`);
      await Deno.writeTextFile(`${directory}/${name}`, `export{${names.join(",")}}from"./${common}";\n`);
    } else await Deno.remove(`${directory}/${name}`);
  }
}
