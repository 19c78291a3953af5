/** The part of config.json that concerns Linux (config-linux.md). @module */
import type { Cursor } from "../../json/mod.ts";
import { decodeResources } from "./decode_resources.ts";
import { decodeSeccomp } from "./decode_seccomp.ts";
import type {
  DeviceSpec,
  IdMapping,
  IntelRdt,
  LinuxSpec,
  MemoryPolicy,
  NamespaceSpec,
  NamespaceType,
  NetDevice,
  OffsetClock,
  PersonalityDomain,
  TimeOffset,
} from "./linux_types.ts";
import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES, NAMESPACE_TYPES, ROOTFS_PROPAGATIONS } from "./names.ts";
import {
  absolutePath,
  boolean,
  cpuList,
  int64,
  line,
  oneOf,
  optionalFields,
  text,
  uint32,
} from "./values.ts";

function namespaces(cursor: Cursor): NamespaceSpec[] {
  const seen = new Set<string>();
  return cursor.list((item) => {
    const type = oneOf(item.field("type"), NAMESPACE_TYPES, "namespace") as NamespaceType;
    // config-linux.md#namespaces: a runtime MUST generate an error for duplicates.
    if (seen.has(type)) throw item.field("type").error(`namespace ${type} occurs twice`);
    seen.add(type);
    const path = item.field("path").optional(text);
    return path ? { type, path: absolutePath(item.field("path")) } : { type };
  });
}

/** A range of ids; it must not go beyond 32 bits on either side, nor be empty (man 7 user_namespaces). */
export function idMapping(cursor: Cursor): IdMapping {
  const [containerID, hostID] = [uint32(cursor.field("containerID")), uint32(cursor.field("hostID"))];
  const size = cursor.field("size").integer(1, 0xffffffff);
  if (Math.max(containerID, hostID) + size > 2 ** 32) {
    throw cursor.error(`${size} ids from ${Math.max(containerID, hostID)} on are more than there are`);
  }
  return { containerID, hostID, size };
}

function device(cursor: Cursor): DeviceSpec {
  const type = oneOf(cursor.field("type"), ["c", "u", "b", "p"], "device type");
  const number = (name: string): number => type === "p" ? 0 : cursor.field(name).integer(0, 0xfffff);
  return {
    type,
    path: absolutePath(cursor.field("path")),
    major: number("major"),
    minor: number("minor"),
    fileMode: cursor.field("fileMode").optional((value) => value.integer(0, 0o7777)) ?? 0o666,
    uid: cursor.field("uid").optional(uint32) ?? 0,
    gid: cursor.field("gid").optional(uint32) ?? 0,
  };
}

/** A name that a network interface can have (IFNAMSIZ, dev_valid_name of the kernel). */
function interfaceName(cursor: Cursor, name: string): string {
  if (name === "" || name.length > 15 || name === "." || name === ".." || /[/:\s\0]/.test(name)) {
    throw cursor.error(`${JSON.stringify(name)} is not the name of a network interface`);
  }
  return name;
}

function netDevices(cursor: Cursor): NetDevice[] {
  return cursor.entries().map(([hostName, value]) => {
    const name = value.field("name").optional(text);
    return {
      hostName: interfaceName(value, hostName),
      name: name ? interfaceName(value.field("name"), name) : hostName,
    };
  });
}

function timeOffset(cursor: Cursor): TimeOffset {
  return {
    secs: cursor.field("secs").optional(int64) ?? 0n,
    nanosecs: cursor.field("nanosecs").optional((value) => value.integer(0, 999_999_999)) ?? 0,
  };
}

function timeOffsets(cursor: Cursor): Partial<Record<OffsetClock, TimeOffset>> {
  return Object.fromEntries(
    cursor.entries().map(([name, value]) => {
      if (name !== "monotonic" && name !== "boottime") {
        throw value.error(`unknown clock ${JSON.stringify(name)}`);
      }
      return [name, timeOffset(value)];
    }),
  );
}

