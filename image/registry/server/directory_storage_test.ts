/** A registry's content on disk: layouts that others can read, whole at every moment. */
import assert from "node:assert/strict";
import { DirectoryStorage } from "./directory_storage.ts";
import { LayoutIndex } from "./layout_index.ts";
import { bytesOf, digestOf, Harness, INDEX, MANIFEST } from "./testing/harness.ts";
import { repositoryFile, withDirectory } from "../../../tests/support/umiak.ts";

async function json(path: string): Promise<{ manifests: Record<string, unknown>[] }> {
  return JSON.parse(await Deno.readTextFile(path));
}

Deno.test("every repository is a layout: oci-layout, index.json with ref.name, blobs by algorithm", async () => {
  await withDirectory(async (root) => {
    const h = new Harness(await DirectoryStorage.open(root));
    const bytes = await h.manifest("library/app");
    await h.put("library/app", "v1", bytes);
    await h.put("library/app", digestOf(bytes, "sha512"), bytes);
    const path = `${root}/library/app`;
    assert.deepEqual(await json(`${path}/oci-layout`), { imageLayoutVersion: "1.0.0" } as unknown);
    const { manifests } = await json(`${path}/index.json`);
    assert.deepEqual(manifests, [
      {
        mediaType: MANIFEST,
        digest: digestOf(bytes),
        size: bytes.length,
        annotations: { "org.opencontainers.image.ref.name": "v1" },
      },
      { mediaType: MANIFEST, digest: digestOf(bytes, "sha512"), size: bytes.length },
    ]);
    assert.deepEqual(await Deno.readFile(`${path}/blobs/sha256/${digestOf(bytes).slice(7)}`), bytes);
    assert.deepEqual(
      await Deno.readFile(`${path}/blobs/sha512/${digestOf(bytes, "sha512").slice(7)}`),
      bytes,
    );
  });
});

Deno.test("a registry opened again has everything; a mounted blob is one file with two names", async () => {
  await withDirectory(async (root) => {
    const first = new Harness(await DirectoryStorage.open(`${root}/`));
    const bytes = await first.manifest("a");
    await first.put("a", "v1", bytes);
    const { digest } = await first.blob("a", bytesOf("shared"));
    await first.send("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=a`);
    const second = new Harness(await DirectoryStorage.open(root));
    assert.deepEqual((await second.send("GET", "/v2/a/manifests/v1")).bytes, bytes);
    assert.deepEqual((await second.send("GET", "/v2/_catalog")).json.repositories, ["a", "b"]);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(`${root}/b/blobs/sha256/${digest.slice(7)}`)).nlink, 2);
    }
  });
});

Deno.test("layouts that others write are served: their tags, and manifests and referrers that only an index lists", async () => {
  await withDirectory(async (root) => {
    const h = new Harness(await DirectoryStorage.open(root));
    const path = `${root}/theirs`;
    await Deno.mkdir(`${path}/blobs/sha256`, { recursive: true });
    const put = async (value: unknown, mediaType: string): Promise<Record<string, unknown>> => {
      const bytes = bytesOf(value);
      await Deno.writeFile(`${path}/blobs/sha256/${digestOf(bytes).slice(7)}`, bytes);
      return { mediaType, digest: digestOf(bytes), size: bytes.length };
    };
    const config = await put({}, "application/x");
    const inner = await put({ schemaVersion: 2, config, layers: [] }, MANIFEST);
    const about = await put({ schemaVersion: 2, config, layers: [], subject: inner }, MANIFEST);
    const index = await put({ schemaVersion: 2, manifests: [inner, about] }, INDEX);
    const outer = await put({ schemaVersion: 2, manifests: [index] }, INDEX);
    const named = (name: string, descriptor = outer): unknown => ({
      ...descriptor,
      annotations: { "org.opencontainers.image.ref.name": name, other: "kept" },
    });
    await Deno.writeTextFile(`${path}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
    const manifests = [named("v1"), named("v1", inner), named("example.com/no:tag")];
    await Deno.writeTextFile(
      `${path}/index.json`,
      JSON.stringify({ schemaVersion: 2, manifests, extra: [1] }),
    );
    assert.deepEqual((await h.send("GET", "/v2/theirs/tags/list")).json.tags, ["v1"]);
    // Of two with one name the first is meant.
    assert.equal(
      (await h.send("HEAD", "/v2/theirs/manifests/v1")).headers.get("docker-content-digest"),
      outer["digest"],
    );
    assert.equal((await h.send("GET", `/v2/theirs/manifests/${inner["digest"]}`)).status, 200);
    const referrers = (await h.send("GET", `/v2/theirs/referrers/${inner["digest"]}`)).json.manifests;
    assert.deepEqual(referrers.map((item: { digest: string }) => item.digest), [about["digest"]]);
    // A push keeps what it does not know of.
    await h.put("theirs", "v2", await h.manifest("theirs"));
    const after = await json(`${path}/index.json`) as unknown as Record<string, unknown>;
    assert.deepEqual(after["extra"], [1]);
    assert.deepEqual((await json(`${path}/index.json`)).manifests.slice(0, 3), manifests);
    // Another process changes it: seen at once.
    await Deno.writeTextFile(`${path}/new.json`, JSON.stringify({ schemaVersion: 2, manifests: [] }));
    await Deno.rename(`${path}/new.json`, `${path}/index.json`);
    assert.deepEqual((await h.send("GET", "/v2/theirs/tags/list")).json.tags, []);
  });
});

Deno.test("LayoutIndex.untag() of a name that occurs twice does not bring the second to light", () => {
  const item = (n: string): unknown => ({
    mediaType: MANIFEST,
    digest: digestOf(bytesOf(n)),
    size: 1,
    annotations: { "org.opencontainers.image.ref.name": "v1" },
  });
  const index = new LayoutIndex(
    bytesOf({ schemaVersion: 2, manifests: [item("1"), item("2"), item("2")] }),
    "x",
  );
  assert.equal(index.untag("v1"), true);
  assert.deepEqual(index.entries().map(({ tag }) => tag), [undefined, undefined]);
  assert.equal(index.untag("v1"), false);
});

Deno.test("open() removes what killed processes left, not what another is writing", async () => {
  await withDirectory(async (root) => {
    const first = await DirectoryStorage.open(root);
    const upload = await first.upload();
    await upload.write(bytesOf("content"));
    await Deno.writeTextFile(`${root}/_uploads/left-behind`, "x");
    const second = await DirectoryStorage.open(root);
    assert.equal([...Deno.readDirSync(`${root}/_uploads`)].length, 1);
    await upload.commit("a", digestOf(bytesOf("content")));
    assert.equal((await second.blob("a", digestOf(bytesOf("content"))))?.size, 7);
    assert.deepEqual([...Deno.readDirSync(`${root}/_uploads`)], []);
  });
});

Deno.test("open() of what cannot be a directory says so", async () => {
  await withDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/file`, "");
    await assert.rejects(DirectoryStorage.open(`${root}/file`), /registry in .*file: /);
  });
});

