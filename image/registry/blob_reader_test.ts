import assert from "node:assert/strict";
import type { FaultyRegistry, SeenRequest } from "./server/faults.ts";
import type { Fault } from "./server/faults.ts";
import { VerifyError } from "../verify.ts";
import { NetworkError, RegistryError } from "./http/errors.ts";
import { Registry } from "./registry.ts";
import {
  collect,
  describe,
  noise,
  pieces,
  quick,
  rawServed,
  registryServed,
  served,
  TestClock,
} from "./testing/served.ts";

const BLOB = noise(3_000_000, 7);
const DESCRIPTOR = describe(BLOB);
const isBlob = (request: Request): boolean => request.method === "GET" && request.url.includes("/blobs/");

/** Puts BLOB into a registry that then misbehaves. */
async function withBlob(
  faults: readonly Fault[],
  run: (host: string, seen: () => SeenRequest[]) => Promise<void>,
): Promise<void> {
  await registryServed(async (host: string, registry: FaultyRegistry) => {
    await new Registry(host, quick()).repository("a").putBlob(DESCRIPTOR, () => pieces(BLOB));
    registry.seen.length = 0;
    await run(
      host,
      () => registry.seen.filter((each) => each.method === "GET" && each.path.includes("/blobs/")),
    );
  }, faults);
}

Deno.test("getBlob() reads a blob (distribution-spec, Pulling blobs)", async () => {
  await withBlob([], async (host, seen) => {
    assert.deepEqual(await collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)), BLOB);
    assert.equal(seen().length, 1);
    assert.equal(seen()[0]!.headers.get("range"), null);
    assert.equal(seen()[0]!.headers.get("accept-encoding"), "identity");
  });
});

Deno.test("getBlob() resumes where the connection broke, by Range (distribution-spec, Resumable Pull)", async () => {
  const fault = { match: isBlob, times: 3, cutResponse: 700_000 };
  await withBlob([fault], async (host, seen) => {
    const options = quick();
    assert.deepEqual(await collect(new Registry(host, options).repository("a").getBlob(DESCRIPTOR)), BLOB);
    const ranges = seen().map((each) => each.headers.get("range"));
    assert.equal(ranges.length, 4);
    assert.equal(ranges[0], null);
    const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range!)![1]));
    assert.ok(starts[0]! > 0 && starts[0]! < starts[1]! && starts[1]! < starts[2]!, starts.join());
    assert.ok(starts[2]! <= 2_100_000);
    assert.equal(options.clock.sleeps.length, 3);
  });
});

Deno.test("getBlob() reads on from the beginning of a whole answer when the registry knows no ranges (RFC 9110, section 14.2)", async () => {
  let n = 0;
  const handler = (request: Request): Response => {
    if (!request.url.includes("/blobs/")) return new Response();
    if (++n > 1) {
      assert.match(request.headers.get("range")!, /^bytes=\d+-$/);
      return new Response(BLOB);
    }
    return new Response(
      new ReadableStream({
        async start(controller): Promise<void> {
          for await (const piece of pieces(BLOB.subarray(0, 1_500_000))) controller.enqueue(piece);
          controller.error(new Error("as the test wants it"));
        },
      }),
    );
  };
  await served(handler, async (host) => {
    assert.deepEqual(await collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)), BLOB);
  });
  assert.equal(n, 2);
});

Deno.test("getBlob() asks for the whole when a range is refused or is another one (RFC 9110, sections 15.3.7 and 15.5.17)", async () => {
  const odd: [string, (start: number) => Response][] = [
    [
      "416",
      () => new Response(null, { status: 416, headers: { "content-range": `bytes */${BLOB.length}` } }),
    ],
    [
      "from the beginning",
      () =>
        new Response(BLOB, {
          status: 206,
          headers: { "content-range": `bytes 0-${BLOB.length - 1}/${BLOB.length}` },
        }),
    ],
    [
      "another size",
      (start) =>
        new Response(BLOB.subarray(start), {
          status: 206,
          headers: { "content-range": `bytes ${start}-${BLOB.length - 1}/99` },
        }),
    ],
    [
      "multipart",
      (start) =>
        new Response(BLOB.subarray(start), {
          status: 206,
          headers: { "content-type": "multipart/byteranges; boundary=x" },
        }),
    ],
  ];
  for (const [name, answer] of odd) {
    const ranges: (string | null)[] = [];
    const handler = (request: Request): Response => {
      if (!request.url.includes("/blobs/")) return new Response();
      const range = request.headers.get("range");
      ranges.push(range);
      if (range !== null) return answer(Number(/\d+/.exec(range)![0]));
      if (ranges.length > 1) return new Response(BLOB);
      return new Response(
        new ReadableStream({
          async start(controller): Promise<void> {
            for await (const piece of pieces(BLOB.subarray(0, 1_000_000))) controller.enqueue(piece);
            controller.error(new Error("as the test wants it"));
          },
        }),
      );
    };
    await served(handler, async (host) => {
      assert.deepEqual(
        await collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)),
        BLOB,
        name,
      );
    });
    assert.deepEqual(ranges.map((each) => each === null), [true, false, true], name);
  }
});

