/** docs/SUPPORT.md and the tables it is made from. @module */
import assert from "node:assert/strict";
import { assembleShim } from "../runtime/sandbox/abi/shim.ts";
import { functionsOf, PREVIEW1 } from "../runtime/sandbox/abi/wasi_p1/interface.ts";
import { WASIX, WASIX_2023, WASIX_UNSUPPORTED } from "../runtime/sandbox/abi/wasix/interface.ts";
import { WASMEDGE } from "../runtime/sandbox/abi/wasmedge/interface.ts";
import { supportDocument } from "../tools/support.ts";
import { repositoryFile } from "./support/umiak.ts";

Deno.test("docs/SUPPORT.md says what the tables say: `deno task support` writes it", async () => {
  assert.equal(await Deno.readTextFile(repositoryFile("docs/SUPPORT.md")), supportDocument());
});

Deno.test("both generations of preview 1 have each function once, wasi_unstable all but sock_accept", () => {
  for (const [module, count] of [["wasi_snapshot_preview1", 46], ["wasi_unstable", 45]] as const) {
    const shim = new WebAssembly.Module(assembleShim(functionsOf(module)));
    const names = WebAssembly.Module.exports(shim).map((each) => each.name);
    assert.equal(new Set(names).size, count);
    assert.deepEqual(names, functionsOf(module).map((f) => f.name));
    assert.equal(names.includes("sock_accept"), module === "wasi_snapshot_preview1");
  }
  assert.equal(PREVIEW1.length, 46);
});

/** Functions declared in the header that the drivers of tests/wasi use: a list of its own. */
Deno.test("the drivers know every function that the table has, and no other", async () => {
  const header = await Deno.readTextFile(repositoryFile("tests/wasi/wasi.h"));
  const declared = Array.from(header.matchAll(/^IMPORT\((\w+),/gm), (match) => match[1]!);
  assert.deepEqual([...declared, "proc_exit"].sort(), PREVIEW1.map((f) => f.name).sort());
});

Deno.test("no interface has a function for what is said to have none: IPC of System V and POSIX", () => {
  const names = [...PREVIEW1, ...WASMEDGE, ...WASIX, ...WASIX_2023].map((f) => f.name)
    .concat(Object.values(WASIX_UNSUPPORTED).flat());
  assert.ok(names.length > 130);
  assert.deepEqual(
    names.filter((name) => /sem(get|op|ctl)|shm|msg|mq_|ipc|setns|unshare|tcsetpgrp/.test(name)),
    [],
  );
});
