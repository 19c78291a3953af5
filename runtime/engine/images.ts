/** Images for the command line and for programs: inspect, list, pack. @module */
import type { OverlaySuper } from "../../fs/mod.ts";
import { inspectImage } from "../../image/inspect.ts";
import { type ListedFile, listFiles } from "../../image/list_files.ts";
import type { Platform } from "../../image/platform.ts";
import { parseReference } from "../../image/reference.ts";
import { writeLayout } from "../../image/store/layout_writer.ts";
import { openImage } from "../../image/store/open_image.ts";
import { buildModuleImage, type LayerFile } from "../../image/wasm/module_image.ts";
import { prepareImage, rootFilesystem } from "./root_filesystem.ts";

/** Describes an image; see inspectImage. */
export async function inspect(reference: string, platform?: Platform): Promise<Record<string, unknown>> {
  const image = await openImage(parseReference(reference), platform === undefined ? {} : { platform });
  try {
    return inspectImage(image);
  } finally {
    image.close();
  }
}

/** Calls `each` for every file of an image, in the order of their paths. */
export async function forEachFile(
  reference: string,
  platform: Platform | undefined,
  each: (file: ListedFile) => void,
): Promise<void> {
  const image = await prepareImage(reference, platform);
  const overlay: OverlaySuper = rootFilesystem(image.layers);
  try {
    for (const file of listFiles(overlay.root)) each(file);
  } finally {
    overlay.shutdown();
  }
}

/** What `umiak image pack` is asked for. */
export interface PackOptions {
  /** The module on the host. */
  readonly module: string;
  /** Directory of the OCI layout. */
  readonly directory: string;
  /** Name of the image in it. */
  readonly tag: string;
  /** Host files and directories, and where they go. They make a layer of their own, under that of the module. */
  readonly files?: readonly { readonly source: string; readonly target: string }[];
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Path of the module in the image; /NAME.wasm by default. */
  readonly modulePath?: string;
}

/** A host file or tree as layer entries below `target`. Links are kept as links. Times are left out: the same files give the same image. */
function* layerFiles(source: string, target: string): Generator<LayerFile> {
  const info = Deno.lstatSync(source);
  const name = target.replace(/^\/+|\/+$/g, "");
  const mode = Deno.build.os === "windows" || info.mode === null
    ? (info.isDirectory ? 0o755 : 0o644)
    : info.mode & 0o7777;
  if (info.isSymlink) {
    yield { name, type: "symlink", mode: 0o777, linkname: Deno.readLinkSync(source).replaceAll("\\", "/") };
  } else if (info.isDirectory) {
    if (name !== "") yield { name, type: "dir", mode };
    const names = Array.from(Deno.readDirSync(source), (entry) => entry.name).sort();
    for (const child of names) yield* layerFiles(`${source}/${child}`, `${name}/${child}`);
  } else if (info.isFile) yield { name, type: "file", mode, content: Deno.readFileSync(source) };
  else throw new Error(`packing ${source}: it is neither a file, a directory nor a link`);
}

/** Time of an image without a clock in it: SOURCE_DATE_EPOCH, or the beginning of 1970. */
function created(): string {
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  const seconds = epoch !== undefined && /^\d+$/.test(epoch) ? Number(epoch) : 0;
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** Packs a module, with files, as a `wasi/wasm` image into an OCI layout. Returns the digest of its manifest. */
export async function pack(options: PackOptions): Promise<string> {
  const base = options.module.replaceAll("\\", "/").split("/").at(-1)!;
  const path = options.modulePath ?? `/${base}`;
  const bytes = await Deno.readFile(options.module);
  if (!WebAssembly.validate(bytes)) {
    throw new Error(`packing ${options.module}: it is not a valid WebAssembly module`);
  }
  const module: LayerFile = { name: path.replace(/^\/+/, ""), type: "file", mode: 0o755, content: bytes };
  const files = (options.files ?? []).flatMap(({ source, target }) => [...layerFiles(source, target)]);
  const layers = [
    ...(files.length === 0
      ? []
      : [{ files, comment: `umiak image pack: ${options.files!.map((file) => file.target).join(" ")}` }]),
    { files: [module], comment: `umiak image pack: ${path}` },
  ];
  const image = await buildModuleImage({
    layers,
    created: created(),
    config: {
      Env: options.env ?? [],
      Entrypoint: options.entrypoint ?? [path],
      Cmd: options.cmd ?? [],
      WorkingDir: options.workdir ?? "",
      User: options.user ?? "",
      Labels: options.labels ?? {},
    },
  });
  await writeLayout(options.directory, image, options.tag);
  return image.manifest.descriptor.digest;
}
