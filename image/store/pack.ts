/** `umiak image pack`: a module and trees of the host as a `wasi/wasm` image. @module */
import type { ExecutionConfig } from "../config.ts";
import { buildWasmArtifact } from "../wasm/artifact.ts";
import { moduleProblem } from "../wasm/module_magic.ts";
import { buildModuleImage, type BuiltImage, type LayerPlan } from "../wasm/module_image.ts";
import { baseName, hostFiles, layerName } from "./host_files.ts";

/** A file or directory of the host and its place in the image. */
export interface PackedTree {
  /** Path on the host. */
  readonly host: string;
  /** Path in the image. */
  readonly container: string;
}

/** What to pack. */
export interface PackOptions {
  /** Path of the module on the host. */
  readonly module: string;
  /** Its path in the image; `/` and its own name unless told. */
  readonly modulePath?: string;
  /** Further layers, the lowest first. */
  readonly files?: readonly PackedTree[];
  /** Defaults for containers; the entrypoint is the module unless told. */
  readonly config?: Partial<ExecutionConfig>;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The CNCF's artifact is made, which is the module and nothing else, in place of an image. */
  readonly artifact?: boolean;
  /** When the image was made, milliseconds since 1970; 0 unless told, so that the same input gives the same image. */
  readonly createdMs?: number;
}

/** Reads "HOST=CONTAINER". A drive letter or a `=` in the host path is no trouble: the last `=` counts. */
export function parsePackedTree(text: string): PackedTree {
  const at = text.lastIndexOf("=");
  const host = text.slice(0, Math.max(at, 0)), container = text.slice(at + 1);
  if (host === "" || container === "") {
    throw new Error(`file ${JSON.stringify(text)}: expected HOST=CONTAINER, two paths`);
  }
  return { host, container };
}

/** Packs a module as an artifact. Throws for what an artifact cannot say. */
function packArtifact(options: PackOptions, module: Uint8Array, created: string): BuiltImage {
  const { files = [], config = {}, modulePath } = options;
  const set = Object.entries(config).filter(([, value]) => Object.keys(value).length > 0).map(([name]) =>
    name
  );
  if (files.length > 0 || set.length > 0) {
    const what = files.length > 0 ? "files" : set.join(", ");
    throw new Error(`module ${options.module}: an artifact is the module alone, without ${what}`);
  }
  return buildWasmArtifact({
    module,
    name: baseName(modulePath ?? options.module),
    created,
    annotations: { "org.opencontainers.image.created": created, ...options.annotations },
  });
}

/** Packs an image in memory. Throws if something cannot be read, or the module is not one. */
export async function packModule(options: PackOptions): Promise<BuiltImage> {
  const { module, files = [], config = {}, createdMs = 0 } = options;
  const created = new Date(createdMs).toISOString().replace(".000Z", "Z");
  const mtimeSec = Math.floor(createdMs / 1000);
  const path = `/${layerName(options.modulePath ?? baseName(module))}`;
  const [file] = await hostFiles(module, path, mtimeSec);
  if (file?.type !== "file") throw new Error(`module ${module}: not a file`);
  const problem = moduleProblem(file.content!.subarray(0, 8));
  if (problem !== undefined) throw new Error(`module ${module}: ${problem}`);
  if (options.artifact) return packArtifact(options, file.content!, created);
  const layers: LayerPlan[] = [{ files: [{ ...file, mode: 0o755 }], comment: `umiak image pack: ${path}` }];
  for (const { host, container } of files) {
    layers.push({
      files: await hostFiles(host, container, mtimeSec),
      comment: `umiak image pack: ${container}`,
    });
  }
  return await buildModuleImage({
    layers,
    config: { ...config, Entrypoint: config.Entrypoint?.length ? config.Entrypoint : [path] },
    annotations: {
      "org.opencontainers.image.created": created,
      // How crun and its relatives know that such an image is for their WebAssembly handler.
      "module.wasm.image/variant": "compat-smart",
      ...options.annotations,
    },
    created,
  });
}