Deno.test("a repository with a list that is full is 507, and stays as it was", async () => {
  await withDirectory(async (root) => {
    const h = new Harness(await DirectoryStorage.open(root));
    const bytes = await h.manifest("a");
    await h.put("a", "v1", bytes);
    const path = `${root}/a/index.json`;
    const index = await json(path);
    const filling = {
      annotations: { filling: "x".repeat(4 * 1024 ** 2 - JSON.stringify(index).length - 100) },
    };
    await Deno.writeTextFile(path, JSON.stringify({ ...index, ...filling }));
    const answer = await h.send("PUT", "/v2/a/manifests/v2", {
      headers: { "content-type": MANIFEST },
      body: bytes,
    });
    assert.equal(answer.status, 507);
    assert.deepEqual((await h.send("GET", "/v2/a/tags/list")).json.tags, ["v1"]);
  });
});

/** A process that pushes manifests under ever new tags, and says so when each is done. */
const PUSHER = `
import { DirectoryStorage } from "./image/registry/server/directory_storage.ts";
import { Harness } from "./image/registry/server/testing/harness.ts";
const [root, who] = Deno.args;
const h = new Harness(await DirectoryStorage.open(root));
for (let i = 0; i < 1000; i++) {
  await h.put("shared", who + i, await h.manifest("shared", { annotations: { n: who + i } }));
  await Deno.stdout.write(new TextEncoder().encode(who + i + "\\n"));
}`;

function pusher(root: string, who: string): Deno.ChildProcess {
  const specifier = `data:application/typescript,${
    encodeURIComponent(PUSHER.replaceAll("./image", `file://${repositoryFile("image")}`))
  }`;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--no-lock",
      "--config",
      repositoryFile("deno.json"),
      specifier,
      root,
      who,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("processes that are killed while they push to one repository lose nothing that was acknowledged", async () => {
  await withDirectory(async (root) => {
    for (let round = 0; round < 3; round++) {
      const children = ["x", "y"].map((who) => pusher(root, `${who}${round}-`));
      const acknowledged: string[] = [];
      const readers = children.map(async (child) => {
        for await (const chunk of child.stdout) {
          acknowledged.push(...new TextDecoder().decode(chunk).split("\n").filter((line) => line !== ""));
          if (acknowledged.length < 10 + 7 * round) continue;
          for (const each of children) {
            try {
              each.kill("SIGKILL");
            } catch {
              // It has ended already.
            }
          }
        }
        await child.stderr.cancel();
        await child.status;
      });
      await Promise.all(readers);
      const h = new Harness(await DirectoryStorage.open(root));
      assert.deepEqual([...Deno.readDirSync(`${root}/_uploads`)], []);
      const { tags } = (await h.send("GET", "/v2/shared/tags/list")).json;
      assert.ok(acknowledged.length >= 10);
      for (const tag of acknowledged) assert.ok(tags.includes(tag), `${tag} was acknowledged`);
      for (const tag of tags) {
        const answer = await h.send("GET", `/v2/shared/manifests/${tag}`);
        assert.equal(digestOf(answer.bytes), answer.headers.get("docker-content-digest"), tag);
        for (const { digest } of [answer.json.config, ...answer.json.layers]) {
          assert.equal(digestOf((await h.send("GET", `/v2/shared/blobs/${digest}`)).bytes), digest);
        }
      }
    }
  });
});
