import assert from "node:assert/strict";
import type { Descriptor } from "../descriptor.ts";
import { referrersTag } from "../referrers.ts";
import { VerifyError } from "../verify.ts";
import { RegistryError } from "./http/errors.ts";
import { Registry } from "./registry.ts";
import type { Repository } from "./repository.ts";
import { describe, pieces, quick, registryServed, served, smallImage } from "./testing/served.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";

/** Puts a small image with `extra` fields; its descriptor. */
async function push(
  repository: Repository,
  extra: Record<string, unknown> = {},
  tags: readonly string[] = [],
): Promise<Descriptor> {
  const { manifest, descriptor, blobs } = smallImage(extra);
  for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
  await repository.putManifest(descriptor, manifest, { tags });
  return descriptor;
}

/** The fields of a subject. */
function subjectOf({ mediaType, digest, size }: Descriptor): Record<string, unknown> {
  return { mediaType, digest, size };
}

Deno.test("putManifest() by tag and by digest, with its media type (distribution-spec, Pushing Manifests)", async () => {
  await registryServed(async (host, { seen }) => {
    const repository = new Registry(host, quick()).repository("a");
    const descriptor = await push(repository, {}, ["one"]);
    const put = seen.find((each) => each.method === "PUT" && each.path.includes("/manifests/"))!;
    assert.equal(put.path, "/v2/a/manifests/one");
    assert.equal(put.headers.get("content-type"), descriptor.mediaType);
    assert.deepEqual(await repository.headManifest("one"), descriptor);
    const other = await push(repository, { annotations: { a: "b" } });
    assert.ok(seen.some((each) => each.path === `/v2/a/manifests/${other.digest}`));
    assert.deepEqual(await repository.headManifest(other.digest), other);
  });
});

Deno.test("putManifest() with several tags, as many at once as the registry takes (distribution-spec, Pushing Manifests, OCI-Tag)", async () => {
  const tags = Array.from({ length: 12 }, (_, i) => `v${i}`);
  for (const [tagParameters, puts] of [[true, 3], [false, 13]] as const) {
    await registryServed(
      async (host, { seen }) => {
        const repository = new Registry(host, quick()).repository("a");
        const descriptor = await push(repository, {}, tags);
        for (const tag of tags) assert.deepEqual(await repository.headManifest(tag), descriptor, tag);
        assert.equal(
          seen.filter((each) => each.method === "PUT" && each.path.includes("/manifests/")).length,
          puts,
        );
      },
      [],
      { features: { tagParameters } },
    );
  }
});

Deno.test("putManifest() sends nothing that is not what its descriptor says", async () => {
  const { manifest, descriptor } = smallImage();
  await served(
    (request) => request.url.endsWith("/v2/") ? new Response() : assert.fail("a request was made"),
    async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      const bad: [Descriptor, Uint8Array, readonly string[], RegExp][] = [
        [{ ...descriptor, size: 1 }, manifest, [], /longer than the 1 bytes/],
        [{ ...descriptor, digest: `sha256:${"0".repeat(64)}` }, manifest, [], /its content has digest/],
        [{ ...descriptor, mediaType: INDEX }, manifest, [], /it calls itself/],
        [{ ...descriptor, size: 5_000_000 }, manifest, [], /5000000 bytes, more than/],
        [descriptor, manifest, ["not a tag"], /"not a tag" is not a tag/],
        [descriptor, manifest, ["../x"], /is not a tag/],
      ];
      for (const [wrong, bytes, tags, error] of bad) {
        await assert.rejects(
          repository.putManifest(wrong, bytes, { tags }),
          error,
        );
      }
    },
  );
});

Deno.test("putManifest() refuses a registry that has stored something else (distribution-spec, Pushing Manifests)", async () => {
  const { manifest, descriptor } = smallImage();
  const headers = { location: "/x", "docker-content-digest": `sha256:${"0".repeat(64)}` };
  await served(
    (request) => new Response(null, request.method === "PUT" ? { status: 201, headers } : {}),
    async (host) => {
      await assert.rejects(
        new Registry(host, quick()).repository("a").putManifest(descriptor, manifest),
        /has stored sha256:0+/,
      );
    },
  );
});

Deno.test("putManifest() says what a registry has against it (distribution-spec, Pushing Manifests)", async () => {
  await registryServed(async (host) => {
    const { manifest, descriptor } = smallImage();
    await assert.rejects(
      new Registry(host, quick()).repository("a").putManifest(descriptor, manifest, { tags: ["x"] }),
      (error) => error instanceof RegistryError && error.codes.includes("MANIFEST_BLOB_UNKNOWN"),
    );
  });
});

for (const referrers of [true, false]) {
  const how = referrers ? "API" : "tag schema";
  Deno.test(`referrers by ${how}: pushed, listed, filtered, deleted (distribution-spec, Listing Referrers, Pushing Manifests with Subject)`, async () => {
    await registryServed(
      async (host, { seen }) => {
        const repository = new Registry(host, quick()).repository("a");
        const subject = await push(repository, {}, ["x"]);
        assert.deepEqual(await repository.referrers(subject.digest), []);
        const sbom = await push(repository, {
          subject: subjectOf(subject),
          artifactType: "application/sbom",
          annotations: { made: "today" },
        });
        const plain = await push(repository, { subject: subjectOf(subject), annotations: { n: "2" } });
        // Twice is once.
        await push(repository, { subject: subjectOf(subject), annotations: { n: "2" } });
        const expected = [
          { ...sbom, artifactType: "application/sbom", annotations: { made: "today" } },
          // Without artifactType it is the config's media type.
          { ...plain, artifactType: "application/vnd.oci.image.config.v1+json", annotations: { n: "2" } },
        ];
        const byDigest = (list: readonly Descriptor[]): Descriptor[] =>
          [...list].sort((a, b) => a.digest < b.digest ? -1 : 1);
        assert.deepEqual(byDigest(await repository.referrers(subject.digest)), byDigest(expected));
        assert.deepEqual(await repository.referrers(subject.digest, { artifactType: "application/sbom" }), [
          expected[0],
        ]);
        const tag = referrersTag(subject.digest);
        assert.equal(await repository.headManifest(tag) !== undefined, !referrers);
        assert.equal(seen.some((each) => each.method === "PUT" && each.path.endsWith(tag)), !referrers);
        await repository.deleteManifest(sbom.digest);
        assert.deepEqual(await repository.referrers(subject.digest), [expected[1]]);
      },
      [],
      { features: { referrers } },
    );
  });
}

