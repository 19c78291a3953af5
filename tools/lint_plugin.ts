/** Lint rules of our own: who may import whom, where `Deno.*` may be used, what the bundler gets wrong (docs/RATIONALE.md). @module */

/** What files below a folder may import, by path prefix; the longest prefix of the importing file counts. */
const IMPORTS: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["json/", ["json/"]],
  ["fs/abi/", ["fs/abi/"]],
  ["fs/", ["fs/"]],
  ["image/", ["image/", "fs/", "json/"]],
  ["runtime/abi/", ["runtime/abi/", "fs/abi/"]],
  ["runtime/spec/", ["runtime/spec/", "runtime/abi/", "fs/abi/", "json/"]],
  ["runtime/program/", ["runtime/program/", "runtime/spec/", "runtime/abi/", "fs/abi/"]],
  ["runtime/lifecycle/", ["runtime/lifecycle/", "runtime/spec/", "runtime/abi/", "fs/abi/", "json/"]],
  ["runtime/sandbox/", [
    "runtime/sandbox/",
    "runtime/lifecycle/",
    "runtime/program/",
    "runtime/spec/",
    "runtime/abi/",
    "fs/",
  ]],
  ["runtime/native/", [
    "runtime/native/",
    "runtime/lifecycle/",
    "runtime/program/",
    "runtime/spec/",
    "runtime/abi/",
    "fs/",
  ]],
  ["runtime/engine/", ["runtime/", "image/", "fs/", "json/"]],
  ["cli/", [
    "cli/",
    "runtime/engine/",
    "runtime/lifecycle/",
    "runtime/spec/",
    "runtime/abi/",
    "image/",
    "fs/abi/",
  ]],
];

/** Folders whose code may use the host through `Deno`. */
const HOST: readonly string[] = [
  "fs/hostfs/",
  "image/store/",
  "image/registry/",
  "runtime/native/",
  "runtime/sandbox/exec/",
  "runtime/lifecycle/host/",
  "runtime/engine/",
  "cli/",
];

const ROOT = new URL("..", import.meta.url).pathname;

/** Path of a file from the root of the repository; undefined outside the folders with rules, and for tests. */
function place(filename: string): string | undefined {
  const path = filename.replaceAll("\\", "/");
  const at = path.startsWith(ROOT) ? path.slice(ROOT.length) : undefined;
  if (at === undefined || /_test\.ts$|(^|\/)testing\//.test(at)) return undefined;
  return IMPORTS.some(([from]) => at.startsWith(from)) ? at : undefined;
}

/** The path that a relative import leads to. */
function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const plugin: Deno.lint.Plugin = {
  name: "umiak",
  rules: {
    "imports": {
      create(context) {
        const from = place(context.filename);
        if (from === undefined) return {};
        const allowed =
          IMPORTS.filter(([prefix]) => from.startsWith(prefix)).sort(([a], [b]) =>
            b.length - a.length
          )[0]![1];
        const check = (node: Deno.lint.Node, specifier: string | undefined): void => {
          if (specifier === undefined || !specifier.startsWith(".")) return;
          const to = resolve(from, specifier);
          if (!allowed.some((prefix) => to.startsWith(prefix))) {
            context.report({
              node,
              message: `${from} may not import ${to}: allowed are ${allowed.join(", ")}`,
            });
          }
        };
        return {
          ImportDeclaration: (node) => check(node, node.source.value),
          ExportNamedDeclaration: (node) => check(node, node.source?.value),
          ExportAllDeclaration: (node) => check(node, node.source.value),
          ImportExpression: (node) =>
            check(node, node.source.type === "Literal" ? String(node.source.value) : undefined),
        };
      },
    },
    "host": {
      create(context) {
        const from = place(context.filename);
        if (from === undefined || HOST.some((prefix) => from.startsWith(prefix))) return {};
        return {
          'MemberExpression[object.name="Deno"]': (node: Deno.lint.Node) =>
            context.report({ node, message: `Deno is for ${HOST.join(", ")}: everything else is portable` }),
        };
      },
    },
    // deno bundle --minify drops the disposal at the end of the scope: locks stay held, files open.
    "no-using": {
      create(context) {
        if (place(context.filename) === undefined) return {};
        return {
          VariableDeclaration(node) {
            if (node.kind !== "using" && node.kind !== "await using") return;
            context.report({ node, message: "the bundler forgets using declarations: try and finally" });
          },
        };
      },
    },
  },
};
export default plugin;
