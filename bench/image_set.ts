/**
 * The images that the image bench measures, made once, below .umiak/bench: of files of Debian packages that are installed on this machine,
 * with tar and gzip, so that nobody measured has made them.
 * @module
 */
import { createHash } from "node:crypto";
import { repositoryFile } from "../tests/support/umiak.ts";

/** An image in a layout of its own, as `latest`. */
export interface BenchImage {
  /** Directory of the layout. */
  readonly layout: string;
  /** The layers' files, compressed. */
  readonly layers: readonly string[];
  /** Megabytes compressed. */
  readonly packedMb: number;
  /** Megabytes of the archives. */
  readonly archiveMb: number;
  readonly files: number;
}

/** What is known of an image wherever its layout is. */
type Facts = Omit<BenchImage, "layout" | "layers"> & { readonly digests: readonly string[] };

/** Largest file that is taken, and mean size of the chosen ones: Debian's files compress to a third. */
const MAX_FILE = 32e6, MEAN_FILE = 58_000;
/** Files from here on count as large: those and the others are taken in turn, so that the mean comes out. */
const LARGE = 64_000;
const MB = 1e6;

/** Regular files of all packages, in an order that is random and always the same. */
async function packageFiles(): Promise<{ path: string; size: number }[]> {
  const lists = "/var/lib/dpkg/info";
  const paths = new Set<string>();
  for await (const { name } of Deno.readDir(lists)) {
    if (!name.endsWith(".list")) continue;
    const text = await Deno.readTextFile(`${lists}/${name}`);
    for (const path of text.split("\n")) if (path.startsWith("/usr/")) paths.add(path);
  }
  const keyed = [...paths].map((path) => ({ path, key: createHash("md5").update(path).digest("hex") }));
  keyed.sort((a, b) => a.key < b.key ? -1 : 1);
  const found: { path: string; size: number }[] = [];
  for (const { path } of keyed) {
    const info = await Deno.lstat(path).catch(() => null);
    if (info?.isFile && info.size <= MAX_FILE) found.push({ path, size: info.size });
  }
  return found;
}

/** So many of them, of that mean size. */
function choose(all: readonly { path: string; size: number }[], count: number): string[] {
  const large = all.filter(({ size }) => size >= LARGE), small = all.filter(({ size }) => size < LARGE);
  const chosen: string[] = [];
  let total = 0;
  while (chosen.length < count && large.length + small.length > 0) {
    const wanted = total < chosen.length * MEAN_FILE ? large : small;
    const next = (wanted.length > 0 ? wanted : large.length > 0 ? large : small).shift()!;
    total += next.size;
    chosen.push(next.path);
  }
  return chosen;
}

async function shell(script: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command("sh", { args: ["-ec", script, "sh", ...args], stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`making the images: ${script} failed`);
  return new TextDecoder().decode(stdout).trim();
}

const OCI = "application/vnd.oci.image";

/** A layout with one image of the archives that `layerFiles` lists, a list of paths each. */
async function makeLayout(directory: string, layerFiles: readonly (readonly string[])[]): Promise<Facts> {
  const blobs = `${directory}/blobs/sha256`;
  await Deno.mkdir(blobs, { recursive: true });
  const put = async (content: unknown, mediaType: string): Promise<Record<string, unknown>> => {
    const text = JSON.stringify(content);
    const digest = createHash("sha256").update(text).digest("hex");
    await Deno.writeTextFile(`${blobs}/${digest}`, text);
    return { mediaType, digest: `sha256:${digest}`, size: new TextEncoder().encode(text).length };
  };
  const diffIds: string[] = [], layers: Record<string, unknown>[] = [], digests: string[] = [];
  let packed = 0, archive = 0, files = 0;
  for (const list of layerFiles) {
    files += list.length;
    await Deno.writeTextFile(`${directory}/list`, list.map((path) => path.slice(1)).join("\n"));
    const sums = await shell(
      `cd "$1"; tar -C / --sort=name --numeric-owner --owner=0 --group=0 -cf archive -T list
       gzip -n -6 -c archive >packed; sha256sum <archive; stat -c %s archive; sha256sum <packed; stat -c %s packed`,
      directory,
    );
    const [diffId, size, digest, packedSize] = sums.split("\n").map((line) => line.split(" ")[0]!) as [
      string,
      string,
      string,
      string,
    ];
    await Deno.rename(`${directory}/packed`, `${blobs}/${digest}`);
    for (const name of ["archive", "list"]) await Deno.remove(`${directory}/${name}`);
    diffIds.push(`sha256:${diffId}`);
    digests.push(digest);
    packed += Number(packedSize);
    archive += Number(size);
    const mediaType = `${OCI}.layer.v1.tar+gzip`;
    layers.push({ mediaType, digest: `sha256:${digest}`, size: Number(packedSize) });
  }
  const platform = { architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64", os: "linux" };
  const config = await put(
    { ...platform, config: {}, rootfs: { type: "layers", diff_ids: diffIds } },
    `${OCI}.config.v1+json`,
  );
  const type = `${OCI}.manifest.v1+json`;
  const manifest = await put({ schemaVersion: 2, mediaType: type, config, layers }, type);
  const entry = { ...manifest, annotations: { "org.opencontainers.image.ref.name": "latest" } };
  await Deno.writeTextFile(
    `${directory}/index.json`,
    JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
  );
  await Deno.writeTextFile(`${directory}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  return { digests, packedMb: packed / MB, archiveMb: archive / MB, files };
}

/** The image `name`, made if it is not there. */
async function cached(
  name: string,
  lists: () => Promise<readonly (readonly string[])[]>,
): Promise<BenchImage> {
  const layout = repositoryFile(`.umiak/bench/images/${name}`);
  const text = await Deno.readTextFile(`${layout}.json`).catch(() => undefined);
  let facts = text === undefined ? undefined : JSON.parse(text) as Facts;
  if (facts === undefined) {
    console.error(`Making the image ${name}.`);
    await Deno.remove(layout, { recursive: true }).catch(() => {});
    facts = await makeLayout(layout, await lists());
    await Deno.writeTextFile(`${layout}.json`, JSON.stringify(facts));
  }
  const { digests, ...rest } = facts;
  return { layout, layers: digests.map((digest) => `${layout}/blobs/sha256/${digest}`), ...rest };
}

/** About 200 MB in 10,000 files: in one layer, and the same files in four. Then one of 100 files. */
export async function benchImages(): Promise<{ one: BenchImage; four: BenchImage; small: BenchImage }> {
  let files: string[] | undefined;
  const chosen = async (): Promise<string[]> => files ??= choose(await packageFiles(), 10_000);
  return {
    one: await cached("one", async () => [await chosen()]),
    four: await cached("four", async () => {
      const all = await chosen();
      return [0, 1, 2, 3].map((part) => all.slice(part * 2500, (part + 1) * 2500));
    }),
    small: await cached("small", async () => [(await chosen()).slice(0, 100)]),
  };
}
