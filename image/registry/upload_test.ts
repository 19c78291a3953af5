import assert from "node:assert/strict";
import { hasher } from "../digest.ts";
import { VerifyError } from "../verify.ts";
import { RegistryError } from "./http/errors.ts";
import { Registry } from "./registry.ts";
import { cutting } from "./testing/cutting_proxy.ts";
import { collect, describe, noise, pieces, quick, registryServed, served } from "./testing/served.ts";
import type { UploadMode } from "./uploads.ts";

const BIG = noise(5_000_000, 11), SMALL = noise(2000, 12);
const uploads = (seen: readonly { method: string; path: string }[]): string[] =>
  seen.filter((each) => each.path.includes("/uploads/")).map((each) => each.method);

Deno.test("putBlob(): POST then PUT, with its length (distribution-spec, POST then PUT)", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    for (const blob of [SMALL, BIG]) {
      seen.length = 0;
      await repository.putBlob(describe(blob), () => pieces(blob));
      assert.deepEqual(uploads(seen), ["POST", "PUT"]);
      const { headers, path } = seen.find((each) => each.method === "PUT")!;
      assert.equal(headers.get("content-length"), String(blob.length));
      assert.equal(headers.get("content-type"), "application/octet-stream");
      assert.match(path, /[?&]digest=sha256/);
      assert.deepEqual(await collect(repository.getBlob(describe(blob))), blob);
      assert.equal(await repository.hasBlob(describe(blob)), true);
    }
    assert.equal(await repository.hasBlob(describe(noise(10))), false);
    assert.equal(await repository.hasBlob({ ...describe(SMALL), size: 7 }), false);
  });
});

Deno.test("putBlob(): in one POST, and on with PUT where that is not possible (distribution-spec, Single POST)", async () => {
  for (const [singlePost, methods] of [[true, ["POST"]], [false, ["POST", "PUT"]]] as const) {
    await registryServed(
      async (host, { seen }) => {
        const repository = new Registry(host, quick()).repository("a");
        for (const blob of [SMALL, BIG]) {
          seen.length = 0;
          await repository.putBlob(describe(blob), () => pieces(blob), { mode: "single" });
          assert.deepEqual(uploads(seen), methods);
          assert.deepEqual(await collect(repository.getBlob(describe(blob))), blob);
        }
      },
      [],
      { features: { singlePost } },
    );
  }
});

Deno.test("putBlob(): in chunks, no smaller than the registry wants (distribution-spec, Pushing a blob in chunks)", async () => {
  await registryServed(
    async (host, { seen }) => {
      const repository = new Registry(host, quick()).repository("a");
      await repository.putBlob(describe(BIG), () => pieces(BIG, 70_001), {
        mode: "chunked",
        chunkSize: 1_000_000,
      });
      assert.deepEqual(await collect(repository.getBlob(describe(BIG))), BIG);
      const patches = seen.filter((each) => each.method === "PATCH").map((
        { headers },
      ) => [headers.get("content-range"), headers.get("content-length")]);
      assert.deepEqual(patches, [["0-1499999", "1500000"], ["1500000-2999999", "1500000"], [
        "3000000-4499999",
        "1500000",
      ], ["4500000-4999999", "500000"]]);
      assert.equal(
        seen.filter((each) => each.path.includes("/uploads/"))[0]!.headers.get("content-length"),
        "0",
      );
      assert.deepEqual(uploads(seen), ["POST", "PATCH", "PATCH", "PATCH", "PATCH", "PUT"]);
    },
    [],
    { chunkMinLength: 1_500_000 },
  );
});

Deno.test("putBlob(): chunks that are larger than can be held are refused", async () => {
  const headers = { location: "/upload/1", "oci-chunk-min-length": "999999999999" };
  await served(
    (request) => new Response(null, { status: request.method === "POST" ? 202 : 200, headers }),
    async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      await assert.rejects(
        repository.putBlob(describe(BIG), () => pieces(BIG), { mode: "chunked" }),
        /chunks of 999999999999 bytes/,
      );
    },
  );
});

Deno.test("putBlob(): an upload that broke goes on where the registry has got to (distribution-spec, Resumable Push)", async () => {
  const modes: UploadMode[] = ["monolithic", "chunked", "single"];
  for (const mode of modes) {
    await registryServed(async (host, { seen }) => {
      await cutting(host, 1, 2_500_000, async (proxy) => {
        const options = quick();
        const repository = new Registry(proxy, options).repository("a");
        let opened = 0;
        const open = (): AsyncIterable<Uint8Array> => (opened++, pieces(BIG));
        await repository.putBlob(describe(BIG), open, { mode, chunkSize: 1_000_000 });
        assert.deepEqual(await collect(repository.getBlob(describe(BIG))), BIG, mode);
        assert.ok(options.clock.sleeps.length >= 1, mode);
        if (mode === "chunked") assert.equal(opened, 1);
        if (mode === "single") return;
        // It asked how far the upload had got, and went on there.
        assert.ok(uploads(seen).includes("GET"), uploads(seen).join());
        const patched = seen.filter((each) => each.method === "PATCH").map((each) =>
          each.headers.get("content-range")!
        );
        assert.ok(patched.some((range) => !range.startsWith("0-")), patched.join());
      });
    });
  }
});

