/** The features structure (features.md, features-linux.md). @module */
import { Cursor, parseJson } from "../../json/mod.ts";
import { boolean, oneOf, optionalFields, text } from "./values.ts";
import {
  NAMESPACE_TYPES,
  SECCOMP_ACTIONS,
  SECCOMP_ARCHITECTURES,
  SECCOMP_FLAGS,
  SECCOMP_OPERATORS,
} from "./names.ts";

/** Whether something is there at all. */
export interface Enabled {
  /** It is. */
  readonly enabled?: boolean;
}

/** Managers and controllers of cgroups. */
export interface CgroupFeatures {
  /** cgroup v1. */
  readonly v1?: boolean;
  /** cgroup v2. */
  readonly v2?: boolean;
  /** The system-wide systemd manager. */
  readonly systemd?: boolean;
  /** The systemd manager of a user. */
  readonly systemdUser?: boolean;
  /** The RDMA controller. */
  readonly rdma?: boolean;
}

/** Filters of system calls. */
export interface SeccompFeatures extends Enabled {
  /** Actions. */
  readonly actions?: readonly string[];
  /** Operators. */
  readonly operators?: readonly string[];
  /** Architectures. */
  readonly archs?: readonly string[];
  /** Flags that are recognized. */
  readonly knownFlags?: readonly string[];
  /** Flags that are recognized and work here. */
  readonly supportedFlags?: readonly string[];
}

/** What concerns Linux. */
export interface LinuxFeatures {
  /** Types of namespaces. */
  readonly namespaces?: readonly string[];
  /** Capabilities. */
  readonly capabilities?: readonly string[];
  /** Cgroups. */
  readonly cgroup?: CgroupFeatures;
  /** Filters of system calls. */
  readonly seccomp?: SeccompFeatures;
  /** AppArmor. */
  readonly apparmor?: Enabled;
  /** SELinux. */
  readonly selinux?: Enabled;
  /** Intel Resource Director Technology. */
  readonly intelRdt?: Enabled & { readonly schemata?: boolean; readonly monitoring?: boolean };
  /** Memory policies. */
  readonly memoryPolicy?: { readonly modes?: readonly string[]; readonly flags?: readonly string[] };
  /** Features of mounts. */
  readonly mountExtensions?: { readonly idmap?: Enabled };
  /** Network devices that move. */
  readonly netDevices?: Enabled;
}

/** What a runtime can do. */
export interface Features {
  /** Lowest version of config.json. */
  readonly ociVersionMin: string;
  /** Highest version of config.json. */
  readonly ociVersionMax: string;
  /** Points of hooks. */
  readonly hooks?: readonly string[];
  /** Options of mounts. */
  readonly mountOptions?: readonly string[];
  /** What concerns Linux. */
  readonly linux?: LinuxFeatures;
  /** Anything else. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Annotations of config.json that change what the runtime does. */
  readonly potentiallyUnsafeConfigAnnotations?: readonly string[];
}

const strings = (cursor: Cursor): readonly string[] => cursor.list(text);
const names = (known: readonly string[], kind: string) => (cursor: Cursor): readonly string[] =>
  cursor.list((item) => oneOf(item, known, kind));
const enabled = (cursor: Cursor): Enabled =>
  optionalFields<{ enabled: boolean }>(cursor, { enabled: boolean });

function linux(cursor: Cursor): LinuxFeatures {
  return optionalFields<Required<LinuxFeatures>>(cursor, {
    namespaces: names(NAMESPACE_TYPES, "namespace"),
    capabilities: strings,
    cgroup: (value) =>
      optionalFields<Required<CgroupFeatures>>(value, {
        v1: boolean,
        v2: boolean,
        systemd: boolean,
        systemdUser: boolean,
        rdma: boolean,
      }),
    seccomp: (value) =>
      optionalFields<Required<SeccompFeatures>>(value, {
        enabled: boolean,
        actions: names(SECCOMP_ACTIONS, "seccomp action"),
        operators: names(SECCOMP_OPERATORS, "seccomp operator"),
        archs: names(SECCOMP_ARCHITECTURES, "architecture"),
        knownFlags: names(SECCOMP_FLAGS, "seccomp flag"),
        supportedFlags: names(SECCOMP_FLAGS, "seccomp flag"),
      }),
    apparmor: enabled,
    selinux: enabled,
    intelRdt: (value) =>
      optionalFields<{ enabled: boolean; schemata: boolean; monitoring: boolean }>(value, {
        enabled: boolean,
        schemata: boolean,
        monitoring: boolean,
      }),
    memoryPolicy: (value) =>
      optionalFields<{ modes: readonly string[]; flags: readonly string[] }>(value, {
        modes: strings,
        flags: strings,
      }),
    mountExtensions: (value) => optionalFields<{ idmap: Enabled }>(value, { idmap: enabled }),
    netDevices: enabled,
  });
}

/** Decodes the JSON of a runtime's features; null is as absent. Throws a JsonError that begins with `what` and the path. */
export function parseFeatures(bytes: Uint8Array | string, what = "features"): Features {
  const cursor = new Cursor(parseJson(bytes, what), what);
  return {
    ociVersionMin: cursor.field("ociVersionMin").string(),
    ociVersionMax: cursor.field("ociVersionMax").string(),
    ...optionalFields<Required<Omit<Features, "ociVersionMin" | "ociVersionMax">>>(cursor, {
      hooks: strings,
      mountOptions: strings,
      linux,
      annotations: (value) => value.stringMap(),
      potentiallyUnsafeConfigAnnotations: strings,
    }),
  };
}
