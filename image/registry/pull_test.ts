import assert from "node:assert/strict";
import { JsonError } from "../../json/mod.ts";
import { VerifyError } from "../verify.ts";
import { MAX_MANIFEST } from "../manifest.ts";
import { sha256 } from "../digest.ts";
import { RegistryError } from "./http/errors.ts";
import { Registry } from "./registry.ts";
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
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/** Answers every request for a manifest with these bytes and headers. */
function manifestServer(bytes: Uint8Array<ArrayBuffer> | string, headers: Record<string, string>): Handler {
  return (request) => new Response(request.method === "HEAD" ? null : bytes, { headers });
}

const text = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

Deno.test("getManifest() by tag and by digest (distribution-spec, Pulling manifests)", async () => {
  const { manifest, descriptor, blobs } = smallImage();
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a/b");
    for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
    await repository.putManifest(descriptor, manifest, { tags: ["x"] });
    for (const reference of ["x", descriptor.digest]) {
      const found = await repository.getManifest(reference);
      assert.deepEqual([found.descriptor, found.bytes], [descriptor, manifest]);
      assert.deepEqual(await repository.headManifest(reference), descriptor);
    }
    const accept = seen.find((each) => each.method === "GET" && each.path.endsWith("/manifests/x"))!.headers;
    for (const type of [MANIFEST, INDEX, "application/vnd.docker.distribution.manifest.v2+json"]) {
      assert.ok(accept.get("accept")!.includes(type), type);
    }
    assert.equal(await repository.headManifest("none"), undefined);
    await assert.rejects(
      repository.getManifest("none"),
      (error) =>
        error instanceof RegistryError && error.status === 404 && error.codes[0] === "MANIFEST_UNKNOWN",
    );
  });
});

Deno.test("getManifest() refuses content whose digest is another one (distribution-spec, Pulling manifests)", async () => {
  const { manifest, descriptor } = smallImage();
  const other = `sha256:${"b".repeat(64)}`;
  await served(manifestServer(manifest, { "content-type": MANIFEST }), async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    await assert.rejects(
      repository.getManifest(other),
      new RegExp(`its content has digest ${descriptor.digest}, not ${other}`),
    );
  });
  await served(
    manifestServer(manifest, { "content-type": MANIFEST, "docker-content-digest": other }),
    async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      for (const reference of ["latest", descriptor.digest]) {
        await assert.rejects(
          repository.getManifest(reference),
          /the registry says its digest is sha256:b+, which it is not/,
        );
      }
    },
  );
});

Deno.test("getManifest() lets Docker-Content-Digest be of another algorithm (distribution-spec, Pulling manifests)", async () => {
  const { manifest, descriptor } = smallImage();
  const sha512 = `sha512:${
    [...new Uint8Array(await crypto.subtle.digest("SHA-512", manifest))].map((b) =>
      b.toString(16).padStart(2, "0")
    ).join("")
  }`;
  const headers = { "content-type": `${MANIFEST}; charset=utf-8`, "docker-content-digest": sha512 };
  await served(manifestServer(manifest, headers), async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    assert.equal((await repository.getManifest(descriptor.digest)).descriptor.digest, descriptor.digest);
    assert.equal((await repository.getManifest("latest")).descriptor.digest, sha512);
    assert.equal((await repository.getManifest(sha512)).descriptor.mediaType, MANIFEST);
  });
});

Deno.test("getManifest() refuses a media type that contradicts the content (CVE-2021-41190)", async () => {
  const { manifest } = smallImage();
  const entry = { mediaType: MANIFEST, digest: sha256(manifest), size: manifest.length };
  const cases: [Uint8Array<ArrayBuffer>, string, RegExp][] = [
    [manifest, INDEX, /the registry calls it .*index.*, it calls itself .*manifest/],
    [manifest, "application/vnd.docker.distribution.manifest.v2+json", /the registry calls it/],
    [manifest, "application/json", /the registry calls it application\/json/],
    [smallImage({ mediaType: undefined, manifests: [entry] }).manifest, MANIFEST, /a manifest has none/],
    [smallImage({ mediaType: undefined, manifests: [entry] }).manifest, INDEX, /an index has none/],
    [text({ schemaVersion: 2, manifests: [entry], config: entry }), INDEX, /an index has none/],
    [smallImage({ mediaType: undefined }).manifest, INDEX, /an index has none|an array is required/],
    [
      text({ schemaVersion: 1 }),
      "application/vnd.docker.distribution.manifest.v1+prettyjws",
      /schema 1, which is obsolete/,
    ],
    [smallImage({ mediaType: undefined }).manifest, "", /neither the registry nor it says what it is/],
  ];
  for (const [bytes, type, error] of cases) {
    const handler = (request: Request): Response => {
      const response = new Response(request.method === "HEAD" ? null : bytes, {
        headers: { "content-type": type },
      });
      if (type === "") response.headers.delete("content-type");
      return response;
    };
    await served(handler, async (host) => {
      await assert.rejects(new Registry(host, quick()).repository("a").getManifest("latest"), error);
    });
  }
});

