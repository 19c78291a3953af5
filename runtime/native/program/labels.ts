/**
 * What security modules are to do with the program of a process (config.md#linux-process, apparmorProfile and selinuxLabel). It is said first of
 * all: the /proc of the runtime is there then, and nothing that a container has put in its place (CVE-2019-16884). It holds for the next execve,
 * in children, too.
 * @module
 */
import { ENOTSUP } from "../../../fs/abi/errno.ts";
import { AT_FDCWD, O_CLOEXEC, O_WRONLY, RESOLVE_NO_MAGICLINKS } from "../../../fs/abi/open.ts";
import type { Process } from "../../spec/types.ts";
import { type NativeStep, ref } from "../table/types.ts";

const PROC_SUPER_MAGIC = 0x9fa0;
const STATFS_SIZE = 120;
const ATTRIBUTES = "/proc/self/attr";

/** Writes an attribute of this process: to the first of these files that there is. */
function writeAttribute(files: readonly string[], value: string, what: string): NativeStep[] {
  const name = files[0]!, open = `open ${name}`, sure = `sure ${name}`;
  const how = { flags: O_WRONLY | O_CLOEXEC, mode: 0, resolve: RESOLVE_NO_MAGICLINKS };
  const place = `statfs ${name}`;
  return [
    ...files.flatMap((file, i): NativeStep[] => {
      const last = i === files.length - 1, next = `not ${file}`;
      return [
        {
          call: "openat2",
          args: [AT_FDCWD, `${ATTRIBUTES}/${file}`, how],
          what,
          result: name,
          ...last ? {} : { onError: next },
        },
        ...last ? [] : [{ jump: open }, { label: next }],
      ];
    }),
    { label: open },
    { native: "fstatfs", args: [ref(name), { bytes: new Uint8Array(STATFS_SIZE), name: place }], what },
    { op: "LD", args: [{ place }, 0], width: 8, result: "filesystem" },
    { op: "JEQ", args: [ref("filesystem"), PROC_SUPER_MAGIC], target: sure },
    { fail: ENOTSUP, what: `${what}: ${ATTRIBUTES} is not in a proc filesystem` },
    { label: sure },
    { call: "write", args: [ref(name), value], what },
    { call: "close", args: [ref(name)], what },
  ];
}

/** Labels for the program, and for keys that are made before it if there are to be any. */
export function labelSteps({ apparmorProfile, selinuxLabel }: Process, keys: boolean): NativeStep[] {
  return [
    ...apparmorProfile
      ? writeAttribute(
        ["apparmor/exec", "exec"], // Linux 5.8, and before
        `exec ${apparmorProfile}`,
        `unable to apply apparmor profile ${apparmorProfile}`,
      )
      : [],
    ...selinuxLabel
      ? [
        ...writeAttribute(["exec"], selinuxLabel, `setting the selinux label ${selinuxLabel}`),
        // Or the session keyring would be the runtime's, and out of the container's reach.
        ...keys
          ? writeAttribute(["keycreate"], selinuxLabel, `setting the selinux label ${selinuxLabel} of keys`)
          : [],
      ]
      : [],
  ];
}
