/** Images between all places, with our hands and with other tools'. */
import assert from "node:assert/strict";
import { copyImage } from "../image/copy.ts";
import { LayoutSource } from "../image/layout.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../image/media_types.ts";
import { noise, registryServed, served } from "../image/registry/testing/served.ts";
import { parseReference } from "../image/reference.ts";
import { DirectoryTree } from "../image/store/host_tree.ts";
import { LayoutSink } from "../image/store/layout_sink.ts";
import { OciArchiveSink } from "../image/store/oci_archive_sink.ts";
import { openImage } from "../image/store/open_image.ts";
import { openSource } from "../image/store/open_source.ts";
import { Store } from "../image/store/store.ts";
import { checkStore } from "../image/store/store_check.ts";
import { MemorySource } from "../image/testing/memory_source.ts";
import { copy } from "../runtime/engine/pull.ts";
import { withDirectory } from "./support/umiak.ts";
import { contentOf, image, makeLayout } from "./support/copies.ts";
Deno.test("copy() goes through every place, and digests stay what they are", () =>
  withDirectory((dir) =>
    registryServed(async (registry) => {
      const storeRoot = `${dir}/store`, options = { storeRoot };
      const { index, manifests } = await makeLayout(`${dir}/l`);
      const ways: [reference: string][] = [
        [`oci-archive:${dir}/a.tar:x`],
        ["store:example.org/app:x"],
        [`docker://${registry}/team/app:x`],
        [`docker://${registry}/team/again:y`],
        [`oci:${dir}/out:z`],
      ];
      for (
        const [name, all, digest] of [["one", false, manifests[0]], ["multi", false, manifests[0]], [
          "multi",
          true,
          index,
        ]] as const
      ) {
        let from = `oci:${dir}/l:${name}`;
        const expected = [digest, (await contentOf(from, storeRoot))[1]];
        for (const [to] of ways) {
          const { descriptor, missing } = await copy(from, to, { ...options, allPlatforms: all });
          assert.equal(descriptor.digest, digest, `${from} to ${to}`);
          assert.deepEqual(missing, []);
          assert.deepEqual(await contentOf(to, storeRoot), expected, to);
          from = to;
        }
      }
      const store = await Store.open(storeRoot);
      assert.deepEqual((await checkStore(store)).findings, []);
      store.close();
    })
  ));

Deno.test("copy() into a docker-archive and out of it keeps configuration and content", () =>
  withDirectory(async (dir) => {
    const storeRoot = `${dir}/store`, options = { storeRoot };
    await makeLayout(`${dir}/l`);
    await copy(`oci:${dir}/l:one`, "store:example.org/app:x", options);
    await copy("store:example.org/app:x", `docker-archive:${dir}/d.tar`, options);
    const { source } = await openSource(parseReference(`docker-archive:${dir}/d.tar`));
    assert.deepEqual(await Array.fromAsync(source.names()), ["example.org/app:x"]);
    source.close();
    const original = await openImage(parseReference(`oci:${dir}/l:one`));
    const saved = await openImage(parseReference(`${dir}/d.tar:app:x`));
    assert.deepEqual(saved.configBytes, original.configBytes);
    assert.deepEqual(saved.layers.map((layer) => layer.descriptor.digest), original.config.diffIds);
    for (const each of [original, saved]) each.close();
    const { descriptor } = await copy(`${dir}/d.tar`, "store:again", options);
    await copy("store:again", `oci:${dir}/l:again`, options);
    assert.equal((await contentOf(`oci:${dir}/l:again`, storeRoot))[0], descriptor.digest);
    await assert.rejects(
      copy(`oci:${dir}/l:multi`, `docker-archive:${dir}/e.tar`, { allPlatforms: true }),
      /e\.tar: index sha256:\w+: a docker archive has no indexes: choose a platform/,
    );
    await assert.rejects(
      copy(`oci:${dir}/l:one`, `docker-archive:${dir}/e.tar:Bad Name`),
      /cannot be a name/,
    );
    const left = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
    assert.deepEqual(left, ["d.tar", "l", "store"], "nothing half-made stays behind");
  }));

Deno.test("an oci-archive of the same images has the same bytes, and takes an old one's place only when it is whole", () =>
  withDirectory(async (dir) => {
    await makeLayout(`${dir}/l`);
    for (const name of ["a", "b"]) {
      await copy(`oci:${dir}/l:multi`, `oci-archive:${dir}/${name}.tar:x`, { allPlatforms: true });
    }
    const bytes = await Deno.readFile(`${dir}/a.tar`);
    assert.deepEqual(bytes, await Deno.readFile(`${dir}/b.tar`));
    const memory = new MemorySource();
    await memory.image(await image(3), "latest");
    memory.breakAfter = 3000;
    const sink = new OciArchiveSink(`${dir}/a.tar`);
    await assert.rejects(copyImage(memory, undefined, sink, "x"), /it breaks off/);
    sink.close();
    assert.deepEqual(await Deno.readFile(`${dir}/a.tar`), bytes);
    assert.equal((await Array.fromAsync(Deno.readDir(dir))).length, 3);
  }));

