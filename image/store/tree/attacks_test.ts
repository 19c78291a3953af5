/** Published attacks on the unpacking of archives, by number: each is tried on a tree beside a file that must stay what it is. */
import assert from "node:assert/strict";
import { testWhen } from "../../../tests/support/when.ts";
import { withDirectory } from "../../../tests/support/umiak.ts";
import { tarEnd, tarHeader, tarPadding } from "../../layer/tar_writer.ts";
import type { LayerEntry } from "../../layer/tar_stream.ts";
import { openTree } from "../host_fs/open_tree.ts";
import { openPortableTree } from "../host_fs/portable_tree.ts";
import type { HostTree } from "../host_fs/types.ts";
import { dir, file, hostileLayer, link, pathsOf, rawLayer, symlink, unpack } from "../testing/trees.ts";
import { readTreeFile } from "./read_file.ts";

type Entry = LayerEntry & { readonly content?: Uint8Array };

interface Attack {
  readonly name: string;
  /** Layers; "OUT" in a name or a target is the directory outside. */
  readonly layers: readonly (readonly Entry[])[];
  /** What is unpacked instead, or what is wrong. */
  readonly outcome: RegExp | readonly string[];
}

const ATTACKS: readonly Attack[] = [
  {
    name: "CVE-2021-29136 (umoci): a symbolic link in the place of the root",
    layers: [[symlink("/", "OUT"), file("secret", "stolen")]],
    outcome: /the root must be a directory/,
  },
  {
    name: 'CVE-2021-29136 (umoci): a symbolic link as "."',
    layers: [[symlink(".", "OUT")], [file("secret", "stolen")]],
    outcome: /the root must be a directory/,
  },
  {
    name: "CVE-2021-32760 (containerd): a hard link to a symbolic link, whose target's mode is changed",
    layers: [[symlink("l", "OUT/secret"), link("h", "l"), file("h", "own", { mode: 0o777 })]],
    outcome: ["h", "l -> OUT/secret"],
  },
  {
    name: "CVE-2021-21272 (ORAS), CVE-2025-47290 (containerd): a link, then a file through it",
    layers: [[symlink("l", "OUT")], [file("l/secret", "stolen")]],
    outcome: ["l -> OUT", "OUT", "OUT/secret"],
  },
  {
    name: "CVE-2025-47290 (containerd): the same in one layer, by a relative link",
    layers: [[symlink("l", "../../.."), file("l/secret", "stolen")]],
    outcome: ["l -> ../../..", "secret"],
  },
  {
    name: "CVE-2021-32803 (node-tar): a directory that was seen becomes a link",
    layers: [[dir("d"), file("d/x"), symlink("d", "OUT"), file("d/secret", "stolen")]],
    outcome: ["d -> OUT", "OUT", "OUT/secret"],
  },
  {
    name: "CVE-2021-32804 (node-tar): an absolute path, with slashes to spare",
    layers: [[file("///OUT/secret", "stolen")]],
    outcome: ["OUT", "OUT/secret"],
  },
  {
    name: "CVE-2021-37701 (node-tar): a directory with a slash and one with a backslash at its end",
    layers: [[dir("d/"), symlink("d\\", "OUT"), file("d\\/secret", "stolen"), file("d/secret", "own")]],
    outcome: ["d", "d/secret", "d\\ -> OUT", "OUT", "OUT/secret"],
  },
  {
    name: "CVE-2021-37713 (node-tar): .. in every place",
    layers: [[file("a/../../secret", "stolen")]],
    outcome: /leads outside the root/,
  },
  {
    name: "CVE-2021-37713 (node-tar): .. at the beginning",
    layers: [[file("../secret", "stolen")]],
    outcome: /leads outside the root/,
  },
  {
    name:
      "CVE-2024-12905, CVE-2025-48387, CVE-2025-59343 (tar-fs): a link to a link outside, and a file through both",
    layers: [[symlink("a", "OUT"), symlink("b", "./a/."), file("b/secret", "stolen")]],
    outcome: ["a -> OUT", "b -> ./a/.", "OUT", "OUT/secret"],
  },
  {
    name: "CVE-2025-48387 (tar-fs): a hard link to a file outside",
    layers: [[link("h", "OUT/secret"), file("h", "stolen")]],
    outcome: /there is no such file/,
  },
  {
    name: "CVE-2026-23745 (node-tar): a hard link to an absolute path, and to one with ..",
    layers: [[link("h", "../outside/secret")]],
    outcome: /leads outside the root/,
  },
  {
    name: "CVE-2026-23745 (node-tar): a symbolic link whose target leads out is only a name",
    layers: [[symlink("l", "../outside/secret"), file("l", "own")]],
    outcome: ["l"],
  },
  {
    name: "a hard link through a symbolic link that leads out",
    layers: [[symlink("l", "OUT"), link("h", "l/secret")]],
    outcome: /there is no such file/,
  },
  {
    name: "a whiteout of the root, of .. and of what is outside",
    layers: [[file(".wh..")]],
    outcome: /cannot be removed/,
  },
  {
    name: "a whiteout of ..",
    layers: [[dir("d"), file("d/.wh...")]],
    outcome: /cannot be removed/,
  },
  {
    name: "a whiteout through a link that leads out",
    layers: [[symlink("l", "OUT")], [file("l/.wh.secret"), file("l/.wh..wh..opq")]],
    outcome: ["l -> OUT"],
  },
  {
    name: "a whiteout of a link does not reach what it points to",
    layers: [[symlink("l", "OUT")], [file(".wh.l")]],
    outcome: [],
  },
  {
    name: "a character device 0:0, the kernel overlay's whiteout",
    layers: [[{ name: "c", type: "char", mode: 0o666, devmajor: 0, devminor: 0 }]],
    outcome: /character device 0:0/,
  },
  {
    name: "attributes that command the kernel's overlay",
    layers: [[
      dir("d", { xattrs: new Map([["trusted.overlay.redirect", new TextEncoder().encode("/OUT")]]) }),
    ]],
    outcome: ["d"],
  },
  {
    name: "attributes that command an overlay without privileges",
    layers: [[dir("d", { xattrs: new Map([["user.overlay.opaque", Uint8Array.of(0x79)]]) })]],
    outcome: ["d"],
  },
  {
    name: "a loop of links",
    layers: [[symlink("a", "b"), symlink("b", "a"), file("a/x", "")]],
    outcome: /too many symbolic links/,
  },
  {
    name: "a file in the place of a directory on the way",
    layers: [[file("a", "")], [file("a/b", "")]],
    outcome: /"a" is not a directory/,
  },
  {
    name: "CVE-2024-40635: an owner beyond what there is, which would wrap around to root",
    layers: [[file("f", "", { uid: 4294967296 })]],
    outcome: /owner 4294967296:0 is out of range/,
  },
];

