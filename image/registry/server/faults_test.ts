/** Faults happen as told, so that tests of clients can rely on them. */
import assert from "node:assert/strict";
import { type Fault, type FaultyRegistry, withFaults } from "./faults.ts";
import { MemoryStorage } from "./memory_storage.ts";
import { bytesOf, digestOf, Harness } from "./testing/harness.ts";

const BYTES = new Uint8Array(200_000).map((_, i) => i * 7 + (i >> 8));

async function faulty(
  ...faults: Fault[]
): Promise<{ registry: FaultyRegistry; get: () => Promise<Response> }> {
  const h = new Harness(new MemoryStorage());
  const { digest } = await h.blob("a", BYTES);
  const registry = withFaults(h.registry, faults);
  return { registry, get: () => registry(new Request(`http://registry.test/v2/a/blobs/${digest}?x=1`)) };
}

async function length(response: Response): Promise<[bytes: number, failed: boolean]> {
  let n = 0;
  try {
    for await (const chunk of response.body!) n += chunk.length;
  } catch {
    return [n, true];
  }
  return [n, false];
}

Deno.test("withFaults() without any passes everything on, and remembers it", async () => {
  const { registry, get } = await faulty();
  assert.deepEqual(await length(await get()), [200_000, false]);
  assert.deepEqual(
    registry.seen.map(({ method, path }) => `${method} ${path.slice(0, 12)} ${path.slice(-4)}`),
    [
      "GET /v2/a/blobs/ ?x=1",
    ],
  );
});

Deno.test("a status for the first requests, after some, and for matching ones only", async () => {
  const wait = { status: 503, headers: { "retry-after": "1" }, body: "later" };
  const { registry, get } = await faulty({
    ...wait,
    after: 1,
    times: 2,
    match: ({ method }) => method === "GET",
  });
  await registry(new Request("http://registry.test/v2/", { method: "HEAD" }));
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) {
    const answer = await get();
    statuses.push(answer.status);
    const text = await answer.text();
    if (answer.status === 503) assert.deepEqual([text, answer.headers.get("retry-after")], ["later", "1"]);
  }
  assert.deepEqual(statuses, [200, 503, 503, 200]);
});

Deno.test("a response is cut, changed, slow or endless", async () => {
  assert.deepEqual(await length(await (await faulty({ cutResponse: 70_001 })).get()), [70_001, true]);
  const changed = new Uint8Array(await (await (await faulty({ corrupt: 123_456 })).get()).arrayBuffer());
  assert.deepEqual([...changed.keys()].filter((i) => changed[i] !== BYTES[i]), [123_456]);
  assert.deepEqual(await length(await (await faulty({ slowMs: 1, delayMs: 1 })).get()), [200_000, false]);
  const endless = await (await faulty({ endless: true, cutResponse: 1_000_000 })).get();
  assert.equal(endless.headers.has("content-length"), false);
  assert.deepEqual(await length(endless), [1_000_000, true]);
});

Deno.test("a request is cut: the registry keeps what came", async () => {
  const h = new Harness(new MemoryStorage());
  const location = await h.begin("a");
  const registry = withFaults(h.registry, [{ cutRequest: 4, times: 1 }]);
  const send = (method: string, query: string, body: string): Promise<Response> =>
    registry(new Request(`http://registry.test${location}${query}`, { method, body }));
  assert.equal((await send("PATCH", "", "0123456789")).status, 400);
  assert.equal((await h.send("GET", location)).headers.get("range"), "0-3");
  assert.equal((await send("PUT", `?digest=${digestOf(bytesOf("0123456789"))}`, "456789")).status, 201);
});
