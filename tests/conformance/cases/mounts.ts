/** config.md#mounts. @module */
import type { Case, Subject } from "../types.ts";

const OPTION =
  "config.md#linux-mount-options: Runtimes MUST/SHOULD/MAY implement the following option strings for Linux";
const IDMAP =
  "config.md#linux-mount-options: If there are no uidMappings and gidMappings specified and the container isn't using " +
  "user namespaces, an error MUST be returned";

const tmpfs = (...options: string[]): object => ({
  destination: "/m",
  type: "tmpfs",
  source: "tmpfs",
  options,
});

/** An option of a tmpfs: what mountinfo then has and has not. */
const option = (
  name: string,
  has: readonly string[],
  lacks: readonly string[] = [],
  before: string[] = [],
): Case => ({
  name: `option ${name}`,
  spec: `${OPTION}: ${name}`,
  add: { mounts: [tmpfs(...before, name)] },
  expect: [["mounts./m.type", "is", "tmpfs"], ["mounts./m.options", "has", has], [
    "mounts./m.options",
    "lacks",
    lacks,
  ]],
});

const bind = (source: string, destination: string, ...options: string[]): object => ({
  ...{ source, destination, options: options.length === 0 ? ["bind"] : options },
});

/** A recursive option of a bind. */
const recursive = (name: string, has: readonly string[], lacks: readonly string[] = []): Case => ({
  name: `option ${name}`,
  spec: `${OPTION}: ${name}`,
  bundle: { "data/file": "x" },
  add: { mounts: [bind("${dir}/data", "/m", "rbind", name)] },
  expect: [["mounts./m.options", "has", has], ["mounts./m.options", "lacks", lacks]],
});

const propagation = (name: string, has: readonly string[], lacks: readonly string[]): Case => ({
  name: `propagation ${name}`,
  spec: `${OPTION}: ${name}`,
  add: { mounts: [tmpfs(name)] },
  expect: [["mounts./m.propagation", "has", has], ["mounts./m.propagation", "lacks", lacks]],
});

