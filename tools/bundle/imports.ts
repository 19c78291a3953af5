/** Imports and exports as the bundler writes them: minified, one list of exports at a file's end. @module */

/** A name in a list of imports or exports, and what it is called here. */
export interface Name {
  readonly name: string;
  readonly as: string;
}

const DYNAMIC = /\bimport\("([^"]+)"\)/g;
const STATIC = /\b(?:import|from)"([^"]+)"/g;

/** Where a package is: `effect/Clock` in the version that an import map says. */
function packageOf(specifier: string, packages: Readonly<Record<string, string>>): string {
  for (const [name, target] of Object.entries(packages)) {
    if (specifier === name) return target;
    if (name.endsWith("/") && specifier.startsWith(name)) return `${target}${specifier.slice(name.length)}`;
  }
  return specifier;
}

/**
 * Deno reads every file that an `import()` names before it runs the first one: a name that it cannot see is read when it is wanted. Packages get
 * their full names, so that the bundle needs no import map.
 */
export function hideDynamicImports(text: string, packages: Readonly<Record<string, string>>): string {
  return text
    .replace(STATIC, (whole, from: string) => whole.replace(from, packageOf(from, packages)))
    .replace(DYNAMIC, (_, of: string) => `import("${packageOf(of, packages)}".slice(0))`);
}

/** Files of the same directory that are loaded with this one. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(STATIC)].flatMap(([, from]) => from!.startsWith("./") ? [from!.slice(2)] : []);
}

/** Files of the same directory that are loaded when they are wanted. */
export function hiddenImportsOf(text: string): string[] {
  return [...text.matchAll(/\bimport\("\.\/([^"]+)"\.slice\(0\)\)/g)].map(([, name]) => name!);
}

function namesOf(list: string): Name[] {
  return list.split(",").filter((each) => each !== "").map((each) => {
    const [name, as = name] = each.split(" as ");
    return { name: name!, as: as! };
  });
}

/** What a file exports: the names that others know. */
export function exportsOf(text: string): string[] {
  const list = /\bexport\{([^{}]*)\};?\s*$/.exec(text);
  return list === null ? [] : namesOf(list[1]!).map(({ as }) => as);
}

/** Imports from files that are now parts of another one: from that one, by the names that `nameIn` says. */
export function redirectImports(
  text: string,
  parts: ReadonlySet<string>,
  into: string,
  nameIn: (part: string, name: string) => string,
): string {
  const isPart = (from: string): boolean => from.startsWith("./") && parts.has(from.slice(2));
  const redirected = text.replace(
    /\bimport\{([^{}]*)\}from"([^"]+)"/g,
    (whole, list: string, from: string) => {
      if (!isPart(from)) return whole;
      const names = namesOf(list).map(({ name, as }) => `${nameIn(from.slice(2), name)} as ${as}`);
      return `import{${names.join(",")}}from"./${into}"`;
    },
  ).replace(/\bimport"([^"]+)"/g, (whole, from: string) => isPart(from) ? `import"./${into}"` : whole);
  const left = importsOf(redirected).find((name) => parts.has(name));
  if (left !== undefined) throw new Error(`${left}: it is imported in a way that is not known`);
  return redirected;
}
