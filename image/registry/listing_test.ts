import assert from "node:assert/strict";
import type { Descriptor } from "../descriptor.ts";
import { Registry } from "./registry.ts";
import { RegistryError } from "./http/errors.ts";
import {
  describe,
  type Handler,
  pieces,
  quick,
  registryServed,
  served,
  smallImage,
} from "./testing/served.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";

async function list(source: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const each of source) all.push(each);
  return all;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const entry = (n: number, artifactType?: string): Record<string, unknown> => ({
  mediaType: MANIFEST,
  digest: `sha256:${String(n).padStart(64, "0")}`,
  size: 5,
  ...(artifactType === undefined ? {} : { artifactType }),
});

Deno.test("tags(): all, page by page, behind one (distribution-spec, Listing Tags)", async () => {
  const tags = ["a", "b", "c", "d", "e"];
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("x/y");
    const { manifest, descriptor, blobs } = smallImage();
    for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
    await repository.putManifest(descriptor, manifest, { tags });
    assert.deepEqual(await list(repository.tags()), tags);
    seen.length = 0;
    assert.deepEqual(await list(repository.tags({ pageSize: 2 })), tags);
    assert.equal(seen.length, 3);
    assert.deepEqual(await list(repository.tags({ last: "c" })), ["d", "e"]);
    await assert.rejects(
      list(new Registry(host, quick()).repository("none").tags()),
      (error) => error instanceof RegistryError && error.status === 404,
    );
  });
});

Deno.test("tags() goes no further than its reader", async () => {
  let pages = 0;
  await served((request) => {
    if (request.url.endsWith("/v2/")) return new Response();
    pages++;
    return Response.json({ name: "a", tags: [`t${pages}`] }, {
      headers: { link: `</v2/a/tags/list?last=t${pages}>; rel="next"` },
    });
  }, async (host) => {
    for await (const tag of new Registry(host, quick()).repository("a").tags()) if (tag === "t3") break;
  });
  assert.equal(pages, 3);
});

Deno.test("tags() does not follow a list to another server, or in circles, and takes no answer for granted", async () => {
  const linked = (link: string): Handler => (request) =>
    request.url.endsWith("/v2/") ? new Response() : Response.json({ tags: ["x"] }, { headers: { link } });
  const cases: [Handler, RegExp][] = [
    [linked('<http://example.com/v2/a/tags/list>; rel="next"'), /goes on at another server, example.com/],
    [linked('</v2/a/tags/list?last=x>; rel="next"'), /goes round in circles/],
    [() => new Response("<html>", { headers: { "content-type": "text/html" } }), /not valid JSON/],
    [() => Response.json([]), /expected an object/],
    [() => Response.json({ tags: {} }), /expected an array/],
    [() => Response.json({ tags: [1] }), /tags\[0\]: expected a string/],
    [() => new Response(new Uint8Array(17 * 1024 * 1024)), /17825792 bytes, more than the 16777216/],
  ];
  for (const [handler, error] of cases) {
    await served(handler, async (host) => {
      await assert.rejects(list(new Registry(host, quick()).repository("a").tags()), error);
    });
  }
});

Deno.test("tags() passes on only what is a tag, and each once; null is an empty list", async () => {
  await served(
    () => Response.json({ tags: ["ok", "ok", "../x", "a b", "", "\u001b[2J", "x".repeat(200)] }),
    async (host) => {
      assert.deepEqual(await list(new Registry(host, quick()).repository("a").tags()), ["ok"]);
    },
  );
  await served(() => Response.json({ name: "a", tags: null }), async (host) => {
    assert.deepEqual(await list(new Registry(host, quick()).repository("a").tags()), []);
  });
});

/** Answers for the referrers API, and nothing else. */
function referrersServer(answer: (url: URL) => Response): Handler {
  return (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/v2/") return new Response();
    return url.pathname.includes("/referrers/") ? answer(url) : new Response(null, { status: 404 });
  };
}

const SUBJECT = `sha256:${"f".repeat(64)}`;

function digests(found: readonly Descriptor[]): number[] {
  return found.map((each) => Number(each.digest.split(":")[1]));
}

Deno.test("referrers() follows pages, and filters itself if the registry has not (distribution-spec, Listing Referrers)", async () => {
  const pages: Record<string, unknown>[][] = [[entry(1, "a/a"), entry(2, "b/b")], [
    entry(3, "a/a"),
    entry(1, "a/a"),
  ], []];
  const asked: string[] = [];
  const handler = referrersServer((url) => {
    asked.push(url.search);
    const page = Number(url.searchParams.get("page") ?? 0);
    const next = page + 1 < pages.length
      ? { link: `<${url.pathname}?page=${page + 1}>; rel="next"` }
      : {} as Record<string, string>;
    return Response.json({ schemaVersion: 2, mediaType: INDEX, manifests: pages[page] }, {
      headers: { "content-type": INDEX, ...next },
    });
  });
  await served(handler, async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    assert.deepEqual(digests(await repository.referrers(SUBJECT)), [1, 2, 3]);
    assert.deepEqual(digests(await repository.referrers(SUBJECT, { artifactType: "a/a" })), [1, 3]);
  });
  assert.equal(asked[3], "?artifactType=a%2Fa");
});

Deno.test("referrers() refuses what is no list, and lists that do not end", async () => {
  let n = 0;
  const ends: [(url: URL) => Response, RegExp][] = [
    [() => new Response("<html>"), /not valid JSON/],
    [() => Response.json({ schemaVersion: 2, mediaType: MANIFEST, manifests: [] }), /mediaType: expected/],
    [() => Response.json({ schemaVersion: 2, manifests: [{ digest: "x" }] }), /malformed digest/],
    [
      (url) =>
        Response.json({ schemaVersion: 2, manifests: [] }, {
          headers: { link: `<${url.pathname}?n=${n++}>; rel="next"` },
        }),
      /the list does not end/,
    ],
    [
      (url) =>
        Response.json({ schemaVersion: 2, manifests: [] }, {
          headers: { link: `<${url.pathname}?x>; rel="next"` },
        }),
      /goes round in circles/,
    ],
    [
      () =>
        Response.json({ schemaVersion: 2, manifests: [] }, {
          headers: { link: '<http://127.0.0.2/x>; rel="next"' },
        }),
      /another server/,
    ],
    [() => new Response(new Uint8Array(5 * 1024 * 1024)), /more than the 4194304/],
  ];
  for (const [answer, error] of ends) {
    await served(referrersServer(answer), async (host) => {
      await assert.rejects(new Registry(host, quick()).repository("a").referrers(SUBJECT), error);
    });
  }
});

Deno.test("a registry's warnings are passed on, each once (distribution-spec, Warnings)", async () => {
  const told: string[] = [];
  const headers = { warning: '299 - "This registry endpoint is deprecated."' };
  await served(() => Response.json({ tags: ["x"] }, { headers }), async (host) => {
    const repository = new Registry(host, { ...quick(), onWarning: (text) => told.push(text) }).repository(
      "a",
    );
    await list(repository.tags());
    await list(repository.tags());
  });
  assert.deepEqual(told, ["This registry endpoint is deprecated."]);
});