Deno.test("putBlob(): a body that somebody on the way has cut off is sent again", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    await repository.putBlob(describe(BIG), () => pieces(BIG));
    assert.deepEqual(await collect(repository.getBlob(describe(BIG))), BIG);
    assert.ok(seen.length > 3);
  }, [{ match: (request) => request.method === "PUT", times: 1, cutRequest: 700_000 }]);
});

Deno.test("putBlob(): a chunk that is asked for again with 503 is sent again", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    await repository.putBlob(describe(BIG), () => pieces(BIG), { mode: "chunked", chunkSize: 2_000_000 });
    assert.deepEqual(await collect(repository.getBlob(describe(BIG))), BIG);
    assert.deepEqual(uploads(seen), ["POST", "PATCH", "PATCH", "GET", "PATCH", "PATCH", "PUT"]);
  }, [{ match: (request) => request.method === "PATCH", after: 1, times: 1, status: 503 }]);
});

Deno.test("putBlob(): an upload that the registry has forgotten is begun anew", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    await repository.putBlob(describe(BIG), () => pieces(BIG));
    assert.deepEqual(await collect(repository.getBlob(describe(BIG))), BIG);
    assert.equal(uploads(seen).filter((method) => method === "POST").length, 2);
  }, [
    { match: (request) => request.method === "PUT", times: 1, status: 502 },
    {
      match: (request) => request.method === "GET" && request.url.includes("/uploads/"),
      times: 1,
      status: 404,
    },
  ]);
});

Deno.test("putBlob(): given up after the last try, the upload is cancelled (distribution-spec, Cancel a blob upload)", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    await assert.rejects(
      repository.putBlob(describe(SMALL), () => pieces(SMALL)),
      (error) => error instanceof RegistryError && error.status === 503,
    );
    assert.equal(uploads(seen).filter((method) => method === "PUT").length, 5);
    assert.equal(uploads(seen).at(-1), "DELETE");
  }, [{ match: (request) => request.method === "PUT", status: 503 }]);
});

Deno.test("putBlob(): content that is not its descriptor's is not completed, and the upload cancelled", async () => {
  for (const blob of [SMALL, BIG]) {
    for (
      const wrong of [blob.subarray(1), noise(blob.length, 99), new Uint8Array([...blob.subarray(0, 100), 0])]
    ) {
      for (const mode of ["monolithic", "chunked"] as const) {
        await registryServed(async (host, { seen }) => {
          const repository = new Registry(host, quick()).repository("a");
          await assert.rejects(
            repository.putBlob(describe(blob), () => pieces(wrong), { mode }),
            (error) => error instanceof VerifyError,
          );
          assert.equal(await repository.hasBlob(describe(blob)), false);
          if (uploads(seen).length > 0) assert.equal(uploads(seen).at(-1), "DELETE");
        });
      }
    }
  }
});

Deno.test("putBlob(): an error of its source is the error", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    const failure = Object.assign(new Error("the disk is broken"), { code: "EIO" });
    async function* open(): AsyncGenerator<Uint8Array> {
      yield* pieces(BIG.subarray(0, 2_000_000));
      throw failure;
    }
    await assert.rejects(repository.putBlob(describe(BIG), open), failure);
    assert.ok(uploads(seen).includes("DELETE"));
  });
});

Deno.test("putBlob() ends with the signal's reason, and cancels", async () => {
  await registryServed(async (host, { seen }) => {
    const stop = new AbortController(), enough = new Error("enough");
    async function* open(): AsyncGenerator<Uint8Array> {
      yield BIG.subarray(0, 100_000);
      stop.abort(enough);
      await new Promise((resolve) => setTimeout(resolve, 10));
      yield BIG.subarray(100_000);
    }
    const repository = new Registry(host, quick()).repository("a");
    await assert.rejects(repository.putBlob(describe(BIG), open, { signal: stop.signal }), enough);
    assert.equal(uploads(seen).at(-1), "DELETE");
  });
});

Deno.test("putBlob(): mounted from another repository without a byte sent (distribution-spec, Mounting a blob)", async () => {
  await registryServed(
    async (host, { seen }) => {
      const registry = new Registry(host, quick());
      await registry.repository("from").putBlob(describe(BIG), () => pieces(BIG));
      seen.length = 0;
      const never = (): never => assert.fail("the blob was read");
      await registry.repository("to").putBlob(describe(BIG), never, { mountFrom: ["to", "none", "from"] });
      assert.ok(uploads(seen).every((method) => method !== "PUT"));
      assert.ok(seen.some((each) => each.path.includes("mount=sha256") && each.path.endsWith("from=from")));
      assert.deepEqual(await collect(registry.repository("to").getBlob(describe(BIG))), BIG);
    },
    [],
    { features: { mounts: "named" } },
  );
});

