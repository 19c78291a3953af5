/** Tar archives: our writer, GNU tar's dialects, and what is refused. @module */
import assert from "node:assert/strict";
import { testWhen } from "../../tests/support/when.ts";
import { type TarEntry, TarError } from "./tar_entry.ts";
import { TarReader } from "./tar_reader.ts";
import { tarEnd, tarHeader, type TarInput, tarPadding } from "./tar_writer.ts";

const encoder = new TextEncoder();

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Entries of an archive, fed in chunks of `step` bytes. */
function entries(archive: Uint8Array, step = archive.length): TarEntry[] {
  const found: TarEntry[] = [];
  const reader = new TarReader((entry) => found.push(entry));
  for (let at = 0; at < archive.length; at += step) reader.push(archive.subarray(at, at + step));
  reader.end();
  return found;
}

const file = (name: string, content = "", more: Partial<TarInput> = {}): Uint8Array => {
  const bytes = encoder.encode(content);
  return join(
    tarHeader({ name, type: "file", mode: 0o644, size: bytes.length, ...more }),
    bytes,
    tarPadding(bytes.length),
  );
};

Deno.test("what the writer writes, the reader reads, in chunks of any size", () => {
  const long = `${"deep/".repeat(60)}file`;
  const archive = join(
    tarHeader({ name: "dir", type: "dir", mode: 0o755 }),
    file("dir/a", "content", { uid: 1000, gid: 100, mtimeSec: 1234567890, mtimeNsec: 5 }),
    file(long, "x"),
    file("ünï", "y", { xattrs: new Map([["user.k", new Uint8Array([0, 255, 10])]]) }),
    tarHeader({ name: "link", type: "symlink", mode: 0o777, linkname: "t".repeat(200) }),
    tarHeader({ name: "hard", type: "link", mode: 0o644, linkname: "dir/a" }),
    tarHeader({ name: "null", type: "char", mode: 0o666, devmajor: 1, devminor: 3 }),
    file("old", "", { mtimeSec: -1, uid: 4000000000 }),
    tarEnd(),
  );
  for (const step of [archive.length, 1, 7, 512, 513, 4096]) {
    const read = entries(archive, step);
    assert.deepEqual(read.map((e) => [e.name, e.type]), [
      ["dir/", "dir"],
      ["dir/a", "file"],
      [long, "file"],
      ["ünï", "file"],
      ["link", "symlink"],
      ["hard", "link"],
      ["null", "char"],
      ["old", "file"],
    ]);
    const [, a, , x, link, hard, dev, old] = read as [
      TarEntry,
      TarEntry,
      TarEntry,
      TarEntry,
      TarEntry,
      TarEntry,
      TarEntry,
      TarEntry,
    ];
    assert.deepEqual([a.uid, a.gid, a.mtimeSec, a.mtimeNsec, a.size], [1000, 100, 1234567890, 5, 7]);
    assert.equal(new TextDecoder().decode(archive.subarray(a.offset, a.offset + a.stored)), "content");
    assert.deepEqual([...x.xattrs!], [["user.k", new Uint8Array([0, 255, 10])]]);
    assert.equal(link.linkname, "t".repeat(200));
    assert.equal(hard.linkname, "dir/a");
    assert.deepEqual([dev.devmajor, dev.devminor], [1, 3]);
    assert.deepEqual([old.mtimeSec, old.uid], [-1, 4000000000]);
  }
});

Deno.test("the same input gives the same bytes", () => {
  const xattrs = (...names: string[]): Map<string, Uint8Array> =>
    new Map(names.map((name) => [name, encoder.encode(name)]));
  assert.deepEqual(
    file("f", "x", { xattrs: xattrs("user.a", "user.b") }),
    file("f", "x", { xattrs: xattrs("user.b", "user.a") }),
  );
});

/** A header block with bytes changed and the checksum put right. */
function patched(block: Uint8Array, change: (block: Uint8Array) => void): Uint8Array {
  const copy = block.slice();
  change(copy);
  copy.fill(0x20, 148, 156);
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  copy.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return copy;
}

