/** Images between all places, with our hands and with other tools'. */
import assert from "node:assert/strict";
import { copyImage } from "../image/copy.ts";
import { sha256 } from "../image/digest.ts";
import { LayoutSource } from "../image/layout.ts";
import { loadImage } from "../image/load.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../image/media_types.ts";
import { noise, registryServed, served } from "../image/registry/testing/served.ts";
import { parseReference } from "../image/reference.ts";
import type { Image } from "../image/source.ts";
import { DirectoryTree } from "../image/store/host_tree.ts";
import { LayoutSink } from "../image/store/layout_sink.ts";
import { OciArchiveSink } from "../image/store/oci_archive_sink.ts";
import { openImage } from "../image/store/open_image.ts";
import { openSource } from "../image/store/open_source.ts";
import { Store } from "../image/store/store.ts";
import { checkStore } from "../image/store/store_check.ts";
import { bytesOf, memoryImage } from "../image/testing/memory_image.ts";
import { MemorySource } from "../image/testing/memory_source.ts";
import { copy, pull, push } from "../runtime/engine/pull.ts";
import { umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const host = { os: "linux", architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64" };

function image(seed: number, architecture = host.architecture): Promise<Image> {
  const file = (name: string, content: Uint8Array) => ({ name, type: "file" as const, mode: 0o644, content });
  return memoryImage([[file("base", noise(20_000, 99))], [file("own", noise(5000, seed))]], {
    config: { architecture },
  });
}

/** A layout with an index of two platforms under "multi" and the host's image under "one". */
async function makeLayout(directory: string): Promise<{ index: string; manifests: string[] }> {
  const memory = new MemorySource();
  const own = await memory.image(await image(1), "one");
  const other = await memory.image(await image(2, "s390x"));
  const index = memory.index([
    { ...own, platform: host },
    { ...other, platform: { os: "linux", architecture: "s390x" } },
  ], "multi");
  const sink = new LayoutSink(directory);
  for (const name of ["one", "multi"]) await copyImage(memory, name, sink, name);
  return { index: index.digest, manifests: [own.digest, other.digest] };
}

/** The digest that a reference means, and the bytes of its image's layers. */
async function contentOf(reference: string, storeRoot: string): Promise<[digest: string, layers: string[]]> {
  const options = { storeRoot };
  const { source, imageName } = await openSource(parseReference(reference), options);
  const [descriptor] = await source.resolve(imageName);
  source.close();
  const opened = await openImage(parseReference(reference), options);
  try {
    const layers: string[] = [];
    for (const layer of opened.layers) layers.push(sha256(await bytesOf(layer.open())));
    return [descriptor!.digest, layers];
  } finally {
    opened.close();
  }
}

async function tool(...command: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command[0]!, { args: command.slice(1) })
    .output();
  assert.ok(success, `${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

const skopeo = (...args: string[]): Promise<string> => tool("skopeo", "--insecure-policy", ...args);

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

Deno.test("pull() goes on where a broken one has stopped, by Range; push() mounts and skips what is there", () =>
  withDirectory((dir) =>
    registryServed(async (registry, { seen }) => {
      const storeRoot = `${dir}/store`, options = { storeRoot }, name = `${registry}/team/app:x`;
      await makeLayout(`${dir}/l`);
      await copy(`oci:${dir}/l:one`, `docker://${name}`);
      const layer = (await openImage(parseReference(`oci:${dir}/l:one`))).layers[0]!;
      const part = (await bytesOf(layer.open())).slice(0, 7000);
      const store = await Store.open(storeRoot);
      await Deno.mkdir(`${storeRoot}/ingest`);
      await Deno.writeFile(`${storeRoot}/ingest/${layer.descriptor.digest.replace(":", "-")}`, part);
      const pulled = await pull(name, options);
      assert.equal(pulled.name, name);
      assert.deepEqual((await checkStore(store)).findings, []);
      store.close();
      const ranges = seen.map((request) => request.headers.get("range")).filter((range) => range !== null);
      assert.deepEqual(ranges, ["bytes=7000-"]);
      seen.length = 0;
      assert.equal((await push(name, `${registry}/team/other:y`, options)).name, `${registry}/team/other:y`);
      await push(name, undefined, options);
      const uploads = seen.filter((request) => request.method === "PUT" && request.path.includes("/blobs/"));
      assert.ok(
        uploads.every((request) => request.path.includes("/team/other/")),
        "the first repository has them",
      );
      await assert.rejects(pull(`oci:${dir}/l:one`, options), /umiak image copy is for everything else/);
      await assert.rejects(
        push(`oci:${dir}/l:one`, undefined, options),
        /umiak image copy is for everything else/,
      );
      await assert.rejects(push("none", undefined, options), /has no image docker\.io\/library\/none:latest/);
    })
  ));

