/** Files of a bundle that are loaded together, as one. @module */
import {
  exportsOf,
  hiddenImportsOf,
  importsOf,
  redirectHiddenImports,
  redirectImports,
  reexportsOf,
} from "./imports.ts";

/** The file with all that is loaded with the entry. */
const COMMON = "common";

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

/** A file for several groups costs more than what is in it, if that is as short as this: it is better loaded with the entry. */
const SHORT = 4096;

/**
 * What is to become one file: the files that are loaded with the entry, and those that the same groups need and nobody else of them. In an order
 * in which a file comes after what it imports.
 */
function partsOf(
  texts: ReadonlyMap<string, string>,
  entry: string,
  groups: ReadonlyMap<string, string>,
): Map<string, string[]> {
  const common = new Set(loadedWith(texts, entry).slice(0, -1)), users = new Map<string, string[]>();
  for (const [group, file] of groups) {
    for (const name of loadedWith(texts, file)) {
      if (!common.has(name)) users.set(name, [...users.get(name) ?? [], group]);
    }
  }
  const order = new Set([...groups.values()].flatMap((file) => loadedWith(texts, file)));
  const byNumber = [...users].sort(([, a], [, b]) => b.length - a.length);
  const parts = new Map<string, string[]>();
  for (const key of new Set(byNumber.map(([, names]) => names.join("+")))) {
    const part = [...order].filter((name) => users.get(name)?.join("+") === key);
    const isShort = part.reduce((sum, name) => sum + texts.get(name)!.length, 0) <= SHORT;
    // What it needs must not be loaded with the entry for it.
    const known = (name: string): boolean => common.has(name) || part.includes(name);
    if (isShort && key.includes("+") && part.every((name) => importsOf(texts.get(name)!).every(known))) {
      for (const name of part) common.add(name);
    } else parts.set(key, part);
  }
  return new Map([[COMMON, [...common]], ...parts]);
}

async function link(
  directory: string,
  source: string,
  out: string,
  outside: Iterable<string>,
): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", "--minify", "--platform", "deno", "--external=npm:*", "-o", out],
      ...[...Array.from(outside, (name) => `--external=./${name}`), source],
    ],
    cwd: directory,
  }).spawn().status;
  if (!success) throw new Error(`deno bundle ${source} failed`);
}

/** Makes one file, and has all others import from that. */
async function merge(
  directory: string,
  texts: Map<string, string>,
  order: readonly string[],
  into: string,
): Promise<void> {
  const parts = new Set(order);
  const nameIn = (part: string, name: string): string => `m${order.indexOf(part)}_${name}`;
  const renamed = (part: string): string =>
    exportsOf(texts.get(part)!).map((name) => `${name} as ${nameIn(part, name)}`).join(",");
  const source = order.map((part) => `import"./${part}";export{${renamed(part)}}from"./${part}";\n`).join("");
  await Deno.writeTextFile(`${directory}/merge.js`, source);
  await link(directory, "merge.js", into, [...texts.keys()].filter((name) => !parts.has(name)));
  await Deno.remove(`${directory}/merge.js`);
  const exported = (part: string): string[] => exportsOf(texts.get(part)!);
  texts.set(into, await Deno.readTextFile(`${directory}/${into}`));
  for (const [name, text] of texts) {
    if (parts.has(name)) await Deno.remove(`${directory}/${name}`);
    else {
      const redirected = redirectHiddenImports(
        redirectImports(text, parts, into, nameIn),
        parts,
        into,
        (part) => exported(part).map((each) => [each, nameIn(part, each)]),
      );
      if (redirected !== text) await Deno.writeTextFile(`${directory}/${name}`, redirected);
      texts.set(name, redirected);
    }
  }
  for (const part of parts) texts.delete(part);
}

/** Files that only hand on what is in others now are not loaded for it: whoever wants them when they are wanted has the others. */
async function skipStubs(directory: string, texts: Map<string, string>): Promise<void> {
  for (const stub of new Set([...texts.values()].flatMap(hiddenImportsOf))) {
    const reexports = texts.has(stub) ? reexportsOf(texts.get(stub)!) : undefined;
    if (reexports === undefined || [...texts.values()].some((text) => importsOf(text).includes(stub))) {
      continue;
    }
    const { from, names } = reexports;
    for (const [name, text] of texts) {
      const redirected = redirectHiddenImports(text, new Set([stub]), from, () => names);
      if (redirected === text) continue;
      texts.set(name, redirected);
      await Deno.writeTextFile(`${directory}/${name}`, redirected);
    }
    texts.delete(stub);
    await Deno.remove(`${directory}/${stub}`);
  }
}

/**
 * Makes one file of those that are loaded with `entry`, and one of those that the same groups need; `groups` has the files with the groups' imports,
 * by their names. The entry itself stays as it is: others cannot import from a file that waits for them in its top level.
 */
export async function mergeFiles(
  directory: string,
  entry: string,
  groups: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const texts = new Map<string, string>();
  for await (const { name } of Deno.readDir(directory)) {
    if (name.endsWith(".js")) texts.set(name, await Deno.readTextFile(`${directory}/${name}`));
  }
  for (const [name, order] of partsOf(texts, entry, groups)) {
    if (order.length > 1) await merge(directory, texts, order, `${name}.js`);
  }
  await skipStubs(directory, texts);
}
