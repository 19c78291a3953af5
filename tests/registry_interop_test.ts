/** `umiak registry serve` as other tools use it, and what they read of its directory. Each test says why where it cannot run. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { hashSync } from "bcryptjs";
import { umiakArgs, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

/** For scripts: a command that has to fail. With "!" the shell would go on if it did not. */
const PRELUDE = 'refused() { if "$@" 2> err; then echo "not refused: $*" >&2; exit 1; fi; }\n';

/** A shell script's output; it fails the test if the script fails. */
async function shell(script: string, cwd: string, env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-euo", "pipefail", "-c", PRELUDE + script],
    cwd,
    env,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assert.ok(success, `${script}\n${text(stdout)}${text(stderr)}`);
  return text(stdout);
}

/** A registry of its own process. */
interface Server {
  /** "127.0.0.1:12345". */
  readonly address: string;
  /** Scratch directory; the registry's root is "root" in it. */
  readonly dir: string;
  /** Ends it by a signal; how it ended. */
  stop(signal: Deno.Signal): Promise<{ code: number; stderr: string }>;
}

/** Runs a test with `umiak registry serve` on a free port. */
async function serving(args: readonly string[], run: (server: Server) => Promise<void>): Promise<void> {
  await withDirectory(async (dir) => {
    const resolved = args.map((arg) => arg.replace("DIR", dir));
    const child = new Deno.Command(Deno.execPath(), {
      args: umiakArgs(["registry", "serve", "--root", `${dir}/root`, "--listen", "127.0.0.1:0", ...resolved]),
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const errors = new Response(child.stderr).text();
    const reader = child.stdout.getReader();
    let line = "";
    while (!line.endsWith("\n")) {
      const { value } = await reader.read();
      if (value === undefined) break;
      line += new TextDecoder().decode(value);
    }
    const address = /^Listening on https?:\/\/(.*)\n$/.exec(line)?.[1];
    const stop = async (signal: Deno.Signal): Promise<{ code: number; stderr: string }> => {
      child.kill(signal);
      const rest = await reader.read();
      assert.equal(rest.done, true, "it prints one line");
      return { code: (await child.status).code, stderr: await errors };
    };
    let stopped = false;
    try {
      assert.ok(address, `it said ${JSON.stringify(line)}: ${address === undefined ? await errors : ""}`);
      await run({
        address,
        dir,
        stop: (signal) => {
          stopped = true;
          return stop(signal);
        },
      });
    } finally {
      if (!stopped) await stop("SIGTERM").catch(() => {});
    }
  });
}

/** Makes a layout "layout" with images v1, of two layers, and v2. */
const MAKE_IMAGES = `
umoci init --layout layout
umoci new --image layout:v1
mkdir one two; head -c 300000 /dev/urandom > one/file; echo two > two/file
umoci insert --rootless --image layout:v1 one /one
umoci insert --rootless --image layout:v1 two /two
umoci config --image layout:v1 --tag v2 --config.user 1:1`;

const TOOLS = ["bash", "skopeo", "umoci", "jq"];

testWhen(
  { os: ["linux"], tools: TOOLS },
  "skopeo copies to and from it, lists, inspects and deletes; digests stay",
  async () => {
    await serving([], async ({ address, dir }) => {
      await shell(MAKE_IMAGES, dir);
      const there = `docker://${address}/library/deep/app`;
      await shell(
        `
      skopeo copy -q --dest-tls-verify=false oci:layout:v1 ${there}:v1
      skopeo copy -q --dest-tls-verify=false oci:layout:v2 ${there}:v2
      skopeo copy -q --src-tls-verify=false ${there}:v1 oci:back:v1
      test "$(jq -r '.manifests[0].digest' back/index.json)" = "$(skopeo inspect oci:layout:v1 | jq -r .Digest)"
      test "$(skopeo inspect --tls-verify=false ${there}:v1 | jq -r .Digest)" = "$(skopeo inspect oci:layout:v1 | jq -r .Digest)"
      test "$(skopeo list-tags --tls-verify=false ${there} | jq -c .Tags)" = '["v1","v2"]'
      skopeo delete --tls-verify=false ${there}:v2
      test "$(skopeo list-tags --tls-verify=false ${there} | jq -c .Tags)" = '["v1"]'
      refused skopeo inspect --tls-verify=false ${there}:v2
      grep -q 'manifest unknown' err
      # By digest, in Docker's format, and from one repository to another.
      skopeo copy -q --src-tls-verify=false ${there}@$(skopeo inspect oci:layout:v1 | jq -r .Digest) dir:bydigest
      skopeo copy -q --dest-tls-verify=false --format v2s2 oci:layout:v1 docker://${address}/docker:v1
      skopeo inspect --raw --tls-verify=false docker://${address}/docker:v1 | jq -e '.mediaType | test("docker")'
      skopeo copy -q --src-tls-verify=false --dest-tls-verify=false ${there}:v1 docker://${address}/other:v1
      `,
        dir,
      );
      const catalog = await (await fetch(`http://${address}/v2/_catalog`)).json();
      assert.deepEqual(catalog, { repositories: ["docker", "library/deep/app", "other"] });
    });
  },
);

testWhen(
  { os: ["linux"], tools: TOOLS },
  "skopeo copies an index with all its images, both ways",
  async () => {
    await serving([], async ({ address, dir }) => {
      await shell(MAKE_IMAGES, dir);
      // Two images under one name, for two platforms, as an index in an index.
      const layout = JSON.parse(await Deno.readTextFile(`${dir}/layout/index.json`));
      const bytes = new TextEncoder().encode(JSON.stringify({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.index.v1+json",
        manifests: layout.manifests.map((each: Record<string, unknown>, i: number) => ({
          mediaType: each["mediaType"],
          digest: each["digest"],
          size: each["size"],
          platform: { os: "linux", architecture: ["amd64", "arm64"][i] },
        })),
      }));
      const digest = createHash("sha256").update(bytes).digest("hex");
      await Deno.writeFile(`${dir}/layout/blobs/sha256/${digest}`, bytes);
      layout.manifests.push({
        mediaType: "application/vnd.oci.image.index.v1+json",
        digest: `sha256:${digest}`,
        size: bytes.length,
        annotations: { "org.opencontainers.image.ref.name": "all" },
      });
      await Deno.writeTextFile(`${dir}/layout/index.json`, JSON.stringify(layout));
      await shell(
        `
      skopeo copy -q --all --dest-tls-verify=false oci:layout:all docker://${address}/multi:all
      skopeo copy -q --all --src-tls-verify=false docker://${address}/multi:all oci:back:all
      test "$(jq -r '.manifests[0].digest' back/index.json)" = sha256:${digest}
      skopeo inspect --tls-verify=false --override-arch arm64 docker://${address}/multi:all > /dev/null
      `,
        dir,
      );
    });
  },
);

testWhen(
  { os: ["linux"], tools: TOOLS },
  "skopeo and umoci read the registry's directory as it lies, and it serves theirs",
  async () => {
    await serving([], async ({ address, dir }) => {
      await shell(
        `${MAKE_IMAGES}
      skopeo copy -q --dest-tls-verify=false oci:layout:v1 docker://${address}/library/app:v1
      digest=$(skopeo inspect oci:layout:v1 | jq -r .Digest)
      test "$(skopeo inspect oci:root/library/app:v1 | jq -r .Digest)" = $digest
      umoci stat --image root/library/app:v1 --json | jq -e '.history | length == 2'
      umoci unpack --rootless --image root/library/app:v1 bundle
      cmp one/file bundle/rootfs/one/file
      # A layout that is copied into the directory is a repository, and so is an image added to one that is there.
      cp -r layout root/theirs
      test "$(skopeo inspect --tls-verify=false docker://${address}/theirs:v2 | jq -r .Digest)" = "$(skopeo inspect oci:layout:v2 | jq -r .Digest)"
      skopeo copy -q oci:layout:v2 oci:root/library/app:added
      test "$(skopeo list-tags --tls-verify=false docker://${address}/library/app | jq -c .Tags)" = '["added","v1"]'
      `,
        dir,
      );
    });
  },
);

for (const tool of ["buildah", "podman"]) {
  // Only root can make the owners of an image's files without a user namespace.
  testWhen(
    { os: ["linux"], root: true, tools: [...TOOLS, tool] },
    `${tool} pulls from it and pushes to it`,
    async () => {
      await serving([], async ({ address, dir }) => {
        await shell(
          `${MAKE_IMAGES}
        skopeo copy -q --dest-tls-verify=false oci:layout:v1 docker://${address}/app:v1
        t() { ${tool} --root $PWD/storage --runroot $PWD/run --storage-driver vfs "$@"; }
        id=$(t pull -q --tls-verify=false ${address}/app:v1)
        t push -q --tls-verify=false ${address}/app:v1 ${address}/pushed/by/${tool}:v1
        t rmi -f $id
        test "$(t pull -q --tls-verify=false ${address}/pushed/by/${tool}:v1)" = $id
        `,
          dir,
        );
      });
    },
  );
}

testWhen(
  { os: ["linux"], tools: TOOLS },
  "--htpasswd: skopeo logs in; without or with a wrong password nothing is to be had",
  async () => {
    await withDirectory(async (other) => {
      await Deno.writeTextFile(`${other}/users`, `alice:${hashSync("s3cret", 5)}\n`);
      await serving(["--htpasswd", `${other}/users`], async ({ address, dir }) => {
        await shell(
          `${MAKE_IMAGES}
        export REGISTRY_AUTH_FILE=$PWD/auth.json
        there=docker://${address}/app:v1
        refused skopeo copy -q --dest-tls-verify=false oci:layout:v1 $there
        grep -qi 'authentication required' err
        refused skopeo copy -q --dest-tls-verify=false --dest-creds alice:wrong oci:layout:v1 $there
        refused skopeo login --tls-verify=false -u alice -p wrong ${address}
        skopeo login --tls-verify=false -u alice --password-stdin ${address} <<< s3cret
        skopeo copy -q --dest-tls-verify=false oci:layout:v1 $there
        skopeo inspect --tls-verify=false $there > /dev/null
        refused skopeo inspect --no-creds --tls-verify=false $there
        grep -q unauthorized err
        `,
          dir,
        );
      });
      await serving(["--htpasswd", `${other}/users`, "--anonymous-pull"], async ({ address, dir }) => {
        await shell(
          `${MAKE_IMAGES}
        export REGISTRY_AUTH_FILE=$PWD/auth.json
        there=docker://${address}/app:v1
        refused skopeo copy -q --dest-tls-verify=false oci:layout:v1 $there
        skopeo copy -q --dest-tls-verify=false --dest-creds alice:s3cret oci:layout:v1 $there
        skopeo inspect --tls-verify=false $there > /dev/null
        `,
          dir,
        );
      });
    });
  },
);

testWhen(
  { os: ["linux"], tools: [...TOOLS, "openssl"] },
  "--tls-cert: skopeo trusts the certificate that it is given, and no other",
  async () => {
    await withDirectory(async (certs) => {
      await shell(
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test \
        -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2> /dev/null
      mkdir trusted empty; cp cert.pem trusted/ca.crt`,
        certs,
      );
      const args = ["--tls-cert", `${certs}/cert.pem`, "--tls-key", `${certs}/key.pem`];
      await serving(args, async ({ address, dir }) => {
        await shell(
          `${MAKE_IMAGES}
        there=docker://${address}/app:v1
        refused skopeo copy -q --dest-cert-dir ${certs}/empty oci:layout:v1 $there
        grep -q 'certificate' err
        skopeo copy -q --dest-cert-dir ${certs}/trusted oci:layout:v1 $there
        skopeo copy -q --src-cert-dir ${certs}/trusted $there dir:back
        `,
          dir,
        );
      });
    });
  },
);

testWhen({ os: ["linux"], tools: ["bash", "curl"] }, "curl walks through the specification", async () => {
  await serving([], async ({ address, dir }) => {
    const output = await shell(
      `
      R=http://${address}; code() { curl -sS -o body -D head -w '%{http_code}' "$@"; }
      is() { test "$1" = "$2" || { echo "expected $1, got $2: $(cat head body)" >&2; exit 1; }; }
      head() { tr -d '\\r' < head | sed -n "s/^$1: //Ip"; }
      printf %s '{}' > config; C=sha256:$(sha256sum config | cut -c1-64)
      printf %s 0123456789 > ten; T=sha256:$(sha256sum ten | cut -c1-64)
      is 200 $(code $R/v2/)
      # Two requests, one request, chunks with one out of order.
      is 202 $(code -X POST $R/v2/conf/blobs/uploads/)
      is 201 $(code -X PUT --data-binary @config -H 'content-type: application/octet-stream' "$R$(head location)?digest=$C")
      is 201 $(code -X POST --data-binary @config "$R/v2/single/blobs/uploads/?digest=$C")
      is 202 $(code -X POST -H 'content-length: 0' $R/v2/conf/blobs/uploads/)
      U=$R$(head location)
      is 416 $(code -X PATCH -H 'content-range: 5-9' --data-binary 56789 $U)
      is 202 $(code -X PATCH -H 'content-range: 0-4' --data-binary 01234 $U)
      is 0-4 "$(head range)"
      is 416 $(code -X PATCH -H 'content-range: 0-4' --data-binary 01234 $U)
      is 204 $(code $U)
      is 0-4 "$(head range)"
      is 202 $(code -X PATCH -H 'content-range: 5-9' --data-binary 56789 $U)
      is 201 $(code -X PUT "$U?digest=$T")
      is 200 $(code $R$(head location)); cmp body ten
      is 206 $(code -r 3-5 $R/v2/conf/blobs/$T); is 345 "$(cat body)"
      is 200 $(code -I $R/v2/conf/blobs/$T); is 10 "$(head content-length)"
      is 201 $(code -X POST "$R/v2/mounted/blobs/uploads/?mount=$T&from=conf")
      is 202 $(code -X POST $R/v2/conf/blobs/uploads/)
      U=$R$(head location)
      is 204 $(code -X DELETE $U)
      is 404 $(code $U)
      # Manifests.
      M=application/vnd.oci.image.manifest.v1+json
      printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"x/config","digest":"%s","size":2},"layers":[{"mediaType":"x/y","digest":"%s","size":10}]}' $M $C $T > m
      D=sha256:$(sha256sum m | cut -c1-64)
      is 201 $(code -X PUT -H "content-type: $M" --data-binary @m $R/v2/conf/manifests/v1)
      is $D "$(head docker-content-digest)"
      is 201 $(code -X PUT -H "content-type: $M" --data-binary @m "$R/v2/conf/manifests/$D?tag=a&tag=b")
      grep -qi '^oci-tag: a' head
      is 404 $(code -X PUT -H "content-type: $M" --data-binary @m $R/v2/single/manifests/v1)
      grep -q MANIFEST_BLOB_UNKNOWN body
      is 200 $(code $R/v2/conf/manifests/v1); cmp body m; is $M "$(head content-type)"
      is 200 $(code "$R/v2/conf/tags/list?n=2"); is '{"name":"conf","tags":["a","b"]}' "$(cat body)"
      is 200 $(code "$R$(head link | sed 's/<\\(.*\\)>.*/\\1/')"); is '{"name":"conf","tags":["v1"]}' "$(cat body)"
      # Referrers.
      printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"x/sbom","config":{"mediaType":"x/config","digest":"%s","size":2},"layers":[],"subject":{"mediaType":"%s","digest":"%s","size":%s}}' $M $C $M $D $(stat -c %s m) > r
      is 201 $(code -X PUT -H "content-type: $M" --data-binary @r $R/v2/conf/manifests/r)
      is $D "$(head oci-subject)"
      is 200 $(code "$R/v2/conf/referrers/$D?artifactType=x/sbom")
      is artifactType "$(head oci-filters-applied)"; grep -q x/sbom body
      # Deleting.
      is 202 $(code -X DELETE $R/v2/conf/manifests/a)
      is 404 $(code $R/v2/conf/manifests/a)
      is 202 $(code -X DELETE $R/v2/conf/manifests/$D)
      is 404 $(code $R/v2/conf/manifests/v1)
      is 202 $(code -X DELETE $R/v2/conf/blobs/$T)
      is 404 $(code -I $R/v2/conf/blobs/$T)
      is 200 $(code $R/v2/mounted/blobs/$T)
      echo done`,
      dir,
    );
    assert.equal(output, "done\n");
  });
});

testWhen(
  { os: ["linux", "darwin"] },
  "it ends with 0 on SIGINT and on SIGTERM, and has not said anything more",
  async () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      await serving([], async ({ address, stop }) => {
        // A connection that is kept open does not keep it up.
        await (await fetch(`http://${address}/v2/`)).body?.cancel();
        assert.deepEqual(await stop(signal), { code: 0, stderr: "" });
        await assert.rejects(fetch(`http://${address}/v2/`));
      });
    }
  },
);

