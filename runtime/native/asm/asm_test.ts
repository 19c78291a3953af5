import assert from "node:assert/strict";
import { reasonAgainst } from "../../../tests/support/when.ts";
import { libraryFile, programFile } from "./elf.ts";
import { type Architecture, MACHINES } from "./machine.ts";

/** What disassembles, and how: code that it is given, or its words as text. */
const TOOLS: Readonly<Record<Architecture, (code: Uint8Array, path: string) => [string, ...string[]]>> = {
  x86_64: (code, path) => {
    Deno.writeFileSync(path, code);
    return ["objdump", "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", path];
  },
  aarch64: (code, path) => {
    Deno.writeTextFileSync(path, Array.from(code, (byte) => `0x${byte.toString(16)}`).join(" "));
    return ["llvm-mc", "--disassemble", "--triple=aarch64", "--show-encoding", path];
  },
};

async function disassemble(architecture: Architecture, code: Uint8Array): Promise<string> {
  const path = await Deno.makeTempFile();
  try {
    const [tool, ...args] = TOOLS[architecture](code, path);
    const { success, stdout, stderr } = await new Deno.Command(tool, { args }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const lines = new TextDecoder().decode(stdout).split("\n").map((line) => line.trimEnd());
    return lines.filter((line) => /^\s+[0-9a-f]+:\t|encoding:/.test(line)).join("\n") + "\n";
  } finally {
    await Deno.remove(path);
  }
}

/** The bytes that a listing shows. */
function bytesOf(listing: string): number[] {
  const encoded = [...listing.matchAll(/encoding: \[(.*?)\]/g)];
  if (encoded.length > 0) return encoded.flatMap(([, bytes]) => bytes!.split(",").map(Number));
  return listing.split("\n").flatMap((line) => line.split("\t")[1]?.trim().split(" ") ?? []).map((byte) =>
    Number.parseInt(byte, 16)
  );
}

for (const { architecture, assemble } of Object.values(MACHINES)) {
  const golden = new URL(`../../../tests/golden/interpreter_${architecture}.txt`, import.meta.url);
  const code = assemble().finish();
  const tool = architecture === "x86_64" ? "objdump" : "llvm-mc";

  Deno.test(`the interpreter for ${architecture} has the bytes of its listing (tests/golden)`, async () => {
    if (Deno.env.has("UMIAK_UPDATE_GOLDEN")) {
      await Deno.writeTextFile(golden, await disassemble(architecture, code));
    }
    assert.deepEqual([...code], bytesOf(await Deno.readTextFile(golden)));
  });

  const reason = reasonAgainst({ tools: [tool] });
  Deno.test({
    name: `the listing of the interpreter for ${architecture} is what ${tool} shows`,
    ignore: reason !== undefined,
    fn: async () => assert.equal(await disassemble(architecture, code), await Deno.readTextFile(golden)),
  });

  Deno.test(`the files for ${architecture} are ELF of that machine, with code that cannot be written`, () => {
    const program = programFile(MACHINES[architecture], new Uint8Array(200), 10)[0]!.bytes;
    for (const file of [program, libraryFile(MACHINES[architecture])]) {
      const view = new DataView(file.buffer);
      assert.equal(view.getUint32(0), 0x7f454c46);
      assert.equal(view.getUint16(18, true), architecture === "x86_64" ? 62 : 183);
      for (let i = 0; i < view.getUint16(56, true); i++) {
        const flags = view.getUint32(64 + 56 * i + 4, true);
        assert.notEqual(flags & 3, 3, "a segment is executable and writable");
      }
    }
  });
}
