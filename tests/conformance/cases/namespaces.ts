/** config-linux.md#namespaces, #user-namespace-mappings, #offset-for-time-namespace; config.md#hostname, #domainname. @module */
import type { Case, Json, Subject } from "../types.ts";

const NEW =
  "config-linux.md#namespaces: If path is not specified, the runtime MUST create a new container namespace of type type";
const INHERIT =
  "config-linux.md#namespaces: If a namespace type is not specified in the namespaces array, the container MUST inherit " +
  "the runtime namespace of that type";
const ERROR =
  "config-linux.md#namespaces: The runtime MUST generate an error if path is not associated with a namespace of type type";

const ALL = ["pid", "network", "ipc", "uts", "mount"];
const FILES: Readonly<Record<string, string>> = { network: "net", mount: "mnt" };
const fileOf = (type: string): string => FILES[type] ?? type;

const only = (...types: string[]): Json => ({ linux: { namespaces: types.map((type) => ({ type })) } });

const made = (type: string): Case => ({
  name: `${type}: a new one`,
  spec: NEW,
  config: only(...new Set([...ALL, type])),
  expect: [[`namespaces.${fileOf(type)}`, "differs", `$host.namespaces.${fileOf(type)}`]],
});

const inherited = (type: string): Case => ({
  name: `${type}: the runtime's`,
  spec: INHERIT,
  config: {
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    ...only(...ALL.filter((each) => each !== type)),
  },
  expect: [[`namespaces.${fileOf(type)}`, "is", `$host.namespaces.${fileOf(type)}`]],
});

const joined = (type: string): Case => ({
  name: `${type}: one to be joined`,
  spec:
    "config-linux.md#namespaces: The runtime MUST place the container process in the namespace associated with that path",
  process: true,
  config: {
    mounts: [{ destination: "/proc", type: "proc", source: "proc" }],
    linux: {
      namespaces: [...ALL.filter((each) => each !== type).map((each) => ({ type: each })), {
        ...{ type, path: `/proc/self/ns/${fileOf(type)}` },
      }],
    },
  },
  expect: [[`namespaces.${fileOf(type)}`, "is", `$host.namespaces.${fileOf(type)}`]],
});

const wrong = (name: string, spec: string, entry: object, more: object = {}): Case => ({
  name,
  spec,
  process: true,
  config: { linux: { namespaces: [{ type: "mount" }, { type: "pid" }, entry] }, ...more },
  fails: "create",
});

const MAPS = {
  uidMappings: [{ containerID: 0, hostID: 100000, size: 1000 }, {
    containerID: 5000,
    hostID: 200000,
    size: 10,
  }],
  gidMappings: [{ containerID: 0, hostID: 300000, size: 1000 }],
};
const withMaps = (more: Json = {}): Json => ({
  linux: { namespaces: [...ALL, "user"].map((type) => ({ type })), ...MAPS, ...more },
});

