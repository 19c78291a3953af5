/** Values of -v, --mount and --tmpfs, as docker writes them. Every error names the option. @module */
import type { BindOption, MountOption, TmpfsOption } from "../runtime/engine/options.ts";
import { nearest } from "./nearest.ts";
import { parseSize } from "./values.ts";

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

const PROPAGATION: readonly string[] = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];
/** SELinux labels, caches of other hosts' mounts, copies into named volumes: nothing to a bind that the kernel here makes. */
const WITHOUT_EFFECT: readonly string[] = [
  "rw",
  "z",
  "Z",
  "rbind",
  "nocopy",
  "consistent",
  "cached",
  "delegated",
];

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
  let readOnly = false, propagation: string | undefined;
  for (const flag of flags.split(",").filter((each) => each !== "")) {
    if (flag === "ro") readOnly = true;
    else if (PROPAGATION.includes(flag)) propagation = flag;
    else if (!WITHOUT_EFFECT.includes(flag)) {
      throw new Error(`--volume ${JSON.stringify(text)}: unknown flag ${JSON.stringify(flag)}`);
    }
  }
  const bind: BindOption = { kind: "bind", source, target: target(path, "--volume"), readOnly };
  return propagation === undefined ? bind : { ...bind, propagation };
}

/** --tmpfs PATH[:OPTIONS]. */
export function parseTmpfs(text: string): MountOption {
  const at = text.indexOf(":");
  const path = at < 0 ? text : text.slice(0, at);
  const options = at < 0 ? [] : text.slice(at + 1).split(",").filter((each) => each !== "");
  return { kind: "tmpfs", target: target(path, "--tmpfs"), options };
}

/** Fields of a line of comma-separated values: those with a comma in them are in double quotes, a quote in them is doubled. */
function commaSeparated(text: string): string[] | undefined {
  const fields = text.match(/(?:^|,)(?:"(?:[^"]|"")*"|[^",]*)(?=,|$)/g);
  if (fields?.join("") !== text) return undefined;
  return fields.map((field, i) => {
    const own = i === 0 ? field : field.slice(1);
    return own.startsWith('"') ? own.slice(1, -1).replaceAll('""', '"') : own;
  });
}

const SAME: Readonly<Record<string, string>> = {
  src: "source",
  dst: "target",
  destination: "target",
  ro: "readonly",
};
const COMMON: readonly string[] = ["type", "target", "readonly"];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  bind: [...COMMON, "source", "bind-propagation", "bind-recursive", "consistency"],
  tmpfs: [...COMMON, "tmpfs-size", "tmpfs-mode", "consistency"],
};

/** A truth value as Go reads it, which docker uses. */
function truth(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return undefined;
}

/**
 * --mount type=bind,source=PATH,target=PATH[,readonly][,bind-propagation=] or type=tmpfs,target=PATH[,tmpfs-size=,tmpfs-mode=]; with
 * docker's other spellings: src, dst, destination, ro. Without a type it is a bind: there are no volumes.
 */
export function parseMount(text: string): MountOption {
  const wrong = (why: string): Error => new Error(`--mount ${JSON.stringify(text)}: ${why}`);
  const list = commaSeparated(text);
  if (list === undefined) throw wrong("a quote is where none can be");
  const fields = new Map<string, string>();
  for (const field of list) {
    const at = field.indexOf("=");
    const key = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
    const name = SAME[key] ?? key;
    if (!Object.values(FIELDS).some((known) => known.includes(name))) {
      const near = nearest(key, [...Object.keys(SAME), ...Object.values(FIELDS).flat()]);
      throw wrong(
        `unknown field ${JSON.stringify(key)}${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
    if (at < 0 && name !== "readonly") throw wrong(`${key} needs a value`);
    fields.set(name, at < 0 ? "true" : field.slice(at + 1));
  }
  const type = (fields.get("type") ?? "bind").toLowerCase();
  const known = FIELDS[type];
  if (known === undefined) throw wrong(`type ${JSON.stringify(type)} is not bind or tmpfs`);
  for (const name of fields.keys()) {
    if (!known.includes(name)) throw wrong(`${name} is not for type ${type}`);
  }
  const path = fields.get("target");
  if (path === undefined) throw wrong("target is required");
  const readOnly = truth(fields.get("readonly") ?? "false");
  if (readOnly === undefined) {
    throw wrong(`readonly: ${JSON.stringify(fields.get("readonly"))} is neither true nor false`);
  }
  const at = target(path, "--mount");
  return type === "tmpfs" ? tmpfs(fields, at, readOnly, wrong) : bind(fields, at, readOnly, wrong);
}

type Wrong = (why: string) => Error;

function tmpfs(
  fields: ReadonlyMap<string, string>,
  target: string,
  readOnly: boolean,
  wrong: Wrong,
): TmpfsOption {
  const size = fields.get("tmpfs-size"), mode = fields.get("tmpfs-mode");
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode)) {
    throw wrong(`tmpfs-mode: ${JSON.stringify(mode)} is not an octal mode such as 1777`);
  }
  const options = [
    ...(size === undefined ? [] : [`size=${parseSize(size, "--mount tmpfs-size")}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
    ...(readOnly ? ["ro"] : []),
  ];
  return { kind: "tmpfs", target, options };
}

function bind(
  fields: ReadonlyMap<string, string>,
  target: string,
  readOnly: boolean,
  wrong: Wrong,
): BindOption {
  const source = fields.get("source"), propagation = fields.get("bind-propagation");
  if (source === undefined || source === "") throw wrong("source is required for a bind");
  if (propagation !== undefined && !PROPAGATION.includes(propagation)) {
    throw wrong(`bind-propagation: ${JSON.stringify(propagation)} is none of ${PROPAGATION.join(", ")}`);
  }
  // What is mounted below a host directory is seen through it, and is as read-only as the bind.
  const recursive = fields.get("bind-recursive") ?? "enabled";
  if (!["enabled", "readonly"].includes(recursive) || (recursive === "readonly" && !readOnly)) {
    throw wrong(
      `bind-recursive: ${JSON.stringify(recursive)} cannot be had${readOnly ? "" : " without readonly"}`,
    );
  }
  const option: BindOption = { kind: "bind", source, target, readOnly };
  return propagation === undefined ? option : { ...option, propagation };
}
