/** umiak image unpack, diff and repack from outside, and side by side with other tools. */
import assert from "node:assert/strict";
import {
  describeTree,
  dir,
  file,
  hostileLayer,
  link,
  maps,
  rawLayer,
  symlink,
} from "../image/store/testing/trees.ts";
import { openTree } from "../image/store/host_fs/open_tree.ts";
import { bytes, layoutOf, run, text } from "./support/layouts.ts";
import { umiak, withDirectory } from "./support/umiak.ts";
import { testWhen } from "./support/when.ts";

const ROOT = { os: ["linux"], root: true } as const;
const LINUX = { os: ["linux"] } as const;

const LAYERS = [
  hostileLayer([
    dir("etc", { mtimeSec: 5 }),
    file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:44:web:/srv:/bin/sh\n"),
    file("etc/group", "root:x:0:\nweb:x:44:\nmore:x:55:web\n"),
    file("bin/su", "su", { mode: 0o4755, uid: 1000, gid: 1000, mtimeSec: 77 }),
    link("bin/su2", "bin/su"),
    dir("gone"),
    file("gone/f", "f"),
    symlink("lib", "usr/lib"),
    dir("usr/lib"),
    { name: "dev/tty", type: "char", mode: 0o666, devmajor: 5, devminor: 0 },
    { name: "pipe", type: "fifo", mode: 0o600 },
    file("\udcff-bytes", "non UTF-8"),
    file("l".repeat(150) + "/" + "m".repeat(150), "long"),
  ]),
  hostileLayer([file(".wh.gone"), file("lib/x", "through the link"), link("su3", "bin/su")]),
];

/** A directory with the layout "l". */
function withLayout(
  f: (path: string) => Promise<void>,
  config: Record<string, unknown> = {},
): () => Promise<void> {
  return () =>
    withDirectory(async (path) => {
      await layoutOf(`${path}/l`, LAYERS, config);
      await f(path);
    });
}

