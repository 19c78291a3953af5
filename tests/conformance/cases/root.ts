/** config.md#root. @module */
import type { Subject } from "../types.ts";

/** The root filesystem. */
export const root: Subject = {
  subject: "root",
  cases: [
    {
      name: "a path is relative to the bundle",
      spec: "config.md#root: path is either an absolute path or a relative path to the bundle",
      rootfs: { "etc/mark": "here" },
      probe: ["read=/etc/mark", "list=/"],
      expect: [["asked.read./etc/mark", "is", "here"], ["asked.list./", "has", ["etc", "probe", "proc"]]],
    },
    {
      name: "a path can be absolute",
      spec: "config.md#root: path is either an absolute path or a relative path to the bundle",
      config: { root: { path: "${rootfs}" } },
      rootfs: { "etc/mark": "here" },
      probe: ["read=/etc/mark"],
      expect: [["asked.read./etc/mark", "is", "here"]],
    },
    {
      name: "a path can be a link",
      spec: "config.md#root: A directory MUST exist at the path declared by the field",
      config: { root: { path: "other" } },
      bundle: { other: { link: "rootfs" } },
      rootfs: { "etc/mark": "here" },
      probe: ["read=/etc/mark"],
      expect: [["asked.read./etc/mark", "is", "here"]],
    },
    {
      name: "a directory that is not there is an error",
      spec: "config.md#root: A directory MUST exist at the path declared by the field",
      config: { root: { path: "nowhere" } },
      fails: "create",
    },
    {
      name: "a file is an error",
      spec: "config.md#root: A directory MUST exist at the path declared by the field",
      config: { root: { path: "config.json" } },
      fails: "create",
    },
    {
      name: "without root there is no container",
      spec: "config.md#root: On all other platforms, this field is REQUIRED",
      config: { root: null },
      fails: "create",
    },
    {
      name: "it can be written by default",
      spec: "config.md#root: readonly (bool, OPTIONAL) […] defaults to false",
      probe: ["make=/file", "make=/etc/file"],
      expect: [
        ["asked.make./file", "is", { ok: true }],
        ["asked.make./etc/file", "is", { ok: true }],
        ["mounts./.options", "has", "rw"],
      ],
    },
    {
      name: "readonly",
      spec: "config.md#root: If true then the root filesystem MUST be read-only inside the container",
      config: { root: { readonly: true } },
      probe: ["make=/file", "make=/etc/file", "open=/probe", "make=/dev/shm/file"],
      expect: [
        ["asked.make./file", "is", { error: "EROFS" }],
        ["asked.make./etc/file", "is", { error: "EROFS" }],
        ["asked.open./probe.error", "matches", "EROFS|ETXTBSY"],
        ["asked.make./dev/shm/file", "is", { ok: true }],
        ["mounts./.options", "has", "ro"],
      ],
    },
    {
      name: "what is outside cannot be reached",
      spec: "glossary.md#container: an environment for executing processes with configurable isolation",
      rootfs: { up: { link: "../../../../../config.json" } },
      probe: ["read=/../config.json", "read=/up", "read=/proc/self/root/../config.json"],
      expect: [
        ["asked.read./../config.json", "is", undefined],
        ["asked.read./up.error", "is", "ENOENT"],
      ],
    },
  ],
};
