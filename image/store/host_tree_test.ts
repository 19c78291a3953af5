import assert from "node:assert/strict";
import { gzip } from "../layer/compression.ts";
import { type LayerFile, tarLayer } from "../wasm/module_image.ts";
import { ArchiveTree, DirectoryTree } from "./host_tree.ts";

const file = (name: string, content: Uint8Array): LayerFile => ({ name, type: "file", mode: 0o644, content });
const link = (name: string, linkname: string, type: "link" | "symlink" = "symlink"): LayerFile => ({
  name,
  type,
  mode: 0o777,
  linkname,
});

async function inArchive(bytes: Uint8Array, body: (path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "umiak-tree-" });
  try {
    await Deno.writeFile(`${dir}/a.tar`, bytes);
    await body(`${dir}/a.tar`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function text(source: AsyncIterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(Uint8Array.from((await Array.fromAsync(source)).flatMap((c) => [...c])));
}

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);

Deno.test("ArchiveTree finds files by any spelling of their names, and through links inside the archive", () => {
  const archive = tarLayer([
    file("d/x", encode("one")),
    file("./y", encode("two")),
    link("e/layer.tar", "../d/x"),
    link("hard", "d/x", "link"),
    link("loop", "loop"),
    link("out", "../../../etc/passwd"),
  ]);
  return inArchive(archive, async (path) => {
    const tree = await ArchiveTree.open(path);
    try {
      for (const name of ["d/x", "./d//x", "e/layer.tar", "hard"]) {
        assert.equal(await tree.size(name), 3, name);
        assert.equal(await text(tree.read(name)), "one", name);
      }
      assert.equal(await text(tree.read("y")), "two");
      for (const name of ["d", "loop", "out", "none", "../../etc/passwd"]) {
        assert.equal(await tree.size(name), undefined, name);
        assert.throws(() => tree.read(name), /a\.tar: .* is missing/, name);
      }
    } finally {
      tree.close();
    }
  });
});

Deno.test("ArchiveTree reads two members at the same time, compressed or not", async () => {
  const first = new Uint8Array(3 << 20).fill(1), second = new Uint8Array((2 << 20) + 5).fill(2);
  const archive = tarLayer([file("a", first), file("b", second)]);
  for (const bytes of [archive, await gzip(archive, 1)]) {
    await inArchive(bytes, async (path) => {
      const tree = await ArchiveTree.open(path);
      try {
        const sum = async (name: string): Promise<[number, boolean]> => {
          let size = 0, same = true, value: number | undefined;
          for await (const chunk of tree.read(name)) {
            await new Promise((resolve) => setTimeout(resolve));
            value ??= chunk[0];
            size += chunk.length;
            same &&= chunk.every((byte) => byte === value);
          }
          return [size, same];
        };
        assert.deepEqual(await Promise.all([sum("a"), sum("b")]), [[first.length, true], [
          second.length,
          true,
        ]]);
      } finally {
        tree.close();
      }
    });
  }
});

Deno.test("ArchiveTree.open() refuses what is cut off or no archive, and names the file", async () => {
  const archive = tarLayer([file("a", new Uint8Array(2000))]);
  const cases: [Uint8Array, RegExp][] = [
    [archive.subarray(0, 1000), /a\.tar: tar archive, offset \d+: /],
    [encode("hello".repeat(300)), /a\.tar: tar archive, offset 0: /],
    [(await gzip(archive)).subarray(0, 40), /decompressing .*a\.tar: gzip data is damaged or cut off/],
  ];
  for (const [bytes, message] of cases) {
    await inArchive(bytes, (path) => assert.rejects(ArchiveTree.open(path), message));
  }
});

Deno.test("DirectoryTree knows regular files only", async () => {
  const dir = await Deno.makeTempDir({ prefix: "umiak-tree-" });
  try {
    await Deno.mkdir(`${dir}/d`);
    await Deno.writeTextFile(`${dir}/f`, "text");
    const tree = new DirectoryTree(dir);
    assert.deepEqual(await Promise.all(["d", "none", "f/x", "f"].map((name) => tree.size(name))), [
      undefined,
      undefined,
      undefined,
      4,
    ]);
    assert.equal(await text(tree.read("f")), "text");
    await assert.rejects(text(tree.read("none")), /opening .*none: /);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
