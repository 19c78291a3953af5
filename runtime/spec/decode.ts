/** config.json from JSON: unknown fields are ignored, wrong ones are errors that name their path (config.md). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import { capabilityNumber } from "../abi/linux/capability.ts";
import { RLIMIT } from "../abi/linux/rlimit.ts";
import type {
  Capabilities,
  DeviceSpec,
  LinuxSpec,
  MountSpec,
  NamespaceSpec,
  NamespaceType,
  PosixRlimit,
  Process,
  Spec,
  User,
} from "./types.ts";

const MAX_ID = 0xffffffff;
const NAMESPACES: readonly string[] = ["pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"];

function absolute(cursor: Cursor): string {
  const path = cursor.string();
  if (!path.startsWith("/")) throw cursor.error(`${JSON.stringify(path)} is not an absolute path`);
  return noNul(cursor, path);
}

function noNul(cursor: Cursor, text: string): string {
  if (text.includes("\0")) throw cursor.error("it contains a NUL character");
  return text;
}

function user(cursor: Cursor): User {
  const umask = cursor.field("umask").optional((value) => value.integer(0, 0o777));
  return {
    uid: cursor.field("uid").optional((value) => value.integer(0, MAX_ID)) ?? 0,
    gid: cursor.field("gid").optional((value) => value.integer(0, MAX_ID)) ?? 0,
    ...(umask === undefined ? {} : { umask }),
    additionalGids: cursor.field("additionalGids").list((value) => value.integer(0, MAX_ID)),
  };
}

function capabilities(cursor: Cursor): Capabilities {
  const set = (name: keyof Capabilities): string[] =>
    cursor.field(name).list((item) => {
      const capability = item.string();
      if (capabilityNumber(capability) === undefined) {
        throw item.error(`unknown capability ${JSON.stringify(capability)}`);
      }
      return capability;
    });
  return {
    bounding: set("bounding"),
    effective: set("effective"),
    inheritable: set("inheritable"),
    permitted: set("permitted"),
    ambient: set("ambient"),
  };
}

/** A limit is an unsigned 64-bit number; 2^64 - 1, which JSON.parse rounds to 2^64, is RLIM_INFINITY. */
function limit(cursor: Cursor): number {
  const { value } = cursor;
  if (typeof value === "number" && value >= 2 ** 64 - 2048) return Infinity;
  return cursor.integer(0);
}

function rlimits(cursor: Cursor): PosixRlimit[] {
  const seen = new Set<string>();
  return cursor.list((item) => {
    const type = item.field("type").string();
    if (!Object.hasOwn(RLIMIT, type)) throw item.field("type").error(`unknown limit ${JSON.stringify(type)}`);
    if (seen.has(type)) throw item.field("type").error(`${type} occurs twice`);
    seen.add(type);
    const soft = limit(item.field("soft")), hard = limit(item.field("hard"));
    if (soft > hard) throw item.error(`the soft limit ${soft} is above the hard limit ${hard}`);
    return { type, soft, hard };
  });
}

function process(cursor: Cursor): Process {
  const args = cursor.field("args").list((item) => noNul(item, item.string()));
  if (args.length === 0) throw cursor.field("args").error("at least one argument is required");
  const caps = cursor.field("capabilities").optional(capabilities);
  const oomScoreAdj = cursor.field("oomScoreAdj").optional((value) => value.integer(-1000, 1000));
  return {
    terminal: cursor.field("terminal").optional((value) => value.boolean()) ?? false,
    cwd: absolute(cursor.field("cwd")),
    env: cursor.field("env").list((item) => noNul(item, item.string())),
    args,
    user: user(
      cursor.field("user").exists ? cursor.field("user") : new Cursor({}, cursor.what, "process.user"),
    ),
    ...(caps === undefined ? {} : { capabilities: caps }),
    rlimits: rlimits(cursor.field("rlimits")),
    noNewPrivileges: cursor.field("noNewPrivileges").optional((value) => value.boolean()) ?? false,
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
  };
}