function pax(records: Record<string, string>, flag = "x"): Uint8Array {
  const text = Object.entries(records).map(([key, value]) => {
    const rest = encoder.encode(` ${key}=${value}\n`).length;
    let length = rest + String(rest).length;
    if (String(length).length !== String(rest).length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  }).join("");
  const body = encoder.encode(text);
  const head = patched(
    tarHeader({ name: "pax", type: "file", mode: 0o644, size: body.length }),
    (b) => b[156] = flag.charCodeAt(0),
  );
  return join(head, body, tarPadding(body.length));
}

Deno.test("PAX: records over the header, globals under it, an empty value deletes, size wins", () => {
  const read = entries(join(
    pax({ uid: "7", comment: "for all" }, "g"),
    pax({ path: "renamed", size: "3", mtime: "1.5" }),
    patched(tarHeader({ name: "short", type: "file", mode: 0o600, size: 1000 }), () => {}),
    encoder.encode("abc"),
    tarPadding(3),
    pax({ uid: "" }),
    file("second"),
    tarEnd(),
  ));
  assert.deepEqual(read.map((e) => [e.name, e.uid, e.size, e.mtimeSec, e.mtimeNsec]), [[
    "renamed",
    7,
    3,
    1,
    500_000_000,
  ], ["second", 0, 0, 0, 0]]);
});

Deno.test("base-256 numbers, negative ones too", () => {
  const header = patched(tarHeader({ name: "f", type: "file", mode: 0o644 }), (b) => {
    b.set([0x80, 0, 0, 0, 0xee, 0x6b, 0x28, 0], 108); // uid 4,000,000,000
    b.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], 136); // mtime -2
  });
  const [entry] = entries(join(header, tarEnd()));
  assert.deepEqual([entry!.uid, entry!.mtimeSec], [4_000_000_000, -2]);
});

Deno.test("damage is an error that says where", () => {
  const good = join(file("a", "content"), file("b", "more"), tarEnd());
  const cases: [string, Uint8Array, RegExp][] = [
    ["truncated in the data", good.subarray(0, 515), /offset 515: it ends in the middle of an entry/],
    ["truncated in a header", good.subarray(0, 1024 + 100), /ends in the middle/],
    ["not an archive", encoder.encode("x".repeat(1024)), /offset 0: .*checksum/],
    ["a flipped bit", good.map((byte, i) => i === 1030 ? byte ^ 1 : byte), /offset 1024: header checksum/],
    [
      "an entry behind the end",
      join(file("a"), new Uint8Array(512), file("b"), tarEnd()),
      /offset 1024: an entry behind the end marker/,
    ],
    ["an unknown type", patched(good, (b) => b[156] = "Z".charCodeAt(0)), /"a" has the unknown type "Z"/],
    [
      "a number that is none",
      patched(good, (b) => b.set(encoder.encode("12x45"), 124)),
      /size is not an octal number/,
    ],
    [
      "a huge PAX header",
      join(patched(tarHeader({ name: "p", type: "file", mode: 0, size: 2 ** 30 }), (b) => b[156] = 0x78)),
      /extended header of 1073741824 bytes/,
    ],
    [
      "a PAX record without end",
      join(pax({ path: "x" }).map((byte, i) => i === 513 ? 0x39 : byte), file("a")),
      /record of its extended header is malformed/,
    ],
    [
      "a PAX size that is none",
      join(pax({ size: "-1" }), file("a"), tarEnd()),
      /size is not a valid number: "-1"/,
    ],
    [
      "a negative size",
      patched(
        good,
        (b) => b.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], 124),
      ),
      /its size is negative/,
    ],
  ];
  for (const [name, archive, message] of cases) {
    assert.throws(
      () => entries(archive),
      (error) => error instanceof TarError && message.test(error.message),
      name,
    );
  }
});

Deno.test("padding and end marker may be missing", () => {
  assert.equal(entries(join(file("a", "content")).subarray(0, 519)).length, 1);
  assert.equal(entries(new Uint8Array(0)).length, 0);
});