/** A directory of resctrl; "/" is the default class. */
function closID(cursor: Cursor): string {
  const id = line(cursor);
  if (id !== "/" && (id === "" || id === "." || id === ".." || id.includes("/"))) {
    throw cursor.error(`${JSON.stringify(id)} is not the name of a class of service`);
  }
  return id;
}

function intelRdt(cursor: Cursor): IntelRdt {
  return {
    schemata: cursor.field("schemata").list(line),
    ...optionalFields<{ closID: string; l3CacheSchema: string; memBwSchema: string }>(cursor, {
      closID,
      l3CacheSchema: line,
      memBwSchema(value) {
        if (!line(value).startsWith("MB:")) throw value.error('it does not begin with "MB:"');
        return line(value);
      },
    }),
    enableMonitoring: cursor.field("enableMonitoring").optional(boolean) ?? false,
  };
}

function memoryPolicy(cursor: Cursor): MemoryPolicy {
  return {
    mode: oneOf(cursor.field("mode"), MEMORY_POLICY_MODES, "memory policy"),
    nodes: cursor.field("nodes").optional(cpuList) ?? "",
    flags: cursor.field("flags").list((item) => oneOf(item, MEMORY_POLICY_FLAGS, "flag of a memory policy")),
  };
}

function personality(cursor: Cursor): { domain: PersonalityDomain } {
  const flags = cursor.field("flags");
  if (flags.list(text).length > 0) throw flags.error("no flags are supported");
  return {
    domain: oneOf(cursor.field("domain"), ["LINUX", "LINUX32"], "execution domain") as PersonalityDomain,
  };
}

/** What is set for a namespace that the container does not get could not be applied (runtime.md#create). */
function checkNamespacesOf(cursor: Cursor, list: readonly NamespaceSpec[]): void {
  const needed = { uidMappings: "user", gidMappings: "user", timeOffsets: "time" } as const;
  for (const [name, type] of Object.entries(needed)) {
    const value = cursor.field(name);
    const isSet = Object.keys(Object(value.value ?? {})).length > 0;
    if (isSet && !list.some((each) => each.type === type)) {
      throw value.error(`there is no namespace of type ${type} in linux.namespaces`);
    }
  }
}

/** The part that concerns Linux. */
export function decodeLinux(cursor: Cursor): LinuxSpec {
  const propagation = cursor.field("rootfsPropagation").optional((value) =>
    value.string() === "" ? "" : oneOf(value, ROOTFS_PROPAGATIONS, "propagation")
  );
  const mountLabel = cursor.field("mountLabel").optional(text);
  const cgroupsPath = cursor.field("cgroupsPath").optional(line);
  const mappings = (value: Cursor): IdMapping[] => value.list(idMapping);
  const decoded = {
    namespaces: namespaces(cursor.field("namespaces")),
    devices: cursor.field("devices").list(device),
    sysctl: cursor.field("sysctl").stringMap(),
    maskedPaths: cursor.field("maskedPaths").list(absolutePath),
    readonlyPaths: cursor.field("readonlyPaths").list(absolutePath),
    ...(propagation ? { rootfsPropagation: propagation } : {}),
    ...(mountLabel ? { mountLabel } : {}),
    ...(cgroupsPath ? { cgroupsPath } : {}),
    ...optionalFields<
      Required<
        Pick<
          LinuxSpec,
          | "uidMappings"
          | "gidMappings"
          | "timeOffsets"
          | "netDevices"
          | "resources"
          | "seccomp"
          | "intelRdt"
          | "memoryPolicy"
          | "personality"
        >
      >
    >(cursor, {
      uidMappings: mappings,
      gidMappings: mappings,
      timeOffsets,
      netDevices,
      resources: decodeResources,
      seccomp: decodeSeccomp,
      intelRdt,
      memoryPolicy,
      personality,
    }),
  };
  checkNamespacesOf(cursor, decoded.namespaces);
  return decoded;
}

/** A part without any field. */
export const EMPTY_LINUX: LinuxSpec = {
  namespaces: [],
  devices: [],
  sysctl: {},
  maskedPaths: [],
  readonlyPaths: [],
};
