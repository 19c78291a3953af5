/**
 * Layers that somebody has tampered with: an index or a TarError or LayerEntryError, in memory in proportion to the archive; and what is
 * indexed can be looked at from end to end.
 * @module
 */
import assert from "node:assert/strict";
import { isDir, isLnk, isReg } from "../../fs/abi/mode.ts";
import { indexPaths, LayerEntryError, LayerfsSuper, MemoryBlob } from "../../fs/layerfs/mod.ts";
import { Files, testCaller } from "../../fs/testing/mod.ts";
import { LayerIndexer } from "../../image/layer/layer_indexer.ts";
import { TarError, type TarType } from "../../image/layer/tar_entry.ts";
import { tarEnd, tarHeader, tarPadding } from "../../image/layer/tar_writer.ts";
import { fuzz, type Random } from "./random.ts";

const BLOCK = 512;
const NAMES = [
  "a",
  "b",
  "dir",
  "dir/a",
  "dir/sub/x",
  "l",
  ".wh.a",
  "dir/.wh..wh..opq",
  "../out",
  "/abs",
  "a/../b",
  "./d",
  "ü",
];
const encoder = new TextEncoder();

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A header and its data, of a type flag that our writer does not make. */
function special(
  flag: string,
  name: string,
  data: Uint8Array,
  change: (block: Uint8Array) => void = () => {},
): Uint8Array {
  const block = tarHeader({ name, type: "file", mode: 0o644, size: data.length }).slice(0, BLOCK);
  block[156] = flag.charCodeAt(0);
  change(block);
  return join([sealed(block), data, tarPadding(data.length)]);
}

