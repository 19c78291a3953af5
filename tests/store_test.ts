/** The store under its users: processes that share it, and processes that are killed. */
import assert from "node:assert/strict";
import { LayoutSource } from "../image/layout.ts";
import { DirectoryTree } from "../image/store/host_tree.ts";
import { LayoutSink } from "../image/store/layout_sink.ts";
import { openLayers } from "../image/store/mount_layers.ts";
import { openImage } from "../image/store/open_image.ts";
import { Store } from "../image/store/store.ts";
import { checkStore } from "../image/store/store_check.ts";
import { collectGarbage } from "../image/store/store_gc.ts";
import { memoryImage } from "../image/testing/memory_image.ts";
import { noise } from "../image/registry/testing/served.ts";
import { copyImage } from "../image/copy.ts";
import { writeImage } from "../image/write_image.ts";
import { repositoryFile, umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

/** A layout with images of two layers, the lower one shared. */
async function makeLayout(directory: string, names: readonly string[]): Promise<LayoutSource> {
  const file = (name: string, seed: number) => ({
    name,
    type: "file" as const,
    mode: 0o644,
    content: noise(300_000, seed),
  });
  const sink = new LayoutSink(directory);
  for (const [i, name] of names.entries()) {
    await writeImage(await memoryImage([[file("base", 1)], [file(name, 2 + i)]]), sink, name);
  }
  await sink.commit();
  return new LayoutSource(new DirectoryTree(directory));
}

/** Starts a worker; resolves once it has begun. */
async function startWorker(mode: string, root: string, layout: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--no-lock",
      "--quiet",
      "--config",
      repositoryFile("deno.json"),
      repositoryFile("tests/support/store_worker.ts"),
      mode,
      root,
      layout,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (value === undefined) {
    throw new Error(new TextDecoder().decode(new Uint8Array(await new Response(child.stderr).arrayBuffer())));
  }
  reader.releaseLock();
  return child;
}

async function killed(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself: why is on its standard error.
  }
  const [, stderr, { signal }] = await Promise.all([
    child.stdout.cancel(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  assert.equal(stderr, "");
  assert.equal(signal, "SIGKILL", "it worked until it was killed");
}

/** Opens, verifies and reads an image of the store as a container would. */
async function mount(root: string, name: string): Promise<void> {
  const image = await openImage({ transport: "store", path: name }, { storeRoot: root });
  const store = await Store.open(root);
  try {
    const layers = await openLayers(image, store.layers, () => store.close());
    for (const layer of layers) layer.shutdown();
  } finally {
    image.close();
  }
}

testWhen(
  { os: ["linux", "darwin"] },
  "processes killed while they pull, tag, remove and collect leave a store that verifies and has lost nothing",
  () =>
    withDirectory(async (dir) => {
      const names = ["a", "b", "c"], root = `${dir}/store`;
      const layout = await makeLayout(`${dir}/layout`, names);
      const store = await Store.open(root);
      await copyImage(layout, "a", store, "kept");
      store.close();
      const ROUNDS = 14;
      for (let round = 0; round < ROUNDS; round++) {
        const modes = ["pull", "tag", "gc"];
        const workers = await Promise.all(modes.map((mode) => startWorker(mode, root, `${dir}/layout`)));
        const delays = workers.map(() => Math.random() * 250);
        const ends = await Promise.allSettled(workers.map(async (worker, i) => {
          await new Promise((resolve) => setTimeout(resolve, delays[i]));
          await killed(worker);
        }));
        for (const end of ends) if (end.status === "rejected") throw end.reason;
        const opened = await Store.open(root);
        try {
          const where = `round ${round}, killed after ${delays.map(Math.round).join(", ")} ms`;
          assert.deepEqual((await checkStore(opened)).findings, [], where);
          await opened.resolve("kept");
        } finally {
          opened.close();
        }
      }
      await mount(root, "kept");
      const last = await Store.open(root);
      try {
        for (
          const name of await Array.fromAsync(last.names())
        ) if (name !== "docker.io/library/kept:latest") await last.remove(name);
        await collectGarbage(last);
        assert.deepEqual((await checkStore(last)).findings, []);
        assert.equal((await Array.fromAsync(Deno.readDir(`${root}/blobs/sha256`))).length, 4);
        assert.deepEqual(await Array.fromAsync(Deno.readDir(`${root}/ingest`)), []);
        assert.deepEqual(await Array.fromAsync(Deno.readDir(`${root}/leases`)), []);
      } finally {
        last.close();
      }
      await mount(root, "kept");
    }),
);

Deno.test("umiak store gc leaves what a running container needs, store check tells what is wrong and exits with 1", () =>
  withDirectory(async (dir) => {
    const env = { UMIAK_ROOT: `${dir}/store` };
    const run = (...args: string[]): ReturnType<typeof umiak> => umiak(args, { env });
    const module = repositoryFile("tests/guests/cat.wasm");
    assert.equal((await run("image", "pack", module, "-o", `${dir}/l:v1`)).code, 0);
    assert.equal((await run("image", "copy", "-q", `oci:${dir}/l:v1`, "store:cat")).code, 0);
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--no-lock",
        "--quiet",
        "--config",
        repositoryFile("deno.json"),
        repositoryFile("cli/main.ts"),
        "run",
        "-i",
        "cat",
      ],
      env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter(), reader = child.stdout.getReader();
    await writer.write(new TextEncoder().encode("one\n"));
    assert.equal(new TextDecoder().decode((await reader.read()).value), "one\n");
    assert.equal((await run("image", "rm", "cat")).stdout, "docker.io/library/cat:latest\n");
    const kept = await run("store", "gc");
    assert.equal(kept.stderr, "0 files, 0 bytes removed\n");
    await writer.close();
    assert.ok((await reader.read()).done);
    assert.equal((await child.status).code, 0);
    const dry = await run("store", "gc", "--dry-run");
    const gone = await run("store", "gc");
    assert.equal(dry.stdout, gone.stdout);
    assert.match(gone.stderr, /^5 files, \d+ bytes removed\n$/);
    assert.equal((await run("image", "copy", "-q", `oci:${dir}/l:v1`, "store:cat")).code, 0);
    assert.deepEqual(await run("store", "check", "-q"), { code: 0, stdout: "", stderr: "" });
    const [blob] = await Array.fromAsync(Deno.readDir(`${dir}/store/blobs/sha256`));
    await Deno.writeTextFile(`${dir}/store/blobs/sha256/${blob!.name}`, "x");
    const { code, stdout } = await run("store", "check");
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`blob sha256:${blob!.name}: its content has digest sha256:`));
  }));