Deno.test("getBlob() gives up after as many breaks without progress as there are retries", async () => {
  await withBlob([{ match: isBlob, cutResponse: 1000 }], async (host, seen) => {
    const options = quick();
    await assert.rejects(
      collect(new Registry(host, options).repository("a").getBlob(DESCRIPTOR)),
      (error) =>
        error instanceof NetworkError &&
        /blob sha256:.*: given up after \d+ of 3000000 bytes/.test(error.message),
    );
    assert.equal(seen().length, 5);
    assert.deepEqual(options.clock.sleeps.map(Math.round), [500, 1000, 2000, 4000]);
  });
});

Deno.test("getBlob() goes on as long as there is progress", async () => {
  const blob = noise(9_000_000, 3), descriptor = describe(blob);
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    await repository.putBlob(descriptor, () => pieces(blob));
    assert.deepEqual(await collect(repository.getBlob(descriptor)), blob);
  }, [{ match: isBlob, cutResponse: 1_300_000 }]);
});

Deno.test("getBlob() tries again when the registry is not available at first", async () => {
  await withBlob([
    { match: isBlob, times: 1, status: 503, headers: { "retry-after": "3" } },
    { match: isBlob, times: 1, status: 429, body: '{"errors":[{"code":"TOOMANYREQUESTS"}]}' },
  ], async (host, seen) => {
    const options = quick();
    assert.deepEqual(await collect(new Registry(host, options).repository("a").getBlob(DESCRIPTOR)), BLOB);
    assert.equal(seen().length, 3);
    assert.deepEqual(options.clock.sleeps.map(Math.round), [3000, 1000]);
  });
});

Deno.test("getBlob() refuses wrong content, once it is all there (distribution-spec, Content Verification)", async () => {
  await withBlob([{ match: isBlob, corrupt: 2_000_000 }], async (host, seen) => {
    await assert.rejects(
      collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)),
      (error) => error instanceof VerifyError && /its content has digest/.test(error.message),
    );
    assert.equal(seen().length, 1);
  });
});

Deno.test("getBlob() stops an endless blob at the size of its descriptor", async () => {
  await withBlob([{ match: isBlob, endless: true }], async (host) => {
    let size = 0;
    await assert.rejects(
      (async () => {
        for await (const chunk of new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)) {
          size += chunk.length;
        }
      })(),
      /it is longer than the 3000000 bytes its descriptor states/,
    );
    assert.ok(size <= DESCRIPTOR.size);
  });
});

Deno.test("getBlob() refuses a Content-Length that is not the descriptor's size, before reading", async () => {
  for (const length of [5, 3_000_001]) {
    await served(
      (request) => new Response(request.url.includes("/blobs/") ? noise(length) : null),
      async (host) => {
        await assert.rejects(
          collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)),
          new RegExp(`the registry has ${length} bytes, its descriptor states 3000000`),
        );
      },
    );
  }
});

Deno.test("getBlob() refuses another blob by its Docker-Content-Digest (distribution-spec, Pulling blobs)", async () => {
  const headers = { "docker-content-digest": `sha256:${"0".repeat(64)}` };
  await served(() => new Response(BLOB, { headers }), async (host) => {
    await assert.rejects(
      collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)),
      /sends sha256:0+ in its place/,
    );
  });
});

Deno.test("getBlob() takes an answer that ends early, without an error, as broken off", async () => {
  const head = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  const blob = noise(1000), descriptor = describe(blob);
  const answer = function* (request: string, n: number): Generator<string | Uint8Array> {
    if (!request.includes("/blobs/")) {
      yield "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    } else if (n === 2) {
      yield head + "190\r\n";
      yield blob.subarray(0, 400);
      yield "\r\n0\r\n\r\n";
    } else {
      assert.match(request, /range: bytes=400-/i);
      yield "HTTP/1.1 206 Partial\r\nConnection: close\r\nContent-Length: 600\r\nContent-Range: bytes 400-999/1000\r\n\r\n";
      yield blob.subarray(400);
    }
  };
  await rawServed(answer, async (host, heads) => {
    assert.deepEqual(await collect(new Registry(host, quick()).repository("a").getBlob(descriptor)), blob);
    assert.equal(heads.length, 3);
  });
});

