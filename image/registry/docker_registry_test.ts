/** The client with Debian's docker-registry behind htpasswd, and with skopeo at the other end. */
import assert from "node:assert/strict";
import { withDockerRegistry } from "../../tests/support/docker_registry.ts";
import { withDirectory } from "../../tests/support/umiak.ts";
import { testWhen } from "../../tests/support/when.ts";
import { referrersTag } from "../referrers.ts";
import { VerifyError } from "../verify.ts";
import { FileCredentials } from "./auth/config_paths.ts";
import { fixedCredentials } from "./auth/credentials.ts";
import { saveCredentials } from "./auth/login.ts";
import { RegistryError } from "./http/errors.ts";
import { Registry } from "./registry.ts";
import { RegistrySource } from "./source.ts";
import { cutting } from "./testing/cutting_proxy.ts";
import { collect, describe, noise, pieces, quick, smallImage } from "./testing/served.ts";

const USER = "me", PASSWORD = "correct-horse";
/** bcrypt of PASSWORD. */
const HTPASSWD = "me:$2b$05$qMyBr2woz5.IehsTUpeAc.mPZn9xZM0hSNudHeltUXwutuEsvkdMq\n";
const ME = fixedCredentials({ username: USER, password: PASSWORD });
const NEEDS = { os: ["linux"], tools: ["docker-registry"] } as const;