/** Options, one by one. */
export const mountOptions: Subject = {
  subject: "mount options",
  cases: [
    option("defaults", ["rw"]),
    option("async", ["rw"]),
    option("atime", ["relatime"]),
    option("dev", [], ["nodev"], ["nodev"]),
    option("diratime", [], ["nodiratime"], ["nodiratime"]),
    option("dirsync", ["rw"]),
    option("exec", [], ["noexec"], ["noexec"]),
    option("iversion", ["rw"]),
    option("lazytime", ["rw"]),
    option("loud", ["rw"]),
    option("mand", ["rw"]),
    option("noatime", ["noatime"], ["relatime"]),
    option("nodev", ["nodev"]),
    option("nodiratime", ["nodiratime"]),
    option("noexec", ["noexec"]),
    option("noiversion", ["rw"]),
    option("nolazytime", ["rw"]),
    option("nomand", ["rw"]),
    option("norelatime", ["rw"]),
    option("nostrictatime", ["relatime"], [], ["strictatime"]),
    option("nosuid", ["nosuid"]),
    option("nosymfollow", ["nosymfollow"]),
    option("relatime", ["relatime"]),
    option("ro", ["ro"], ["rw"]),
    option("rw", ["rw"], ["ro"], ["ro"]),
    option("silent", ["rw"]),
    option("strictatime", [], ["relatime", "noatime"]),
    option("suid", [], ["nosuid"], ["nosuid"]),
    option("symfollow", [], ["nosymfollow"], ["nosymfollow"]),
    option("sync", ["rw"]),
    {
      name: "dirsync, lazytime and sync are the filesystem's",
      spec: `${OPTION}: dirsync, lazytime, sync`,
      add: { mounts: [tmpfs("dirsync", "lazytime", "sync")] },
      expect: [["mounts./m.data", "has", ["sync", "dirsync", "lazytime"]]],
    },
    {
      name: "remount changes the mount that is there",
      spec: `${OPTION}: remount`,
      add: { mounts: [tmpfs("nosuid"), tmpfs("remount", "ro", "nosuid")] },
      expect: [["mounts./m.options", "has", ["ro", "nosuid"]]],
    },
    recursive("rro", ["ro"]),
    recursive("rrw", ["rw"]),
    recursive("rnosuid", ["nosuid"]),
    recursive("rsuid", [], ["nosuid"]),
    recursive("rnodev", ["nodev"]),
    recursive("rdev", [], ["nodev"]),
    recursive("rnoexec", ["noexec"]),
    recursive("rexec", [], ["noexec"]),
    recursive("rnodiratime", ["nodiratime"]),
    recursive("rdiratime", [], ["nodiratime"]),
    recursive("rnoatime", ["noatime"]),
    recursive("ratime", [], ["noatime"]),
    recursive("rrelatime", ["relatime"]),
    recursive("rnorelatime", []),
    recursive("rstrictatime", [], ["relatime", "noatime"]),
    recursive("rnostrictatime", ["relatime"]),
    recursive("rnosymfollow", ["nosymfollow"]),
    recursive("rsymfollow", [], ["nosymfollow"]),
    propagation("private", [], ["shared", "master"]),
    propagation("rprivate", [], ["shared", "master"]),
    propagation("shared", ["shared"], []),
    propagation("rshared", ["shared"], []),
    propagation("slave", [], ["shared"]),
    propagation("rslave", [], ["shared"]),
    propagation("unbindable", ["unbindable"], ["shared"]),
    propagation("runbindable", ["unbindable"], ["shared"]),
    {
      name: "idmap without mappings and user namespace is an error",
      spec: IDMAP,
      bundle: { "data/file": "x" },
      add: { mounts: [bind("${dir}/data", "/m", "bind", "idmap")] },
      fails: "create",
    },
    {
      name: "ridmap without mappings and user namespace is an error",
      spec: IDMAP,
      bundle: { "data/file": "x" },
      add: { mounts: [bind("${dir}/data", "/m", "rbind", "ridmap")] },
      fails: "create",
    },
    {
      name: "idmap with mappings",
      spec:
        "config.md#linux-mount-options: If uidMappings or gidMappings are specified for the mount, the runtime MUST use those " +
        "values for the mount's mapping",
      bundle: { "data/file": "x" },
      add: {
        mounts: [{
          ...bind("${dir}/data", "/m", "bind", "idmap"),
          uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
          gidMappings: [{ containerID: 0, hostID: 2000, size: 10 }],
        }],
      },
      probe: ["stat=/m/file"],
      expect: [["asked.stat./m/file.uid", "is", 1000], ["asked.stat./m/file.gid", "is", 2000]],
    },
    {
      name: "uidMappings without gidMappings are an error",
      spec: "config.md#posix-platform-mounts: If specified, it MUST be specified along with gidMappings",
      bundle: { "data/file": "x" },
      add: {
        mounts: [{
          ...bind("${dir}/data", "/m", "bind", "idmap"),
          uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
        }],
      },
      fails: "create",
    },
    {
      name: "tmpcopyup",
      spec: `${OPTION}: tmpcopyup: copy up the contents to a tmpfs`,
      rootfs: { "m/file": "below", "m/deep/other": "too", "m/link": { link: "file" } },
      add: { mounts: [tmpfs("tmpcopyup")] },
      probe: ["read=/m/file", "read=/m/deep/other", "read=/m/link"],
      expect: [
        ["mounts./m.type", "is", "tmpfs"],
        ["asked.read./m/file", "is", "below"],
        ["asked.read./m/deep/other", "is", "too"],
        ["asked.read./m/link", "is", "below"],
      ],
    },
    {
      name: "other options are the filesystem's",
      spec:
        "config.md#linux-mount-options: Runtimes SHOULD treat unknown options as filesystem-specific ones",
      add: { mounts: [tmpfs("size=64k", "mode=0711", "nr_inodes=50", "uid=5", "gid=6")] },
      probe: ["stat=/m"],
      expect: [
        ["mounts./m.data", "has", ["size=64k", "mode=711", "nr_inodes=50", "uid=5", "gid=6"]],
        ["asked.stat./m.mode", "is", "0711"],
        ["asked.stat./m.uid", "is", 5],
        ["asked.stat./m.gid", "is", 6],
      ],
    },
    {
      name: "what the filesystem does not know is an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      add: { mounts: [tmpfs("no-such-option=1")] },
      fails: "create",
    },
  ],
};