/** linux.namespaces. */
export const namespaces: Subject = {
  subject: "namespaces",
  cases: [
    ...["pid", "network", "mount", "ipc", "uts", "cgroup"].map(made),
    ...["network", "ipc", "uts", "pid"].map(inherited),
    ...["network", "ipc", "uts"].map(joined),
    {
      name: "pid: processes of the container are all there are",
      spec:
        "config-linux.md#namespaces: processes inside the container will only be able to see other processes inside the same container",
      expect: [["pid", "is", 1], ["ppid", "is", 0], ["pids", "is", [1]]],
    },
    {
      name: "network: a network stack of its own",
      spec: "config-linux.md#namespaces: the container will have its own network stack",
      expect: [["interfaces", "has", "lo"], ["interfaces", "lacks", "eth0"]],
    },
    {
      name: "user: maps",
      spec:
        "config-linux.md#user-namespace-mappings: uidMappings describes the user namespace uid mappings from the host to the container",
      config: withMaps(),
      expect: [
        ["uidMap", "is", [[0, 100000, 1000], [5000, 200000, 10]]],
        ["gidMap", "is", [[0, 300000, 1000]]],
        ["uids", "is", [0, 0, 0, 0]],
        ["namespaces.user", "differs", "$host.namespaces.user"],
      ],
    },
    {
      name: "user: ids that are not mapped are shown as nobody",
      spec:
        "config-linux.md#user-namespace-mappings: The runtime SHOULD NOT modify the ownership of referenced filesystems",
      config: withMaps(),
      probe: ["stat=/probe", "make=/etc/x"],
      expect: [["asked.stat./probe.uid", "is", 65534], ["asked.make./etc/x", "is", { error: "EACCES" }]],
    },
    {
      name: "user: a user of it",
      spec: "config.md#posix-platform-user: uid specifies the user ID in the container namespace",
      config: { ...withMaps(), process: { user: { uid: 5000, gid: 7, additionalGids: [9] } } },
      expect: [["uids", "is", [5000, 5000, 5000, 5000]], ["gids", "is", [7, 7, 7, 7]], ["groups", "is", [9]]],
    },
    {
      name: "user: an id that is not mapped is an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      config: { ...withMaps(), process: { user: { uid: 3000, gid: 0 } } },
      fails: "create",
    },
    {
      name: "user: mappings without the namespace are an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      config: { linux: MAPS },
      fails: "create",
    },
    {
      name: "user: mappings that overlap are an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      config: withMaps({
        uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }, { containerID: 5, hostID: 3000, size: 10 }],
      }),
      fails: "create",
    },
    {
      name: "a type twice is an error",
      spec:
        "config-linux.md#namespaces: If a namespaces field contains duplicated namespaces with same type, the runtime MUST " +
        "generate an error",
      config: only(...ALL, "ipc"),
      fails: "create",
    },
    {
      name: "an unknown type is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      config: only(...ALL, "nonsense"),
      fails: "create",
    },
    wrong("a path of another type is an error", ERROR, { type: "network", path: "/proc/self/ns/ipc" }),
    wrong("a path of a file is an error", ERROR, { type: "network", path: "${dir}/config.json" }),
    wrong("a path that is not there is an error", ERROR, { type: "uts", path: "${dir}/nowhere" }),
    wrong(
      "a relative path is an error",
      "config-linux.md#namespaces: This value MUST be an absolute path in the runtime mount namespace",
      { type: "uts", path: "proc/self/ns/uts" },
    ),
  ],
};

/** linux.timeOffsets, and namespaces of type time. */
export const timeOffsets: Subject = {
  subject: "timeOffsets",
  cases: [
    made("time"),
    {
      name: "offsets",
      spec:
        "config-linux.md#offset-for-time-namespace: timeOffsets (object, OPTIONAL) sets the offset for Time Namespace",
      config: {
        linux: {
          namespaces: [...ALL, "time"].map((type) => ({ type })),
          timeOffsets: { monotonic: { secs: 172800, nanosecs: 5 }, boottime: { secs: 604800, nanosecs: 7 } },
        },
      },
      expect: [
        ["timeOffsets", "is", { monotonic: [172800, 5], boottime: [604800, 7] }],
        ["uptime", "atLeast", 604800],
      ],
    },
    {
      name: "an unknown clock is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      config: {
        linux: {
          namespaces: [...ALL, "time"].map((type) => ({ type })),
          timeOffsets: { realtime: { secs: 1 } },
        },
      },
      fails: "create",
    },
    {
      name: "offsets without the namespace are an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      config: { linux: { timeOffsets: { monotonic: { secs: 1 } } } },
      fails: "create",
    },
  ],
};

/** hostname. */
export const hostname: Subject = {
  subject: "hostname",
  cases: [
    {
      name: "hostname",
      spec:
        "config.md#hostname: hostname (string, OPTIONAL) specifies the container's hostname as seen by processes running inside",
      config: { hostname: "mrsdalloway" },
      expect: [["hostname", "is", "mrsdalloway"]],
    },
    {
      name: "without one it is the host's",
      spec: "config.md#hostname: hostname (string, OPTIONAL)",
      expect: [["hostname", "is", "$host.hostname"]],
    },
    {
      name: "one that is too long is an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      config: { hostname: "x".repeat(65) },
      fails: "create",
    },
  ],
};

/** domainname. */
export const domainname: Subject = {
  subject: "domainname",
  cases: [
    {
      name: "domainname",
      spec:
        "config.md#domainname: domainname (string, OPTIONAL) specifies the container's domainname as seen by processes running inside",
      config: { domainname: "foobarbaz.test" },
      expect: [["domainname", "is", "foobarbaz.test"]],
    },
    {
      name: "one that is too long is an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      config: { domainname: "x".repeat(65) },
      fails: "create",
    },
  ],
};