/** Runs `run` with a docker-registry on a port of loopback. */
async function withRegistry(run: (host: string, directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/htpasswd`, HTPASSWD);
    await withDockerRegistry(directory, {
      storage: { delete: { enabled: true } },
      auth: { htpasswd: { realm: "test", path: `${directory}/htpasswd` } },
    }, (host) => run(host, directory));
  });
}

testWhen(NEEDS, "docker-registry: credentials from a file, and wrong ones", async () => {
  await withRegistry(async (host, directory) => {
    await assert.rejects(
      new Registry(host, quick()).ping(),
      (error) =>
        error instanceof RegistryError && error.status === 401 && error.codes.includes("UNAUTHORIZED"),
    );
    const path = `${directory}/auth.json`;
    await saveCredentials(path, host, { username: USER, password: "wrong" });
    const credentials = new FileCredentials([path]);
    await assert.rejects(new Registry(host, { ...quick(), credentials }).ping(), /401/);
    await saveCredentials(path, host, { username: USER, password: PASSWORD });
    await new Registry(host, { ...quick(), credentials }).ping();
  });
});

testWhen(
  NEEDS,
  "docker-registry: blobs in every way, manifests, tags, referrers by tag, mounts, deletion",
  async () => {
    await withRegistry(async (host) => {
      const registry = new Registry(host, { ...quick(), credentials: ME });
      const repository = registry.repository("a/b");
      const modes = ["monolithic", "single", "chunked"] as const;
      for (const [seed, mode] of modes.entries()) {
        const blob = noise(3_000_000, seed + 20), descriptor = describe(blob);
        await repository.putBlob(descriptor, () => pieces(blob), { mode, chunkSize: 1_000_000 });
        assert.equal(await repository.hasBlob(descriptor), true, mode);
        assert.deepEqual(await collect(repository.getBlob(descriptor)), blob, mode);
        assert.deepEqual(
          await collect(repository.getBlobFrom(descriptor, 2_500_000)),
          blob.subarray(2_500_000),
          mode,
        );
        const never = (): never => assert.fail("the blob was read");
        await registry.repository("c").putBlob(descriptor, never, { mountFrom: ["a/b"] });
        await repository.deleteBlob(descriptor.digest);
        assert.equal(await repository.hasBlob(descriptor), false, mode);
        assert.equal(await registry.repository("c").hasBlob(descriptor), true, mode);
      }
      const wrong = noise(2_000_000, 5);
      await assert.rejects(
        repository.putBlob(describe(noise(2_000_000, 6)), () => pieces(wrong)),
        VerifyError,
      );

      const { manifest, descriptor, blobs } = smallImage();
      for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
      const tags = ["a", "b", "c", "d"];
      await repository.putManifest(descriptor, manifest, { tags });
      for (const tag of [...tags, descriptor.digest]) {
        assert.deepEqual(await repository.headManifest(tag), descriptor);
        assert.deepEqual((await repository.getManifest(tag)).bytes, manifest);
      }
      const listed: string[] = [];
      for await (const tag of repository.tags({ pageSize: 2 })) listed.push(tag);
      // It does not sort them.
      assert.deepEqual(listed.sort(), tags);

      const { digest, mediaType, size } = descriptor;
      const sbom = smallImage({ subject: { digest, mediaType, size }, artifactType: "application/sbom" });
      await repository.putManifest(sbom.descriptor, sbom.manifest);
      assert.deepEqual((await repository.referrers(digest)).map((each) => [each.digest, each.artifactType]), [
        [sbom.descriptor.digest, "application/sbom"],
      ]);
      assert.ok(await repository.headManifest(referrersTag(digest)) !== undefined);
      await repository.deleteManifest(sbom.descriptor.digest);
      assert.deepEqual(await repository.referrers(digest), []);
      await repository.deleteManifest(digest);
      assert.equal(await repository.headManifest("a"), undefined);
      await assert.rejects(repository.getManifest("a"), /404 not found: MANIFEST_UNKNOWN/);
    });
  },
);

testWhen(NEEDS, "docker-registry: broken uploads and downloads are resumed", async () => {
  await withRegistry(async (host) => {
    const blob = noise(8_000_000, 31), descriptor = describe(blob);
    for (const [n, mode] of (["monolithic", "chunked"] as const).entries()) {
      await cutting(host, 2, 3_000_000, async (proxy) => {
        const options = { ...quick(), credentials: ME };
        const repository = new Registry(proxy, options).repository(`up${n}`);
        await repository.putBlob(descriptor, () => pieces(blob), { mode, chunkSize: 2_000_000 });
        assert.ok(options.clock.sleeps.length >= 1, mode);
        assert.deepEqual(await collect(repository.getBlob(descriptor)), blob, mode);
      });
    }
    await cutting(host, 3, 2_000_000, async (proxy) => {
      const options = { ...quick(), credentials: ME };
      assert.deepEqual(
        await collect(new Registry(proxy, options).repository("up0").getBlob(descriptor)),
        blob,
      );
      assert.equal(options.clock.sleeps.length, 3);
    }, "down");
  });
});

testWhen(
  { ...NEEDS, tools: ["docker-registry", "skopeo"] },
  "skopeo reads what was pushed, and pushes what is read",
  async () => {
    await withRegistry(async (host, directory) => {
      const repository = new Registry(host, { ...quick(), credentials: ME }).repository("a");
      const { manifest, descriptor, blobs } = smallImage();
      for (const blob of blobs) await repository.putBlob(describe(blob), () => pieces(blob));
      await repository.putManifest(descriptor, manifest, { tags: ["x"] });
      const skopeo = async (...args: string[]): Promise<void> => {
        const { success, stderr } = await new Deno.Command("skopeo", {
          args,
          stdout: "null",
          stderr: "piped",
        }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
      };
      const creds = `${USER}:${PASSWORD}`;
      await skopeo(
        "copy",
        "--insecure-policy",
        "--src-tls-verify=false",
        "--src-creds",
        creds,
        `docker://${host}/a:x`,
        `oci:${directory}/layout:x`,
      );
      await skopeo(
        "copy",
        "--insecure-policy",
        "--dest-tls-verify=false",
        "--dest-creds",
        creds,
        `oci:${directory}/layout:x`,
        `docker://${host}/b:y`,
      );
      const source = new RegistrySource(
        new Registry(host, { ...quick(), credentials: ME }).repository("b"),
        "y",
      );
      const [found] = await source.resolve(undefined);
      assert.deepEqual(found, descriptor);
      assert.deepEqual(await source.manifest(found!), manifest);
      for (const blob of blobs) assert.deepEqual(await collect(source.blob(describe(blob))), blob);
    });
  },
);
