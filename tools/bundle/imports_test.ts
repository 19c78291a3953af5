/** Imports and exports as the bundler writes them. @module */
import assert from "node:assert/strict";
import {
  exportsOf,
  hiddenImportsOf,
  hideDynamicImports,
  importsOf,
  redirectHiddenImports,
  redirectImports,
  reexportsOf,
} from "./imports.ts";

Deno.test("hideDynamicImports() hides files, and gives packages their full names", () => {
  const packages = { "effect/": "npm:/effect@4.1.0/", fflate: "npm:fflate@0.8.3" };
  const hidden = hideDynamicImports(
    'import{a}from"./a.js";import*as C from"effect/Clock";const b=()=>import("./b.js"),f=()=>import("fflate");',
    packages,
  );
  assert.equal(
    hidden,
    'import{a}from"./a.js";import*as C from"npm:/effect@4.1.0/Clock";' +
      'const b=()=>import("./b.js".slice(0)),f=()=>import("npm:fflate@0.8.3".slice(0));',
  );
  assert.deepEqual(importsOf(hidden), ["a.js"]);
  assert.deepEqual(hiddenImportsOf(hidden), ["b.js"]);
});

Deno.test("exportsOf() gives the names that others know", () => {
  assert.deepEqual(exportsOf("var a=1,$b=2;export{a,$b as c};\n"), ["a", "c"]);
  assert.deepEqual(exportsOf('import"./x.js";'), []);
});

Deno.test("redirectImports() imports parts of a file from that file", () => {
  const nameIn = (part: string, name: string): string => `${part.slice(0, 1)}_${name}`;
  const text = 'import{a as b,c}from"./x.js";import"./x.js";import{d}from"./z.js";b(c,d);';
  assert.equal(
    redirectImports(text, new Set(["x.js"]), "all.js", nameIn),
    'import{x_a as b,x_c as c}from"./all.js";import"./all.js";import{d}from"./z.js";b(c,d);',
  );
  assert.throws(
    () => redirectImports('import*as x from"./x.js";', new Set(["x.js"]), "all.js", nameIn),
    /x\.js/,
  );
});

Deno.test("redirectHiddenImports() gives what a part exports by the names it had", () => {
  const text = 'const f=async()=>(await import("./x.js".slice(0))).a(),g=()=>import("./y.js".slice(0));';
  assert.equal(
    redirectHiddenImports(text, new Set(["x.js"]), "all.js", () => [["a", "m0_a"], ["b", "m0_b"]]),
    'const f=async()=>(await import("./all.js".slice(0)).then(m=>({a:m.m0_a,b:m.m0_b}))).a(),' +
      'g=()=>import("./y.js".slice(0));',
  );
});

Deno.test("reexportsOf() tells files that have nothing of their own", () => {
  const stub = 'import{m7_a as a,m7_b as b}from"./native.js";import"./native.js";import"./common.js";' +
    "export{a as create,b};\n";
  assert.deepEqual(reexportsOf(stub), { from: "native.js", names: [["create", "m7_a"], ["b", "m7_b"]] });
  assert.equal(reexportsOf(`${stub}var c=1;`), undefined);
  assert.equal(reexportsOf('import{a}from"./x.js";import{b}from"./y.js";export{a,b};'), undefined);
  assert.equal(reexportsOf("export{};"), undefined);
});