Deno.test("copyImage() carries sparse indexes as they are, and says what was missing (image-layout.md#blobs)", () =>
  withDirectory(async (dir) => {
    const { index, manifests } = await makeLayout(`${dir}/l`);
    await Deno.remove(`${dir}/l/blobs/${manifests[1]!.replace(":", "/")}`);
    const { descriptor, missing } = await copy(`oci:${dir}/l:multi`, `oci:${dir}/m:multi`, {
      allPlatforms: true,
    });
    assert.equal(descriptor.digest, index);
    assert.deepEqual(missing.map(({ digest }) => digest), [manifests[1]]);
    assert.deepEqual(
      await Deno.readFile(`${dir}/m/blobs/${index.replace(":", "/")}`),
      await Deno.readFile(`${dir}/l/blobs/${index.replace(":", "/")}`),
    );
    assert.equal((await openImage(parseReference(`oci:${dir}/m:multi`))).digest, manifests[0]);
    // A layer of the image that is wanted may not be missing; one of another platform's may.
    const memory = new MemorySource();
    const wanted = await image(1), other = await image(2, "s390x");
    const both = [await memory.image(wanted), await memory.image(other)];
    memory.index(both, "latest");
    memory.content.delete(other.layers[1]!.descriptor.digest);
    const sink = new LayoutSink(`${dir}/n`);
    const copied = await copyImage(memory, undefined, sink, "x");
    assert.deepEqual(copied.missing.map(({ digest }) => digest), [
      other.layers[1]!.descriptor.digest,
      other.digest,
    ]);
    const choice = { platforms: [{ os: "linux", architecture: "s390x" }] };
    memory.tags.set("other", both[1]!);
    await assert.rejects(copyImage(memory, "other", sink, "y", { choice }), /is missing/);
    await assert.rejects(copyImage(memory, "other", sink, "y"), /is missing/);
  }));

Deno.test("copyImage() takes referrers along, and what refers to them, to a layout and to a registry", () =>
  withDirectory((dir) =>
    registryServed(async (registry) => {
      const memory = new MemorySource();
      const subject = await memory.image(await image(1), "latest");
      const config = memory.add("application/vnd.oci.empty.v1+json", {});
      const about = (subject: unknown, artifactType: string) =>
        memory.add(OCI_MANIFEST, {
          schemaVersion: 2,
          mediaType: OCI_MANIFEST,
          artifactType,
          config,
          layers: [config],
          subject,
        });
      const bill = about(subject, "application/x-bill"), signature = about(bill, "application/x-signature");
      const layout = new LayoutSink(`${dir}/l`);
      const { manifests } = await copyImage(memory, undefined, layout, "x", { referrers: true });
      assert.deepEqual(
        manifests.map(({ digest }) => digest),
        [subject, bill, signature].map(({ digest }) => digest),
      );
      await copy(`oci:${dir}/l:x`, `docker://${registry}/a:x`, { referrers: true });
      await copy(`docker://${registry}/a:x`, `oci:${dir}/m:x`, { referrers: true });
      for (const reference of [`oci:${dir}/l:x`, `docker://${registry}/a:x`, `oci:${dir}/m:x`]) {
        const { source } = await openSource(parseReference(reference));
        const [found] = await source.referrers(subject.digest);
        assert.deepEqual(
          [found?.digest, found?.artifactType],
          [bill.digest, "application/x-bill"],
          reference,
        );
        assert.equal((await source.referrers(bill.digest))[0]?.digest, signature.digest, reference);
        source.close();
      }
      await copy(`oci:${dir}/l:x`, `oci:${dir}/bare:x`);
      const bare = new LayoutSource(new DirectoryTree(`${dir}/bare`));
      assert.deepEqual(await bare.referrers(subject.digest), []);
    })
  ));

