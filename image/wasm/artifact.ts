/**
 * WebAssembly modules as OCI artifacts: the CNCF's format (tag-runtime.cncf.io, "Wasm OCI Artifact layout"), those of solo-io and wasm-to-oci before
 * it, and images whose layers are modules instead of archives, as containerd's runwasi has them.
 * @module
 */
import { Cursor, parseJson } from "../../json/mod.ts";
import type { ExecutionConfig, ImageConfig } from "../config.ts";
import { sha256 } from "../digest.ts";
import type { Manifest } from "../manifest.ts";
import { OCI_MANIFEST } from "../media_types.ts";
import { type Blob, type BuiltImage, descriptorJson } from "./module_image.ts";
import { singleModuleConfig } from "./single_module.ts";

/** Type of the configuration of the CNCF's format. */
export const WASM_CONFIG = "application/vnd.wasm.config.v0+json";
/** Type of a module. */
export const WASM_LAYER = "application/wasm";

const OLD_CONFIGS: readonly string[] = [
  "application/vnd.module.wasm.config.v1+json",
  "application/vnd.wasm.config.v1+json",
];
const MODULE_LAYERS: readonly string[] = [
  WASM_LAYER,
  "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
  "application/vnd.module.wasm.content.layer.v1+wasm",
  "application/vnd.wasm.content.layer.v1+wasm",
];
const TITLE = "org.opencontainers.image.title";

/** True if a layer is a module itself, not an archive. */
export function isModuleLayer(mediaType: string): boolean {
  return MODULE_LAYERS.includes(mediaType);
}

/** True if a manifest is that of a module as an artifact. */
export function isWasmArtifact(manifest: Manifest): boolean {
  const { mediaType } = manifest.config;
  return mediaType === WASM_CONFIG || OLD_CONFIGS.includes(mediaType);
}

/** The name of a module in the container's root: that of its title, or a plain one. */
function moduleName(manifest: Manifest): string {
  const title = manifest.layers[0]?.annotations[TITLE]?.split(/[\\/]/).at(-1) ?? "";
  return /^[\w.+-]+$/.test(title) && !title.startsWith(".") ? `/${title}` : "/module.wasm";
}

/** Checks that a manifest has one module, and gives its digest. */
function onlyModule(manifest: Manifest, what: string): string {
  const [layer] = manifest.layers;
  if (manifest.layers.length !== 1 || !isModuleLayer(layer!.mediaType)) {
    const types = manifest.layers.map((each) => each.mediaType).join(", ");
    throw new Error(
      `${what}: a WebAssembly artifact has one layer, a module; this one has ${types || "none"}`,
    );
  }
  return layer!.digest;
}

/** The configuration of an artifact as that of an image: the module is the entrypoint. Throws if it is not one module for WASI. */
export function artifactConfig(bytes: Uint8Array, what: string, manifest: Manifest): ImageConfig {
  const digest = onlyModule(manifest, what);
  const base = { ...singleModuleConfig(moduleName(manifest)), diffIds: [digest] };
  if (manifest.config.mediaType !== WASM_CONFIG) return base;
  const cursor = new Cursor(parseJson(bytes, what), what);
  const architecture = cursor.field("architecture").string(), os = cursor.field("os").string();
  if (architecture !== "wasm") {
    throw cursor.field("architecture").error(`expected "wasm", found ${JSON.stringify(architecture)}`);
  }
  const digests = cursor.field("layerDigests");
  if (digests.exists && JSON.stringify(digests.strings()) !== JSON.stringify([digest])) {
    throw digests.error(`they are not those of the manifest, ${digest}`);
  }
  const created = cursor.field("created").optional((value) => value.string());
  const author = cursor.field("author").optional((value) => value.string());
  return {
    ...base,
    architecture,
    os,
    ...(created ? { created } : {}),
    ...(author ? { author } : {}),
  };
}

/** What an artifact is to be. */
export interface WasmArtifactOptions {
  /** The module. */
  readonly module: Uint8Array;
  /** Its file name. */
  readonly name: string;
  /** When it was made (RFC 3339). */
  readonly created: string;
  /** Who made it. */
  readonly author?: string;
  /** Annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
}

function blob(mediaType: string, bytes: Uint8Array, annotations: Record<string, string> = {}): Blob {
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length, annotations }, bytes };
}

/** Builds an artifact of the CNCF's format. The same input gives the same digests. */
export function buildWasmArtifact(options: WasmArtifactOptions): BuiltImage {
  const { module, name, created, author, annotations = {} } = options;
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const layer = blob(WASM_LAYER, module, { [TITLE]: name });
  const platform = { architecture: "wasm", os: "wasip1" };
  const config = blob(
    WASM_CONFIG,
    json({
      created,
      ...(author === undefined ? {} : { author }),
      ...platform,
      layerDigests: [layer.descriptor.digest],
    }),
  );
  const manifest = blob(
    OCI_MANIFEST,
    json({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: descriptorJson(config.descriptor),
      layers: [descriptorJson(layer.descriptor)],
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    }),
  );
  return {
    manifest: { ...manifest, descriptor: { ...manifest.descriptor, platform } },
    blobs: [config, layer],
  };
}

/** A program in a module: its path, and the function that runs it. */
export interface ModuleEntry {
  /** Path of the module. */
  readonly path: string;
  /** Name of the function it exports. */
  readonly start: string;
}

/** Reads an entrypoint, which may be `PATH#FUNCTION` as runwasi has it. */
export function moduleEntry(word: string): ModuleEntry {
  const at = word.lastIndexOf("#");
  const start = word.slice(at + 1);
  return at < 0 || start === ""
    ? { path: at < 0 ? word : word.slice(0, at), start: "_start" }
    : { path: word.slice(0, at), start };
}

/** Where the module of a layer that is one goes in the container: to where the configuration's command is. */
export function modulePath(config: ExecutionConfig): string {
  const [word] = [...config.Entrypoint, ...config.Cmd];
  if (word === undefined) return "/module.wasm";
  const { path } = moduleEntry(word);
  return path.startsWith("/") ? path : `${config.WorkingDir || ""}/${path}`;
}

/** A configuration whose command is a plain path, and the function that the module is started by. */
export interface StartConfig {
  /** The configuration. */
  readonly config: ImageConfig;
  /** The function: `_start` unless the command says another one. */
  readonly start: string;
}

/**
 * Takes the function off the command of a WebAssembly image. A module that is named without a directory is in the working directory: no
 * PATH is searched for it.
 */
export function startConfig(config: ImageConfig): StartConfig {
  const { Entrypoint, Cmd } = config.config;
  const [word] = [...Entrypoint, ...Cmd];
  if (word === undefined) return { config, start: "_start" };
  const { path, start } = moduleEntry(word);
  const isBare = !path.includes("/") && path.endsWith(".wasm");
  const command = isBare ? modulePath(config.config) : path;
  if (command === word) return { config, start };
  const execution = Entrypoint.length > 0
    ? { Entrypoint: [command, ...Entrypoint.slice(1)] }
    : { Cmd: [command, ...Cmd.slice(1)] };
  return { config: { ...config, config: { ...config.config, ...execution } }, start };
}