Deno.test("what cannot be served is one line and an exit code", async () => {
  await withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/users`, "alice:plain\n");
    const cases: [string[], RegExp][] = [
      [["--listen", "5000"], /^umiak: --listen: "5000" is not HOST:PORT/],
      [["--listen", "127.0.0.1:70000"], /is not HOST:PORT/],
      [["--tls-cert", "x"], /--tls-cert and --tls-key belong together/],
      [["--tls-cert", `${dir}/none`, "--tls-key", "x"], /--tls-cert .*none: /],
      [
        ["--htpasswd", `${dir}/users`],
        /users:1: user "alice" has a crypt\(3\) hash or a plain password; only bcrypt/,
      ],
      [["--anonymous-pull"], /--anonymous-pull is for --htpasswd/],
      [["--max-blob", "x"], /--max-blob: "x" is not a size/],
      [["--root", `${dir}/users`], /registry in .*users: /],
    ];
    for (const [args, message] of cases) {
      const base = args.includes("--root") ? [] : ["--root", `${dir}/root`];
      const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
        args: umiakArgs(["registry", "serve", "--listen", "127.0.0.1:0", ...base, ...args]),
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(code, 125, args.join(" "));
      assert.match(new TextDecoder().decode(stderr), message);
      assert.equal(stdout.length, 0);
    }
  });
});