/** Kinds of mounts and their places. */
export const mounts: Subject = {
  subject: "mounts",
  cases: [
    {
      name: "the listed order",
      spec: "config.md#mounts: The runtime MUST mount entries in the listed order",
      add: {
        mounts: [
          { ...tmpfs(), destination: "/m" },
          { ...tmpfs("nodev"), destination: "/m/inner" },
          { ...tmpfs("noexec"), destination: "/m" },
        ],
      },
      probe: ["list=/m"],
      expect: [["asked.list./m", "is", []], ["mounts./m.options", "has", "noexec"], [
        "mounts./m/inner",
        "present",
      ]],
    },
    {
      name: "a relative destination is relative to the root",
      spec:
        'config.md#mounts: it MAY be a relative path, in which case it MUST be interpreted as relative to "/"',
      add: { mounts: [{ ...tmpfs(), destination: "m" }] },
      expect: [["mounts./m.type", "is", "tmpfs"]],
    },
    {
      name: "a destination is made",
      spec: "config.md#mounts: Destination of mount point: path inside container",
      add: { mounts: [{ ...tmpfs(), destination: "/a/b/c" }] },
      expect: [["mounts./a/b/c.type", "is", "tmpfs"]],
    },
    {
      name: "links in a destination stay in the root",
      spec: "config.md#mounts: Destination of mount point: path inside container",
      rootfs: { away: { link: "/../../etc" }, out: { link: "../../../../../../tmp" } },
      add: { mounts: [{ ...tmpfs(), destination: "/away/m" }, { ...tmpfs(), destination: "/out/m" }] },
      expect: [["mounts./etc/m.type", "is", "tmpfs"], ["mounts./tmp/m.type", "is", "tmpfs"]],
    },
    {
      name: "a bind of a directory",
      spec: "config.md#mounts: A mount is a bind mount if it has either bind or rbind in the options",
      bundle: { "data/file": "bound" },
      add: { mounts: [bind("${dir}/data", "/m")] },
      probe: ["read=/m/file", "make=/m/new"],
      expect: [["asked.read./m/file", "is", "bound"], ["asked.make./m/new", "is", { ok: true }]],
    },
    {
      name: "a bind's source is relative to the bundle",
      spec: "config.md#mounts: Path values for bind mounts are either absolute or relative to the bundle",
      bundle: { "data/file": "bound" },
      add: { mounts: [bind("data", "/m")] },
      probe: ["read=/m/file"],
      expect: [["asked.read./m/file", "is", "bound"]],
    },
    {
      name: "a bind of a file",
      spec: "config.md#mounts: can also be a file or directory name for bind mounts",
      bundle: { file: "bound" },
      add: { mounts: [bind("${dir}/file", "/etc/new/place"), bind("${dir}/file", "/probe2")] },
      probe: ["read=/etc/new/place", "read=/probe2", "open=/probe2"],
      expect: [
        ["asked.read./etc/new/place", "is", "bound"],
        ["asked.read./probe2", "is", "bound"],
        ["asked.open./probe2", "is", { ok: true }],
      ],
    },
    {
      name: "type bind without option bind",
      spec: "config.md#posix-platform-mounts: For bind mounts […] the type is a dummy, often none",
      bundle: { "data/file": "bound" },
      add: { mounts: [{ ...bind("${dir}/data", "/m", "rbind", "ro"), type: "none" }] },
      probe: ["read=/m/file"],
      expect: [["asked.read./m/file", "is", "bound"]],
    },
    {
      name: "a read-only bind",
      spec: `${OPTION}: ro`,
      bundle: { "data/file": "bound" },
      add: { mounts: [bind("${dir}/data", "/m", "bind", "ro", "nosuid", "nodev", "noexec")] },
      probe: ["make=/m/new", "open=/m/file"],
      expect: [
        ["asked.make./m/new", "is", { error: "EROFS" }],
        ["asked.open./m/file", "is", { error: "EROFS" }],
        ["mounts./m.options", "has", ["ro", "nosuid", "nodev", "noexec"]],
      ],
    },
    {
      name: "a bind whose source is not there is an error",
      spec:
        "runtime.md#create: If the runtime cannot apply a property as specified […] it MUST generate an error",
      add: { mounts: [bind("${dir}/nowhere", "/m")] },
      fails: "create",
    },
    {
      name: "a filesystem that there is not is an error",
      spec:
        "config.md#posix-platform-mounts: filesystem types supported by the kernel as listed in /proc/filesystems",
      add: { mounts: [{ destination: "/m", type: "nosuchfs", source: "none" }] },
      fails: "create",
    },
    {
      name: "a mount without destination is an error",
      spec: "config.md#mounts: destination (string, REQUIRED)",
      add: { mounts: [{ type: "tmpfs", source: "tmpfs" }] },
      fails: "create",
    },
    {
      name: "proc",
      spec: "config-linux.md#default-filesystems: /proc proc",
      probe: ["list=/proc/self"],
      expect: [
        ["mounts./proc.type", "is", "proc"],
        ["asked.list./proc/self", "has", ["cgroup", "exe", "fd", "mountinfo", "ns", "root", "status"]],
      ],
    },
    {
      name: "proc with hidepid",
      spec: "config.md#mounts: Mount options of the filesystem to be used",
      config: { mounts: [{ destination: "/proc", type: "proc", source: "proc", options: ["hidepid=2"] }] },
      expect: [["mounts./proc.data", "has", "hidepid=invisible"]],
    },
    {
      name: "sysfs",
      spec: "config-linux.md#default-filesystems: /sys sysfs",
      expect: [["mounts./sys.type", "is", "sysfs"], ["mounts./sys.options", "has", [
        "ro",
        "nosuid",
        "nodev",
        "noexec",
      ]]],
    },
    {
      name: "devpts",
      spec: "config-linux.md#default-filesystems: /dev/pts devpts",
      probe: ["list=/dev/pts", "stat=/dev/pts/ptmx", "stat=/dev/ptmx"],
      expect: [
        ["mounts./dev/pts.type", "is", "devpts"],
        ["mounts./dev/pts.data", "has", ["mode=620", "ptmxmode=666"]],
        ["asked.stat./dev/pts/ptmx.type", "is", "char"],
      ],
    },
    {
      name: "shm",
      spec: "config-linux.md#default-filesystems: /dev/shm tmpfs",
      probe: ["make=/dev/shm/x", "stat=/dev/shm"],
      expect: [
        ["mounts./dev/shm.type", "is", "tmpfs"],
        ["mounts./dev/shm.source", "is", "shm"],
        ["asked.stat./dev/shm.mode", "is", "1777"],
        ["asked.make./dev/shm/x", "is", { ok: true }],
      ],
    },
    {
      name: "mqueue",
      spec:
        "config.md#posix-platform-mounts: filesystem types supported by the kernel as listed in /proc/filesystems",
      add: {
        mounts: [{
          destination: "/dev/mqueue",
          type: "mqueue",
          source: "mqueue",
          options: ["nosuid", "noexec", "nodev"],
        }],
      },
      probe: ["list=/dev/mqueue"],
      expect: [["mounts./dev/mqueue.type", "is", "mqueue"], ["asked.list./dev/mqueue", "is", []]],
    },
    {
      name: "cgroup",
      spec:
        "config.md#posix-platform-mounts: filesystem types supported by the kernel as listed in /proc/filesystems",
      add: {
        mounts: [{
          ...{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup" },
          options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
        }],
      },
      expect: [["mounts./sys/fs/cgroup.type", "matches", "^(tmpfs|cgroup2)$"], [
        ...["mounts./sys/fs/cgroup.options", "has", ["nosuid", "nodev", "noexec"]] as const,
      ]],
    },
    {
      name: "nothing but what is listed",
      spec: "config.md#mounts: additional mounts beyond root",
      config: { mounts: [{ destination: "/proc", type: "proc", source: "proc" }] },
      expect: [["mounts./sys", "absent"], ["mounts./tmp", "absent"], ["mounts./proc", "present"]],
    },
  ],
};