for (const format of ["v7", "oldgnu", "gnu", "ustar", "posix"]) {
  testWhen({ tools: ["tar"], os: ["linux"] }, `an archive of GNU tar, format ${format}`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "umiak-tar-" });
    try {
      const long = format === "v7"
        ? "n".repeat(90)
        : format === "ustar"
        ? `${"d".repeat(90)}/${"n".repeat(90)}`
        : "n".repeat(200);
      if (format === "ustar") await Deno.mkdir(`${dir}/${"d".repeat(90)}`);
      await Deno.writeTextFile(`${dir}/${long}`, "long");
      await Deno.writeTextFile(`${dir}/a`, "content");
      await Deno.link(`${dir}/a`, `${dir}/hard`);
      await Deno.symlink("a", `${dir}/soft`);
      const { success, stdout, stderr } = await new Deno.Command("tar", {
        args: [`--format=${format}`, "-C", dir, "-cf", "-", "a", "hard", "soft", long],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const read = entries(stdout, 10_000);
      assert.deepEqual(read.map((e) => [e.name, e.type, e.size]), [["a", "file", 7], ["hard", "link", 0], [
        "soft",
        "symlink",
        0,
      ], [long, "file", 4]]);
      assert.deepEqual([read[1]!.linkname, read[2]!.linkname], ["a", "a"]);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

for (const version of ["gnu", "0.0", "0.1", "1.0"]) {
  testWhen({ tools: ["tar"], os: ["linux"] }, `a sparse file of GNU tar, format ${version}`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "umiak-tar-" });
    try {
      const holes = await Deno.open(`${dir}/holes`, { write: true, create: true });
      const at = [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 9_999_000];
      for (const offset of at) {
        await holes.seek(offset, Deno.SeekMode.Start);
        await holes.write(encoder.encode(`at ${offset}`));
      }
      await holes.truncate(10_000_000);
      holes.close();
      const format = version === "gnu" ? ["--format=gnu"] : ["--format=posix", `--sparse-version=${version}`];
      const { success, stdout, stderr } = await new Deno.Command("tar", {
        args: [...format, "--sparse", "-C", dir, "-cf", "-", "holes"],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const [entry] = entries(stdout, 700);
      assert.deepEqual([entry!.name, entry!.size], ["holes", 10_000_000]);
      const content = new Uint8Array(entry!.size);
      let from = entry!.offset;
      for (const part of entry!.sparse!) {
        content.set(stdout.subarray(from, from + part.length), part.offset);
        from += part.length;
      }
      assert.deepEqual(content, await Deno.readFile(`${dir}/holes`));
      assert.ok(entry!.stored < 1_000_000);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("fuzz: changed archives give entries or a TarError, and nothing else", () => {
  const sparse = pax({ "GNU.sparse.map": "0,3,100,3", "GNU.sparse.size": "200", "GNU.sparse.name": "s" });
  const seedArchive = join(
    pax({ path: "p".repeat(150), "SCHILY.xattr.user.x": "v" }),
    file("a", "content"),
    sparse,
    file("s", "abcdef"),
    file("b".repeat(99), "y".repeat(1000)),
    tarEnd(),
  );
  let seed = 12345;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor(seed / 2 ** 32 * n);
  };
  for (let round = 0; round < 3000; round++) {
    let archive = seedArchive.slice();
    for (let i = random(6); i >= 0; i--) archive[random(archive.length)] = random(256);
    if (random(3) === 0) archive = archive.subarray(0, random(archive.length)) as typeof archive;
    // Half of the time the checksums are put right, so that the change gets past them.
    if (random(2) === 0) {
      for (let at = 0; at + 512 <= archive.length; at += 512) {
        if (archive[at + 257] === 0x75) archive.set(patched(archive.subarray(at, at + 512), () => {}), at);
      }
    }
    try {
      for (const entry of entries(archive, 1 + random(2000))) {
        assert.ok(Number.isSafeInteger(entry.size) && entry.size >= 0 && entry.stored >= 0);
        assert.ok(entry.name.length < 2 ** 20);
      }
    } catch (error) {
      assert.ok(error instanceof TarError, `round ${round}: ${error}`);
    }
  }
});