Deno.test("getBlob() says what is missing (distribution-spec, Pulling blobs)", async () => {
  await registryServed(async (host) => {
    await assert.rejects(
      collect(new Registry(host, quick()).repository("a").getBlob(DESCRIPTOR)),
      (error) =>
        error instanceof RegistryError && error.status === 404 &&
        /blob a sha256:.*: 404 not found: BLOB_UNKNOWN/.test(error.message),
    );
  });
});

Deno.test("getBlob() ends with the signal's reason, before and while it reads, and between tries", async () => {
  await withBlob([{ match: isBlob, slowMs: 20 }], async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    const enough = new Error("enough");
    await assert.rejects(
      collect(repository.getBlob(DESCRIPTOR, { signal: AbortSignal.abort(enough) })),
      enough,
    );
    const stop = new AbortController();
    let chunks = 0;
    await assert.rejects(
      (async () => {
        for await (const _ of repository.getBlob(DESCRIPTOR, { signal: stop.signal })) {
          if (++chunks === 2) stop.abort(enough);
        }
      })(),
      enough,
    );
  });
  await withBlob([{ match: isBlob, status: 503 }], async (host) => {
    const stop = new AbortController(), clock = new TestClock(), enough = new Error("enough");
    clock.sleep = () => {
      queueMicrotask(() => stop.abort(enough));
      return new Promise(() => {});
    };
    const repository = new Registry(host, quick(clock)).repository("a");
    await assert.rejects(collect(repository.getBlob(DESCRIPTOR, { signal: stop.signal })), enough);
  });
});

Deno.test("getBlob() gives the connection back when its reader leaves", async () => {
  await withBlob([], async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    for await (const _ of repository.getBlob(DESCRIPTOR)) break;
    assert.deepEqual(await collect(repository.getBlob(DESCRIPTOR)), BLOB);
  });
});

Deno.test("getBlob() takes silence for a break: slow heads, and bodies that stop", async () => {
  const timeouts = { answer: 500, idle: 500 };
  const slowHead = { match: isBlob, times: 1, delayMs: 5000 };
  await withBlob([slowHead], async (host, seen) => {
    const repository = new Registry(host, { ...quick(), timeouts }).repository("a");
    assert.deepEqual(await collect(repository.getBlob(DESCRIPTOR)), BLOB);
    assert.equal(seen().length, 2);
  });
  await withBlob([{ match: isBlob, times: 1, slowMs: 5000 }], async (host, seen) => {
    const repository = new Registry(host, { ...quick(), timeouts }).repository("a");
    assert.deepEqual(await collect(repository.getBlob(DESCRIPTOR)), BLOB);
    assert.equal(seen().length, 2);
  });
});

Deno.test("getBlob() has patience with a slow reader", async () => {
  await withBlob([], async (host, seen) => {
    const repository = new Registry(host, { ...quick(), timeouts: { idle: 300 } }).repository("a");
    let n = 0;
    for await (const _ of repository.getBlob(DESCRIPTOR)) {
      if (n++ < 2) await new Promise((resolve) => setTimeout(resolve, 600));
    }
    assert.equal(seen().length, 1);
  });
});

Deno.test("getBlob() of an empty blob asks whether it is there", async () => {
  const empty = describe(new Uint8Array(0));
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    await assert.rejects(collect(repository.getBlob(empty)), /404 not found/);
    await repository.putBlob(empty, () => pieces(new Uint8Array(0)));
    assert.equal((await collect(repository.getBlob(empty))).length, 0);
  });
});

Deno.test("getBlobFrom() reads the rest from an offset, and resumes it", async () => {
  await withBlob([{ match: isBlob, times: 1, cutResponse: 900_000 }], async (host, seen) => {
    const repository = new Registry(host, quick()).repository("a");
    assert.deepEqual(await collect(repository.getBlobFrom(DESCRIPTOR, 1_000_000)), BLOB.subarray(1_000_000));
    assert.equal(seen()[0]!.headers.get("range"), "bytes=1000000-");
    assert.equal(seen().length, 2);
  });
});
