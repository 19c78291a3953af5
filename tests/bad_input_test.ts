/** Bad input: one clear line on standard error that names the thing and the place, docker's exit code, nothing written outside. @module */
import assert from "node:assert/strict";
import { gzip, sha256, tarEnd, tarHeader, type TarInput, tarPadding } from "../image/mod.ts";
import { repositoryFile, umiak, withDirectory } from "./support/umiak.ts";

const PROBE = repositoryFile("tests/guests/probe.wasm");
const encoder = new TextEncoder();

function tar(...entries: readonly (TarInput & { readonly content?: Uint8Array })[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap((
    { content = new Uint8Array(0), ...input },
  ) => [tarHeader({ ...input, size: content.length }), content, tarPadding(content.length)]);
  return new Uint8Array([...parts, tarEnd()].flatMap((part) => [...part]));
}

const file = (name: string, content = "x"): TarInput & { content: Uint8Array } => ({
  name,
  type: "file",
  mode: 0o755,
  content: encoder.encode(content),
});

/** What is wrong with a layout. */
interface Wrong {
  readonly layer?: Uint8Array<ArrayBuffer>;
  readonly entrypoint?: readonly string[];
  /** Changes the finished files. */
  readonly spoil?: (
    dir: string,
    digests: { layer: string; config: string; manifest: string },
  ) => Promise<void>;
  readonly config?: string;
}

/** Writes a layout with one image by hand, so that it can be wrong in every way. */
async function layout(dir: string, wrong: Wrong): Promise<string> {
  const archive = wrong.layer ??
    tar({ name: "app.wasm", type: "file", mode: 0o755, content: await Deno.readFile(PROBE) });
  const layer = await gzip(archive);
  const config = encoder.encode(
    wrong.config ?? JSON.stringify({
      architecture: "wasm",
      os: "wasi",
      config: { Entrypoint: wrong.entrypoint ?? ["/app.wasm"] },
      rootfs: { type: "layers", diff_ids: [sha256(archive)] },
    }),
  );
  const descriptor = (mediaType: string, bytes: Uint8Array): Record<string, unknown> => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  });
  const manifest = encoder.encode(JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
  }));
  await Deno.mkdir(`${dir}/blobs/sha256`, { recursive: true });
  const blob = (digest: string): string => `${dir}/blobs/sha256/${digest.slice(7)}`;
  for (const bytes of [layer, config, manifest]) await Deno.writeFile(blob(sha256(bytes)), bytes);
  await Deno.writeTextFile(`${dir}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  await Deno.writeTextFile(
    `${dir}/index.json`,
    JSON.stringify({
      schemaVersion: 2,
      manifests: [descriptor("application/vnd.oci.image.manifest.v1+json", manifest)],
    }),
  );
  await wrong.spoil?.(dir, {
    layer: blob(sha256(layer)),
    config: blob(sha256(config)),
    manifest: blob(sha256(manifest)),
  });
  return `oci:${dir}`;
}

/** Everything below a directory. */
async function paths(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    found.push(`${dir}/${entry.name}`);
    if (entry.isDirectory) found.push(...await paths(`${dir}/${entry.name}`));
  }
  return found.sort();
}

const CASES: readonly (readonly [name: string, wrong: Wrong, code: number, message: RegExp])[] = [
  [
    "a layout without index.json",
    { spoil: (dir) => Deno.remove(`${dir}/index.json`) },
    125,
    /image: index\.json is missing/,
  ],
  [
    "a layout without oci-layout",
    { spoil: (dir) => Deno.remove(`${dir}/oci-layout`) },
    125,
    /image: not an OCI image layout/,
  ],
  [
    "a missing blob",
    { spoil: (_, d) => Deno.remove(d.layer) },
    125,
    /layer sha256:[0-9a-f]{64}: blobs\/sha256\/[0-9a-f]{64} is missing/,
  ],
  [
    "a truncated layer",
    { spoil: async (_, d) => Deno.truncate(d.layer, (await Deno.stat(d.layer)).size - 100) },
    125,
    /layer sha256:[0-9a-f]{64}: .*(truncated|damaged or cut off)/,
  ],
  [
    "a layer with a wrong digest",
    {
      spoil: async (_, d) =>
        Deno.writeFile(d.layer, (await Deno.readFile(d.layer)).map((byte, i) => i === 9 ? byte ^ 1 : byte)),
    },
    125,
    /layer sha256:[0-9a-f]{64}: its content has digest sha256:[0-9a-f]{64}, not/,
  ],
  [
    "a manifest with a wrong digest",
    {
      spoil: async (_, d) =>
        Deno.writeTextFile(
          d.manifest,
          (await Deno.readTextFile(d.manifest)).replace('"schemaVersion":2', '"schemaVersion":3'),
        ),
    },
    125,
    /manifest sha256:[0-9a-f]{64}: its content has digest/,
  ],
  ["a config that is not JSON", { config: "{nonsense" }, 125, /config sha256:[0-9a-f]{64}: not valid JSON/],
  [
    "a config of the wrong shape",
    {
      config:
        '{"architecture":"wasm","os":"wasi","config":{"Env":[5]},"rootfs":{"type":"layers","diff_ids":[]}}',
    },
    125,
    /config sha256:[0-9a-f]{64}: /,
  ],
  [
    "a diff_id of another layer",
    {
      config: JSON.stringify({
        architecture: "wasm",
        os: "wasi",
        rootfs: { type: "layers", diff_ids: [`sha256:${"0".repeat(64)}`] },
      }),
    },
    125,
    /its archive has digest sha256:[0-9a-f]{64}, not the diff_id/,
  ],
  [
    "a layer that is no tar",
    { layer: encoder.encode("x".repeat(1024)) },
    125,
    /layer sha256:[0-9a-f]{64}: tar archive, offset 0: .*checksum/,
  ],
  [
    "an entry ../../x",
    { layer: tar(file("../../x")) },
    125,
    /entry "\.\.\/\.\.\/x": it leads outside the layer's root/,
  ],
  [
    "an absolute link used as a directory",
    { layer: tar({ name: "l", type: "symlink", mode: 0o777, linkname: "/tmp" }, file("l/evil")) },
    125,
    /entry "l\/evil": "l" is a symbolic link to "\/tmp"/,
  ],
  [
    "a hard link to nothing",
    { layer: tar({ name: "h", type: "link", mode: 0o644, linkname: "none" }) },
    125,
    /hard link "h" to "none": there is no such file/,
  ],
  [
    "a hard link to outside",
    { layer: tar({ name: "h", type: "link", mode: 0o644, linkname: "../../etc/passwd" }) },
    125,
    /hard link "h" to "\.\.\/\.\.\/etc\/passwd": it leads outside/,
  ],
  [
    "a device that would hide files",
    { layer: tar({ name: "d", type: "char", mode: 0o644 }) },
    125,
    /entry "d": a character device 0:0/,
  ],
  ["no entrypoint", { entrypoint: [] }, 125, /no command/],
  [
    "an entrypoint that is not there",
    { entrypoint: ["/none"] },
    127,
    /executing "\/none": no such file or directory \(ENOENT\)/,
  ],
  [
    "an entrypoint not found in PATH",
    { entrypoint: ["none"] },
    127,
    /executing "none": executable file not found in \$PATH/,
  ],
  [
    "an entrypoint that is a directory",
    { layer: tar({ name: "app.wasm", type: "dir", mode: 0o755 }) },
    126,
    /executing "\/app\.wasm": permission denied/,
  ],
  [
    "a program that is no module",
    { layer: tar(file("app.wasm", "just text")) },
    126,
    /executing "\/app\.wasm": it is not a WebAssembly module/,
  ],
  [
    "an ELF program",
    { layer: tar(file("app.wasm", "\x7fELF...")) },
    126,
    /executing "\/app\.wasm": it is an ELF binary/,
  ],
  [
    "a script without its interpreter",
    { layer: tar(file("app.wasm", "#!/bin/sh\n")) },
    127,
    /its interpreter \/bin\/sh cannot be executed/,
  ],
];

for (const [name, wrong, code, message] of CASES) {
  Deno.test(`bad input: ${name}`, () =>
    withDirectory(async (dir) => {
      const reference = await layout(`${dir}/image`, wrong);
      const before = await paths(dir);
      const outcome = await umiak(
        ["run", reference, ...(wrong.entrypoint?.length === 0 ? [] : ["ls", "/"])],
        { env: { UMIAK_ROOT: `${dir}/store` } },
      );
      assert.match(outcome.stderr, message);
      assert.match(outcome.stderr, /^umiak: [^\n]*\n$/);
      assert.equal(outcome.stdout, "");
      assert.equal(outcome.code, code);
      // Beside umiak's own store nothing is new, and in the store there is nothing half done.
      const after = await paths(dir);
      assert.deepEqual(after.filter((path) => !path.startsWith(`${dir}/store`)), before);
      assert.deepEqual(after.filter((path) => path.startsWith(`${dir}/store/tmp/`)), []);
      // A layer whose links lead nowhere is kept: on other layers they might lead somewhere.
      if (code === 125 && !/no command|no such file/.test(String(message))) {
        assert.deepEqual(after.filter((path) => /\.(tar|index)$/.test(path)), []);
      }
    }));
}

/** A module with one import. */
function moduleImporting(module: string, name: string): Uint8Array {
  const text = (s: string): number[] => [s.length, ...encoder.encode(s)];
  const section = (id: number, bytes: number[]): number[] => [id, bytes.length, ...bytes];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...text(module), ...text(name), 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text("_start"), 0, 1, ...text("memory"), 2, 0]),
    ...section(10, [1, 2, 0, 0x0b]),
  ]);
}

const MODULES: readonly (readonly [name: string, bytes: Uint8Array, code: number, message: RegExp])[] = [
  [
    "a file that is not wasm",
    encoder.encode("#!/bin/sh\n"),
    126,
    /module .*m\.wasm: not a WebAssembly module/,
  ],
  ["an empty file", new Uint8Array(0), 126, /not a WebAssembly module/],
  [
    "a component",
    new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
    126,
    /a WebAssembly component, not a module/,
  ],
  [
    "a damaged module",
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99, 1, 0]),
    126,
    /executing "\/m\.wasm": .*section/,
  ],
  [
    "an import of an unknown function",
    moduleImporting("wasi_snapshot_preview1", "fd_teleport"),
    126,
    /it imports the unknown function "wasi_snapshot_preview1\.fd_teleport"/,
  ],
  [
    "an import from an unknown module",
    moduleImporting("env", "emscripten_run"),
    126,
    /imports the function "emscripten_run" from the unknown module "env"/,
  ],
  ["an import of the wrong type", moduleImporting("wasi_snapshot_preview1", "fd_read"), 126, /fd_read/],
  [
    "a library without _start",
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    126,
    /exports no function _start/,
  ],
];

for (const [name, bytes, code, message] of MODULES) {
  Deno.test(`bad module: ${name}`, () =>
    withDirectory(async (dir) => {
      await Deno.writeFile(`${dir}/m.wasm`, bytes);
      const outcome = await umiak(["run", `${dir}/m.wasm`]);
      assert.match(outcome.stderr, message);
      assert.match(outcome.stderr, /^umiak: [^\n]*\n$/);
      assert.equal(outcome.code, code);
    }));
}

Deno.test("what is not there, and what is not an image", () =>
  withDirectory(async (dir) => {
    await Deno.writeTextFile(`${dir}/text`, "not an archive at all, but longer than a block".repeat(20));
    for (
      const [reference, message] of [
        [`${dir}/none.wasm`, /none\.wasm: no such file or directory/],
        [`oci:${dir}/none`, /none: no such file or directory/],
        [`oci:${dir}`, /not an OCI image layout/],
        [`oci-archive:${dir}/text`, /tar archive, offset 0/],
        ["", /it is empty/],
      ] as const
    ) {
      const outcome = await umiak(["run", reference]);
      assert.deepEqual([outcome.code, outcome.stdout], [125, ""], reference);
      assert.match(outcome.stderr, message);
    }
  }));

Deno.test("options that cannot be: one line, 125", async () => {
  for (
    const [args, message] of [
      [["-v", "/nowhere/at/all:/x"], /binding \/nowhere\/at\/all on \/x: no such file or directory/],
      [["-v", "/dev/null:/proc/x"], /mounting \/dev\/null on \/proc\/x: making \/proc\/x: permission denied/],
      [["-u", "nobody"], /no such user/],
      [["-w", "rel"], /"rel": it is not an absolute path/],
      [["--platform", "linux"], /expected OS\/ARCHITECTURE/],
      [["--platform", "linux/amd64"], /module .*probe.wasm: it is for wasi\/wasm, not for linux\/amd64/],
      [["--tmpfs", "/t:nonsense=1"], /mounting tmpfs on \/t: option nonsense=1: invalid argument/],
      [["--tmpfs", "/t:size=x"], /mounting tmpfs on \/t: option size=x: invalid argument/],
      [["--tmpfs", "/t", "--mount", "type=tmpfs,dst=/t"], /two mounts were asked for on \/t/],
      [["--name", "a b"], /--name: "a b" is not a name/],
      [["--env-file", "/nowhere/at/all"], /--env-file \/nowhere\/at\/all: no such file/],
    ] as const
  ) {
    const outcome = await umiak(["run", ...args, PROBE, "ls", "/"]);
    assert.match(outcome.stderr, message);
    assert.deepEqual([outcome.code, outcome.stdout], [125, ""], args.join(" "));
  }
});

Deno.test("a module where an image is wanted", async () => {
  const { code, stderr } = await umiak(["image", "inspect", PROBE]);
  assert.equal(code, 125);
  assert.match(
    stderr,
    /^umiak: image .*probe.wasm: a WebAssembly module, not an image; image pack makes one of it\n$/,
  );
});