Deno.test("referrersTag() as the specification's examples have it (distribution-spec, Referrers Tag Schema)", () => {
  const a = "a".repeat(64), a128 = "a".repeat(128);
  assert.equal(referrersTag(`sha256:${a}`), `sha256-${a}`);
  assert.equal(referrersTag(`sha512:${a128}`), `sha512-${a}`);
  assert.equal(
    referrersTag(
      "test+algorithm+using+algorithm+separators+and+lots+of+characters+to+excercise+overall+truncation:" +
        "alsoSome=InTheEncodedSectionToShowHyphenReplacementAndLotsAndLotsOfCharactersToExcerciseEncodedTruncation",
    ),
    "test-algorithm-using-algorithm-s-alsoSome-InTheEncodedSectionToShowHyphenReplacementAndLotsAndLot",
  );
});

Deno.test("the list of referrers under a tag keeps what it does not know, and gives way to others (distribution-spec, Referrers Tag Schema)", async () => {
  const { manifest, descriptor } = smallImage({
    subject: {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${"1".repeat(64)}`,
      size: 5,
    },
  });
  const entry = {
    mediaType: "x/y",
    digest: `sha256:${"2".repeat(64)}`,
    size: 1,
    "org.example": { kept: true },
  };
  const list = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [entry],
    annotations: { kept: "too" },
    unknown: [1],
  };
  let puts = 0, written: Record<string, unknown> = {};
  const handler = async (request: Request): Promise<Response> => {
    if (request.method !== "PUT") {
      return request.url.includes("/manifests/")
        ? Response.json(list, { headers: { "content-type": INDEX, etag: `"${puts}"` } })
        : new Response();
    }
    if (request.url.includes("manifests/sha256:")) return new Response(null, { status: 201 });
    assert.equal(request.headers.get("if-match"), `"${puts}"`);
    if (puts++ === 0) return new Response(null, { status: 412 });
    written = await request.json();
    return new Response(null, { status: 201 });
  };
  await served(handler, async (host) => {
    await new Registry(host, quick()).repository("a").putManifest(descriptor, manifest);
  });
  assert.equal(puts, 2);
  const { manifests, ...rest } = written as { manifests: { digest: string }[] };
  assert.deepEqual(rest, { schemaVersion: 2, mediaType: INDEX, annotations: { kept: "too" }, unknown: [1] });
  assert.deepEqual(manifests[0], entry);
  assert.equal(manifests[1]!.digest, descriptor.digest);
});

Deno.test("a tag of the schema that is no index is left alone when pushing, and no list when reading", async () => {
  await registryServed(
    async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      const subject = await push(repository, {}, ["x"]);
      await push(repository, { annotations: { n: "1" } }, [referrersTag(subject.digest)]);
      assert.deepEqual(await repository.referrers(subject.digest), []);
      await assert.rejects(
        push(repository, { subject: subjectOf(subject) }),
        /expected a list of referrers, found .*manifest/,
      );
    },
    [],
    { features: { referrers: false } },
  );
});

Deno.test("deleteManifest(): tags and digests; what a registry does not do (distribution-spec, Content Management)", async () => {
  await registryServed(async (host) => {
    const repository = new Registry(host, quick()).repository("a");
    const descriptor = await push(repository, {}, ["x", "y"]);
    await repository.deleteManifest("x");
    assert.equal(await repository.headManifest("x"), undefined);
    assert.deepEqual(await repository.headManifest("y"), descriptor);
    await repository.deleteManifest(descriptor.digest);
    assert.equal(await repository.headManifest("y"), undefined);
    const is404 = (error: unknown): boolean => error instanceof RegistryError && error.status === 404;
    await assert.rejects(repository.deleteManifest(descriptor.digest), is404);
    await assert.rejects(repository.deleteManifest("none"), is404);
  });
  await registryServed(
    async (host) => {
      const repository = new Registry(host, quick()).repository("a");
      await push(repository, {}, ["x"]);
      await assert.rejects(
        repository.deleteManifest("x"),
        (error) => error instanceof RegistryError && error.status === 405,
      );
    },
    [],
    { features: { deletes: false } },
  );
});

Deno.test("a manifest that cannot be read can be deleted", async () => {
  const digest = `sha256:${"3".repeat(64)}`;
  let deleted = false;
  await served((request) => {
    if (request.method === "DELETE") deleted = true;
    return new Response(request.method === "DELETE" ? null : "rubbish", {
      status: request.method === "DELETE" ? 202 : 200,
    });
  }, async (host) => {
    await new Registry(host, quick()).repository("a").deleteManifest(digest);
  });
  assert.ok(deleted);
  assert.ok(new VerifyError("") instanceof Error);
});
