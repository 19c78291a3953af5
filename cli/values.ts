/** Values of options: sizes, durations, mounts, variables. Every error names the option. @module */
import type { MountOption } from "../runtime/engine/options.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** A size as docker writes it: 512m, 2g, 1048576, 1.5GiB. */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([bkmgt]?)(?:i?b)?$/i.exec(text);
  const size = match === null ? NaN : Math.floor(Number(match[1]) * UNITS[match[2]!.toLowerCase()]!);
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new Error(`${option}: ${JSON.stringify(text)} is not a size such as 512m or 2g`);
  }
  return size;
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };

/** A duration in milliseconds: 10, 1.5s, 1m30s, 250ms. A bare number is seconds. */
export function parseDuration(text: string, option: string): number {
  const wrong = new Error(`${option}: ${JSON.stringify(text)} is not a duration such as 10s or 1m30s`);
  if (/^\d+(\.\d+)?$/.test(text)) return positive(Number(text) * 1000, wrong);
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) throw wrong;
  let ms = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|[smhd])/g)) {
    ms += Number(number) * SECONDS[unit!]! * 1000;
  }
  return positive(ms, wrong);
}

function positive(n: number, wrong: Error): number {
  if (n > 0) return n;
  throw wrong;
}

function target(path: string, option: string): string {
  if (!path.startsWith("/")) {
    throw new Error(`${option}: ${JSON.stringify(path)} is not an absolute path in the container`);
  }
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  if (parts.length === 0) throw new Error(`${option}: the root directory cannot be mounted over`);
  return `/${parts.join("/")}`;
}

/** -v HOST:CONTAINER[:ro|rw]. A Windows drive's colon belongs to the host path. */
export function parseVolume(text: string): MountOption {
  const match = /^((?:[A-Za-z]:[\\/])?[^:]*):([^:]+)(?::([^:]*))?$/.exec(text);
  if (match === null || match[1] === "") {
    throw new Error(`--volume ${JSON.stringify(text)}: expected HOST:CONTAINER[:ro]`);
  }
  const [, source, path, flags = ""] = match as unknown as [string, string, string, string | undefined];
  if (!/[\\/.~]/.test(source)) {
    throw new Error(
      `--volume ${JSON.stringify(text)}: there are no named volumes; write ./${source} for a directory`,
    );
  }
  let readOnly = false;
  for (const flag of flags.split(",").filter((each) => each !== "")) {
    if (flag === "ro") readOnly = true;
    // SELinux labels mean nothing to a bind that the kernel here makes.
    else if (!["rw", "z", "Z", "rprivate", "private", "rbind"].includes(flag)) {
      throw new Error(`--volume ${JSON.stringify(text)}: unknown flag ${JSON.stringify(flag)}`);
    }
  }
  return { kind: "bind", source, target: target(path, "--volume"), readOnly };
}

/** --tmpfs PATH[:OPTIONS]. */
export function parseTmpfs(text: string): MountOption {
  const at = text.indexOf(":");
  const path = at < 0 ? text : text.slice(0, at);
  const options = at < 0 ? [] : text.slice(at + 1).split(",").filter((each) => each !== "");
  return { kind: "tmpfs", target: target(path, "--tmpfs"), options };
}

/** --mount type=bind,source=PATH,target=PATH[,readonly] or type=tmpfs,target=PATH[,tmpfs-size=,tmpfs-mode=]. */
export function parseMount(text: string): MountOption {
  const fields = new Map<string, string>();
  for (const field of text.split(",")) {
    const at = field.indexOf("=");
    const key = at < 0 ? field : field.slice(0, at), value = at < 0 ? "true" : field.slice(at + 1);
    const name = { src: "source", dst: "target", destination: "target", ro: "readonly" }[key] ?? key;
    if (!["type", "source", "target", "readonly", "tmpfs-size", "tmpfs-mode"].includes(name)) {
      throw new Error(`--mount ${JSON.stringify(text)}: unknown field ${JSON.stringify(key)}`);
    }
    fields.set(name, value);
  }
  const path = fields.get("target");
  if (path === undefined) throw new Error(`--mount ${JSON.stringify(text)}: target is required`);
  const type = fields.get("type") ?? "bind";
  const readOnly = ["true", "1"].includes(fields.get("readonly") ?? "false");
  if (type === "tmpfs") {
    const size = fields.get("tmpfs-size"), mode = fields.get("tmpfs-mode");
    const options = [
      ...(size === undefined ? [] : [`size=${parseSize(size, "--mount tmpfs-size")}`]),
      ...(mode === undefined ? [] : [`mode=${mode}`]),
      ...(readOnly ? ["ro"] : []),
    ];
    return { kind: "tmpfs", target: target(path, "--mount"), options };
  }
  const source = fields.get("source");
  if (type !== "bind") {
    throw new Error(`--mount ${JSON.stringify(text)}: type ${JSON.stringify(type)} is not bind or tmpfs`);
  }
  if (source === undefined) throw new Error(`--mount ${JSON.stringify(text)}: source is required for a bind`);
  return { kind: "bind", source, target: target(path, "--mount"), readOnly };
}

/** -e NAME=VALUE, or NAME to pass the caller's own value on (nothing if it has none). */
export function parseEnv(text: string, own: (name: string) => string | undefined): string[] {
  if (text === "" || text.startsWith("=")) {
    throw new Error(`--env ${JSON.stringify(text)}: expected NAME=VALUE or NAME`);
  }
  if (text.includes("=")) return [text];
  const value = own(text);
  return value === undefined ? [] : [`${text}=${value}`];
}

/** Lines of an --env-file: NAME=VALUE or NAME; empty lines and those that begin with # are comments. */
export function parseEnvFile(
  content: string,
  path: string,
  own: (name: string) => string | undefined,
): string[] {
  return content.split(/\r?\n/).flatMap((line, i) => {
    const text = line.trimStart();
    if (text === "" || text.startsWith("#")) return [];
    const name = text.split("=", 1)[0]!;
    if (name === "" || /\s/.test(name)) {
      throw new Error(`--env-file ${path}:${i + 1}: ${JSON.stringify(name)} is not a variable's name`);
    }
    return parseEnv(text, own);
  });
}
