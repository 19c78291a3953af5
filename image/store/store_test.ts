import assert from "node:assert/strict";
import { copyImage } from "../copy.ts";
import { sha256 } from "../digest.ts";
import { LayoutSource } from "../layout.ts";
import { OCI_MANIFEST } from "../media_types.ts";
import { memoryImage } from "../testing/memory_image.ts";
import { MemorySource } from "../testing/memory_source.ts";
import { noise } from "../registry/testing/served.ts";
import type { Image } from "../source.ts";
import { DirectoryTree } from "./host_tree.ts";
import { changeIndex } from "./layout_index.ts";
import { Store, storeName } from "./store.ts";
import { checkStore } from "./store_check.ts";
import { collectGarbage } from "./store_gc.ts";
import { withDirectory } from "../../tests/support/umiak.ts";

const image = (seed: number, length = 5000): Promise<Image> =>
  memoryImage([[{ name: "data", type: "file", mode: 0o644, content: noise(length, seed) }]]);

async function withStore(body: (store: Store, root: string) => Promise<void>): Promise<void> {
  await withDirectory(async (root) => {
    const store = await Store.open(root);
    try {
      await body(store, root);
    } finally {
      store.close();
    }
  });
}

/** Another process's view: its own lease, closed afterwards. */
async function elsewhere<T>(
  root: string,
  body: (store: Store) => Promise<T>,
  prepareLayers = false,
): Promise<T> {
  const store = await Store.open(root, { prepareLayers });
  try {
    return await body(store);
  } finally {
    store.close();
  }
}

const findings = async (store: Store): Promise<readonly string[]> => (await checkStore(store)).findings;

async function filesBelow(path: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) files.push(...(await filesBelow(`${path}/${name}`)).map((file) => `${name}/${file}`));
    else files.push(name);
  }
  return files.sort();
}

Deno.test("storeName() writes names out, as Docker does, and leaves digests alone", () => {
  assert.equal(storeName("busybox"), "docker.io/library/busybox:latest");
  assert.equal(storeName("localhost:5000/a/b:1"), "localhost:5000/a/b:1");
  assert.equal(storeName(`a@${sha256(noise(1))}`), `docker.io/library/a@${sha256(noise(1))}`);
  assert.equal(storeName(sha256(noise(1))), sha256(noise(1)));
});

Deno.test("Store is an image layout: what is copied into it is there under its whole name", () =>
  withStore(async (store, root) => {
    const memory = new MemorySource();
    const { digest } = await memory.image(await image(1), "latest");
    await copyImage(memory, undefined, store, "app");
    const layout = new LayoutSource(new DirectoryTree(root));
    assert.deepEqual(await Array.fromAsync(layout.names()), ["docker.io/library/app:latest"]);
    assert.equal((await layout.resolve("docker.io/library/app:latest"))[0]!.digest, digest);
    for (const name of ["app", "app:latest", "docker.io/library/app", digest, `app@${digest}`]) {
      assert.equal((await store.resolve(name))[0]!.digest, digest, name);
    }
    await assert.rejects(store.resolve("other"), /has no image docker\.io\/library\/other:latest/);
    await assert.rejects(store.resolve(undefined), /name one of them/);
    assert.deepEqual(await findings(store), []);
  }));

Deno.test("Store.tag() and Store.remove() change names only; collectGarbage() removes what no name reaches", () =>
  withStore(async (store, root) => {
    const memory = new MemorySource();
    const one = await memory.image(await image(1), "one"), two = await memory.image(await image(2), "two");
    await elsewhere(root, async (other) => {
      await copyImage(memory, "one", other, "one");
      await copyImage(memory, "two", other, "two");
      await other.tag("one", "kept:1");
      await other.tag("two", "kept:2");
    });
    assert.deepEqual(await store.remove("one"), ["docker.io/library/one:latest"]);
    assert.deepEqual((await store.remove(two.digest)).sort(), [
      "docker.io/library/kept:2",
      "docker.io/library/two:latest",
    ]);
    await assert.rejects(store.remove("one"), /has no image/);
    await assert.rejects(store.remove(two.digest), /no name there means sha256:/);
    // What has been removed does not come back with the next commit of the same store.
    await copyImage(memory, "two", store, "again");
    await store.remove("again");
    await store.commit();
    await assert.rejects(store.resolve("again"), /has no image/);
    store.close();
    return await elsewhere(root, (store) => collected(store, root, one.digest));
  }));