testWhen(
  { tools: ["skopeo", "umoci"] },
  "skopeo and umoci read the store as it lies",
  () =>
    withDirectory(async (dir) => {
      const root = `${dir}/store`, name = "example.org:5000/team/app_x:v1.2-rc_1";
      const layout = await makeLayout(`${dir}/layout`, ["a"]);
      const store = await Store.open(root);
      const { descriptor } = await copyImage(layout, "a", store, name);
      store.close();
      const tool = async (...command: string[]): Promise<string> => {
        const { success, stdout, stderr } = await new Deno.Command(command[0]!, { args: command.slice(1) })
          .output();
        assert.ok(success, `${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
        return new TextDecoder().decode(stdout);
      };
      assert.equal((await tool("umoci", "ls", "--layout", root)).trim(), name);
      assert.equal(
        JSON.parse(await tool("skopeo", "inspect", `oci:${root}:${name}`)).Digest,
        descriptor.digest,
      );
      await tool("skopeo", "--insecure-policy", "copy", "-q", `oci:${root}:${name}`, `oci:${dir}/out:v1`);
      const copy = new LayoutSource(new DirectoryTree(`${dir}/out`));
      assert.equal((await copy.resolve("v1"))[0]!.digest, descriptor.digest);
      // What skopeo puts into the store, under a whole name, is an image of the store.
      await tool(
        "skopeo",
        "--insecure-policy",
        "copy",
        "-q",
        `oci:${dir}/out:v1`,
        `oci:${root}:docker.io/library/new:latest`,
      );
      const again = await Store.open(root);
      try {
        assert.equal((await again.resolve("new"))[0]!.digest, descriptor.digest);
        assert.deepEqual((await checkStore(again)).findings, []);
      } finally {
        again.close();
      }
    }),
);
