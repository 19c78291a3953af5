/** The registry at an address: real connections, which break and dawdle. */
import assert from "node:assert/strict";
import { serveRegistry, type ServeRegistryOptions } from "./serve.ts";
import { bytesOf, digestOf } from "./testing/harness.ts";
import { withDirectory } from "../../../tests/support/umiak.ts";

async function serving(
  options: Partial<ServeRegistryOptions>,
  run: (url: string, root: string) => Promise<void>,
): Promise<void> {
  await withDirectory(async (root) => {
    const errors: unknown[] = [];
    const registry = await serveRegistry({
      root: `${root}/registry`,
      hostname: "127.0.0.1",
      port: 0,
      onError: (error) => errors.push(error),
      ...options,
    });
    try {
      await run(registry.url, `${root}/registry`);
    } finally {
      await registry.shutdown();
    }
    assert.deepEqual(errors, []);
    assert.deepEqual([...Deno.readDirSync(`${root}/registry/_uploads`)], []);
  });
}

/** Sends raw bytes; the answer up to where the server closes, or to the end of its head. */
async function raw(url: string, head: string, body: Uint8Array, close: boolean): Promise<string> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  try {
    await connection.write(bytesOf(head.replaceAll("\n", "\r\n")));
    await connection.write(body);
    if (close) return "";
    const buffer = new Uint8Array(65536);
    const n = await connection.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, n ?? 0));
  } finally {
    connection.close();
  }
}

async function begin(url: string): Promise<string> {
  const answer = await fetch(`${url}/v2/a/blobs/uploads/`, { method: "POST" });
  await answer.body?.cancel();
  assert.equal(answer.status, 202);
  return answer.headers.get("location")!;
}

Deno.test("serveRegistry(): Resumable push: a client that goes away in the middle goes on where it was", async () => {
  await serving({}, async (url) => {
    const location = await begin(url);
    const bytes = new Uint8Array(300_000).map((_, i) => i * 31);
    const head = `PATCH ${location} HTTP/1.1\nHost: x\nContent-Length: 300000\nContent-Range: 0-299999\n\n`;
    await raw(url, head, bytes.subarray(0, 100_000), true);
    let next = 0;
    while (next < 100_000) {
      const status = await fetch(url + location);
      assert.equal(status.status, 204);
      next = Number(status.headers.get("range")!.slice(2)) + 1;
    }
    // The registry may not have noticed yet that the connection is gone.
    let put: Response;
    do {
      put = await fetch(`${url}${location}?digest=${digestOf(bytes)}`, {
        method: "PUT",
        headers: { "content-range": `${next}-299999` },
        body: bytes.subarray(next),
      });
      await put.body?.cancel();
    } while (put.status === 409);
    assert.equal(put.status, 201);
    const part = await fetch(url + put.headers.get("location")!, { headers: { range: "bytes=299990-" } });
    assert.equal(part.status, 206);
    assert.deepEqual(new Uint8Array(await part.arrayBuffer()), bytes.subarray(299_990));
  });
});

Deno.test("serveRegistry(): HEAD has the length of what GET would send", async () => {
  await serving({}, async (url) => {
    const bytes = new Uint8Array(12_345);
    const query = `?digest=${digestOf(bytes)}`;
    const pushed = await fetch(`${url}/v2/a/blobs/uploads/${query}`, { method: "POST", body: bytes });
    assert.equal(pushed.status, 201);
    const answer = await raw(
      url,
      `HEAD /v2/a/blobs/${digestOf(bytes)} HTTP/1.1\nHost: x\n\n`,
      new Uint8Array(),
      false,
    );
    assert.match(answer, /^HTTP\/1.1 200 OK\r\n/);
    assert.match(answer, /content-length: 12345\r\n/);
    assert.match(answer, /\r\n\r\n$/);
  });
});

Deno.test("serveRegistry(): a client that stops reading or leaves does no harm", async () => {
  await serving({}, async (url) => {
    const bytes = new Uint8Array(5_000_000);
    const query = `?digest=${digestOf(bytes)}`;
    await (await fetch(`${url}/v2/a/blobs/uploads/${query}`, { method: "POST", body: bytes })).body?.cancel();
    const path = `/v2/a/blobs/${digestOf(bytes)}`;
    for (const range of ["", "Range: bytes=0-4000000\n"]) {
      await raw(url, `GET ${path} HTTP/1.1\nHost: x\n${range}\n`, new Uint8Array(), false);
    }
    const again = await fetch(url + path);
    assert.equal((await again.arrayBuffer()).byteLength, 5_000_000);
  });
});

Deno.test("serveRegistry(): traversal in the raw path, and nonsense, get an answer that is no file", async () => {
  await serving({}, async (url, root) => {
    await Deno.writeTextFile(`${root}/secret`, "secret");
    for (
      const path of [
        "/v2/../secret",
        "/v2/%2e%2e/secret",
        "/v2/a/../../secret/blobs/x",
        "/v2/..%2f..%2fetc/manifests/passwd",
        "/v2/a/manifests/..%2f..%2fsecret",
        "/v2/a/blobs/sha256:..%2f..%2fsecret",
        "/v2//etc/manifests/passwd",
      ]
    ) {
      const answer = await raw(url, `GET ${path} HTTP/1.1\nHost: x\n\n`, new Uint8Array(), false);
      assert.match(answer, /^HTTP\/1.1 (400|404) /, path);
    }
  });
});

Deno.test("serveRegistry(): shutdown() ends uploads that do not end by themselves, and removes their files", async () => {
  await withDirectory(async (root) => {
    const registry = await serveRegistry({ root, hostname: "127.0.0.1", port: 0 });
    const location = await begin(registry.url);
    const { hostname, port } = new URL(registry.url);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(
      bytesOf(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345`),
    );
    for (let range = ""; range !== "0-4";) {
      range = (await fetch(registry.url + location)).headers.get("range")!;
    }
    assert.equal([...Deno.readDirSync(`${root}/_uploads`)].length, 1);
    await registry.shutdown(1);
    assert.deepEqual([...Deno.readDirSync(`${root}/_uploads`)], []);
    connection.close();
    await assert.rejects(fetch(registry.url));
  });
});

Deno.test("serveRegistry() says why it cannot begin", async () => {
  await serving({}, async (url, root) => {
    const port = Number(new URL(url).port);
    await assert.rejects(
      serveRegistry({ root, hostname: "127.0.0.1", port }),
      /^Error: listening on 127.0.0.1:/,
    );
    const bad = { root, hostname: "127.0.0.1", port: 0 };
    await assert.rejects(serveRegistry({ ...bad, htpasswd: `${root}/none` }), /htpasswd .*none: /);
    await assert.rejects(serveRegistry({ ...bad, tls: { cert: "x", key: "y" } }), /listening on /);
  });
});
