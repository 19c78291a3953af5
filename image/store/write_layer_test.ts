import assert from "node:assert/strict";
import { withDirectory } from "../../tests/support/umiak.ts";
import { sha256 } from "../digest.ts";
import { writeArchive, writeLayer } from "./write_layer.ts";

Deno.test("writeLayer() leaves a file that is its blob, until it is disposed of", () =>
  withDirectory(async (directory) => {
    {
      await using layer = await writeLayer([{ name: "a", type: "dir", mode: 0o755 }], { directory });
      const bytes = await Deno.readFile(layer.path);
      assert.equal(layer.descriptor.digest, sha256(bytes));
      const read: Uint8Array[] = [];
      for await (const chunk of layer.open()) read.push(chunk);
      assert.equal(read.reduce((sum, chunk) => sum + chunk.length, 0), bytes.length);
      await Deno.writeFile(layer.path, bytes.map((byte) => byte ^ 1));
      await assert.rejects(async () => {
        for await (const _ of layer.open());
      }, /its content has digest/);
    }
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));

Deno.test("writeArchive() leaves nothing behind when the archive fails or it is told to stop", () =>
  withDirectory(async (directory) => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(new Uint8Array(512));
      throw new Error("reading x: gone");
    }
    await assert.rejects(writeArchive(failing(), { directory }), /reading x: gone/);
    const signal = AbortSignal.abort(new Error("enough"));
    await assert.rejects(writeLayer([], { directory, signal }), /enough/);
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));
