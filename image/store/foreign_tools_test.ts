/** Images that other tools make of ours, and ours of theirs. Each test skips itself, and says why, where the tool is not installed. */
import assert from "node:assert/strict";
import { OverlaySuper } from "../../fs/overlay/mod.ts";
import { listFiles } from "../list_files.ts";
import { parseReference } from "../reference.ts";
import { LayerCache } from "./layer_cache.ts";
import { writeLayout } from "./layout_writer.ts";
import { openLayers } from "./mount_layers.ts";
import { openImage } from "./open_image.ts";
import { testWhen } from "../../tests/support/when.ts";
import { packModule } from "./pack.ts";

const MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** A test with tools; its directory holds a layout "l" with the image "v1", of two layers. */
function withTools(name: string, tools: readonly string[], body: (dir: string) => Promise<void>): void {
  // buildah without root needs a user namespace of several ids, which not every machine gives.
  const needs = { os: ["linux"], tools, root: tools.includes("buildah") } as const;
  testWhen(needs, name, async () => {
    const dir = await Deno.makeTempDir({ prefix: "umiak-foreign-" });
    try {
      await Deno.writeFile(`${dir}/app.wasm`, MODULE);
      await Deno.mkdir(`${dir}/tree/d`, { recursive: true });
      for (const each of ["d/gone", "d/stays", "e"]) await Deno.writeTextFile(`${dir}/tree/${each}`, each);
      const options = { module: `${dir}/app.wasm`, files: [{ host: `${dir}/tree`, container: "/t" }] };
      await writeLayout(`${dir}/l`, await packModule(options), "v1");
      await body(dir);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

async function run(dir: string, ...command: string[]): Promise<string> {
  const output = await new Deno.Command(command[0]!, { args: command.slice(1), cwd: dir }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assert.ok(output.success, `${command.join(" ")}: ${text(output.stderr)}`);
  return text(output.stdout);
}

/** The paths of an image, and its digest. */
async function contents(reference: string, dir: string): Promise<[paths: string[], digest: string]> {
  const image = await openImage(parseReference(reference));
  try {
    assert.equal(image.config.architecture, "wasm");
    const layers = await openLayers(image, new LayerCache(`${dir}/cache`));
    const overlay = new OverlaySuper({ lowers: layers.map((sb) => sb.root) });
    try {
      return [[...listFiles(overlay.root)].map((file) => file.path), image.digest];
    } finally {
      for (const sb of layers) sb.shutdown();
    }
  } finally {
    image.close();
  }
}

const PACKED = ["/app.wasm", "/t", "/t/d", "/t/d/gone", "/t/d/stays", "/t/e"];
function skopeo(dir: string, from: string, to: string, ...options: string[]): Promise<string> {
  const platform = ["--override-os", "wasi", "--override-arch", "wasm"];
  return run(dir, "skopeo", "--insecure-policy", ...platform, "copy", "-q", ...options, from, to);
}

withTools(
  "an image of packModule() goes through skopeo into an oci-archive and back unchanged",
  ["skopeo"],
  async (dir) => {
    await skopeo(dir, "oci:l:v1", "oci-archive:a.tar:v1");
    const [paths, digest] = await contents(`oci:${dir}/l:v1`, dir);
    assert.deepEqual(paths, PACKED);
    for (const reference of [`oci-archive:${dir}/a.tar:v1`, `oci-archive:${dir}/a.tar`, `${dir}/a.tar`]) {
      assert.deepEqual(await contents(reference, `${dir}/other`), [PACKED, digest], reference);
    }
    await run(dir, "gzip", "a.tar");
    assert.deepEqual(await contents(`${dir}/a.tar.gz`, dir), [PACKED, digest]);
    await assert.rejects(
      contents(`oci-archive:${dir}/a.tar.gz:no`, dir),
      /no image is called "no"; it has v1/,
    );
  },
);

withTools(
  "a docker-archive of skopeo is read, by its transport, its name or its path",
  ["skopeo"],
  async (dir) => {
    await skopeo(dir, "oci:l:v1", "docker-archive:d.tar:example.org/x:v1");
    for (
      const reference of [`docker-archive:${dir}/d.tar`, `docker-archive:${dir}/d.tar:x:v1`, `${dir}/d.tar`]
    ) {
      assert.deepEqual((await contents(reference, dir))[0], PACKED, reference);
    }
    await assert.rejects(
      contents(`docker-archive:${dir}/d.tar:y`, dir),
      /no image is called "y"; it has example\.org\/x:v1/,
    );
  },
);

withTools("zstd layers of skopeo are read", ["skopeo"], async (dir) => {
  await skopeo(dir, "oci:l:v1", "docker-archive:d.tar:example.org/x:v1"); // what is compressed already is left as it is
  await skopeo(dir, "docker-archive:d.tar", "oci:z:v1", "--dest-compress-format", "zstd");
  const image = await openImage(parseReference(`oci:${dir}/z:v1`));
  for (const { descriptor } of image.layers) assert.match(descriptor.mediaType, /zstd$/);
  image.close();
  assert.deepEqual((await contents(`oci:${dir}/z:v1`, dir))[0], PACKED);
});

withTools(
  "umoci unpacks our image, and its whiteouts and opaque directories are seen",
  ["umoci"],
  async (dir) => {
    await run(dir, "umoci", "insert", "--rootless", "--image", "l:v1", "--whiteout", "/t/d/gone");
    assert.deepEqual(
      (await contents(`oci:${dir}/l:v1`, dir))[0],
      PACKED.filter((path) => path !== "/t/d/gone"),
    );
    await Deno.mkdir(`${dir}/new/f`, { recursive: true });
    await run(dir, "umoci", "insert", "--rootless", "--opaque", "--image", "l:v1", "new", "/t");
    assert.deepEqual((await contents(`oci:${dir}/l:v1`, dir))[0], ["/app.wasm", "/t", "/t/f"]);
    await run(dir, "umoci", "raw", "unpack", "--rootless", "--image", "l:v1", "rootfs");
    assert.deepEqual(await Deno.readFile(`${dir}/rootfs/app.wasm`), MODULE);
  },
);

withTools("an image of buildah with deletions is read", ["buildah"], async (dir) => {
  const storage = ["buildah", "--root", `${dir}/s`, "--runroot", `${dir}/r`, "--storage-driver", "vfs"];
  const buildah = async (...args: string[]): Promise<string> => (await run(dir, ...storage, ...args)).trim();
  const first = await buildah("from", "scratch");
  await buildah("copy", first, "app.wasm", "/app.wasm");
  await buildah("copy", first, "tree", "/t");
  await buildah("config", "--os", "wasi", "--arch", "wasm", "--entrypoint", '["/app.wasm"]', first);
  await buildah("commit", "-q", first, "one:latest");
  const second = await buildah("from", "--pull-never", "one:latest");
  const root = await buildah("mount", second);
  await Deno.remove(`${root}/t/d`, { recursive: true });
  await Deno.mkdir(`${root}/t/d`);
  await Deno.writeTextFile(`${root}/t/d/new`, "new");
  await buildah("umount", second);
  await buildah("commit", "-q", second, "oci:out:two");
  const [paths] = await contents(`oci:${dir}/out:two`, dir);
  assert.deepEqual(paths, ["/app.wasm", "/t", "/t/d", "/t/d/new", "/t/e"]);
  assert.deepEqual((await contents(`${dir}/out`, dir))[0], paths);
});
