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

const HIDDEN = /\bimport\("\.\/([^"]+)"\.slice\(0\)\)/g;

/** Files of the same directory that are loaded when they are wanted. */
export function hiddenImportsOf(text: string): string[] {
  return [...text.matchAll(HIDDEN)].map(([, name]) => name!);
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

/** A file that only hands on what another of the same directory exports. */
export interface Reexports {
  /** The other. */
  readonly from: string;
  /** What each is called there. */
  readonly names: readonly (readonly [name: string, there: string])[];
}

/** What a file hands on; undefined if it has something of its own, or from several files. */
export function reexportsOf(text: string): Reexports | undefined {
  const named = [...text.matchAll(/\bimport\{([^{}]*)\}from"\.\/([^"]+)"/g)];
  const rest = text.replace(/\bimport(?:\{[^{}]*\}from)?"[^"]+"/g, "").replace(/\bexport\{[^{}]*\}/, "");
  const [from, ...others] = new Set(named.map(([, , file]) => file!));
  if (/[^;\s]/.test(rest) || from === undefined || others.length > 0) return undefined;
  const there = new Map(named.flatMap(([, list]) => namesOf(list!)).map(({ name, as }) => [as, name]));
  const list = namesOf(/\bexport\{([^{}]*)\}/.exec(text)?.[1] ?? "");
  return { from, names: list.map(({ name, as }) => [as, there.get(name)!]) };
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

/** The same for what is loaded when it is wanted: an object with what the part exports. */
export function redirectHiddenImports(
  text: string,
  parts: ReadonlySet<string>,
  into: string,
  namesOf: (part: string) => readonly (readonly [name: string, there: string])[],
): string {
  return text.replace(HIDDEN, (whole, part: string) => {
    if (!parts.has(part)) return whole;
    const names = namesOf(part).map(([name, there]) => `${name}:m.${there}`);
    return `import("./${into}".slice(0)).then(m=>({${names.join(",")}}))`;
  });
}
