/** Options of the commands that edit images, as the library wants them. @module */
import { type CompressionChoice, parseCompression } from "../image/layer/compressor.ts";
import type { ConfigChange, MapChange } from "../image/mutate/edit_config.ts";
import type { HistoryStep } from "../image/mutate/history.ts";
import type { Format } from "../image/mutate/layer_types.ts";
import { parsePlatform } from "../image/platform.ts";
import type { EditOptions } from "../runtime/engine/edit.ts";
import type { Parsed } from "./parser.ts";

/** NAME=VALUE options as a map. */
export function pairs(parsed: Parsed, option: string): Record<string, string> {
  return Object.fromEntries(
    parsed.values(option).map((each) => {
      const at = each.indexOf("=");
      if (at < 1) throw new Error(`--${option} ${JSON.stringify(each)}: expected NAME=VALUE`);
      return [each.slice(0, at), each.slice(at + 1)];
    }),
  );
}

/** --platform and --output. */
export function editOptions(parsed: Parsed): EditOptions {
  const output = parsed.value("output"), platform = parsed.value("platform");
  return {
    ...(output === undefined ? {} : { output }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
  };
}

/** --compress. */
export function compression(parsed: Parsed): { compression?: CompressionChoice } {
  const text = parsed.value("compress");
  return text === undefined ? {} : { compression: parseCompression(text) };
}

/** --format. */
export function format(parsed: Parsed): { format?: Format } {
  const text = parsed.value("format");
  if (text === undefined) return {};
  if (text === "oci" || text === "docker") return { format: text };
  throw new Error(`--format: ${JSON.stringify(text)} is not a format; there are oci and docker`);
}

const isoTime = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

/** A time: seconds since 1970, RFC 3339, or `now`. */
export function parseTime(text: string, option: string): string {
  if (text === "now") return isoTime(Math.floor(Date.now() / 1000) * 1000);
  if (/^\d{1,11}$/.test(text)) return isoTime(Number(text) * 1000);
  if (
    /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  ) {
    return text;
  }
  throw new Error(`${option}: ${JSON.stringify(text)} is not a time: seconds since 1970, RFC 3339, or now`);
}

/** --timestamp, or else SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/). */
export function timestamp(parsed: Parsed): { created?: string } {
  const option = parsed.value("timestamp");
  if (option !== undefined) return { created: parseTime(option, "--timestamp") };
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH");
  if (epoch === undefined) return {};
  if (!/^\d{1,11}$/.test(epoch)) {
    throw new Error(`SOURCE_DATE_EPOCH: ${JSON.stringify(epoch)} is not a number of seconds since 1970`);
  }
  return { created: parseTime(epoch, "SOURCE_DATE_EPOCH") };
}

/** The step that --history.* and the time describe. */
export function step(parsed: Parsed): HistoryStep {
  const createdBy = parsed.value("history.created-by"), author = parsed.value("history.author");
  const comment = parsed.value("history.comment");
  return {
    ...timestamp(parsed),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(author === undefined ? {} : { author }),
    ...(comment === undefined ? {} : { comment }),
  };
}

/** Words given one by one, or as a JSON array; a single empty one is none. */
function words(parsed: Parsed, option: string): readonly string[] | null | undefined {
  const values = parsed.values(option);
  if (values.length === 0) return undefined;
  if (values.length > 1) return values;
  const [only] = values as [string];
  if (only === "") return null;
  if (!only.startsWith("[")) return values;
  let list: unknown;
  try {
    list = JSON.parse(only);
  } catch {
    return values; // [ is a program, too
  }
  if (Array.isArray(list) && list.every((each) => typeof each === "string")) return list;
  throw new Error(`--${option} ${JSON.stringify(only)}: expected a JSON array of strings`);
}

/** A value of which an empty one means none. */
function value<K extends string>(parsed: Parsed, option: string, key: K): { [key in K]?: string | null } {
  const text = parsed.value(option);
  return text === undefined ? {} : { [key]: text === "" ? null : text } as { [key in K]?: string | null };
}

/** Changes of a map or set: what is cleared, removed, set. */
function mapChange(
  parsed: Parsed,
  option: string,
  cleared: string,
  set: Record<string, string>,
): MapChange | undefined {
  const remove = parsed.values(`unset-${option}`), clear = parsed.values("clear").includes(cleared);
  if (!clear && remove.length === 0 && Object.keys(set).length === 0) return undefined;
  return { clear, remove, set };
}

/** Names as a set. */
const names = (parsed: Parsed, option: string): Record<string, string> =>
  Object.fromEntries(parsed.values(option).map((each) => [each, ""]));

/** --annotation and what takes annotations away. */
export function annotations(parsed: Parsed): { annotations?: MapChange } {
  const change = mapChange(parsed, "annotation", "annotations", pairs(parsed, "annotation"));
  return change === undefined ? {} : { annotations: change };
}

const CLEARED: readonly string[] = ["env", "labels", "ports", "volumes", "annotations", "history"];

/** Changes to the configuration, without a step of the history. */
function configValues(parsed: Parsed): ConfigChange {
  for (const each of parsed.values("clear")) {
    if (!CLEARED.includes(each)) {
      throw new Error(`--clear: ${JSON.stringify(each)} is none of ${CLEARED.join(", ")}`);
    }
  }
  const created = parsed.value("created"), os = parsed.value("os"), architecture = parsed.value("arch");
  const features = parsed.values("os-feature");
  const change = {
    env: mapChange(parsed, "env", "env", pairs(parsed, "env")),
    labels: mapChange(parsed, "label", "labels", pairs(parsed, "label")),
    exposedPorts: mapChange(parsed, "expose", "ports", names(parsed, "expose")),
    volumes: mapChange(parsed, "volume", "volumes", names(parsed, "volume")),
    entrypoint: words(parsed, "entrypoint"),
    cmd: words(parsed, "cmd"),
    created: created === undefined ? undefined : created === "" ? null : parseTime(created, "--created"),
    os,
    architecture,
    osFeatures: features.length === 0 ? undefined : features.filter((each) => each !== ""),
    clearHistory: parsed.values("clear").includes("history") || undefined,
  };
  return {
    ...Object.fromEntries(Object.entries(change).filter(([, each]) => each !== undefined)) as ConfigChange,
    ...value(parsed, "user", "user"),
    ...value(parsed, "workdir", "workingDir"),
    ...value(parsed, "stop-signal", "stopSignal"),
    ...value(parsed, "author", "author"),
    ...value(parsed, "variant", "variant"),
    ...value(parsed, "os-version", "osVersion"),
  };
}

/** Changes to the configuration. A step of the history tells of them, unless --no-history says otherwise. */
export function configChange(parsed: Parsed, command: string): { config?: ConfigChange } {
  const change = configValues(parsed);
  if (Object.keys(change).length === 0) return {};
  const time = timestamp(parsed);
  return {
    config: {
      ...time,
      ...change,
      ...(parsed.has("no-history") ? {} : { history: { createdBy: command, ...step(parsed) } }),
    },
  };
}