Deno.test("putBlob(): where nothing can be mounted, the upload that has begun goes on", async () => {
  await registryServed(
    async (host, { seen }) => {
      const registry = new Registry(host, quick());
      await registry.repository("to").putBlob(describe(SMALL), () => pieces(SMALL), { mountFrom: ["from"] });
      assert.deepEqual(uploads(seen), ["POST", "PUT"]);
      assert.equal(await registry.repository("to").hasBlob(describe(SMALL)), true);
    },
    [],
    { features: { mounts: "none" } },
  );
  await registryServed(async (host, { seen }) => {
    const registry = new Registry(host, quick());
    await registry.repository("to").putBlob(describe(SMALL), () => pieces(SMALL), { mountFrom: ["from"] });
    assert.deepEqual(uploads(seen), ["POST", "POST", "PUT"]);
  }, [{ match: (request) => request.url.includes("mount="), status: 403 }]);
});

Deno.test("putBlob(): other algorithms are announced (distribution-spec, Pushing a blob in chunks)", async () => {
  const digest = `sha512:${hasher("sha512").update(SMALL).digest("hex")}`;
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    await repository.putBlob({ ...describe(SMALL), digest }, () => pieces(SMALL));
    assert.ok(seen.some((each) => each.method === "POST" && each.path.endsWith("?digest-algorithm=sha512")));
    assert.deepEqual(await collect(repository.getBlob({ ...describe(SMALL), digest })), SMALL);
  });
});

Deno.test("putBlob(): the upload's address is used as the registry gave it; elsewhere it is not told who asks", async () => {
  const shown: (string | null)[] = [], paths: string[] = [];
  await served(async (request) => {
    shown.push(request.headers.get("authorization"));
    const { pathname, search } = new URL(request.url);
    paths.push(pathname + search);
    await request.bytes();
    return new Response(null, { status: 201, headers: { location: "/done" } });
  }, async (storage) => {
    const registry = (request: Request): Response => {
      if (!request.headers.has("authorization")) {
        return new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } });
      }
      return new Response(null, {
        status: 202,
        headers: { location: `http://${storage}/up%2Fload?_state=a%3D%3D&x` },
      });
    };
    await served(registry, async (host) => {
      const credentials = { get: () => Promise.resolve({ username: "me", password: "pass-word" }) };
      const repository = new Registry(host, { ...quick(), credentials }).repository("a");
      await repository.putBlob(describe(SMALL), () => pieces(SMALL));
      await repository.putBlob(describe(BIG), () => pieces(BIG));
    });
  });
  assert.deepEqual(shown, [null, null]);
  assert.equal(paths[0], `/up%2Fload?_state=a%3D%3D&x&digest=${encodeURIComponent(describe(SMALL).digest)}`);
});

Deno.test("putBlob() does not believe a registry that says nonsense", async () => {
  const cases: [(request: Request) => Response, RegExp][] = [
    [() => new Response(null, { status: 202 }), /does not say where to upload to/],
    [
      () => new Response(null, { status: 202, headers: { location: "http://[x" } }),
      /no valid address to upload to/,
    ],
    [() => new Response(null, { status: 200 }), /200/],
    [
      (request) =>
        new Response(null, {
          status: request.method === "POST" ? 202 : 201,
          headers: { location: "/u", "docker-content-digest": `sha256:${"0".repeat(64)}` },
        }),
      /the registry has stored sha256:0+/,
    ],
    [
      (request) =>
        new Response(null, {
          status: 202,
          headers: { location: "/u", range: request.method === "PATCH" ? "0-99999999" : "" },
        }),
      /lost track|202/,
    ],
  ];
  for (const [answer, error] of cases) {
    const handler = async (request: Request): Promise<Response> => {
      await request.bytes().catch(() => {});
      return request.url.endsWith("/v2/") ? new Response() : answer(request);
    };
    await served(handler, async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      await assert.rejects(
        repository.putBlob(describe(SMALL), () => pieces(SMALL), {
          mode: String(error).includes("lost") ? "chunked" : "monolithic",
        }),
        error,
      );
    });
  }
});

Deno.test("deleteBlob() (distribution-spec, Deleting Blobs)", async () => {
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    await repository.putBlob(describe(SMALL), () => pieces(SMALL));
    await repository.deleteBlob(describe(SMALL).digest);
    assert.equal(await repository.hasBlob(describe(SMALL)), false);
    await assert.rejects(
      repository.deleteBlob(describe(SMALL).digest),
      (error) => error instanceof RegistryError && error.status === 404,
    );
  });
  await registryServed(
    async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      await assert.rejects(
        repository.deleteBlob(describe(SMALL).digest),
        (error) => error instanceof RegistryError && error.status === 405,
      );
    },
    [],
    { features: { deletes: false } },
  );
});
