/** Names of images on the command line: tags, referrers and rm, of the store, of layouts and of registries. */
import assert from "node:assert/strict";
import { copyImage } from "../image/copy.ts";
import { OCI_MANIFEST } from "../image/media_types.ts";
import { noise, registryServed } from "../image/registry/testing/served.ts";
import { LayoutSink } from "../image/store/layout_sink.ts";
import { memoryImage } from "../image/testing/memory_image.ts";
import { MemorySource } from "../image/testing/memory_source.ts";
import { descriptorJson } from "../image/wasm/module_image.ts";
import { copy } from "../runtime/engine/pull.ts";
import { type Outcome, umiak, withDirectory } from "./support/umiak.ts";

/** Digests of an image and of what refers to it. */
interface Made {
  readonly image: string;
  readonly bill: string;
}

/** A layout with one image under two names, and a bill of materials that is about it. */
async function makeLayout(directory: string): Promise<Made> {
  const memory = new MemorySource(), sink = new LayoutSink(directory);
  const image = await memory.image(
    await memoryImage([[{ name: "f", type: "file", mode: 0o644, content: noise(2000, 7) }]]),
    "one",
  );
  const config = memory.add("application/vnd.oci.empty.v1+json", {});
  const bill = memory.add(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: "application/vnd.example.sbom",
    config,
    layers: [config],
    subject: descriptorJson(image),
  });
  for (const name of ["one", "two"]) {
    await copyImage(memory, "one", sink, name, { referrers: true });
  }
  return { image: image.digest, bill: bill.digest };
}

const lines = ({ code, stdout, stderr }: Outcome): string[] => {
  assert.equal(code, 0, stderr);
  return stdout.trimEnd().split("\n");
};
const failure = ({ code, stderr }: Outcome): string => {
  assert.notEqual(code, 0);
  return stderr;
};

Deno.test("umiak image tags, referrers and rm of a layout", () =>
  withDirectory(async (dir) => {
    const { bill } = await makeLayout(`${dir}/l`);
    const command = (...args: string[]): Promise<Outcome> =>
      umiak(["image", ...args], { env: { UMIAK_ROOT: `${dir}/s` } });
    assert.deepEqual(lines(await command("tags", `oci:${dir}/l`)), ["one", "two"]);
    assert.match(
      lines(await command("referrers", `oci:${dir}/l:one`))[1]!,
      new RegExp(`^${bill}  application/vnd.example.sbom`),
    );
    const all = JSON.parse((await command("referrers", "--json", `oci:${dir}/l:one`)).stdout);
    assert.deepEqual(all.map((each: { digest: string }) => each.digest), [bill]);
    assert.equal((await command("referrers", "--artifact-type", "other", `oci:${dir}/l:one`)).stdout, "");
    assert.deepEqual(lines(await command("rm", `oci:${dir}/l:one`)), [`oci:${dir}/l:one`]);
    assert.deepEqual(lines(await command("tags", `oci:${dir}/l`)), ["two"]);
    assert.match(
      failure(await command("rm", `oci:${dir}/l:one`)),
      /removing one from .*\/l: it has no image of that name/,
    );
    assert.match(failure(await command("rm", `oci:${dir}/none:one`)), /it is no layout/);
    assert.match(failure(await command("rm", `oci:${dir}/l`)), /expected oci:DIR:TAG/);
    assert.match(failure(await command("tags", "store:x")), /umiak image ls/);
    assert.match(failure(await command("tags", `oci:${dir}/l:two`)), /without a tag/);
    assert.equal((await command("inspect", `oci:${dir}/l:two`)).code, 0);
  }));

Deno.test("umiak image tags, referrers and rm of a registry", () =>
  withDirectory((dir) =>
    registryServed(async (host) => {
      const { image, bill } = await makeLayout(`${dir}/l`);
      for (const name of ["one", "two"]) {
        await copy(`oci:${dir}/l:${name}`, `docker://${host}/a/b:${name}`, {
          referrers: true,
          storeRoot: `${dir}/s`,
        });
      }
      const command = (...args: string[]): Promise<Outcome> =>
        umiak(["image", ...args], { env: { UMIAK_ROOT: `${dir}/s` } });
      assert.deepEqual(lines(await command("tags", `${host}/a/b`)), ["one", "two"]);
      assert.match(
        lines(await command("referrers", `docker://${host}/a/b:one`))[1]!,
        new RegExp(`^${bill}  `),
      );
      assert.match(failure(await command("tags", `${host}/a/b:one`)), /expected a repository, without a tag/);
      assert.match(failure(await command("tags", `${host}/a/none`)), /404/);
      // A tag alone goes alone; a digest is the image with every tag.
      assert.deepEqual(lines(await command("rm", `docker://${host}/a/b:one`)), [`${host}/a/b:one`]);
      assert.deepEqual(lines(await command("tags", `${host}/a/b`)), ["two"]);
      assert.match(failure(await command("rm", `docker://${host}/a/b`)), /expected NAME:TAG, or NAME@DIGEST/);
      assert.match(failure(await command("rm", `docker://${host}/a/b:one`)), /there is no such tag/);
      assert.deepEqual(lines(await command("rm", `docker://${host}/a/b@${image}`)), [`${host}/a/b@${image}`]);
      assert.equal((await command("tags", `${host}/a/b`)).stdout, "");
    })
  ));
