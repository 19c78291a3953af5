/** Images: from a layout or a registry to what runs, to disk and back, beside Debian's tools. @module */
import { withDockerRegistry } from "../tests/support/docker_registry.ts";
import { reasonAgainst } from "../tests/support/when.ts";
import { repositoryFile } from "../tests/support/umiak.ts";
import { umiakCommand } from "./hosts.ts";
import { measure, type Measured, type Row } from "./image_rows.ts";
import { type BenchImage, benchImages } from "./image_set.ts";
import { type Command, timed } from "./process.ts";
import type { Table } from "./table.ts";

/** Where to work, and with which umiak. */
interface Place {
  readonly work: string;
  readonly main: string;
}

const command = (name: string, ...args: string[]): Command => ({ command: name, args });
const has = (...tools: string[]): boolean => reasonAgainst({ tools }) === undefined;

async function mustRun(it: Command): Promise<void> {
  const { code, stderr } = await timed(it);
  if (code !== 0) throw new Error(`${it.command} ${it.args.join(" ")}: ${stderr}`);
}

/** Seconds or milliseconds, memory, and how many times the first row's time. */
function table(title: string, measured: readonly Measured[], notes: readonly string[]): Table {
  const own = measured[0]!.best;
  const failed = measured.filter(({ best }) => best.code !== 0);
  return {
    title,
    columns: ["", "ms", "peak MB", "/ umiak"],
    rows: measured.map(({ row, best }) => [
      row.name,
      best.code === 0 ? best.ms.toFixed(0) : "—",
      best.code === 0 && best.peakMb !== undefined ? best.peakMb.toFixed(0) : "—",
      best.code === 0 ? `${(best.ms / own.ms).toFixed(2)}×` : "—",
    ]),
    notes: [
      ...notes,
      ...failed.map(({ row, best }) => `${row.name} failed: ${best.stderr.trim().slice(-200)}`),
    ],
  };
}

const size = ({ packedMb, archiveMb, files, layers }: BenchImage): string =>
  `${files} files, ${packedMb.toFixed(packedMb < 10 ? 1 : 0)} MB compressed (${archiveMb.toFixed(0)} MB), ${
    layers.length === 1 ? "one layer" : `${layers.length} layers`
  }`;

function umiak(place: Place, name: string, args: readonly string[], fresh: string[] = []): Row {
  const store = `${place.work}/store`;
  return {
    name,
    command: umiakCommand(place.main, args, { UMIAK_ROOT: store }),
    fresh: [store, ...fresh],
  };
}

/** Nothing but reading, hashing and inflating, in the same Deno. */
const inflating = ({ layers }: BenchImage): Row => ({
  name: "hash and inflate alone",
  command: command(
    Deno.execPath(),
    ...["run", "--quiet", "--allow-all", "--no-lock", repositoryFile("bench/hosts/inflate.mjs"), ...layers],
  ),
});

/** podman with a storage of its own below the place. */
const podman = ({ work }: Place, ...args: string[]): Command =>
  command("podman", "--root", `${work}/podman`, "--runroot", `${work}/podman-run`, ...args);

/** From a layout to what can be run. */
async function fromLayout(place: Place, image: BenchImage, rounds: number): Promise<Table> {
  const { work } = place, from = `oci:${image.layout}:latest`;
  const archive = `${work}/archive.tar`, out = `${work}/out`;
  const rows = [
    umiak(place, "umiak image copy to the store", ["image", "copy", "-q", from, "store:bench"]),
    inflating(image),
  ];
  if (has("umoci")) {
    const unpack = command("umoci", "unpack", "--image", `${image.layout}:latest`, out);
    rows.push({ name: "umoci unpack", command: unpack, fresh: [out] });
  }
  if (has("podman")) {
    await mustRun(command("tar", "-C", image.layout, "-cf", archive, "."));
    const fresh = [`${work}/podman`, `${work}/podman-run`];
    rows.push({ name: "podman load", command: podman(place, "load", "-q", "-i", archive), fresh });
  }
  if (has("tar", "gzip")) {
    const script = 'mkdir "$0"; for f; do tar -C "$0" -xzf "$f"; done';
    rows.push({
      name: "tar -xzf",
      command: command("sh", "-ec", script, out, ...image.layers),
      fresh: [out],
    });
  }
  if (has("skopeo")) {
    const copy = command("skopeo", "copy", "-q", from, `oci:${out}:latest`);
    rows.push({ name: "skopeo copy, which decompresses nothing", command: copy, fresh: [out] });
  }
  const measured = await measure(rows, rounds);
  await Deno.remove(archive).catch(() => {});
  return table(`From a layout to ready to run: ${size(image)}`, measured, [
    "umiak: blobs verified and stored, layers decompressed, verified and indexed.",
  ]);
}

