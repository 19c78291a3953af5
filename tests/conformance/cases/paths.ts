/** config-linux.md#masked-paths, #readonly-paths, #rootfs-mount-propagation. @module */
import type { Case, Expectation, Subject } from "../types.ts";

const MASKED =
  "config-linux.md#masked-paths: maskedPaths (array of strings, OPTIONAL) will mask over the provided paths inside the " +
  "container so that they cannot be read";
const READONLY =
  "config-linux.md#readonly-paths: readonlyPaths (array of strings, OPTIONAL) will set the provided paths as readonly " +
  "inside the container";
const PROPAGATION =
  "config-linux.md#rootfs-mount-propagation: rootfsPropagation (string, OPTIONAL) sets the rootfs's mount propagation";

/** linux.maskedPaths. */
export const maskedPaths: Subject = {
  subject: "maskedPaths",
  cases: [
    {
      name: "a file",
      spec: MASKED,
      rootfs: { "etc/secret": "secret" },
      config: { linux: { maskedPaths: ["/etc/secret"] } },
      probe: ["read=/etc/secret", "stat=/etc/secret"],
      expect: [["asked.read./etc/secret", "is", ""], ["asked.stat./etc/secret.type", "is", "char"]],
    },
    {
      name: "a directory",
      spec: MASKED,
      rootfs: { "etc/secrets/one": "secret" },
      config: { linux: { maskedPaths: ["/etc/secrets"] } },
      probe: ["list=/etc/secrets", "read=/etc/secrets/one", "make=/etc/secrets/two"],
      expect: [
        ["asked.list./etc/secrets", "is", []],
        ["asked.read./etc/secrets/one", "is", { error: "ENOENT" }],
        ["asked.make./etc/secrets/two", "is", { error: "EROFS" }],
      ],
    },
    {
      name: "a file of /proc",
      spec: MASKED,
      config: { linux: { maskedPaths: ["/proc/uptime"] } },
      expect: [["files./proc/uptime", "is", ""]],
    },
    {
      name: "a path that is not there does no harm",
      spec: MASKED,
      config: { linux: { maskedPaths: ["/no/such/path", "/proc/no-such-file"] } },
      expect: [["pid", "is", 1]],
    },
    {
      name: "several",
      spec: MASKED,
      rootfs: { "a/x": "1", "b/y": "2" },
      config: { linux: { maskedPaths: ["/a", "/b/y"] } },
      probe: ["list=/a", "read=/b/y"],
      expect: [["asked.list./a", "is", []], ["asked.read./b/y", "is", ""]],
    },
    {
      name: "a relative path is an error",
      spec: "config-linux.md#masked-paths: The values MUST be absolute paths in the container namespace",
      config: { linux: { maskedPaths: ["etc"] } },
      fails: "create",
    },
  ],
};

/** linux.readonlyPaths. */
export const readonlyPaths: Subject = {
  subject: "readonlyPaths",
  cases: [
    {
      name: "a file",
      spec: READONLY,
      rootfs: { "etc/fixed": "text" },
      config: { linux: { readonlyPaths: ["/etc/fixed"] } },
      probe: ["read=/etc/fixed", "open=/etc/fixed", "make=/etc/other"],
      expect: [
        ["asked.read./etc/fixed", "is", "text"],
        ["asked.open./etc/fixed", "is", { error: "EROFS" }],
        ["asked.make./etc/other", "is", { ok: true }],
      ],
    },
    {
      name: "a directory with all below",
      spec: READONLY,
      rootfs: { "etc/fixed/deep/file": "text" },
      config: { linux: { readonlyPaths: ["/etc/fixed"] } },
      probe: ["make=/etc/fixed/new", "open=/etc/fixed/deep/file", "read=/etc/fixed/deep/file"],
      expect: [
        ["asked.make./etc/fixed/new", "is", { error: "EROFS" }],
        ["asked.open./etc/fixed/deep/file", "is", { error: "EROFS" }],
        ["asked.read./etc/fixed/deep/file", "is", "text"],
      ],
    },
    {
      name: "a directory of /proc",
      spec: READONLY,
      config: { linux: { readonlyPaths: ["/proc/sys"] } },
      probe: ["open=/proc/sys/kernel/hostname"],
      expect: [
        ["asked.open./proc/sys/kernel/hostname", "is", { error: "EROFS" }],
        ["mounts./proc/sys.options", "has", "ro"],
      ],
    },
    {
      name: "a mount keeps its other options",
      spec: READONLY,
      add: {
        mounts: [{
          destination: "/m",
          type: "tmpfs",
          source: "tmpfs",
          options: ["nosuid", "nodev", "noexec"],
        }],
      },
      config: { linux: { readonlyPaths: ["/m"] } },
      expect: [["mounts./m.options", "has", ["ro", "nosuid", "nodev", "noexec"]]],
    },
    {
      name: "a path that is not there does no harm",
      spec: READONLY,
      config: { linux: { readonlyPaths: ["/no/such/path"] } },
      expect: [["pid", "is", 1]],
    },
    {
      name: "a relative path is an error",
      spec: "config-linux.md#readonly-paths: The values MUST be absolute paths in the container namespace",
      config: { linux: { readonlyPaths: ["etc"] } },
      fails: "create",
    },
  ],
};

const propagated = (value: string, ...expect: Expectation[]): Case => ({
  name: value,
  spec: `${PROPAGATION}: ${value}`,
  config: { linux: { rootfsPropagation: value } },
  expect,
});

/** linux.rootfsPropagation. */
export const rootfsPropagation: Subject = {
  subject: "rootfsPropagation",
  cases: [
    propagated("private", ["mounts./.propagation", "is", []]),
    propagated("slave", ["mounts./.propagation", "lacks", "shared"]),
    propagated("shared", ["mounts./.propagation", "has", "shared"]),
    propagated("unbindable", ["mounts./.propagation", "has", "unbindable"]),
    {
      name: "an unknown value is an error",
      spec: `${PROPAGATION} to either shared, slave, private or unbindable`,
      config: { linux: { rootfsPropagation: "nonsense" } },
      fails: "create",
    },
  ],
};
