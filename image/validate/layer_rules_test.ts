/** Rules of layer.md about what a layer contains. How layers are applied is tested with fs/layerfs and image/layer. @module */
import assert from "node:assert/strict";
import { memoryLayer } from "../layer/layer_blob.ts";
import { tarEnd, tarHeader, type TarInput, tarPadding } from "../layer/tar_writer.ts";
import { findingText, Report } from "./findings.ts";
import { LayerChecks } from "./layer_checks.ts";
import { layout } from "./testing/rules.ts";
import { validateLayout } from "./mod.ts";
import { bytesOf } from "../testing/memory_image.ts";
import { MemoryTree } from "../testing/memory_layout.ts";

const file = (name: string, more: Partial<TarInput> = {}): TarInput => ({
  name,
  type: "file",
  mode: 0o644,
  ...more,
});
const dir = (name: string): TarInput => ({ name, type: "dir", mode: 0o755 });

function archive(entries: readonly TarInput[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    const size = entry.type === "file" ? entry.size ?? 0 : 0;
    return [tarHeader({ ...entry, size }), new Uint8Array(size), tarPadding(size)];
  });
  return Uint8Array.from([...parts, tarEnd()].flatMap((part) => [...part]));
}

function found(bytes: Uint8Array, isLowest = true): string[] {
  const report = new Report();
  const checks = new LayerChecks(report, "layer", isLowest);
  for (let at = 0; at < bytes.length; at += 1000) checks.push(bytes.subarray(at, at + 1000));
  checks.end();
  return report.findings.map(findingText);
}