async function ok(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await umiak(args, { cwd, env: { UMIAK_ROOT: `${cwd}/store` } });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Lines of a tree; umoci keeps times to the second. */
const lines = (path: string): string[] => describeTree(path);

testWhen(
  { ...ROOT, tools: ["umoci"] },
  "umiak image unpack: the same tree as umoci's",
  withLayout(async (path) => {
    await ok(path, "image", "unpack", "oci:l:v1", "ours");
    await run(path, "umoci", "unpack", "--image", "l:v1", "theirs");
    // Directories that no entry describes have no time of their own.
    const comparable = (tree: string): string[] =>
      lines(tree).filter((line) => !/^"(|bin|dev|usr|usr\/lib|l{150})" 40755/.test(line));
    assert.deepEqual(comparable(`${path}/ours/rootfs`), comparable(`${path}/theirs/rootfs`));
  }),
);

testWhen(
  { ...ROOT, tools: ["umoci"] },
  "umiak image repack: umoci unpacks what was changed, and so do we, in every compression",
  withLayout(async (path) => {
    await ok(path, "image", "unpack", "oci:l:v1", "b");
    await Deno.remove(`${path}/b/rootfs/usr/lib/x`);
    await Deno.writeTextFile(`${path}/b/rootfs/bin/su`, "changed");
    await Deno.mkdir(`${path}/b/rootfs/new`);
    await Deno.chown(`${path}/b/rootfs/new`, 7, 8);
    assert.equal(
      await ok(path, "image", "diff", "b"),
      "M /bin/su\nM /bin/su2\nA /new\nM /su3\nM /usr/lib\nD /usr/lib/x\n".replace(/^/, "M /\n"),
    );
    for (const [tag, compress] of [["gz", "gzip:1"], ["zst", "zstd"], ["plain", "none"]] as const) {
      await ok(
        path,
        "image",
        "repack",
        "--image",
        `l:${tag}`,
        "--compress",
        compress,
        "--history.comment",
        "by test",
        "b",
      );
      await ok(path, "image", "unpack", `oci:l:${tag}`, `o-${tag}`);
      assert.deepEqual(lines(`${path}/o-${tag}/rootfs`), lines(`${path}/b/rootfs`), tag);
      if (compress === "zstd") continue; // which Debian's umoci does not know
      await run(path, "umoci", "unpack", "--image", `l:${tag}`, `u-${tag}`);
      const comparable = (tree: string): string[] =>
        lines(tree).filter((line) => !/^"(|bin|dev|usr|usr\/lib|l{150}|new)" 40755/.test(line)).map((line) =>
          line.replace(/ (\d+)\.\d+ /, " $1 ")
        );
      assert.deepEqual(comparable(`${path}/u-${tag}/rootfs`), comparable(`${path}/b/rootfs`), tag);
    }
    const { history } = JSON.parse(await run(path, "umoci", "stat", "--json", "--image", "l:gz"));
    assert.equal(history.at(-1).comment, "by test");
  }),
);

testWhen(
  { ...ROOT, tools: ["umoci"] },
  "umiak image unpack: what umoci repacked, with whiteouts and hard links",
  withLayout(async (path) => {
    await run(path, "umoci", "unpack", "--image", "l:v1", "b");
    await Deno.remove(`${path}/b/rootfs/etc`, { recursive: true });
    await Deno.mkdir(`${path}/b/rootfs/etc`);
    await Deno.writeTextFile(`${path}/b/rootfs/etc/hosts`, "h");
    await Deno.link(`${path}/b/rootfs/etc/hosts`, `${path}/b/rootfs/hosts`);
    await run(path, "umoci", "repack", "--image", "l:v2", "b");
    await ok(path, "image", "unpack", "oci:l:v2", "ours");
    assert.deepEqual(
      [...Deno.readDirSync(`${path}/ours/rootfs/etc`)].map((entry) => entry.name),
      ["hosts"],
    );
    assert.equal(
      Deno.statSync(`${path}/ours/rootfs/hosts`).ino,
      Deno.statSync(`${path}/ours/rootfs/etc/hosts`).ino,
    );
    assert.equal(await ok(path, "image", "diff", "ours"), "");
  }),
);

testWhen(
  { ...ROOT, tools: ["tar"] },
  "umiak image unpack: what GNU tar wrote, sparse, with ACLs, capabilities and nanoseconds",
  () =>
    withDirectory(async (path) => {
      await Deno.mkdir(`${path}/src/d`, { recursive: true });
      const tree = openTree(`${path}/src`);
      const made = tree.root.create("cap");
      made.write(bytes("x"), 0);
      const capability = Uint8Array.of(1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      const acl = Uint8Array.of(
        ...[2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 6, 0, 7, 0, 0, 0],
        ...[4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255],
      );
      const xattrs = new Map([["security.capability", capability], ["system.posix_acl_access", acl], [
        "user.x",
        bytes("y"),
      ]]);
      made.set({ owner: [5, 6], mode: 0o664, xattrs, mtime: [1000, 123456789] }, assert.fail);
      made.close();
      const sparse = tree.root.create("sparse");
      sparse.write(bytes("head"), 0);
      sparse.write(bytes("tail"), 100 << 20);
      sparse.set({ mode: 0o600, mtime: [2000, 1] }, assert.fail);
      sparse.close();
      tree.root.close();
      const formats = [["--format=gnu"], ["--format=pax"], ["--format=pax", "--sparse-version=0.0"], [
        "--format=pax",
        "--sparse-version=0.1",
      ]];
      for (const [i, format] of formats.entries()) {
        const xattr = i === 0 ? [] : ["--xattrs", "--xattrs-include=*"];
        await run(
          path,
          "tar",
          "-C",
          "src",
          "--sparse",
          "--numeric-owner",
          ...format,
          ...xattr,
          "-cf",
          "t.tar",
          ".",
        );
        const archive = await Deno.readFile(`${path}/t.tar`);
        await layoutOf(`${path}/l${i}`, [rawLayer(archive)]);
        await ok(path, "image", "unpack", `oci:l${i}:v1`, `b${i}`);
        const strip = (line: string): string =>
          i === 0 ? line.replace(/^("cap".*)$/, "cap").replace(/ (\d+)\.\d+ /, " $1 ") : line;
        assert.deepEqual(
          lines(`${path}/b${i}/rootfs`).map(strip),
          lines(`${path}/src`).map(strip),
          format.join(" "),
        );
        assert.ok(Deno.statSync(`${path}/b${i}/rootfs/sparse`).blocks! < 100);
      }
    }),
);

testWhen(
  { ...ROOT, tools: ["buildah"] },
  "umiak image repack: buildah reads the layers, and we what it commits",
  withLayout(async (path) => {
    const buildah = (...args: string[]): Promise<string> =>
      run(
        path,
        "buildah",
        "--root",
        `${path}/s`,
        "--runroot",
        `${path}/r`,
        "--storage-driver",
        "vfs",
        ...args,
      );
    await ok(path, "image", "unpack", "oci:l:v1", "b");
    await Deno.writeTextFile(`${path}/b/rootfs/added`, "added");
    await ok(path, "image", "repack", "--image", "l:v2", "b");
    const container = (await buildah("from", `oci:${path}/l:v2`)).trim();
    await Deno.writeTextFile(`${path}/by-buildah`, "x");
    await buildah("copy", container, `${path}/by-buildah`, "/by-buildah");
    await buildah("commit", "--disable-compression=false", container, `oci:${path}/l:v3`);
    await buildah("rm", "--all");
    await buildah("rmi", "--all");
    await ok(path, "image", "unpack", "oci:l:v3", "c");
    assert.equal(await Deno.readTextFile(`${path}/c/rootfs/added`), "added");
    assert.equal(await Deno.readTextFile(`${path}/c/rootfs/by-buildah`), "x");
    assert.match(await ok(path, "image", "diff", "b", "c"), /^A \/by-buildah$/m);
  }),
);

testWhen(
  ROOT,
  "conversion.md: config.json of a bundle, its user from the container's own files",
  withLayout(async (path) => {
    await ok(
      path,
      "image",
      "unpack",
      "oci:l:v1",
      "b",
      "--uid-map",
      "0:100000:65536",
      "--gid-map",
      "0:100000:65536",
    );
    const config = JSON.parse(await Deno.readTextFile(`${path}/b/config.json`));
    assert.deepEqual(config.process.user, { uid: 33, gid: 44, additionalGids: [55] });
    assert.deepEqual(config.process.args, ["/bin/su", "-l"]);
    assert.equal(config.process.cwd, "/srv");
    assert.equal(config.root.path, "rootfs");
    assert.deepEqual(config.linux.uidMappings, [{ containerID: 0, hostID: 100000, size: 65536 }]);
    assert.ok(config.linux.namespaces.some((each: { type: string }) => each.type === "user"));
    assert.equal(Deno.statSync(`${path}/b/rootfs/bin/su`).uid, 101000);
    assert.equal(await ok(path, "image", "diff", "b"), "");
  }, { User: "web", Entrypoint: ["/bin/su"], Cmd: ["-l"], WorkingDir: "/srv", Volumes: { "/data": {} } }),
);

testWhen(
  ROOT,
  "conversion.md#optional-fields: what is in a volume is not repacked, unless it is asked for",
  withLayout(async (path) => {
    await ok(path, "image", "unpack", "oci:l:v1", "b");
    await Deno.writeTextFile(`${path}/b/rootfs/usr/lib/y`, "data");
    const first = await umiak(["image", "repack", "--image", "l:a", "b"], { cwd: path });
    assert.match(first.stderr, /nothing has changed/);
    const { stderr } = await umiak([
      "image",
      "repack",
      "--image",
      "l:b",
      "--no-mask-volumes",
      "--refresh-bundle",
      "b",
    ], { cwd: path });
    assert.equal(stderr, "");
    assert.equal(await ok(path, "image", "diff", "b"), "");
    const third = await umiak(["image", "repack", "--image", "l:c", "--no-mask-volumes", "b"], { cwd: path });
    assert.match(third.stderr, /nothing has changed/);
  }, { Volumes: { "/usr/lib": {} } }),
);

testWhen(
  { ...ROOT, tools: ["setpriv"] },
  "umiak image unpack --rootless as an ordinary user: owners in attributes, and back",
  () =>
    withDirectory(async (path) => {
      await layoutOf(`${path}/l`, LAYERS);
      await Deno.mkdir(`${path}/home`);
      await Deno.chown(`${path}/home`, 12345, 12345);
      await Deno.chmod(path, 0o755);
      const user = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
        // Deno's cache belongs to root: what is run is one file of the whole command line.
        const command = [
          "--reuid",
          "12345",
          "--regid",
          "12345",
          "--clear-groups",
          `${path}/deno`,
          "run",
          "-A",
          "--no-lock",
          "--quiet",
        ];
        const { code, stdout, stderr } = await new Deno.Command("setpriv", {
          args: [...command, `${path}/umiak.js`, ...args],
          cwd: `${path}/home`,
          env: { HOME: `${path}/home`, DENO_DIR: `${path}/home/.deno`, NO_COLOR: "1" },
        }).output();
        return { code, stdout: text(stdout), stderr: text(stderr) };
      };
      await Deno.copyFile(Deno.execPath(), `${path}/deno`);
      await Deno.chmod(`${path}/deno`, 0o755);
      const root = new URL("../", import.meta.url).pathname;
      await run(
        root,
        Deno.execPath(),
        "bundle",
        "--quiet",
        "--platform",
        "deno",
        "--external",
        "memfs",
        "--external",
        "fflate",
        "--external",
        "@wasmer/wasi",
        "-o",
        `${path}/umiak.js`,
        "cli/main.ts",
      );
      const refused = await user("image", "unpack", `oci:${path}/l:v1`, "b");
      assert.match(refused.stderr, /only root can give files to others; --rootless/);
      const done = await user("image", "unpack", "--rootless", `oci:${path}/l:v1`, "b");
      assert.equal(done.code, 0, done.stderr);
      const rootfs = `${path}/home/b/rootfs`;
      assert.equal(Deno.statSync(`${rootfs}/bin/su`).uid, 12345);
      const config = JSON.parse(await Deno.readTextFile(`${path}/home/b/config.json`));
      assert.deepEqual(config.linux.uidMappings, [{ containerID: 0, hostID: 12345, size: 1 }]);
      assert.equal((await user("image", "diff", "b")).stdout, "");
      // The tree as the image says it is, of attributes, is the one that root unpacks.
      await ok(path, "image", "unpack", "oci:l:v1", "as-root");
      assert.deepEqual(
        describeTree(rootfs, { rootless: true, maps: maps() }),
        lines(`${path}/as-root/rootfs`),
      );
      await Deno.writeTextFile(`${rootfs}/bin/su`, "changed");
      await run(path, "cp", "-r", "l", "home/l");
      await run(path, "chown", "-R", "12345", "home/l");
      const repacked = await user("image", "repack", "--image", "l:v2", "b");
      assert.equal(repacked.code, 0, repacked.stderr);
      await ok(path, "image", "unpack", "oci:home/l:v2", "again");
      assert.match(lines(`${path}/again/rootfs`).join("\n"), /"bin\/su" 104755 1000:1000 7 /);
    }),
);

testWhen(
  LINUX,
  "umiak image unpack: an image that cannot be unpacked leaves nothing behind",
  () =>
    withDirectory(async (path) => {
      await layoutOf(`${path}/l`, [LAYERS[0]!, hostileLayer([file("ok"), file("../escaped")])]);
      const rootless = Deno.uid() === 0 ? [] : ["--rootless"];
      const { code, stderr } = await umiak(["image", "unpack", ...rootless, "oci:l:v1", "b"], { cwd: path });
      assert.equal(code, 125);
      assert.match(stderr, /layer sha256:[0-9a-f]{64}: entry "\.\.\/escaped": it leads outside the root/);
      assert.deepEqual([...Deno.readDirSync(path)].map((entry) => entry.name), ["l"]);
      await Deno.mkdir(`${path}/b/rootfs`, { recursive: true });
      const again = await umiak(["image", "unpack", ...rootless, "oci:l:v1", "b"], { cwd: path });
      assert.match(again.stderr, /unpacking into b: it has a rootfs already/);
      await Deno.mkdir(`${path}/killed/.rootfs-0`, { recursive: true });
      const third = await umiak(["image", "unpack", ...rootless, "oci:l:v1", "killed"], { cwd: path });
      assert.match(
        third.stderr,
        /unpacking into killed: \.rootfs-0 is of another unpack, which has been killed/,
      );
    }),
);

testWhen(
  LINUX,
  "umiak image unpack: a layer whose bytes are not those of its diff_id is refused",
  () =>
    withDirectory(async (path) => {
      const other = hostileLayer([file("other")]);
      await layoutOf(`${path}/l`, [{ ...LAYERS[0]!, diffId: other.diffId }]);
      const rootless = Deno.uid() === 0 ? [] : ["--rootless"];
      const { code, stderr } = await umiak(["image", "unpack", ...rootless, "oci:l:v1", "b"], { cwd: path });
      assert.equal(code, 125);
      assert.match(stderr, /its archive has digest sha256:[0-9a-f]{64}, not the diff_id/);
    }),
);

testWhen(LINUX, "umiak image diff: two images, without unpacking them", () =>
  withDirectory(async (path) => {
    await layoutOf(`${path}/a`, [LAYERS[0]!]);
    await layoutOf(`${path}/b`, [
      LAYERS[0]!,
      hostileLayer([
        file("bin/su", "SU", { mode: 0o4755, uid: 1000, gid: 1000, mtimeSec: 77 }),
        file(".wh.pipe"),
        file("n"),
      ]),
    ]);
    const out = await ok(path, "image", "diff", "oci:a:v1", "oci:b:v1");
    assert.match(out, /^M \/bin\/su$/m);
    assert.match(out, /^D \/pipe$/m);
    assert.match(out, /^A \/n$/m);
  }));

testWhen({ os: ["linux"] }, "umiak image unpack and repack: what is wrong on the command line", async () => {
  for (
    const [args, message] of [
      [["image", "unpack", "x"], /IMAGE DIR/],
      [["image", "unpack", "--uid-map", "0:1", "x", "y"], /id map "0:1": expected CONTAINER:HOST:SIZE/],
      [["image", "repack", "x"], /--image: expected DIR:TAG/],
      [["image", "repack", "--image", "x", "y"], /expected DIR:TAG/],
      [["image", "repack", "--image", "x:y", "--compress", "xz", "z"], /expected gzip, zstd or none/],
      [
        ["image", "repack", "--image", "x:y", "--timestamp", "now", "z"],
        /--timestamp: "now" is not a number/,
      ],
      [["image", "diff", "/nonexistent"], /it has no umiak\.json/],
    ] as const
  ) {
    const { code, stderr } = await umiak(args);
    assert.equal(code, 125, args.join(" "));
    assert.match(stderr, message);
  }
});