Deno.test("umiak run takes a name from the store, or pulls it first, as --pull says", () =>
  withDirectory((dir) =>
    registryServed(async (registry, { seen }) => {
      const env = { UMIAK_ROOT: `${dir}/store` };
      const run = (...args: string[]): ReturnType<typeof umiak> => umiak(args, { env });
      const hello = new URL("./guests/hello.wasm", import.meta.url).pathname;
      await run("image", "pack", hello, "-o", `${dir}/l:v1`);
      const name = `${registry}/hello:v1`;
      await copy(`oci:${dir}/l:v1`, `docker://${name}`);
      const never = await run("run", "--pull", "never", name);
      assert.deepEqual([never.code, never.stdout], [125, ""]);
      assert.match(never.stderr, /^umiak: store .*: it has no image .*hello:v1\n$/);
      const first = await run("run", name);
      assert.deepEqual([first.code, first.stdout], [0, "hello from /hello.wasm\n"]);
      assert.match(
        first.stderr,
        /^sha256:\w{12} config .*\/s\nsha256:\w{12} layer {2}.*\/s\n$|layer.*\n.*config/,
      );
      seen.length = 0;
      assert.deepEqual(await run("run", name), { code: 0, stdout: "hello from /hello.wasm\n", stderr: "" });
      assert.deepEqual(seen, [], "nothing is asked of the registry");
      const always = await run("run", "--pull=always", "-q", name);
      assert.deepEqual([always.code, always.stderr], [0, ""]);
      assert.ok(seen.length > 0);
      const listed = await run("images");
      assert.match(
        listed.stdout,
        new RegExp(`^NAME .*SIZE\\n${name} +sha256:\\w{12} +wasi/wasm +1970-01-01 .*B\\n$`),
      );
      const bad = await run("run", "--pull=sometimes", name);
      assert.match(bad.stderr, /--pull: "sometimes" is none of always, missing and never/);
      const piped = await run("pull", name);
      assert.equal(piped.stderr.match(/already there/g)?.length, 2);
      assert.match(piped.stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.match((await run("image", "copy", name, `${dir}/x.tar`)).stderr, /say what it is to be: oci:/);
      assert.match((await run("pull", "No/Such:x")).stderr, /umiak: image reference "No\/Such:x"/);
    })
  ));

testWhen(
  { tools: ["skopeo"] },
  "skopeo takes our archives, layouts and pushes, and we take its, unchanged",
  () =>
    withDirectory((dir) =>
      registryServed(async (registry) => {
        const storeRoot = `${dir}/store`, options = { storeRoot };
        const { index, manifests } = await makeLayout(`${dir}/l`);
        const digestIn = async (layout: string, name: string): Promise<string> =>
          (await new LayoutSource(new DirectoryTree(`${dir}/${layout}`)).resolve(name))[0]!.digest;
        await copy(`oci:${dir}/l:multi`, `oci-archive:${dir}/ours.tar:x`, { allPlatforms: true });
        await skopeo("copy", "-q", "--all", `oci-archive:${dir}/ours.tar:x`, `oci:${dir}/s1:x`);
        assert.equal(await digestIn("s1", "x"), index);
        await skopeo("copy", "-q", "--all", `oci:${dir}/l:multi`, `oci-archive:${dir}/theirs.tar:x`);
        await copy(`oci-archive:${dir}/theirs.tar:x`, `oci:${dir}/s2:x`, { allPlatforms: true });
        assert.equal(await digestIn("s2", "x"), index);
        await copy(`oci:${dir}/l:multi`, `docker://${registry}/ours:x`, { allPlatforms: true });
        await skopeo(
          "copy",
          "-q",
          "--all",
          "--src-tls-verify=false",
          `docker://${registry}/ours:x`,
          `oci:${dir}/s3:x`,
        );
        assert.equal(await digestIn("s3", "x"), index);
        await skopeo(
          "copy",
          "-q",
          "--all",
          "--dest-tls-verify=false",
          `oci:${dir}/l:multi`,
          `docker://${registry}/theirs:x`,
        );
        assert.equal(
          (await pull(`${registry}/theirs:x`, { ...options, allPlatforms: true })).descriptor.digest,
          index,
        );
        assert.equal((await pull(`${registry}/theirs:x`, options)).descriptor.digest, manifests[0]);
        await copy(`oci:${dir}/l:one`, `docker-archive:${dir}/saved.tar:example.org/app:x`);
        await skopeo("copy", "-q", `docker-archive:${dir}/saved.tar:example.org/app:x`, `oci:${dir}/s4:x`);
        const [theirs, ours] = [
          await openImage(parseReference(`oci:${dir}/s4:x`)),
          await openImage(parseReference(`oci:${dir}/l:one`)),
        ];
        assert.deepEqual(theirs.config.diffIds, ours.config.diffIds);
        await skopeo("copy", "-q", `oci:${dir}/l:one`, `docker-archive:${dir}/saved2.tar:example.org/app:y`);
        await copy(`docker-archive:${dir}/saved2.tar:example.org/app:y`, `oci:${dir}/s5:x`);
        const back = await loadImage(new LayoutSource(new DirectoryTree(`${dir}/s5`)), "x", {
          platforms: [host],
        });
        assert.deepEqual(back.configBytes, ours.configBytes);
      })
    ),
);

testWhen(
  { tools: ["podman"], root: true, os: ["linux"] },
  "podman loads our docker-archive and our oci-archive",
  () =>
    withDirectory(async (dir) => {
      const podman = (...args: string[]): Promise<string> =>
        tool(
          "podman",
          "--root",
          `${dir}/root`,
          "--runroot",
          `${dir}/run`,
          "--storage-driver",
          "vfs",
          ...args,
        );
      await makeLayout(`${dir}/l`);
      await copy(`oci:${dir}/l:one`, `docker-archive:${dir}/d.tar:example.org/app:x`);
      await copy(`oci:${dir}/l:one`, `oci-archive:${dir}/o.tar:example.org/app:y`);
      for (const file of ["d", "o"]) await podman("load", "-q", "-i", `${dir}/${file}.tar`);
      const images = await podman("images", "--format", "{{.Repository}}:{{.Tag}}");
      assert.match(images, /^example\.org\/app:x$/m);
      await podman("rmi", "-a", "-f");
    }),
);
