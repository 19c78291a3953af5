/** WasmEdge's functions with any arguments: an errno, and nothing outside of the guest's memory. @module */
import assert from "node:assert/strict";
import { O_NONBLOCK } from "../../../../fs/abi/open.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { createPair } from "../../net/create.ts";
import { END_GUEST, WOULD_BLOCK } from "../shim.ts";
import { wasiFunctions } from "../wasi_p1/interface.ts";
import { WasiProcess } from "../wasi_p1/process.ts";
import { WASMEDGE, wasmedgeFunctions, wasmedgeSet } from "./interface.ts";

const I32 = 0x7f, CALLS = 20_000;

function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return (seed >>> 8) % below;
  };
}

Deno.test("any numbers as arguments are answered with an errno", async () => {
  const kernel = new Kernel(), task = kernel.spawn(), memory = new WebAssembly.Memory({ initial: 1 });
  const pair = createPair(task, task.nsproxy.net, 1, 1, 0, O_NONBLOCK);
  assert.ok(typeof pair !== "number");
  for (const end of pair) task.files.install(end);
  task.files.limit = 40;
  const p = new WasiProcess(task, { argv: [], envp: [], preopens: [], anchorFd: -1, fillRandom: () => {} });
  p.memory.attach(memory);
  const set = wasmedgeSet(p, WASMEDGE, wasiFunctions(p, "wasi_snapshot_preview1"));
  const pick = random(7), bytes = new Uint8Array(memory.buffer);
  const edges = [0, 1, 2, 3, 4, 16, 128, 65532, 65535, 65536, 0x7fffffff, -1, -4, -8, -128, 0x80000000 | 0];
  const argument = (): number =>
    pick(3) === 0 ? pick(65536) : pick(2) === 0 ? pick(8) : edges[pick(edges.length)]!;
  for (let i = 0; i < CALLS; i++) {
    const { name, params } = WASMEDGE[pick(WASMEDGE.length)]!;
    for (let j = 0; j < 16; j++) bytes[pick(4096)] = pick(256);
    const args = params.map(argument);
    const what = `${name}(${args.join(", ")})`;
    let result: number;
    try {
      result = set.plain[name]!(...args);
      if (result === WOULD_BLOCK && name === "sock_getaddrinfo") result = await set.blocking[name]!(...args);
    } catch (error) {
      throw new Error(what, { cause: error });
    }
    assert.ok(result === WOULD_BLOCK || (result >= 0 && result <= 87), `${what}: ${result}`);
    assert.notEqual(result, END_GUEST, what);
    if (task.files.list().length > 35) {
      for (const fd of task.files.list()) if (fd > 1 && pick(2) === 0) task.files.close(fd);
    }
  }
  task.files.closeAll();
  assert.equal(task.nsproxy.net.sockets.size, 0);
});

Deno.test("functions are told by their types, as WasmEdge tells them", () => {
  const type = (n: number, result = I32): { params: number[]; results: number[] } => ({
    params: new Array(n).fill(I32),
    results: [result],
  });
  const told = (name: string, n: number): string[] =>
    wasmedgeFunctions(new Map([[name, type(n)]])).map((f) => f.does);
  assert.deepEqual(told("sock_accept", 2), ["accept1"]);
  assert.deepEqual(told("sock_accept", 3), []); // preview1's own
  assert.deepEqual(told("sock_recv_from", 7), ["recvFrom1"]);
  assert.deepEqual(told("sock_recv_from", 8), ["recvFrom2"]);
  assert.deepEqual(told("sock_getlocaladdr", 4), ["local1"]);
  assert.deepEqual(told("sock_getlocaladdr", 3), ["local2"]);
  assert.deepEqual(told("sock_open", 4), []);
  assert.deepEqual(wasmedgeFunctions(new Map([["sock_open", type(3, 0x7e)]])), []);
});