const RULES: readonly (readonly [rule: string, entries: readonly TarInput[], found: RegExp | null])[] = [
  ["a good layer", [dir("./"), dir("./a"), file("./a/.wh.x"), file("./a/b"), file("./c")], null],
  [
    "changesets MUST NOT have duplicate paths",
    [file("a/b"), file("./a//b")],
    /^error: layer: entry "\.\/a\/\/b": its path is in the layer twice \(layer\.md#distributable-format\)$/,
  ],
  ["paths stay below the root", [file("a/../../x")], /error: .*it leads out of the layer's root/],
  ["paths are relative", [file("/etc/x")], /warning: .*its path is not relative/],
  ['paths without ".."', [file("a/../x")], /warning: .*contains "\.\."/],
  ["names are not too long", [file("n".repeat(300))], /error: .*a name is too long/],
  [
    "a .wh. file without a name is invalid",
    [file("a/.wh.")],
    /error: layer: entry "a\/\.wh\.": a whiteout without a name \(layer\.md#whiteouts\)/,
  ],
  [
    "no name can begin with .wh.",
    [file(".wh.d/x")],
    /error: .*no directory can have a name that begins with \.wh\./,
  ],
  [
    "a whiteout is a regular file",
    [{ ...dir(".wh.x"), name: ".wh.x" }],
    /error: .*a whiteout must be a regular file/,
  ],
  ["a whiteout is empty", [file(".wh.x", { size: 1 })], /warning: .*a whiteout should be empty/],
  [
    "whiteouts SHOULD come before siblings",
    [file("a/b"), file("a/.wh.c")],
    /warning: .*"a\/\.wh\.c": it should come before its siblings/,
  ],
  [
    "explicit whiteouts SHOULD be used",
    [dir("a"), file("a/.wh..wh..opq")],
    /warning: .*explicit whiteouts should be used/,
  ],
  ["a whiteout beside an entry of its name is legal", [file("a/.wh.b"), file("a/b")], null],
  ["what aufs kept in layers", [dir(".wh..wh.plnk")], /warning: .*of aufs/],
  [
    "a hard link's target is in the layer",
    [{ name: "l", type: "link", mode: 0, linkname: "x" }],
    /error: .*hard link to "x": no entry before it/,
  ],
  [
    "a hard link's target is no directory",
    [dir("d"), { name: "l", type: "link", mode: 0, linkname: "d" }],
    /error: .*hard link to "d": a directory/,
  ],
  [
    "a hard link stays below the root",
    [{ name: "l", type: "link", mode: 0, linkname: "../x" }],
    /error: .*it leads out of the layer's root/,
  ],
  ["hard links are possible", [file("x"), { name: "l", type: "link", mode: 0, linkname: "./x" }], null],
  ["what files are in is a directory", [file("x"), file("x/y")], /error: .*what it is in is not a directory/],
  [
    "the root is a directory",
    [{ name: "./", type: "symlink", mode: 0o777, linkname: "x" }],
    /error: .*the root must be a directory/,
  ],
  [
    "a symbolic link has a target",
    [{ name: "l", type: "symlink", mode: 0o777 }],
    /error: .*a symbolic link without a target/,
  ],
  [
    "a device 0:0 is overlay's whiteout",
    [{ name: "x", type: "char", mode: 0 }],
    /error: .*character device 0:0/,
  ],
  [
    "owners are numbers of 32 bits",
    [file("x", { uid: 0xffffffff })],
    /error: .*owner 4294967295:0 is out of range/,
  ],
  ["sparse files SHOULD NOT be used", [
    file("s", { size: 512, records: { "GNU.sparse.map": "0,512", "GNU.sparse.size": "1024" } }),
  ], /warning: .*sparse files should not be used/],
  ["attributes of overlay filesystems", [
    file("x", { xattrs: new Map([["trusted.overlay.opaque", Uint8Array.of(0x79)]]) }),
  ], /error: .*attribute "trusted\.overlay\.opaque" speaks/],
];

for (const [rule, entries, expected] of RULES) {
  Deno.test(`layer.md: ${rule}`, () => {
    const all = found(archive(entries));
    if (expected === null) assert.deepEqual(all, []);
    else assert.ok(all.length === 1 && expected.test(all[0]!), all.join("\n"));
  });
}

Deno.test("layer.md: layers MUST be tar archives", () => {
  const bytes = archive([file("a")]);
  bytes[0] = 0x62;
  assert.match(
    found(bytes)[0]!,
    /^error: layer: tar archive, offset 0: .* \(layer\.md#distributable-format\)$/,
  );
  assert.match(
    found(archive([file("a", { size: 600 })]).subarray(0, 700))[0]!,
    /it ends in the middle of an entry/,
  );
});

Deno.test("findingText() is one line that commands no terminal", () => {
  const [text] = found(archive([file("\x1b[2J\n"), file("\x1b[2J\n")]));
  assert.match(text!, /^[\x20-\x7e]+$/);
});

Deno.test("validateLayout() reads compressed layers, and says when their type lies (layer.md#gzip-media-types)", async () => {
  for (const compression of ["gzip", "zstd"] as const) {
    const made = await memoryLayer([{ ...file("a"), content: new Uint8Array(3) }], { compression });
    const bytes = await bytesOf(made.open());
    const build = (mediaType: string, content: Uint8Array): ReturnType<typeof layout> => {
      const blobs = new MemoryTree();
      const layer = blobs.blob(mediaType, content);
      const tree = layout({
        config: (c) => c.rootfs.diff_ids = [made.diffId],
        manifest: (m) => m.layers = [layer],
      });
      for (const [path, bytes] of blobs.files) tree.files.set(path, bytes);
      return tree;
    };
    const type = `application/vnd.oci.image.layer.v1.tar+${compression}`;
    assert.deepEqual((await validateLayout(build(type, bytes))).findings, []);
    const lying = (await validateLayout(build("application/vnd.oci.image.layer.v1.tar", bytes))).findings;
    assert.match(
      lying.map(findingText).join(),
      new RegExp(`compressed with ${compression}, but its type is`),
    );
    const cut = (await validateLayout(build(type, bytes.subarray(0, bytes.length - 9)))).findings;
    assert.match(
      cut.map(findingText).join(),
      new RegExp(
        `error: layer sha256:\\w+: ${compression} data is damaged.* \\(layer\\.md#${compression}-media-types\\)`,
      ),
    );
  }
});

Deno.test("layer.md#hardlinks: references to files outside of the layer may fail: a warning, if there are layers below", () => {
  assert.deepEqual(found(archive([{ name: "l", type: "link", mode: 0, linkname: "x" }]), false), [
    'warning: layer: entry "l": hard link to "x": no entry before it has that name (layer.md#hardlinks)',
  ]);
});
