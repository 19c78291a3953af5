/** config.md#user. @module */
import type { Subject } from "../types.ts";

/** process.user. */
export const user: Subject = {
  subject: "user",
  cases: [
    {
      name: "uid and gid",
      spec:
        "config.md#posix-platform-user: uid (int, REQUIRED) specifies the user ID in the container namespace",
      config: { process: { user: { uid: 1000, gid: 1001 } } },
      expect: [["uids", "is", [1000, 1000, 1000, 1000]], ["gids", "is", [1001, 1001, 1001, 1001]]],
    },
    {
      name: "no groups but the given ones",
      spec:
        "config.md#posix-platform-user: additionalGids (array of ints, OPTIONAL) specifies additional group IDs",
      expect: [["groups", "is", []]],
    },
    {
      name: "additionalGids",
      spec: "config.md#posix-platform-user: additionalGids […] to be added to the process",
      config: { process: { user: { uid: 1000, gid: 1000, additionalGids: [5, 2000000] } } },
      expect: [["groups", "is", [5, 2000000]]],
    },
    {
      name: "umask",
      spec: "config.md#posix-platform-user: umask (int, OPTIONAL) specifies the umask of the user",
      config: { process: { user: { umask: 0o077 } } },
      expect: [["umask", "is", "0077"]],
    },
    {
      name: "umask 0",
      spec: "config.md#posix-platform-user: umask (int, OPTIONAL) specifies the umask of the user",
      config: { process: { user: { umask: 0 } } },
      expect: [["umask", "is", "0000"]],
    },
    {
      name: "without umask it is the caller's",
      spec:
        "config.md#posix-platform-user: If unspecified, the umask should not be changed from the calling process' umask",
      expect: [["umask", "is", "0022"]],
    },
    {
      name: "files are made as the user",
      spec: "config.md#posix-platform-user: uid specifies the user ID in the container namespace",
      config: { process: { user: { uid: 1000, gid: 1000 } } },
      probe: ["make=/tmp/x", "make=/dev/shm/x", "make=/etc/x"],
      expect: [
        ["asked.make./dev/shm/x", "is", { ok: true }],
        ["asked.make./etc/x", "is", { error: "EACCES" }],
      ],
    },
    {
      name: "a uid that is none is an error",
      spec:
        "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered",
      config: { process: { user: { uid: -2 } } },
      fails: "create",
    },
  ],
};
