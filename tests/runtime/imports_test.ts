/** The start-up budget: what the verbs that callers call most load before they do anything. @module */
import assert from "node:assert/strict";
import { repositoryFile } from "../support/umiak.ts";

interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly size?: number;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const ROOT = new URL(`file://${repositoryFile("")}`).href;

/** The modules that are loaded with these, by their path in the repository, with their sizes. */
async function loaded(...roots: string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const root of roots) {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", "--config", repositoryFile("deno.json"), repositoryFile(root)],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Graph;
    const visit = (specifier: string): void => {
      const path = specifier.replace(ROOT, ""), module = modules.find((each) => each.specifier === specifier);
      if (found.has(path) || module === undefined) return;
      found.set(path, module.size ?? 0);
      for (const { code, isDynamic } of module.dependencies ?? []) {
        if (code !== undefined && !isDynamic) visit(code.specifier);
      }
    };
    visit(`${ROOT}${root}`);
  }
  return found;
}

/** Whole folders that these verbs have no business with. */
const FORBIDDEN = [
  "fs/",
  "image/",
  "runtime/program/",
  "runtime/sandbox/kernel/",
  "runtime/sandbox/abi/",
  "node:",
];

const BUDGETS:
  readonly (readonly [verbs: string, roots: readonly string[], modules: number, bytes: number])[] = [
    ["state, kill and delete", ["cli/runtime/main.ts"], 36, 81_000],
  ];

/** What common commands load in turn. */
const WITHOUT_NODE: readonly (readonly [command: string, roots: readonly string[]])[] = [
  ["umiak run", ["cli/main.ts", "cli/commands/run.ts", "runtime/engine/prepare_layers.ts"]],
  ["umiak run, native", ["cli/commands/run.ts", "runtime/engine/native/run_native.ts"]],
  ["umiak pull", ["cli/commands/images.ts", "runtime/engine/pull.ts", "image/registry/mod.ts"]],
  ["create, native", ["cli/runtime/commands/create.ts", "runtime/native/container/create.ts"]],
  ["create, sandbox", ["cli/runtime/commands/create.ts", "runtime/sandbox/exec/container/create.ts"]],
  ["exec, native", ["cli/runtime/commands/exec.ts", "runtime/native/container/exec.ts"]],
  ["a container's process", ["runtime/engine/host_process.ts", "runtime/sandbox/exec/host/container.ts"]],
];

for (const [command, roots] of WITHOUT_NODE) {
  Deno.test(`${command}: nothing of Node and no package is loaded before it is needed`, async () => {
    const found = [...(await loaded(...roots)).keys()];
    assert.deepEqual(found.filter((path) => /^(node|npm):/.test(path)), []);
  });
}

for (const [verbs, roots, modules, bytes] of BUDGETS) {
  Deno.test(`${verbs}: at most ${modules} modules of ${bytes} bytes, and nothing of the kernels`, async () => {
    const found = await loaded(...roots);
    const total = [...found.values()].reduce((sum, size) => sum + size, 0);
    const paths = [...found.keys()].sort().join("\n");
    assert.deepEqual([...found.keys()].filter((path) => FORBIDDEN.some((each) => path.startsWith(each))), []);
    assert.ok(found.size <= modules, `${found.size} modules:\n${paths}`);
    assert.ok(total <= bytes, `${total} bytes`);
  });
}