Deno.test("getManifest() takes content without mediaType for what the registry calls it, and the other way round", async () => {
  const bare = smallImage({ mediaType: undefined }).manifest;
  await served(manifestServer(bare, { "content-type": MANIFEST }), async (host) => {
    const found = await new Registry(host, quick()).repository("a").getManifest("latest");
    assert.equal(found.descriptor.mediaType, MANIFEST);
  });
  const { manifest } = smallImage();
  const handler = (): Response => {
    const response = new Response(manifest);
    response.headers.delete("content-type");
    return response;
  };
  await served(handler, async (host) => {
    const found = await new Registry(host, quick()).repository("a").getManifest("latest");
    assert.equal(found.descriptor.mediaType, MANIFEST);
  });
});

Deno.test("getManifest() reads no more than MAX_MANIFEST, stated or endless", async () => {
  const big = new Uint8Array(MAX_MANIFEST + 1).fill(0x20);
  await served(manifestServer(big, { "content-type": MANIFEST }), async (host) => {
    await assert.rejects(
      new Registry(host, quick()).repository("a").getManifest("latest"),
      /4194305 bytes, more than the 4194304 that are read/,
    );
  });
  let sent = 0;
  const endless = (): Response =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          sent += 65536;
          controller.enqueue(new Uint8Array(65536).fill(0x20));
        },
      }),
      { headers: { "content-type": MANIFEST } },
    );
  await served(endless, async (host) => {
    await assert.rejects(
      new Registry(host, quick()).repository("a").getManifest("latest"),
      /more than the 4194304 bytes that are read/,
    );
  });
  assert.ok(sent < 4 * MAX_MANIFEST, `${sent} bytes were sent`);
});

Deno.test("getManifest() refuses what is no JSON, not UTF-8, or has a name twice", async () => {
  const bad: [string | Uint8Array<ArrayBuffer>, RegExp][] = [
    ["<html>welcome</html>", /not valid JSON/],
    ["{", /not valid JSON/],
    [new Uint8Array([0x22, 0xff, 0x22]), /not valid UTF-8/],
    [`{"schemaVersion":2,"mediaType":"${MANIFEST}","mediaType":"${INDEX}"}`, /occurs twice/],
    ["[]", /expected an object/],
    ["null", /an object is required/],
  ];
  for (const [bytes, error] of bad) {
    await served(manifestServer(bytes, { "content-type": MANIFEST }), async (host) => {
      const got = new Registry(host, quick()).repository("a").getManifest("latest");
      await assert.rejects(got, (thrown) => thrown instanceof JsonError && error.test(thrown.message));
    });
  }
});

Deno.test("headManifest() fetches the manifest when the registry says too little (distribution-spec, Checking if content exists)", async () => {
  const { manifest, descriptor } = smallImage();
  let gets = 0;
  const old = (request: Request): Response => {
    if (request.method === "HEAD") return new Response(null, { status: 200 });
    gets++;
    return new Response(manifest, { headers: { "content-type": MANIFEST } });
  };
  await served(old, async (host) => {
    gets = 0;
    assert.deepEqual(await new Registry(host, quick()).repository("a").headManifest("x"), descriptor);
  });
  assert.ok(gets >= 1);
  const none = (request: Request): Response =>
    request.method === "HEAD" ? new Response(null, { status: 405 }) : old(request);
  await served(none, async (host) => {
    assert.deepEqual(await new Registry(host, quick()).repository("a").headManifest("x"), descriptor);
  });
});

Deno.test("headManifest() does not believe sizes and digests that cannot be", async () => {
  const { manifest, descriptor } = smallImage();
  for (
    const [name, value] of [["docker-content-digest", "sha256:xyz"], [
      "docker-content-digest",
      "md5:00",
    ]] as const
  ) {
    const handler = manifestServer(manifest, { "content-type": MANIFEST, [name]: value });
    await served(handler, async (host) => {
      assert.deepEqual(
        await new Registry(host, quick()).repository("a").headManifest("x"),
        descriptor,
        value,
      );
    });
  }
});

Deno.test("getManifest() throws a VerifyError for a digest that cannot be checked", async () => {
  const repository = new Registry("localhost:1", quick()).repository("a");
  await assert.rejects(
    repository.getManifest("blake3:abcdef"),
    (error) => error instanceof VerifyError && /"blake3" is not supported/.test(error.message),
  );
});