/** Debian's registry on a port of loopback. */
async function withRegistry<T>({ work }: Place, run: (host: string) => Promise<T>): Promise<T> {
  const directory = `${work}/registry`;
  await Deno.mkdir(directory);
  try {
    return await withDockerRegistry(directory, {}, run);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** From a registry to what can be run. */
function fromRegistry(place: Place, images: readonly BenchImage[], rounds: number): Promise<Table[]> {
  const { work } = place;
  return withRegistry(place, async (host) => {
    const tables: Table[] = [];
    for (const [i, image] of images.entries()) {
      const name = `${host}/bench/image${i}:latest`, out = `${work}/out`, layout = `${work}/layout`;
      await mustRun(
        umiakCommand(place.main, ["image", "copy", "-q", `oci:${image.layout}:latest`, `docker://${name}`]),
      );
      const rows = [umiak(place, "umiak pull", ["pull", "-q", name]), inflating(image)];
      if (has("skopeo")) {
        const copy = ["copy", "-q", "--src-tls-verify=false", `docker://${name}`, `oci:${layout}:latest`];
        rows.push({
          name: "skopeo copy, which decompresses nothing",
          command: command("skopeo", ...copy),
          fresh: [layout],
        });
        const script = 'skopeo "$@"; umoci unpack --image "$0/layout:latest" "$0/out"';
        if (has("umoci")) {
          const both = command("sh", "-ec", script, work, ...copy);
          rows.push({ name: "skopeo copy, umoci unpack", command: both, fresh: [layout, out] });
        }
      }
      if (has("podman")) {
        const fresh = [`${work}/podman`, `${work}/podman-run`];
        rows.push({
          name: "podman pull",
          command: podman(place, "pull", "-q", "--tls-verify=false", name),
          fresh,
        });
      }
      const measured = await measure(rows, rounds);
      tables.push(table(`From a registry on loopback to ready to run: ${size(image)}`, measured, []));
    }
    return tables;
  });
}

/** A wasm image with so many small files, in the store. */
async function packed(place: Place, files: number): Promise<Row> {
  const { work, main } = place, store = `${work}/store-${files}`, tree = `${work}/tree`;
  for (let i = 0; i < files; i++) {
    if (i % 100 === 0) await Deno.mkdir(`${tree}/${i / 100}`, { recursive: true });
    await Deno.writeTextFile(`${tree}/${Math.floor(i / 100)}/${i % 100}`, `file ${i}`);
  }
  const layout = `${work}/layout:many`, module = repositoryFile("tests/guests/hello.wasm");
  const env = { UMIAK_ROOT: store };
  await mustRun(umiakCommand(main, ["image", "pack", module, "-o", layout, "--file", `${tree}=/data`], env));
  await mustRun(umiakCommand(main, ["image", "copy", "-q", `oci:${layout}`, "store:many"], env));
  for (const path of [tree, `${work}/layout`]) await Deno.remove(path, { recursive: true });
  return { name: `image of ${files} files`, command: umiakCommand(main, ["run", "many"], env) };
}

/** The first process of a container. */
async function firstProcess(place: Place): Promise<Table> {
  const rows = [await packed(place, 10), await packed(place, 20_000)];
  const measured = await measure(rows, 11);
  for (const files of [10, 20_000]) await Deno.remove(`${place.work}/store-${files}`, { recursive: true });
  return table("First process from an image in the store (umiak run, least of 11)", measured, []);
}

/** Layers to disk, and changes back. */
async function disk(place: Place, image: BenchImage, rounds: number): Promise<Table[]> {
  const { work, main } = place, own = `${work}/own`, theirs = `${work}/theirs`;
  const [from, layout] = [`${image.layout}:latest`, `${work}/layout`];
  const unpackOwn = ["image", "unpack", `oci:${from}`, own];
  const unpackTheirs = command("umoci", "unpack", "--image", from, theirs);
  const unpacked = await measure([
    umiak(place, "umiak image unpack", unpackOwn, [own]),
    { name: "umoci unpack", command: unpackTheirs, fresh: [theirs] },
  ], rounds);
  await mustRun(umiakCommand(main, unpackOwn));
  await mustRun(unpackTheirs);
  for (const bundle of [own, theirs]) {
    const script =
      'cd "$0"; find . -type f | LC_ALL=C sort | awk "NR % 100 == 50" | while read -r f; do echo changed >>"$f"; done';
    await mustRun(command("sh", "-ec", script, `${bundle}/rootfs`));
  }
  await mustRun(command("cp", "-r", image.layout, layout));
  const repacked = await measure([
    umiak(place, "umiak image repack", ["image", "repack", "--image", `${layout}:own`, own]),
    { name: "umoci repack", command: command("umoci", "repack", "--image", `${layout}:theirs`, theirs) },
  ], 1);
  for (const path of [own, theirs, layout]) await Deno.remove(path, { recursive: true });
  return [
    table(`Unpacking to disk: ${size(image)}`, unpacked, []),
    table(`Repacking 100 changed files: ${size(image)}`, repacked, []),
  ];
}

/** All of them. Linux only: elsewhere there is nothing to compare with. */
export async function imagesBench(): Promise<Table[]> {
  const bundle = repositoryFile("dist/umiak/main.js");
  const isBundled = await Deno.stat(bundle).then(() => true, () => false);
  const images = await benchImages();
  const work = repositoryFile(".umiak/bench/work");
  await Deno.remove(work, { recursive: true }).catch(() => {});
  await Deno.mkdir(work);
  const place: Place = { work, main: isBundled ? bundle : repositoryFile("cli/main.ts") };
  try {
    const tables = [
      await fromLayout(place, images.one, 3),
      await fromLayout(place, images.four, 3),
      await fromLayout(place, images.small, 5),
    ];
    if (has("docker-registry")) tables.push(...await fromRegistry(place, [images.one, images.small], 3));
    tables.push(await firstProcess(place));
    if (has("umoci")) tables.push(...await disk(place, images.one, 3));
    return tables;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
