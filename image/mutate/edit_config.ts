/** Changing an image's configuration: every property of config.md. @module */
import type { Image } from "../source.ts";
import { arrayField, type JsonObject, objectField, withField } from "./document.ts";
import { configDocument, edited } from "./edited.ts";
import { completeHistory, type HistoryStep, stepDocument } from "./history.ts";

/** Changes to a set of names, or to names with values. First it is cleared, then names are removed, then others are set. */
export interface MapChange {
  /** Nothing of the old stays. */
  readonly clear?: boolean;
  /** Names that go; one that is not there is no error. */
  readonly remove?: readonly string[];
  /** Names with their values (of a set, the values are not used). */
  readonly set?: Readonly<Record<string, string>>;
}

/** Changes to a configuration. What is absent stays as it is; null takes a property away. */
export interface ConfigChange {
  /** When the image was made (RFC 3339). */
  readonly created?: string | null;
  /** Who made it. */
  readonly author?: string | null;
  /** Processor. */
  readonly architecture?: string;
  /** Variant of the processor. */
  readonly variant?: string | null;
  /** Operating system. */
  readonly os?: string;
  /** `os.version`. */
  readonly osVersion?: string | null;
  /** `os.features`. */
  readonly osFeatures?: readonly string[] | null;
  /** User, or user:group. */
  readonly user?: string | null;
  /** Ports, as "80/tcp". */
  readonly exposedPorts?: MapChange;
  /** Environment. */
  readonly env?: MapChange;
  /** The command, or its beginning. */
  readonly entrypoint?: readonly string[] | null;
  /** Arguments. */
  readonly cmd?: readonly string[] | null;
  /** Paths of volumes. */
  readonly volumes?: MapChange;
  /** Working directory. */
  readonly workingDir?: string | null;
  /** Labels. */
  readonly labels?: MapChange;
  /** Signal that ends a container. */
  readonly stopSignal?: string | null;
  /** The step to be added to the history; it made no layer. */
  readonly history?: HistoryStep;
  /** The history as it was is forgotten. */
  readonly clearHistory?: boolean;
}

/** Applies simple properties: absent ones stay, null goes. */
function withValues(document: JsonObject, values: Readonly<Record<string, unknown>>): JsonObject {
  let result = document;
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) result = withField(result, name, value ?? undefined);
  }
  return result;
}

/** Applies a change to an object's fields; `make` turns a value into what is written. */
function withMap(
  document: JsonObject,
  name: string,
  change: MapChange | undefined,
  make: (value: string) => unknown,
): JsonObject {
  if (change === undefined) return document;
  const gone = new Set(change.remove ?? []);
  const old = change.clear ? [] : Object.entries(objectField(document, name));
  const set = Object.entries(change.set ?? {}).map(([key, value]) => [key, make(value)] as const);
  const result = { ...Object.fromEntries(old.filter(([key]) => !gone.has(key))), ...Object.fromEntries(set) };
  return withField(document, name, Object.keys(result).length === 0 ? undefined : result);
}

/** Applies a change to `Env`: variables keep their places, new ones come last. */
function withEnv(document: JsonObject, change: MapChange | undefined): JsonObject {
  if (change === undefined) return document;
  const set = new Map(Object.entries(change.set ?? {}));
  for (const name of set.keys()) {
    if (name === "" || name.includes("=") || name.includes("\0")) {
      throw new Error(`environment variable ${JSON.stringify(name)}: not a name`);
    }
  }
  const gone = new Set(change.remove ?? []);
  const result: unknown[] = [];
  for (const each of change.clear ? [] : arrayField(document, "Env")) {
    const name = String(each).split("=", 1)[0]!;
    const value = set.get(name);
    if (value !== undefined) {
      result.push(`${name}=${value}`);
      set.delete(name);
      gone.add(name); // a second variable of that name would win over the new one
    } else if (!gone.has(name)) result.push(each);
  }
  for (const [name, value] of set) result.push(`${name}=${value}`);
  return withField(document, "Env", result.length === 0 ? undefined : result);
}

function withExecution(document: JsonObject, change: ConfigChange): JsonObject {
  let config = objectField(document, "config");
  config = withValues(config, { User: change.user });
  config = withMap(config, "ExposedPorts", change.exposedPorts, () => ({}));
  config = withEnv(config, change.env);
  config = withValues(config, { Entrypoint: change.entrypoint, Cmd: change.cmd });
  config = withMap(config, "Volumes", change.volumes, () => ({}));
  config = withValues(config, { WorkingDir: change.workingDir });
  config = withMap(config, "Labels", change.labels, (value) => value);
  config = withValues(config, { StopSignal: change.stopSignal });
  if (config === objectField(document, "config")) return document;
  return Object.keys(config).length === 0 && (document.config ?? null) === null
    ? document
    : { ...document, config };
}

/** The configuration with a change applied, as a document. `layers`: how many the image has. */
export function changedConfig(document: JsonObject, change: ConfigChange, layers: number): JsonObject {
  let result = withExecution(document, change);
  result = withValues(result, {
    created: change.created,
    author: change.author,
    architecture: change.architecture,
    variant: change.variant,
    os: change.os,
    "os.version": change.osVersion,
    "os.features": change.osFeatures,
  });
  if (change.clearHistory) result = withField(result, "history", undefined);
  if (change.history === undefined) return result;
  const history = [...completeHistory(result, layers), stepDocument(result, change.history, true)];
  return { ...result, history };
}

/** The image with another configuration. Properties that are not named, known or not, stay as they were written. */
export function editConfig(image: Image, change: ConfigChange): Image {
  return edited(image, { config: changedConfig(configDocument(image), change, image.layers.length) });
}
