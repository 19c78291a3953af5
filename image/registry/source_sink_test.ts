import assert from "node:assert/strict";
import { MissingContentError } from "../content.ts";
import { VerifyError } from "../verify.ts";
import { sha256 } from "../digest.ts";
import { fixedCredentials } from "./auth/credentials.ts";
import { Registry } from "./registry.ts";
import { RegistrySink } from "./sink.ts";
import { RegistrySource } from "./source.ts";
import {
  collect,
  describe,
  noise,
  pieces,
  quick,
  registryServed,
  served,
  smallImage,
} from "./testing/served.ts";

Deno.test("RegistrySink and RegistrySource: an image there and back", async () => {
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    const sink = new RegistrySink(repository), source = new RegistrySource(repository, "x");
    const { manifest, descriptor, blobs } = smallImage();
    for (const blob of blobs) {
      assert.equal(await sink.hasBlob(describe(blob)), false);
      await sink.putBlob(describe(blob), () => pieces(blob));
      assert.equal(await sink.hasBlob(describe(blob)), true);
    }
    await sink.putManifest(descriptor, manifest, "x");
    await assert.rejects(
      source.resolve(undefined),
      (error) => error instanceof MissingContentError && /there is no x/.test(error.message),
    );
    await sink.commit();
    sink.close();
    for (const name of [undefined, "x", descriptor.digest]) {
      assert.deepEqual(await source.resolve(name), [descriptor]);
    }
    assert.deepEqual(await source.manifest(descriptor), manifest);
    for (const blob of blobs) {
      assert.deepEqual(await collect(source.blob(describe(blob))), blob);
      assert.deepEqual(await collect(source.blobFrom(describe(blob), 10)), blob.subarray(10));
    }
    const names: string[] = [];
    for await (const name of source.names()) names.push(name);
    assert.deepEqual(names, ["x"]);
    assert.deepEqual(await source.referrers(descriptor.digest), []);
    assert.equal(source.name, `${host}/a`);
    source.close();
  });
});

Deno.test("RegistrySink: what refers to a manifest comes after it, and names come last", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    const sink = new RegistrySink(repository);
    const { manifest, descriptor, blobs } = smallImage();
    for (const blob of blobs) await sink.putBlob(describe(blob), () => pieces(blob));
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const { digest, size } = descriptor;
    const index = new TextEncoder().encode(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        manifests: [{ mediaType: descriptor.mediaType, digest, size }],
      }),
    );
    await sink.putManifest(descriptor, manifest, "one");
    await sink.putManifest(describe(index, mediaType), index, "all");
    await sink.putManifest(describe(index, mediaType), index, "also");
    assert.equal(await repository.headManifest("one"), undefined);
    await sink.commit();
    assert.deepEqual(await repository.headManifest("one"), descriptor);
    for (const tag of ["all", "also"]) {
      assert.equal((await repository.headManifest(tag))?.digest, sha256(index));
    }
    const puts = seen.filter((each) => each.method === "PUT" && each.path.includes("/manifests/"));
    assert.match(puts[0]!.path, new RegExp(digest));
    await assert.rejects(sink.putManifest(descriptor, manifest, "not a tag"), /is not a tag/);
  });
});

Deno.test("RegistrySink: without a commit no name is given", async () => {
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    const sink = new RegistrySink(repository);
    const { manifest, descriptor, blobs } = smallImage();
    for (const blob of blobs) await sink.putBlob(describe(blob), () => pieces(blob));
    await sink.putManifest(descriptor, manifest, "x");
    sink.close();
    await sink.commit();
    assert.equal(await repository.headManifest("x"), undefined);
  });
});

