/** Image configurations (config.md). @module */
import { Cursor, parseJson } from "../json/mod.ts";
import { parseDigest } from "./digest.ts";

/** Largest configuration that is read. */
export const MAX_CONFIG = 4 * 1024 * 1024;

/** Defaults for containers of the image. */
export interface ExecutionConfig {
  /** User, or user:group. */
  readonly User: string;
  /** Ports, as "80/tcp". */
  readonly ExposedPorts: readonly string[];
  /** Variables, as NAME=VALUE. */
  readonly Env: readonly string[];
  /** The command, or its beginning. */
  readonly Entrypoint: readonly string[];
  /** Arguments of the entrypoint, or the command if there is none. */
  readonly Cmd: readonly string[];
  /** Paths whose content a container is to keep elsewhere. */
  readonly Volumes: readonly string[];
  /** Working directory. */
  readonly WorkingDir: string;
  /** Labels. */
  readonly Labels: Readonly<Record<string, string>>;
  /** Name or number of the signal that ends a container. */
  readonly StopSignal: string;
}

/** One step of an image's making. */
export interface HistoryEntry {
  /** When it was made (RFC 3339). */
  readonly created?: string;
  /** The command that made the layer. */
  readonly created_by?: string;
  /** Who made it. */
  readonly author?: string;
  /** A note. */
  readonly comment?: string;
  /** True if the step made no layer. */
  readonly empty_layer: boolean;
}

/** An image's configuration. */
export interface ImageConfig {
  /** When it was made (RFC 3339). */
  readonly created?: string;
  /** Who made it. */
  readonly author?: string;
  /** Processor, a GOARCH value or wasm. */
  readonly architecture: string;
  /** Operating system, a GOOS value or wasi, wasip1. */
  readonly os: string;
  /** Variant of the processor. */
  readonly variant?: string;
  /** Version of the operating system (`os.version`). */
  readonly osVersion?: string;
  /** What the operating system must have (`os.features`). */
  readonly osFeatures?: readonly string[];
  /** Defaults for containers. */
  readonly config: ExecutionConfig;
  /** Digests of the layers' archives, the lowest first. */
  readonly diffIds: readonly string[];
  /** The steps of its making, the first first. */
  readonly history: readonly HistoryEntry[];
}

function text(cursor: Cursor, name: string): string {
  return cursor.field(name).optional((value) => value.string()) ?? "";
}

function optionalText<K extends string>(cursor: Cursor, name: K): { [key in K]?: string } {
  const value = text(cursor, name);
  return value === "" ? {} : { [name]: value } as { [key in K]?: string };
}

function environment(cursor: Cursor): string[] {
  return cursor.list((item) => {
    const value = item.string();
    if (value.indexOf("=") < 1) throw item.error(`expected NAME=VALUE, found ${JSON.stringify(value)}`);
    if (value.includes("\0")) throw item.error("it contains a NUL character");
    return value;
  });
}

function execution(cursor: Cursor): ExecutionConfig {
  const names = (field: string): string[] => cursor.field(field).entries().map(([name]) => name);
  return {
    User: text(cursor, "User"),
    ExposedPorts: names("ExposedPorts"),
    Env: environment(cursor.field("Env")),
    Entrypoint: cursor.field("Entrypoint").strings(),
    Cmd: cursor.field("Cmd").strings(),
    Volumes: names("Volumes"),
    WorkingDir: text(cursor, "WorkingDir"),
    Labels: cursor.field("Labels").stringMap(),
    StopSignal: text(cursor, "StopSignal"),
  };
}

/** Reads a configuration. `layers`: how many the manifest has, which must be as many as there are diff_ids. */
export function decodeImageConfig(bytes: Uint8Array, what: string, layers?: number): ImageConfig {
  const cursor = new Cursor(parseJson(bytes, what), what);
  const rootfs = cursor.field("rootfs");
  const type = rootfs.field("type").string();
  if (type !== "layers") throw rootfs.field("type").error(`expected "layers", found ${JSON.stringify(type)}`);
  const diffIds = rootfs.field("diff_ids").list((item) => {
    const digest = item.string();
    if (parseDigest(digest) === undefined) throw item.error(`malformed digest ${JSON.stringify(digest)}`);
    return digest;
  });
  if (layers !== undefined && diffIds.length !== layers) {
    throw rootfs.field("diff_ids").error(
      `${diffIds.length} diff_ids for the ${layers} layers of the manifest`,
    );
  }
  const osVersion = text(cursor, "os.version"), osFeatures = cursor.field("os.features").strings();
  return {
    ...optionalText(cursor, "created"),
    ...optionalText(cursor, "author"),
    architecture: cursor.field("architecture").string(),
    os: cursor.field("os").string(),
    ...optionalText(cursor, "variant"),
    ...(osVersion === "" ? {} : { osVersion }),
    ...(osFeatures.length === 0 ? {} : { osFeatures }),
    config: execution(
      cursor.field("config").exists ? cursor.field("config") : new Cursor({}, what, "config"),
    ),
    diffIds,
    history: cursor.field("history").list((item) => ({
      ...optionalText(item, "created"),
      ...optionalText(item, "created_by"),
      ...optionalText(item, "author"),
      ...optionalText(item, "comment"),
      empty_layer: item.field("empty_layer").optional((value) => value.boolean()) ?? false,
    })),
  };
}