/** A header block with its checksum put right. */
function sealed(block: Uint8Array): Uint8Array {
  const out = block.slice();
  out.fill(0x20, 148, 156);
  const sum = out.reduce((total, byte) => total + byte, 0);
  out.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return out;
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}${rest}`.length !== length) length++;
  return `${length}${rest}`;
}

const KEYS = [
  "path",
  "linkpath",
  "size",
  "mtime",
  "uid",
  "gid",
  "SCHILY.xattr.user.x",
  "SCHILY.devmajor",
  "comment",
  "GNU.sparse.major",
  "GNU.sparse.minor",
  "GNU.sparse.name",
  "GNU.sparse.realsize",
  "GNU.sparse.size",
  "GNU.sparse.map",
  "GNU.sparse.offset",
  "GNU.sparse.numbytes",
  "LIBARCHIVE.xattr.user.y",
];
const VALUES = [
  "",
  "0",
  "1",
  "-1",
  "7",
  "1.5",
  "99999999999999999999",
  "a",
  "dir/a",
  "../x",
  "0,3,100,3",
  "0,3,2,9",
  "%00",
  "aGk=",
];

function entry(random: Random): Uint8Array {
  const name = random.oneIn(12) ? "n".repeat(random.below(400)) : random.pick(NAMES);
  switch (random.below(9)) {
    case 0: {
      const records = Array.from(
        { length: 1 + random.below(4) },
        () => paxRecord(random.pick(KEYS), random.pick(VALUES)),
      );
      return special(random.pick(["x", "x", "x", "g"]), "pax", encoder.encode(records.join("")));
    }
    case 1:
      return special(random.pick(["L", "K"]), "././@LongLink", encoder.encode(`${name.repeat(30)}\0`));
    case 2: // an old GNU sparse file
      return special("S", name, random.bytes(random.below(700)), (block) => {
        for (let i = 0; i < 4; i++) {
          block.set(encoder.encode(random.below(2000).toString(8).padStart(11, "0")), 386 + i * 24);
          block.set(encoder.encode(random.below(300).toString(8).padStart(11, "0")), 398 + i * 24);
        }
        block[482] = random.below(2);
        block.set(encoder.encode(random.below(5000).toString(8).padStart(11, "0")), 483);
      });
    case 3:
    case 4: {
      const data = random.bytes(random.below(1200));
      return join([
        tarHeader({ name, type: "file", mode: 0o644, size: data.length }),
        data,
        tarPadding(data.length),
      ]);
    }
    default: {
      const type = random.pick<TarType>(["dir", "dir", "link", "symlink", "char", "block", "fifo"]);
      return tarHeader({
        name,
        type,
        mode: random.below(0o10000),
        linkname: random.pick(NAMES),
        devmajor: random.below(3),
        devminor: random.below(3),
      });
    }
  }
}

/** Damage: bytes, fields with absurd numbers, blocks lost, repeated or exchanged, an early end. */
function tamper(archive: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  let out = archive;
  for (let i = random.below(4); i > 0; i--) {
    const blocks = Math.floor(out.length / BLOCK);
    const at = random.below(Math.max(blocks, 1)) * BLOCK;
    switch (random.below(6)) {
      case 0:
        if (out.length > 0) out[random.below(out.length)] = random.below(256);
        break;
      case 1: { // a number field: base 256, or octal digits
        const field = random.pick(
          [[100, 8], [108, 8], [124, 12], [136, 12], [329, 8], [337, 8], [386, 12], [483, 12]] as const,
        );
        if (at + BLOCK > out.length) break;
        const bytes = random.oneIn(2)
          ? Uint8Array.from(
            { length: field[1] },
            (_, i) => i === 0 ? 0x80 | random.below(128) : random.below(256),
          )
          : encoder.encode("7".repeat(field[1] - 1));
        out.set(bytes, at + field[0]);
        break;
      }
      case 2:
        out = out.slice(0, random.below(out.length + 1));
        break;
      case 3:
        out = join([out.subarray(0, at), out.subarray(Math.min(at + BLOCK, out.length))]);
        break;
      case 4:
        out = join([out.subarray(0, at), out.subarray(at, at + BLOCK), out.subarray(at)]);
        break;
      case 5:
        if (at + BLOCK <= out.length) out[at + 156] = random.pick([..."0123456789LKSxgVDAZ"]).charCodeAt(0);
        break;
    }
  }
  // Mostly with checksums put right, so that the change gets past them.
  if (!random.oneIn(4)) {
    for (let at = 0; at + BLOCK <= out.length; at += BLOCK) {
      if (out[at + 257] === 0x75 && out[at + 258] === 0x73) out.set(sealed(out.subarray(at, at + BLOCK)), at);
    }
  }
  return out;
}

/** Looks at everything an index has, through the filesystem. */
function inspect(index: ReturnType<LayerIndexer["finish"]>, archive: Uint8Array<ArrayBuffer>): void {
  const files = new Files(testCaller(new LayerfsSuper({ index, blob: new MemoryBlob(archive) })));
  for (const [path, node] of indexPaths(index)) {
    const mode = index.mode[node]!;
    assert.ok(!path.split("/").some((part) => part === ".." || part === "."), path);
    if (path.length > 3000) continue;
    const stat = files.stat(path, 0x100);
    assert.equal(stat.mode, mode);
    assert.ok(Number.isSafeInteger(stat.size) && stat.size >= 0);
    if (isDir(mode)) files.list(path);
    else if (isLnk(mode)) assert.ok(files.readlink(path).length > 0);
    else if (isReg(mode) && stat.size < 100_000) files.bytes(path);
  }
}

fuzz("layers: tampered archives are indexed or refused, in bounded memory", 3000, (random) => {
  const parts = Array.from({ length: 1 + random.below(8) }, () => entry(random));
  const archive = tamper(join([...parts, tarEnd()]), random);
  const indexer = new LayerIndexer();
  let index;
  try {
    const step = random.pick([1 + random.below(600), BLOCK, archive.length + 1]);
    for (let at = 0; at < archive.length; at += step) indexer.push(archive.subarray(at, at + step));
    index = indexer.finish();
  } catch (error) {
    assert.ok(error instanceof TarError || error instanceof LayerEntryError, `${error}`);
    // One line for a terminal, whatever the names are.
    // deno-lint-ignore no-control-regex
    assert.ok(!/[\x00-\x1f]/.test((error as Error).message), JSON.stringify((error as Error).message));
    assert.ok((error as Error).message.length < 20_000);
    return;
  }
  assert.ok(index.encode().length <= 4096 + 64 * archive.length, `${index.encode().length} bytes of index`);
  inspect(index, archive);
});

Deno.test("records for the whole archive cannot be multiplied by its entries", () => {
  const index = (records: string, entries: readonly Uint8Array[]): number => {
    const indexer = new LayerIndexer();
    indexer.push(join([special("g", "pax", encoder.encode(records)), ...entries, tarEnd()]));
    return indexer.finish().encode().length;
  };
  const files = Array.from(
    { length: 300 },
    (_, i) => tarHeader({ name: `f${i}`, type: "file", mode: 0o644, size: 0 }),
  );
  const big = "x".repeat(500_000);
  assert.ok(index(paxRecord("SCHILY.xattr.user.big", big), files) < 100_000);
  const link = tarHeader({ name: "l", type: "symlink", mode: 0o777, linkname: "t" });
  assert.throws(() => index(paxRecord("linkpath", big), [link]), LayerEntryError);
  const many = Array.from({ length: 101 }, (_, i) => paxRecord(`comment${i}`, "v")).join("");
  assert.throws(() => index(many, files), TarError);
});