async function collected(store: Store, root: string, digest: string): Promise<void> {
  const before = await filesBelow(root);
  const dry = await collectGarbage(store, { dryRun: true });
  assert.deepEqual(await filesBelow(root), before);
  const removed = await collectGarbage(store);
  assert.deepEqual(removed, dry);
  assert.equal(removed.files.length, 3, "manifest, config and layer of the other");
  assert.ok(removed.bytes > 5000);
  assert.equal((await store.resolve("kept:1"))[0]!.digest, digest);
  assert.deepEqual(await findings(store), []);
  assert.deepEqual((await collectGarbage(store)).files, []);
}

Deno.test("collectGarbage() leaves what a lease names, and what is on its way", () =>
  withStore(async (store, root) => {
    const memory = new MemorySource();
    await memory.image(await image(1), "latest");
    await elsewhere(root, async (running) => {
      await copyImage(memory, undefined, running, "app");
      const [descriptor] = await running.resolve("app");
      await running.hold(descriptor!);
      await running.remove("app");
      assert.deepEqual((await collectGarbage(store)).files, []);
      memory.breakAfter = 2000;
      await memory.image(await image(2), "two");
      // One after the other: the configuration is whole when the layer breaks off, and no second part is left.
      await assert.rejects(copyImage(memory, "two", running, "two", { parallel: 1 }), /it breaks off/);
      assert.deepEqual((await collectGarbage(store)).files, []);
    });
    const { files } = await collectGarbage(store);
    assert.equal(files.filter((file) => file.startsWith("ingest/")).length, 1);
    assert.deepEqual((await filesBelow(root)).filter((file) => /^(blobs|ingest|leases)/.test(file)), []);
  }));

Deno.test("collectGarbage() keeps a referrer as long as its subject, and no longer", () =>
  withStore(async (store, root) => {
    const memory = new MemorySource();
    const subject = await memory.image(await image(1), "latest");
    const config = memory.add("application/vnd.oci.empty.v1+json", {});
    const about = memory.add(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: "application/x-note",
      config,
      layers: [config],
      subject,
    });
    await elsewhere(root, async (other) => {
      const { manifests } = await copyImage(memory, undefined, other, "app", { referrers: true });
      assert.deepEqual(manifests.map(({ digest }) => digest), [subject.digest, about.digest]);
    });
    const [found] = await store.referrers(subject.digest);
    assert.deepEqual([found?.digest, found?.artifactType], [about.digest, "application/x-note"]);
    assert.deepEqual((await collectGarbage(store)).files, []);
    await store.remove("app");
    assert.equal((await collectGarbage(store)).files.length, 5);
    assert.deepEqual(await store.list(), []);
  }));

Deno.test("Store goes on with what a broken download has left", () =>
  withStore(async (store) => {
    const memory = new MemorySource();
    const made = await image(1, 50_000);
    await memory.image(made, "latest");
    memory.breakAfter = 20_000;
    const layer = made.layers[0]!.descriptor.digest;
    await assert.rejects(copyImage(memory, undefined, store, "app"), /it breaks off/);
    await assert.rejects(copyImage(memory, undefined, store, "app"), /it breaks off/);
    memory.reads.length = 0;
    await copyImage(memory, undefined, store, "app");
    assert.deepEqual(memory.reads.filter(([digest]) => digest === layer), [[layer, 40_000]]);
    assert.deepEqual(await findings(store), []);
  }));

Deno.test("Store fetches anew what an earlier attempt has got wrong, and keeps nothing that is wrong", () =>
  withStore(async (store, root) => {
    const memory = new MemorySource();
    const made = await image(1, 50_000);
    await memory.image(made, "latest");
    const { digest } = made.layers[0]!.descriptor;
    const partial = `${root}/ingest/${digest.replace(":", "-")}`;
    await Deno.mkdir(`${root}/ingest`);
    for (const wrong of [noise(3000, 9), noise(90_000, 9)]) {
      await Deno.writeFile(partial, wrong);
      await copyImage(memory, undefined, store, "app");
      assert.deepEqual(await findings(store), []);
      await Deno.remove(`${root}/blobs/${digest.replace(":", "/")}`);
    }
    memory.content.set(digest, noise(made.layers[0]!.descriptor.size, 9));
    await assert.rejects(
      copyImage(memory, undefined, store, "app"),
      /layer sha256:\w+: its content has digest/,
    );
    assert.deepEqual(await filesBelow(`${root}/ingest`), []);
  }));

