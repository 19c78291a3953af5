/** config.json from JSON: unknown fields are ignored, wrong ones are errors that name their path (config.md). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import { decodeHooks } from "./decode_hooks.ts";
import { decodeLinux, EMPTY_LINUX, idMapping } from "./decode_linux.ts";
import { checkPlatforms } from "./decode_platforms.ts";
import { decodeProcess } from "./decode_process.ts";
import type { Hooks } from "./hook_types.ts";
import type { MountSpec, Spec } from "./types.ts";
import { line, optionalFields, text } from "./values.ts";

/** semver.org's own expression, for version 2.0.0. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** The version of the specification; what comes before 1.0 is read as what it became. */
function ociVersion(cursor: Cursor): string {
  const version = cursor.string(), parts = SEMVER.exec(version);
  if (parts === null) throw cursor.error(`${JSON.stringify(version)} is not a version such as "1.3.0"`);
  if (Number(parts[1]) > 1) {
    throw cursor.error(`version ${JSON.stringify(version)} is not supported, only 1.x`);
  }
  return version;
}

function mount(cursor: Cursor): MountSpec {
  const destination = cursor.field("destination");
  if (text(destination) === "") throw destination.error("it is empty");
  const mappings = optionalFields<Required<Pick<MountSpec, "uidMappings" | "gidMappings">>>(cursor, {
    uidMappings: (value) => value.list(idMapping),
    gidMappings: (value) => value.list(idMapping),
  });
  // config.md#posix-platform-mounts: one MUST be specified along with the other.
  if ((mappings.uidMappings === undefined) !== (mappings.gidMappings === undefined)) {
    const missing = mappings.uidMappings === undefined ? "uidMappings" : "gidMappings";
    throw cursor.field(missing).error("uidMappings and gidMappings are needed together");
  }
  return {
    // config.md#mounts: a relative destination is deprecated, and means one from "/".
    destination: text(destination).replace(/^(?!\/)/, "/"),
    type: cursor.field("type").optional(text) ?? "",
    source: cursor.field("source").optional(text) ?? "",
    options: cursor.field("options").list(text),
    ...mappings,
  };
}

/** config.md#mounts, `idmap`: it MUST be an error where there are no mappings to use. */
function checkIdMaps(cursor: Cursor, spec: Spec): void {
  if (spec.linux.namespaces.some(({ type }) => type === "user")) return;
  spec.mounts.forEach((each, i) => {
    const at = each.options.findIndex((option) => option === "idmap" || option === "ridmap");
    if (at < 0 || each.uidMappings !== undefined) return;
    throw cursor.field("mounts").items()[i]!.field("options").items()[at]!.error(
      `${each.options[at]} needs uidMappings and gidMappings, or a user namespace`,
    );
  });
}

function annotations(cursor: Cursor): Record<string, string> {
  const map = cursor.stringMap();
  if (Object.hasOwn(map, "")) throw cursor.field("").error("a key must not be empty");
  return map;
}

/** Decodes a parsed config.json. Throws a JsonError that begins with `what` and the path. */
export function decodeSpec(json: unknown, what = "config.json"): Spec {
  const cursor = new Cursor(json, what);
  const version = ociVersion(cursor.field("ociVersion"));
  const root = cursor.field("root"), linux = cursor.field("linux");
  const notEmpty = (name: "hostname" | "domainname"): { [key in typeof name]?: string } => {
    const value = cursor.field(name).optional(line);
    return value ? { [name]: value } : {};
  };
  const path = text(root.field("path"));
  if (path === "") throw root.field("path").error("it is empty");
  const spec: Spec = {
    ociVersion: version,
    root: { path, readonly: root.field("readonly").optional((flag) => flag.boolean()) ?? false },
    ...optionalFields<Required<Pick<Spec, "process">>>(cursor, { process: decodeProcess }),
    ...notEmpty("hostname"),
    ...notEmpty("domainname"),
    mounts: cursor.field("mounts").list(mount),
    ...optionalFields<{ hooks: Hooks }>(cursor, { hooks: decodeHooks }),
    annotations: annotations(cursor.field("annotations")),
    linux: linux.exists ? decodeLinux(linux) : EMPTY_LINUX,
  };
  checkPlatforms(cursor);
  checkIdMaps(cursor, spec);
  return spec;
}

/** Decodes the bytes of a config.json. */
export function parseSpec(bytes: Uint8Array | string, what = "config.json"): Spec {
  return decodeSpec(parseJson(bytes, what, { exact: true }), what);
}
