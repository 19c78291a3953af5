import assert from "node:assert/strict";
import { parseIp } from "../ip.ts";
import type { NameService } from "../name_service.ts";
import { answer, readQuestion } from "./message.ts";
import { reply } from "./server.ts";

function query(name: string, type = 1, extra: readonly number[] = []): Uint8Array {
  const labels = name.split(".").flatMap((l) => [l.length, ...new TextEncoder().encode(l)]);
  return Uint8Array.of(
    0xab,
    0xcd,
    1,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    extra.length > 0 ? 1 : 0,
    ...labels,
    0,
    0,
    type,
    0,
    1,
    ...extra,
  );
}
const NAMES: NameService = {
  lookup: (name, family) =>
    Promise.resolve(
      name === "many.example"
        ? Array.from({ length: 100 }, (_, i) => Uint8Array.of(1, 2, 3, i))
        : name === "known.example"
        ? family === 4 ? [parseIp("1.2.3.4")!] : []
        : name === "denied.example"
        ? -13
        : name === "slow.example"
        ? -11
        : -2,
    ),
};

Deno.test("a question is read, and its answer carries the id, the question and the addresses", async () => {
  const q = query("known.example");
  assert.deepEqual(readQuestion(q), { name: "known.example", type: 1, class: 1, end: q.length });
  const a = (await reply(q, NAMES))!;
  assert.deepEqual([...a.subarray(0, 12)], [0xab, 0xcd, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  assert.deepEqual([...a.subarray(q.length)], [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4]);
  const code = async (name: string, type = 1): Promise<number[]> => {
    const message = (await reply(query(name, type), NAMES))!;
    return [message[3]! & 15, message[7]!];
  };
  assert.deepEqual(await code("known.example", 28), [0, 0]);
  assert.deepEqual(await code("known.example", 16), [0, 0]);
  assert.deepEqual(await code("denied.example"), [5, 0]);
  assert.deepEqual(await code("slow.example"), [2, 0]);
  assert.deepEqual(await code("unknown.example"), [3, 0]);
});

Deno.test("an answer has 512 bytes at most, and nothing of an EDNS record", async () => {
  const a = (await reply(query("many.example", 1, [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]), NAMES))!;
  assert.ok(a.length <= 512);
  assert.equal(a[7], Math.floor((512 - query("many.example").length) / 16));
  assert.equal(a[11], 0);
});

Deno.test("hostile messages: cut, compressed, endless, answers", async () => {
  const good = query("known.example");
  for (let n = 0; n < good.length; n++) {
    assert.equal(readQuestion(good.subarray(0, n)), undefined, String(n));
    await reply(good.subarray(0, n), NAMES);
  }
  const compressed = good.slice();
  compressed[12] = 0xc0;
  assert.equal(readQuestion(compressed), undefined);
  const two = good.slice();
  two[5] = 2;
  assert.equal((await reply(two, NAMES))![3]! & 15, 1);
  const response = good.slice();
  response[2] = 0x80;
  assert.equal(await reply(response, NAMES), undefined);
  const long = query(Array.from({ length: 40 }, () => "aaaaaaaaaa").join("."));
  assert.equal(readQuestion(long), undefined);
  assert.equal(answer(good.subarray(0, 12), undefined, 1, []).length, 12);
});