/** The tree with an attack's layers in it; OUT is `outside` of the same directory. */
async function tryAttack({ layers, outcome }: Attack, open: (path: string) => HostTree): Promise<void> {
  await withDirectory(async (path) => {
    const real = await Deno.realPath(path);
    const outside = `${real}/outside`.replace(/^\//, "");
    await Deno.mkdir(`${real}/outside`);
    await Deno.writeTextFile(`${real}/outside/secret`, "untouched", { mode: 0o600 });
    const placed = (text: string): string =>
      text.replaceAll("OUT", text.startsWith("OUT") ? `/${outside}` : outside);
    const made = layers.map((entries) =>
      hostileLayer(entries.map((entry) => ({
        ...entry,
        name: placed(entry.name),
        ...(entry.linkname === undefined ? {} : { linkname: placed(entry.linkname) }),
      })))
    );
    const rootless = Deno.build.os === "windows" || Deno.uid() !== 0;
    const done = unpack(made, `${real}/t`, { open, rootless });
    if (outcome instanceof RegExp) await assert.rejects(done, outcome);
    else {
      await done;
      // Of directories that imitate the way outside only the last one counts.
      const found = pathsOf(`${real}/t`, { open, rootless })
        .map((each) => each.replaceAll(`/${outside}`, "OUT").replaceAll(outside, "OUT"))
        .filter((each) => !outside.startsWith(`${each}/`));
      assert.deepEqual(found.sort(), [...outcome].sort());
    }
    assert.deepEqual([...Deno.readDirSync(real)].map((each) => each.name).sort(), ["outside", "t"]);
    assert.deepEqual([...Deno.readDirSync(`${real}/outside`)].map((each) => each.name), ["secret"]);
    assert.equal(await Deno.readTextFile(`${real}/outside/secret`), "untouched");
    assert.equal((await Deno.stat(`${real}/outside/secret`)).mode! & 0o777, 0o600);
  });
}

for (const attack of ATTACKS) {
  testWhen({ os: ["linux"] }, `attack on unpacking: ${attack.name}`, () => tryAttack(attack, openTree));
  testWhen({ os: ["linux", "darwin"] }, `attack on unpacking without the C library: ${attack.name}`, () => {
    // This way keeps no devices and no attributes, but refuses the same.
    return tryAttack(attack, openPortableTree);
  });
}

testWhen(
  { os: ["linux"] },
  "CVE-2024-28863: a path of thousands of directories ends with an error, not without memory",
  () =>
    withDirectory(async (path) => {
      await assert.rejects(
        unpack([hostileLayer([file(`${"a/".repeat(100_000)}f`)])], `${path}/t`),
        /its path is too long/,
      );
    }),
);

testWhen(
  { os: ["linux"] },
  "CVE-2025-62518: what a PAX size hides is data, never an entry",
  () =>
    withDirectory(async (path) => {
      // The header says 0 bytes, PAX says 1,536: who believes the header takes the hidden entry for a real one.
      const hidden = tarHeader({ name: "hidden", type: "file", mode: 0o644, size: 0 });
      const content = new Uint8Array(1536);
      content.set(hidden);
      const records = { size: String(content.length) };
      const header = tarHeader({ name: "f", type: "file", mode: 0o644, size: 0, records });
      const parts = [header, content, tarPadding(content.length), tarHeader(file("last")), tarEnd()];
      const archive = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
      await unpack([rawLayer(archive)], `${path}/t`);
      assert.deepEqual(pathsOf(`${path}/t`), ["f", "last"]);
      assert.equal((await Deno.stat(`${path}/t/f`)).size, 1536);
    }),
);

testWhen(
  { os: ["linux"] },
  "a sparse file of 2^62 bytes is refused",
  () =>
    withDirectory(async (path) => {
      const sparse = (size: string): Promise<unknown> => {
        const records = { "GNU.sparse.map": "0,0", "GNU.sparse.size": size, "GNU.sparse.realsize": size };
        return unpack([hostileLayer([{ ...file("s"), records }])], `${path}/${crypto.randomUUID()}`);
      };
      await assert.rejects(sparse(String(2n ** 62n)), /not a valid number/);
    }),
);

testWhen(
  { os: ["linux"] },
  "CVE-2024-9675, CVE-2024-9676: /etc/passwd as a link out, a FIFO or endless is not read",
  () =>
    withDirectory(async (path) => {
      await Deno.writeTextFile(`${path}/secret`, "outside");
      const cases: [Entry[], string | undefined][] = [
        [[symlink("etc/passwd", `${path}/secret`)], undefined],
        [[symlink("etc", "../../../../../../etc"), file("x", "")], undefined],
        [[{ name: "etc/passwd", type: "fifo", mode: 0o644 }], undefined],
        [[symlink("etc/passwd", "/real/passwd"), file("real/passwd", "inside")], "inside"],
        [[symlink("etc/passwd", "passwd")], undefined],
      ];
      for (const [i, [entries, expected]] of cases.entries()) {
        await unpack([hostileLayer(entries)], `${path}/${i}`);
        const tree = openTree(`${path}/${i}`);
        const bytes = readTreeFile(tree, "etc/passwd", 100);
        assert.equal(bytes && new TextDecoder().decode(bytes), expected, String(i));
        tree.root.close();
      }
      await unpack([hostileLayer([file("etc/passwd", "x".repeat(101))])], `${path}/big`);
      const tree = openTree(`${path}/big`);
      assert.throws(() => readTreeFile(tree, "etc/passwd", 100), /101 bytes, more than the 100/);
      tree.root.close();
    }),
);

testWhen(
  { os: ["linux"] },
  "a target that another process is changing: a directory swapped for a link is not followed",
  () =>
    withDirectory(async (path) => {
      await Deno.mkdir(`${path}/outside`);
      const swaps: string[] = [];
      // Between any two steps of the unpacking, the directory becomes a link, as a racing process might make it.
      const open = (at: string): HostTree => {
        const tree = openTree(at);
        const { root } = tree;
        const stat = root.stat.bind(root);
        root.stat = (name?: string) => {
          const found = stat(name);
          if (name === "d" && found !== null && swaps.length === 0) {
            swaps.push(name);
            Deno.renameSync(`${at}/d`, `${at}/was-d`);
            Deno.symlinkSync(`${path}/outside`, `${at}/d`);
          }
          return found;
        };
        return tree;
      };
      const layers = [hostileLayer([dir("d"), file("e", "")]), hostileLayer([file("d/f", "x")])];
      // The directory was opened before: what is written goes where it went, or the unpacking ends; never through the link.
      await unpack(layers, `${path}/t`, { open }).catch((error: Error) =>
        assert.match(error.message, /d: .*(ENOTDIR|ELOOP)/)
      );
      const again = [hostileLayer([dir("d"), file("d/f", "x"), file("d/g", "x")])];
      await unpack(again, `${path}/u`, { open }).catch((error: Error) =>
        assert.match(error.message, /d: .*(ENOTDIR|ELOOP)/)
      );
      assert.deepEqual([...Deno.readDirSync(`${path}/outside`)], []);
      assert.equal(swaps.length, 1);
    }),
);