Deno.test("RegistrySource: what is missing is a MissingContentError, and what contradicts its descriptor a VerifyError", async () => {
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    const { manifest, descriptor, blobs } = smallImage();
    const source = new RegistrySource(repository);
    const missing = (error: unknown): boolean => error instanceof MissingContentError;
    await assert.rejects(source.resolve("x"), missing);
    await assert.rejects(source.manifest(descriptor), missing);
    await assert.rejects(collect(source.blob(describe(noise(5)))), missing);
    await assert.rejects(collect(source.blobFrom(describe(noise(5)), 2)), missing);
    await assert.rejects(source.resolve("not a tag"), /neither a tag nor a digest/);
    for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
    await repository.putManifest(descriptor, manifest);
    const docker = { ...descriptor, mediaType: "application/vnd.docker.distribution.manifest.v2+json" };
    await assert.rejects(
      source.manifest(docker),
      (error) => error instanceof VerifyError && /its descriptor calls it/.test(error.message),
    );
    await assert.rejects(source.manifest({ ...descriptor, size: descriptor.size + 1 }), VerifyError);
    // Content in the descriptor itself needs no registry, but counts no more than any other.
    assert.deepEqual(await source.manifest({ ...describe(noise(9)), data: noise(9) }), noise(9));
    await assert.rejects(source.manifest({ ...describe(noise(9)), data: noise(9, 2) }), VerifyError);
  });
});

Deno.test("mirrors are asked first, told whom they stand for, and not the registry's password (distribution-spec, Registry Proxying)", async () => {
  const blob = noise(3_000_000), descriptor = describe(blob);
  const asked: string[] = [], shown: (string | null)[] = [];
  const mirror = (request: Request): Response => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/v2/") return new Response();
    asked.push(pathname + search);
    shown.push(request.headers.get("authorization"));
    return new Response(blob);
  };
  await served(mirror, async (mirrorHost) => {
    await registryServed(async (host, { seen }) => {
      const credentials = {
        get: (registry: string) =>
          Promise.resolve(registry === host ? { username: "me", password: "pass-word" } : undefined),
      };
      const options = { ...quick(), mirrors: [`${mirrorHost}/cache`], credentials };
      const repository = new Registry(host, options).repository("a/b");
      assert.deepEqual(await collect(repository.getBlob(descriptor)), blob);
      assert.equal(seen.length, 0);
      assert.deepEqual(asked, [`/v2/cache/a/b/blobs/${descriptor.digest}?ns=${encodeURIComponent(host)}`]);
      assert.deepEqual(shown, [null]);
      // What is written goes to the registry itself.
      await repository.putBlob(descriptor, () => pieces(blob));
      assert.equal(asked.length, 1);
      assert.equal(await repository.hasBlob(descriptor), true);
    });
  });
});

Deno.test("mirrors that are down, lack something or serve something wrong do not matter", async () => {
  const { manifest, descriptor, blobs } = smallImage();
  const bad: ((request: Request) => Response)[] = [
    () => new Response(null, { status: 404 }),
    () => new Response(null, { status: 503 }),
    () => new Response("rubbish", { headers: { "content-type": descriptor.mediaType } }),
    () => new Response(null, { status: 401 }),
  ];
  for (const handler of bad) {
    await served(handler, async (mirror) => {
      await registryServed(async (host) => {
        const options = {
          ...quick(),
          mirrors: ["127.0.0.1:1", mirror],
          credentials: fixedCredentials({ username: "a", password: "b" }),
        };
        const repository = new Registry(host, options).repository("a");
        for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
        await repository.putManifest(descriptor, manifest, { tags: ["x"] });
        assert.deepEqual((await repository.getManifest("x")).bytes, manifest);
        assert.deepEqual(await repository.headManifest("x"), descriptor);
        assert.deepEqual(await collect(repository.getBlob(describe(blobs[1]!))), blobs[1]);
        assert.equal(options.clock.sleeps.length, 0);
      });
    });
  }
});

Deno.test("Registry() refuses mirrors and names that are none", () => {
  for (const mirror of ["", "http://x", "host/UPPER", "host/../x"]) {
    assert.throws(() => new Registry("host", { mirrors: [mirror] }), /mirror|registry/, mirror);
  }
  for (const name of ["", "A", "a//b", "../x", "a?b", "a%2e"]) {
    assert.throws(() => new Registry("host").repository(name), /is not the name of a repository/, name);
  }
});