Deno.test("two that want one blob fetch it once", () =>
  withStore(async (store, root) => {
    const memory = new MemorySource();
    const made = await image(1, 50_000);
    await memory.image(made, "latest");
    await Promise.all([
      copyImage(memory, undefined, store, "one"),
      elsewhere(root, (other) => copyImage(memory, undefined, other, "two")),
    ]);
    const digests = memory.reads.map(([digest]) => digest);
    assert.equal(new Set(digests).size, digests.length);
    assert.deepEqual((await Array.fromAsync(store.names())).length, 2);
  }));

Deno.test("Store with prepareLayers leaves layers ready to be mounted; a layer that is none is told when it is used", () =>
  withDirectory((root) =>
    elsewhere(root, async (store) => {
      const memory = new MemorySource();
      const made = await image(1);
      await memory.image(made, "latest");
      await copyImage(memory, undefined, store, "app");
      const { diffId } = made.layers[0]!;
      const { blob, index } = await store.layers.open({
        name: "app",
        diffId,
        open: () => assert.fail("it is there already"),
      });
      assert.equal(index.counts.names, 1);
      blob.close();
      const junk = memory.add("application/vnd.oci.image.layer.v1.tar+gzip", noise(4000, 3));
      await store.putBlob(junk, () => memory.blob(junk));
      assert.ok(await store.hasBlob(junk));
      assert.deepEqual(await filesBelow(`${root}/tmp`), []);
      assert.deepEqual(await findings(store), []);
    }, true)
  ));

Deno.test("checkStore() finds every damaged byte: blobs, layers, indexes, sizes, what is missing", () =>
  withDirectory((root) =>
    elsewhere(root, async (store) => {
      const memory = new MemorySource();
      const made = await image(1);
      await memory.image(made, "latest");
      await copyImage(memory, undefined, store, "app");
      const flip = async (path: string, at: number): Promise<void> => {
        const bytes = await Deno.readFile(`${root}/${path}`);
        bytes[at]! ^= 1;
        await Deno.writeFile(`${root}/${path}`, bytes);
      };
      const layer = `blobs/${made.layers[0]!.descriptor.digest.replace(":", "/")}`;
      const tar = `layers/${made.layers[0]!.diffId.replace(":", "/")}`;
      const cases: [change: () => Promise<void>, back: () => Promise<void>, RegExp][] = [
        [() => flip(layer, 99), () => flip(layer, 99), /^blob sha256:\w+: its content has digest/],
        [() => flip(`${tar}.tar`, 700), () => flip(`${tar}.tar`, 700), /^layer sha256:\w+: its archive has/],
        [
          () => flip(`${tar}.index`, 80),
          () => flip(`${tar}.index`, 80),
          /^layer sha256:\w+: index: .*damaged/,
        ],
        [
          () => Deno.rename(`${root}/${layer}`, `${root}/x`),
          () => Deno.rename(`${root}/x`, `${root}/${layer}`),
          /^docker\.io\/library\/app:latest: layer sha256:\w+: it is missing/,
        ],
        [
          () => changeIndex(root, ([entry]) => [{ ...entry!, json: { ...entry!.json as object, size: 7 } }]),
          () => copyImage(memory, undefined, store, "app").then(() => {}),
          /app:latest: manifest sha256:\w+: \d+ bytes, not the 7 its descriptor states/,
        ],
      ];
      for (const [change, back, expected] of cases) {
        await change();
        const found = await findings(store);
        assert.equal(found.length, 1, found.join("\n"));
        assert.match(found[0]!, expected);
        await back();
        assert.deepEqual(await findings(store), []);
      }
    }, true)
  ));

Deno.test("Store gives up at once when it is told to, and leaves what it has for later", () =>
  withStore(async (store) => {
    const memory = new MemorySource();
    const made = await image(1, 50_000);
    await memory.image(made, "latest");
    const abort = new AbortController();
    const onProgress = ({ bytes }: { bytes: number }): void => {
      if (bytes >= 10_000) abort.abort(new Error("enough"));
    };
    const copied = copyImage(memory, undefined, store, "app", { signal: abort.signal, onProgress });
    await assert.rejects(copied, /enough/);
    memory.reads.length = 0;
    await copyImage(memory, undefined, store, "app");
    assert.ok(memory.reads.some(([digest, at]) => digest === made.layers[0]!.descriptor.digest && at > 0));
  }));
