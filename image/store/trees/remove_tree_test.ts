import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { openTree } from "../host_fs/open_tree.ts";
import { removeTree, unneededTrees } from "./remove_tree.ts";

testWhen(
  { os: ["linux"] },
  "trees are counted and removed whatever bytes their names have, down to any depth",
  async () => {
    const root = await Deno.makeTempDir();
    try {
      const name = "0".repeat(64);
      let path = `${root}/trees/${name}`;
      await Deno.mkdir(path, { recursive: true });
      const { root: directory } = openTree(path);
      directory.mkdir("odd\udcff", 0o700);
      const odd = directory.open("odd\udcff");
      const file = odd.create("\udcfe");
      file.write(new Uint8Array(5), 0);
      for (const each of [file, odd, directory]) each.close();
      for (let depth = 0; depth < 300; depth++) await Deno.mkdir(path += "/d");
      await Deno.writeTextFile(`${path}/file`, "text");
      const found = await Array.fromAsync(unneededTrees(root, new Set(), new Set()));
      assert.deepEqual(found, [{ path: `trees/${name}`, bytes: 9 }]);
      await removeTree(root, found[0]!.path);
      assert.deepEqual(Array.from(Deno.readDirSync(`${root}/trees`)), []);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);