Deno.test("copyImage() never dials the URLs of a descriptor; foreign layers may stay where they are", () =>
  withDirectory(async (dir) => {
    let calls = 0;
    await served(() => {
      calls++;
      return new Response("no");
    }, async (server) => {
      const memory = new MemorySource();
      const made = await image(1);
      const foreign = {
        ...made.layers[1]!.descriptor,
        mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        urls: [`http://${server}/layer`],
      };
      const content = {
        ...JSON.parse(new TextDecoder().decode(made.manifestBytes)),
        layers: [made.layers[0]!.descriptor, foreign],
      };
      await memory.image(made);
      const descriptor = memory.add(OCI_MANIFEST, content);
      memory.tags.set("latest", descriptor);
      memory.content.delete(foreign.digest);
      const { missing } = await copyImage(memory, undefined, new LayoutSink(`${dir}/l`), "x");
      assert.deepEqual(missing.map(({ digest }) => digest), [foreign.digest]);
      const layout = new LayoutSource(new DirectoryTree(`${dir}/l`));
      assert.equal((await layout.resolve("x"))[0]!.digest, descriptor.digest);
    });
    assert.equal(calls, 0);
  }));

Deno.test("layer.md#non-distributable-layers: they SHOULD NOT be uploaded, and are downloaded like others", () =>
  withDirectory((dir) =>
    registryServed(async (registry) => {
      const memory = new MemorySource();
      const made = await image(3);
      const foreign = {
        ...made.layers[1]!.descriptor,
        mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        urls: ["https://distributor.invalid/layer"],
      };
      await memory.image(made);
      const layers = [made.layers[0]!.descriptor, foreign];
      const content = { ...JSON.parse(new TextDecoder().decode(made.manifestBytes)), layers };
      memory.tags.set("latest", memory.add(OCI_MANIFEST, content));
      const layout = new LayoutSink(`${dir}/l`);
      // A layout is one's own: everything goes there.
      assert.deepEqual((await copyImage(memory, undefined, layout, "x")).withheld, []);
      const sent = await copy(`oci:${dir}/l:x`, `docker://${registry}/a:x`);
      assert.deepEqual(sent.withheld.map(({ digest }) => digest), [foreign.digest]);
      const without = await copy(`docker://${registry}/a:x`, `oci:${dir}/m:x`);
      assert.deepEqual(without.missing.map(({ digest }) => digest), [foreign.digest]);
      const whole = await copy(`oci:${dir}/l:x`, `docker://${registry}/a:x`, { nonDistributable: true });
      assert.deepEqual(whole.withheld, []);
      const fetched = await copy(`docker://${registry}/a:x`, `oci:${dir}/n:x`);
      assert.deepEqual([fetched.missing, fetched.withheld], [[], []]);
    })
  ));

Deno.test("copyImage() carries artifacts and media types that nobody knows (image-index.md, mediaType)", () =>
  withDirectory(async (dir) => {
    const memory = new MemorySource();
    const artifact = memory.add(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: memory.add("application/x-config", { a: 1 }),
      layers: [memory.add("application/x-data", noise(3000))],
    });
    const unknown = memory.add("application/x-manifest.v9+json", { anything: true });
    const plain = memory.add("application/xml", new TextEncoder().encode("<a/>"));
    const { digest } = memory.index([artifact, unknown, plain], "latest");
    const { missing } = await copyImage(memory, undefined, new LayoutSink(`${dir}/l`), "x");
    assert.deepEqual(missing, []);
    const layout = new LayoutSource(new DirectoryTree(`${dir}/l`));
    assert.equal((await layout.resolve("x"))[0]!.digest, digest);
    for (const [digest, bytes] of memory.content) {
      assert.deepEqual(await Deno.readFile(`${dir}/l/blobs/${digest.replace(":", "/")}`), bytes);
    }
    assert.deepEqual(
      (await layout.index()).manifests.length,
      1,
      "parts of an index have no entries of their own",
    );
  }));

Deno.test("copyImage() refuses indexes that are too deep, and a manifest that calls itself an index (CVE-2021-41190)", async () => {
  const memory = new MemorySource(), sink = new MemorySource();
  let deep = await memory.image(await image(1));
  for (let i = 0; i < 600; i++) deep = memory.index([deep], "deep");
  await assert.rejects(copyImage(memory, "deep", sink, "x"), /indexes nested more than 8 deep/);
  const both = memory.add(OCI_MANIFEST, { schemaVersion: 2, manifests: [], config: deep, layers: [] });
  memory.tags.set("both", both);
  await assert.rejects(copyImage(memory, "both", sink, "x"), /an index and a manifest at the same time/);
  memory.tags.set("lies", { ...memory.index([]), mediaType: OCI_MANIFEST });
  await assert.rejects(
    copyImage(memory, "lies", sink, "x"),
    new RegExp(`its content is ${OCI_INDEX.replaceAll(/[.+]/g, "\\$&")}`),
  );
  assert.deepEqual([...sink.tags], []);
});
