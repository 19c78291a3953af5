/** Pulls and pushes: resumed, from the store, with tools of others. @module */
import assert from "node:assert/strict";
import { LayoutSource } from "../image/layout.ts";
import { loadImage } from "../image/load.ts";
import { registryServed } from "../image/registry/testing/served.ts";
import { parseReference } from "../image/reference.ts";
import { DirectoryTree } from "../image/store/host_tree.ts";
import { openImage } from "../image/store/open_image.ts";
import { Store } from "../image/store/store.ts";
import { checkStore } from "../image/store/store_check.ts";
import { bytesOf } from "../image/testing/memory_image.ts";
import { copy, pull, push } from "../runtime/engine/pull.ts";
import { umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";
import { host, makeLayout, skopeo, tool } from "./support/copies.ts";
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