function mount(cursor: Cursor): MountSpec {
  const destination = cursor.field("destination");
  return {
    // config.md#mounts: a relative destination is deprecated, and means one from "/".
    destination: noNul(destination, destination.string().replace(/^(?!\/)/, "/")),
    type: cursor.field("type").optional((value) => value.string()) ?? "",
    source: cursor.field("source").optional((value) => noNul(value, value.string())) ?? "",
    options: cursor.field("options").strings(),
  };
}

function device(cursor: Cursor): DeviceSpec {
  const type = cursor.field("type").string();
  if (!["c", "u", "b", "p"].includes(type)) {
    throw cursor.field("type").error(`unknown device type ${JSON.stringify(type)}`);
  }
  const number = (name: string): number => type === "p" ? 0 : cursor.field(name).integer(0, 0xfffff);
  return {
    type,
    path: absolute(cursor.field("path")),
    major: number("major"),
    minor: number("minor"),
    fileMode: cursor.field("fileMode").optional((value) => value.integer(0, 0o7777)) ?? 0o666,
    uid: cursor.field("uid").optional((value) => value.integer(0, MAX_ID)) ?? 0,
    gid: cursor.field("gid").optional((value) => value.integer(0, MAX_ID)) ?? 0,
  };
}

function namespaces(cursor: Cursor): NamespaceSpec[] {
  const seen = new Set<string>();
  return cursor.list((item) => {
    const type = item.field("type").string();
    if (!NAMESPACES.includes(type)) {
      throw item.field("type").error(`unknown namespace ${JSON.stringify(type)}`);
    }
    // config-linux.md#namespaces: a runtime MUST generate an error for duplicates.
    if (seen.has(type)) throw item.field("type").error(`namespace ${type} occurs twice`);
    seen.add(type);
    const path = item.field("path").optional((value) => value.string());
    return path
      ? { type: type as NamespaceType, path: absolute(item.field("path")) }
      : { type: type as NamespaceType };
  });
}

const PROPAGATIONS: readonly string[] = [
  "shared",
  "slave",
  "private",
  "unbindable",
  "rshared",
  "rslave",
  "rprivate",
  "runbindable",
];

function linux(cursor: Cursor): LinuxSpec {
  const propagation = cursor.field("rootfsPropagation").optional((value) => {
    const text = value.string();
    if (text !== "" && !PROPAGATIONS.includes(text)) {
      throw value.error(`unknown propagation ${JSON.stringify(text)}`);
    }
    return text;
  });
  return {
    namespaces: namespaces(cursor.field("namespaces")),
    devices: cursor.field("devices").list(device),
    sysctl: cursor.field("sysctl").stringMap(),
    maskedPaths: cursor.field("maskedPaths").list(absolute),
    readonlyPaths: cursor.field("readonlyPaths").list(absolute),
    ...(propagation ? { rootfsPropagation: propagation } : {}),
  };
}

/** Decodes a parsed config.json. Throws a JsonError that begins with `what` and the path. */
export function decodeSpec(json: unknown, what = "config.json"): Spec {
  const cursor = new Cursor(json, what);
  const version = cursor.field("ociVersion");
  if (!/^1\.\d+\.\d+/.test(version.string())) {
    throw version.error(`version ${JSON.stringify(version.string())} is not supported, only 1.x`);
  }
  const root = cursor.field("root").optional((value) => ({
    path: noNul(value.field("path"), value.field("path").string()),
    readonly: value.field("readonly").optional((flag) => flag.boolean()) ?? false,
  }));
  const text = (name: "hostname" | "domainname"): { [key in typeof name]?: string } => {
    const value = cursor.field(name).optional((field) => field.string());
    return value ? { [name]: value } : {};
  };
  const decoded = cursor.field("process").optional(process);
  return {
    ociVersion: version.string(),
    ...(root === undefined ? {} : { root }),
    ...(decoded === undefined ? {} : { process: decoded }),
    ...text("hostname"),
    ...text("domainname"),
    mounts: cursor.field("mounts").list(mount),
    annotations: cursor.field("annotations").stringMap(),
    linux: linux(cursor.field("linux").exists ? cursor.field("linux") : new Cursor({}, what, "linux")),
  };
}

/** Decodes the bytes of a config.json. */
export function parseSpec(bytes: Uint8Array | string, what = "config.json"): Spec {
  return decodeSpec(parseJson(bytes, what), what);
}
