/** Configurations against config.md. @module */
import {
  checkAnnotations,
  checkDateTime,
  checkDigest,
  type CheckedPlatform,
  checkPlatform,
} from "./common_checks.ts";
import type { Node } from "./node.ts";

const CONFIG = "config.md#properties";

/** What a configuration says. */
export interface CheckedConfig {
  /** Its platform. */
  readonly platform: CheckedPlatform;
  /** Digests of the layers' archives; undefined in place of one that is malformed. */
  readonly diffIds: readonly (string | undefined)[];
}

/** An object whose names are a set. */
function checkSet(node: Node, check: (name: string, value: Node) => void): void {
  for (const [name, value] of node.entries()) {
    check(name, value);
    if (value.object() && Object.keys(value.value as object).length > 0) {
      value.warn("expected an empty object");
    }
  }
}

function checkExecution(node: Node): void {
  if (!node.object()) return;
  for (const name of ["User", "WorkingDir"]) node.optional(name)?.string();
  const ports = node.optional("ExposedPorts");
  if (ports !== undefined) {
    checkSet(ports, (name, value) => {
      const port = Number(/^(\d{1,5})(?:\/(?:tcp|udp))?$/.exec(name)?.[1] ?? NaN);
      if (!(port >= 1 && port <= 65535)) value.warn("expected port, port/tcp or port/udp");
    });
  }
  const env = node.optional("Env");
  for (const item of env?.items() ?? []) {
    const text = item.string();
    if (text !== undefined && text.indexOf("=") < 1) {
      item.error(`expected VARNAME=VARVALUE, found ${JSON.stringify(text)}`);
    } else if (text?.includes("\0")) item.error("it contains a NUL character");
  }
  for (const name of ["Entrypoint", "Cmd"]) node.optional(name)?.strings();
  const volumes = node.optional("Volumes");
  if (volumes !== undefined) {
    checkSet(volumes, (name, value) => {
      if (!/^(\/|[A-Za-z]:)/.test(name)) value.warn("expected an absolute path");
    });
  }
  const labels = node.optional("Labels");
  if (labels !== undefined) checkAnnotations(labels, "labels");
  const signal = node.optional("StopSignal");
  const text = signal?.string();
  if (text !== undefined && text !== "" && !/^(?:SIG[A-Z0-9]+(?:[+-]\d+)?|\d+)$/.test(text)) {
    signal!.warn(`${JSON.stringify(text)} is not the name of a signal, such as SIGKILL or SIGRTMIN+3`);
  }
  const escaped = node.optional("ArgsEscaped");
  if (escaped !== undefined) {
    escaped.boolean();
    escaped.warn("it is deprecated");
  }
  for (const name of ["Memory", "MemorySwap", "CpuShares"]) node.optional(name)?.int64();
  node.optional("Healthcheck")?.object();
}

/** History: one step for each layer, besides those that made none. */
function checkHistory(node: Node, layers: number): void {
  let made = 0;
  for (const item of node.items()) {
    if (!item.object()) continue;
    const created = item.optional("created");
    if (created !== undefined) checkDateTime(created);
    for (const name of ["author", "created_by", "comment"]) item.optional(name)?.string();
    item.optional("empty_layer")?.boolean();
    if (item.field("empty_layer").value !== true) made++;
  }
  if (made !== layers && Array.isArray(node.value) && node.value.length > 0) {
    node.warn(`it tells of ${made} layers, there are ${layers}`);
  }
}

/** Checks a configuration. `layers`: how many its manifest has. */
export function checkConfig(document: Node, layers: number): CheckedConfig {
  const node = document.under(CONFIG);
  if (!node.object()) return { platform: {}, diffIds: [] };
  const created = node.optional("created");
  if (created !== undefined) checkDateTime(created);
  node.optional("author")?.string();
  const platform = checkPlatform(node);
  const execution = node.optional("config");
  if (execution !== undefined) checkExecution(execution);
  const rootfs = node.required("rootfs");
  const diffIds: (string | undefined)[] = [];
  if (rootfs?.object()) {
    const type = rootfs.required("type")?.string();
    if (type !== undefined && type !== "layers") {
      rootfs.field("type").error(`expected "layers", found ${JSON.stringify(type)}`);
    }
    const list = rootfs.required("diff_ids");
    for (const item of list?.items() ?? []) diffIds.push(checkDigest(item));
    if (list !== undefined && diffIds.length !== layers) {
      list.error(`${diffIds.length} diff_ids for the ${layers} layers of the manifest`);
    }
  }
  const history = node.optional("history");
  if (history !== undefined) checkHistory(history, layers);
  return { platform, diffIds };
}

/** Reports where a descriptor's platform is not what the configuration says. */
export function comparePlatforms(stated: CheckedPlatform, at: Node, config: CheckedPlatform): void {
  const node = at.field("platform").under("image-index.md#image-index-property-descriptions");
  for (const [field, name] of [["os", "os"], ["architecture", "architecture"]] as const) {
    if (stated[field] !== undefined && config[field] !== undefined && stated[field] !== config[field]) {
      node.field(name).error(
        `${JSON.stringify(stated[field])}, but the configuration says ${JSON.stringify(config[field])}`,
      );
    }
  }
  for (const [field, name] of [["variant", "variant"], ["osVersion", "os.version"]] as const) {
    const own = stated[field] ?? "", other = config[field] ?? "";
    // arm64 is v8 where nothing else is said.
    const isUsual = field === "variant" && stated.architecture === "arm64" && `${own}${other}` === "v8";
    if (own !== other && !isUsual) {
      node.field(name).warn(`${JSON.stringify(own)}, but the configuration says ${JSON.stringify(other)}`);
    }
  }
}
