/** Images edited and validated as users do it, together with the tools of others. */
import assert from "node:assert/strict";
import { type Outcome, repositoryFile, umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const PROBE = repositoryFile("tests/guests/probe.wasm");

async function shell(script: string, dir: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-ec", script],
    cwd: dir,
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Runs umiak in a directory with a store of its own; anything but success fails the test. */
async function ok(dir: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await at(dir, ...args);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}`);
  return stdout.trim();
}

const at = (dir: string, ...args: string[]): Promise<Outcome> =>
  umiak(args, { cwd: dir, env: { UMIAK_ROOT: `${dir}/store` } });

/** A layout with an image of three layers, made by buildah: deletions in the second, an opaque directory in the third. */
const BUILDAH = `
  export BUILDAH_ISOLATION=chroot
  S="--root $PWD/root --runroot $PWD/runroot --storage-driver vfs"
  mkdir -p tree/data/opaque
  echo kept > tree/data/kept; echo gone > tree/data/gone; echo old > tree/data/opaque/old
  chmod 1777 tree/data; ln tree/data/kept tree/data/linked; setfattr -n user.x -v y tree/data/kept || true
  c=$(buildah $S from scratch); buildah $S copy -q $c tree /
  buildah $S config --cmd /bin/sh --env A=1 $c
  buildah $S commit -q $c one; buildah $S rm $c
  c=$(buildah $S from one); m=$(buildah $S mount $c)
  rm $m/data/gone; rm -r $m/data/opaque; mkdir $m/data/opaque; echo fresh > $m/data/opaque/fresh
  buildah $S umount $c; buildah $S commit -q $c two; buildah $S rm $c
  c=$(buildah $S from two); buildah $S run $c true 2>/dev/null || true
  m=$(buildah $S mount $c); echo three > $m/three
  buildah $S umount $c; buildah $S commit -q $c three; buildah $S rm $c
  buildah $S push -q three oci:$PWD/image:v1
  buildah $S push -q --format v2s2 three dir:$PWD/docker
  buildah $S rmi -a -f > /dev/null
`;

async function layersOf(dir: string, reference: string): Promise<string[]> {
  const { Layers } = JSON.parse(await ok(dir, "image", "inspect", reference));
  return (Layers as { Digest: string }[]).map((layer) => layer.Digest);
}

testWhen(
  { os: ["linux"], tools: ["buildah", "skopeo", "umoci", "jq", "tar", "bash"], root: true },
  "images of buildah, skopeo and umoci validate; edited, they are taken by skopeo and umoci, on the same base layers",
  () =>
    withDirectory(async (dir) => {
      await shell(BUILDAH, dir);
      await shell("skopeo copy -q --insecure-policy dir:docker oci:image:from-docker", dir);
      await shell("skopeo copy -q --insecure-policy oci:image:v1 oci-archive:image.tar:v1", dir);
      await shell(
        `umoci new --image image:umoci; umoci insert --image image:umoci tree/data /data
         umoci config --image image:umoci --config.cmd /bin/sh --author me`,
        dir,
      );
      for (const reference of ["image", "oci:image:v1", "oci:image:umoci", "oci-archive:image.tar:v1"]) {
        const { code, stdout, stderr } = await at(dir, "image", "validate", reference);
        assert.equal(code, 0, `${reference}: ${stdout}${stderr}`);
        assert.doesNotMatch(stdout, /^error/m);
      }
      const base = await layersOf(dir, "oci:image:v1");
      const tree = await ok(dir, "image", "ls-files", "-l", "oci:image:v1");

      await shell("mkdir more; echo x > more/file; tar cf more.tar -C more .", dir);
      await ok(dir, "image", "append", "oci:image:v1", "more.tar", "-o", "oci:image:v2");
      await ok(
        dir,
        "image",
        "config",
        "oci:image:v2",
        "-e",
        "B=2",
        "-u",
        "7:8",
        "-l",
        "com.example.a=b",
        "-a",
        "com.example.c=d",
      );
      assert.deepEqual((await layersOf(dir, "oci:image:v2")).slice(0, base.length), base);
      const config = JSON.parse(await shell("skopeo inspect --config oci:image:v2", dir));
      assert.deepEqual([config.config.Env.includes("B=2"), config.config.User], [true, "7:8"]);
      assert.equal(config.rootfs.diff_ids.length, base.length + 1);
      const stat = JSON.parse(await shell("umoci stat --image image:v2 --json", dir));
      const made = stat.history.filter((step: { empty_layer?: boolean }) => !step.empty_layer);
      assert.equal(made.length, base.length + 1);
      assert.equal(stat.history.at(-2).created_by, "umiak image append more.tar");

      for (
        const [name, ...options] of [["all"], ["two", "--last", "2"], [
          "zstd",
          "--compress",
          "zstd:3",
        ]] as const
      ) {
        await ok(dir, "image", "squash", "oci:image:v1", ...options, "-o", `oci:image:${name}`);
        assert.equal(await ok(dir, "image", "ls-files", "-l", `oci:image:${name}`), tree, name);
        await shell(
          `umoci stat --image image:${name} > /dev/null; skopeo inspect oci:image:${name} > /dev/null`,
          dir,
        );
      }
      assert.equal((await layersOf(dir, "oci:image:two"))[0], base[0]);
      const listed = (text: string): string[] => text.trim().split("\n").sort();
      const unpacked =
        "unpack() { umoci raw unpack --image image:$1 $1.dir; (cd $1.dir; find . | sort; find . -type f -exec sha256sum {} + | sort; find . ! -type l -printf '%p %m %U %G %n\\n' | sort); }";
      assert.deepEqual(
        listed(await shell(`${unpacked}; unpack all`, dir)),
        listed(await shell(`${unpacked}; unpack v1`, dir)),
      );

      await ok(dir, "image", "mutate", "oci:image:v1", "--format", "docker", "-o", "oci:image:docker");
      // skopeo takes Docker's manifests from a plain directory, not from a layout.
      await shell(
        `name='.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "docker").digest'
         digest=$(jq -r "$name" image/index.json); mkdir plain; cp image/blobs/sha256/\${digest#*:} plain/manifest.json
         for blob in $(jq -r '.config.digest, .layers[].digest' plain/manifest.json); do cp image/blobs/sha256/\${blob#*:} plain; done
         echo 'Directory Transport Version: 1.1' > plain/version
         skopeo copy -q --insecure-policy dir:plain docker-archive:docker.tar:app:v1`,
        dir,
      );
      assert.equal(await ok(dir, "image", "ls-files", "-l", "docker-archive:docker.tar"), tree);
      await ok(dir, "image", "mutate", "oci:image:v1", "--compress", "none", "-o", "oci:image:none");
      await shell(
        "umoci stat --image image:none > /dev/null; skopeo copy -q --insecure-policy oci:image:none dir:none",
        dir,
      );
      const { code, stdout } = await at(dir, "image", "validate", "oci:image");
      assert.equal(code, 0, stdout);
    }),
);

testWhen(
  { os: ["linux"], tools: ["tar", "bash"] },
  "umiak image import and export: the archive comes back, through a pipe too",
  () =>
    withDirectory(async (dir) => {
      await shell(
        `mkdir -p tree/a/b; echo x > tree/a/b/x; ln -s b tree/a/l; ln tree/a/b/x tree/y; chmod 2750 tree/a
         truncate -s 3M tree/sparse; echo end >> tree/sparse
         tar --sparse --format=pax -cf tree.tar --owner 5 --group 6 -C tree .; tar tvf tree.tar | sort > before`,
        dir,
      );
      const digest = await ok(
        dir,
        "image",
        "import",
        "tree.tar",
        "oci:image:v1",
        "-e",
        "A=1",
        "--cmd",
        '["/bin/sh","-c"]',
        "--platform",
        "linux/arm64",
      );
      const description = JSON.parse(await ok(dir, "image", "inspect", "oci:image:v1"));
      assert.deepEqual([description.Digest, description.Architecture, description.Config.Cmd], [
        digest,
        "arm64",
        ["/bin/sh", "-c"],
      ]);
      await ok(dir, "image", "export", "oci:image:v1", "-o", "out.tar");
      const sorted = (path: string): Promise<string> =>
        shell(
          `mkdir ${path}.d; tar xpf ${path} -C ${path}.d --numeric-owner; cd ${path}.d; find . -printf '%p %y %m %s %n %l %T@\\n' | sort; sha256sum sparse a/b/x`,
          dir,
        );
      assert.equal(await sorted("out.tar"), await sorted("tree.tar"));
      const piped = await new Deno.Command("bash", {
        args: [
          "-c",
          'set -o pipefail; "$@" | tar tf - | sort',
          "bash",
          Deno.execPath(),
          "run",
          "-A",
          "--no-check",
          "--quiet",
          "--config",
          repositoryFile("deno.json"),
          repositoryFile("cli/main.ts"),
          "image",
          "export",
          "oci:image:v1",
        ],
        cwd: dir,
        env: { UMIAK_ROOT: `${dir}/store` },
      }).output();
      assert.deepEqual(
        new TextDecoder().decode(piped.stdout),
        await shell("tar tf tree.tar | sed 's|^[.]/\\(.\\)|\\1|' | sort", dir),
      );
      const again = await umiak([
        "image",
        "import",
        "-",
        "oci:image:v2",
        "-e",
        "A=1",
        "--cmd",
        '["/bin/sh","-c"]',
        "--platform",
        "linux/arm64",
        "--history.created-by",
        "umiak image import tree.tar",
      ], {
        cwd: dir,
        stdin: await Deno.readFile(`${dir}/tree.tar`),
      });
      assert.equal(again.stdout.trim(), digest, again.stderr);
    }),
);

Deno.test("umiak image rebase moves an image to another base, named by options or annotations", () =>
  withDirectory(async (dir) => {
    for (const [name, text] of [["one", "1"], ["two", "2"]] as const) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
      await ok(dir, "image", "pack", PROBE, "-o", `./image:${name}`, "--file", `${name}=/base`);
    }
    await Deno.writeTextFile(`${dir}/own`, "own");
    await ok(dir, "image", "append", "./image:one", "--file", "own=/own", "-o", "./image:app");
    await ok(dir, "image", "rebase", "./image:app", "--old-base", "./image:one", "--new-base", "./image:two");
    const { Annotations, Layers } = JSON.parse(await ok(dir, "image", "inspect", "./image:app"));
    const base = JSON.parse(await ok(dir, "image", "inspect", "./image:two"));
    assert.equal(Annotations["org.opencontainers.image.base.digest"], base.Digest);
    assert.deepEqual(Layers.slice(0, 2), base.Layers);
    assert.equal(await ok(dir, "run", "./image:app", "cat", "/base", "--", "cat", "/own"), "2own");
    const wrong = await at(
      dir,
      "image",
      "rebase",
      "./image:app",
      "--old-base",
      "./image:one",
      "--new-base",
      "./image:two",
    );
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /rebasing: it is not based on .*: layer 1 is sha256:/);
    const unknown = await at(dir, "image", "rebase", "./image:one");
    assert.match(unknown.stderr, /its annotations do not name its base: say --old-base and --new-base/);
  }));

Deno.test("umiak image index: create, add, rm, and an edit of every image in it", () =>
  withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/f`, "f");
    await ok(dir, "image", "pack", PROBE, "-o", "./a:wasi");
    await ok(dir, "image", "config", "./a:wasi", "--os", "linux", "--arch", "arm64", "-o", "./b:arm");
    await ok(
      dir,
      "image",
      "config",
      "./a:wasi",
      "--os",
      "linux",
      "--arch",
      "amd64",
      "-o",
      "oci-archive:c.tar:amd",
    );
    await ok(dir, "image", "index", "create", "oci:all:v1", "./a:wasi", "./b:arm", "-a", "com.example.a=b");
    await ok(dir, "image", "index", "add", "oci:all:v1", "oci-archive:c.tar");
    const index = async (): Promise<
      { manifests: { digest: string; platform: Record<string, string> }[]; annotations: unknown }
    > => {
      const { manifests: [entry] } = JSON.parse(await Deno.readTextFile(`${dir}/all/index.json`));
      return JSON.parse(await Deno.readTextFile(`${dir}/all/blobs/${entry.digest.replace(":", "/")}`));
    };
    const platforms = async (): Promise<string[]> =>
      (await index()).manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`);
    assert.deepEqual(await platforms(), ["wasi/wasm", "linux/arm64", "linux/amd64"]);
    assert.deepEqual((await index()).annotations, { "com.example.a": "b" });
    const before = await index();
    await ok(dir, "image", "mutate", "oci:all:v1", "--file", "f=/f", "-e", "X=1");
    const after = await index();
    assert.deepEqual(await platforms(), ["wasi/wasm", "linux/arm64", "linux/amd64"]);
    assert.ok(after.manifests.every(({ digest }, i) => digest !== before.manifests[i]!.digest));
    for (const platform of await platforms()) {
      const { Config } = JSON.parse(await ok(dir, "image", "inspect", "--platform", platform, "oci:all:v1"));
      assert.deepEqual(Config.Env, ["X=1"]);
    }
    const refused = await at(dir, "image", "config", "--platform", "linux/arm64", "oci:all:v1", "-e", "Y=1");
    assert.match(refused.stderr, /one image cannot take the place of an index: say with --output/);
    await ok(
      dir,
      "image",
      "config",
      "--platform",
      "linux/arm64",
      "oci:all:v1",
      "-e",
      "Y=1",
      "-o",
      "oci:one:v1",
    );
    await ok(dir, "image", "index", "rm", "oci:all:v1", "linux/arm64", after.manifests[0]!.digest);
    assert.deepEqual(await platforms(), ["linux/amd64"]);
    const none = await at(dir, "image", "index", "rm", "oci:all:v1", "linux/arm64");
    assert.match(none.stderr, /oci:all:v1: linux\/arm64: index: it has no such entry/);
    assert.equal((await at(dir, "image", "validate", "oci:all")).code, 0);
    await ok(
      dir,
      "image",
      "index",
      "create",
      "oci:outer:v1",
      "oci:all:v1",
      "--subject",
      "./a:wasi",
      "--artifact-type",
      "application/x",
    );
    assert.equal((await at(dir, "image", "validate", "--strict", "oci:outer")).code, 0);
  }));

Deno.test("an edit of an index keeps its artifacts and sparse entries, and drops what is said about images as they were", () =>
  withDirectory(async (dir) => {
    await ok(dir, "image", "pack", PROBE, "-o", "./image:v1");
    await ok(dir, "image", "pack", "--artifact", PROBE, "-o", "./image:artifact");
    await ok(dir, "image", "index", "create", "oci:image:all", "./image:v1", "./image:artifact");
    const index = JSON.parse(await Deno.readTextFile(`${dir}/image/index.json`));
    const entry = index.manifests.at(-1);
    const read = async (digest: string): Promise<{ manifests: Record<string, unknown>[] }> =>
      JSON.parse(await Deno.readTextFile(`${dir}/image/blobs/${digest.replace(":", "/")}`));
    const document = await read(entry.digest);
    const type = "application/vnd.oci.image.manifest.v1+json";
    const absent = {
      mediaType: type,
      digest: `sha256:${"0".repeat(64)}`,
      size: 9,
      platform: { os: "plan9", architecture: "386" },
    };
    const about = {
      ...absent,
      annotations: { "vnd.docker.reference.digest": document.manifests[0]!.digest },
    };
    document.manifests.push({ ...absent, "x.y": 1 }, about);
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    const hex = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((b) =>
      b.toString(16).padStart(2, "0")
    ).join("");
    await Deno.writeFile(`${dir}/image/blobs/sha256/${hex}`, bytes);
    Object.assign(entry, { digest: `sha256:${hex}`, size: bytes.length });
    await Deno.writeTextFile(`${dir}/image/index.json`, JSON.stringify(index));
    const digest = await ok(dir, "image", "config", "oci:image:all", "-e", "A=1", "-o", "oci:other:all");
    const { manifests } = JSON.parse(
      await Deno.readTextFile(`${dir}/other/blobs/${digest.replace(":", "/")}`),
    );
    assert.equal(manifests.length, 3);
    assert.notEqual(manifests[0].digest, document.manifests[0]!.digest);
    assert.deepEqual(manifests.slice(1), [document.manifests[1], { ...absent, "x.y": 1 }]);
    assert.equal((await at(dir, "image", "validate", "oci:other")).code, 0);
    assert.match(
      await ok(dir, "run", "--platform", "wasip1/wasm", "oci:other:all", "ls", "/"),
      /probe\.wasm/,
    );
  }));

Deno.test("the same edits give the same digests; SOURCE_DATE_EPOCH and --timestamp set the times", () =>
  withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/f`, "f");
    await ok(dir, "image", "pack", PROBE, "-o", "./image:v1");
    const edit = async (tag: string, env: Record<string, string>, ...options: string[]): Promise<string> => {
      const run = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await umiak(args, {
          cwd: dir,
          env: { UMIAK_ROOT: `${dir}/store`, ...env },
        });
        assert.equal(code, 0, stderr);
        return stdout.trim();
      };
      await run("image", "append", "./image:v1", "--file", "f=/f", "-o", `./image:${tag}`, ...options);
      await run("image", "config", `./image:${tag}`, "-e", "A=1", ...options);
      return await run("image", "squash", `./image:${tag}`, ...options);
    };
    const plain = await edit("a", {});
    assert.equal(await edit("b", {}), plain);
    const timed = await edit("c", { SOURCE_DATE_EPOCH: "86400" });
    assert.notEqual(timed, plain);
    assert.equal(await edit("d", {}, "--timestamp", "86400"), timed);
    assert.equal(await edit("e", {}, "--timestamp", "1970-01-02T00:00:00Z"), timed);
    const steps = JSON.parse(await ok(dir, "image", "history", "--json", "./image:c"));
    assert.equal(steps.at(-1).created, "1970-01-02T00:00:00Z");
    const wrong = await at(dir, "image", "squash", "./image:a", "--timestamp", "noon");
    assert.match(wrong.stderr, /--timestamp: "noon" is not a time/);
  }));

Deno.test("umiak image validate: every finding on a line, and the exit code", () =>
  withDirectory(async (dir) => {
    await ok(dir, "image", "pack", PROBE, "-o", "./image:v1");
    const good = await at(dir, "image", "validate", "--strict", "./image");
    assert.deepEqual([good.code, good.stdout], [0, ""]);
    await ok(dir, "image", "config", "./image:v1", "-l", "plain=x", "-o", "./image:v2");
    const warned = await at(dir, "image", "validate", "./image:v2");
    assert.equal(warned.code, 0);
    assert.match(
      warned.stdout,
      /^warning: config sha256:\w+: config\.Labels\.plain: .*reverse domain notation \(annotations\.md#rules\)\n$/,
    );
    assert.equal((await at(dir, "image", "validate", "--strict", "./image:v2")).code, 1);
    const { Layers } = JSON.parse(await ok(dir, "image", "inspect", "./image:v1"));
    const path = `${dir}/image/blobs/${Layers[0].Digest.replace(":", "/")}`;
    const bytes = await Deno.readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await Deno.chmod(path, 0o644);
    await Deno.writeFile(path, bytes);
    const bad = await at(dir, "image", "validate", "--json", "./image");
    assert.equal(bad.code, 1);
    const { findings } = JSON.parse(bad.stdout);
    assert.ok(
      findings.some((each: { blob: string }) => each.blob === `layer ${Layers[0].Digest}`),
      bad.stdout,
    );
    const whole = await at(dir, "image", "validate", "--no-layers", "./image:v1");
    assert.equal(whole.code, 0, whole.stdout);
  }));

Deno.test("editing what cannot be changed in its place says so, and leaves nothing behind", () =>
  withDirectory(async (dir) => {
    await ok(dir, "image", "pack", PROBE, "-o", "./image:v1");
    await ok(dir, "image", "config", "./image:v1", "-e", "A=1", "-o", "oci-archive:image.tar:v1");
    const archive = await at(dir, "image", "config", "oci-archive:image.tar", "-e", "B=1");
    assert.deepEqual([archive.code, archive.stdout], [125, ""]);
    assert.match(
      archive.stderr,
      /image\.tar: it cannot be changed in its place: say with --output where the result goes/,
    );
    await Deno.writeTextFile(`${dir}/bad.tar`, "x".repeat(1024));
    const before = await Deno.readTextFile(`${dir}/image/index.json`);
    const bad = await at(dir, "image", "append", "./image:v1", "bad.tar");
    assert.equal(bad.code, 125);
    assert.match(bad.stderr, /^umiak: bad\.tar: tar archive, offset 0: /);
    assert.equal(await Deno.readTextFile(`${dir}/image/index.json`), before);
    const nothing = await at(dir, "image", "config", "./image:v1");
    assert.match(nothing.stderr, /nothing to change/);
    assert.equal((await at(dir, "image", "validate", "./image")).code, 0);
  }));
