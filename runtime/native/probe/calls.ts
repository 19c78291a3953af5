/** System calls that native containers are made with: a filter around this process may refuse them, whatever the kernel's version. @module */
import { EBADF, EFAULT, EINVAL, ENODEV, ENOENT } from "../../../fs/abi/errno.ts";
import { errnoText } from "../../../fs/abi/errno_text.ts";
import type { SyscallNumberName } from "../../abi/linux/syscall_numbers.ts";
import { SECCOMP_ACTIONS } from "../../spec/names.ts";
import { type Argument, sys } from "../ffi/kernel.ts";
import { returnOf } from "../seccomp/actions.ts";

/** Calls with arguments that do nothing. */
const HARMLESS: readonly (readonly [name: SyscallNumberName, ...args: Argument[]])[] = [
  ["openat2", -1, "", new Uint8Array(24), 24],
  ["open_tree", -1, "", 0],
  ["fsopen", "umiak-none", 0],
  ["move_mount", -1, "", -1, "", 0],
  ["mount_setattr", -1, "", 0, new Uint8Array(32), 32],
  ["pidfd_open", -1, 0],
  ["pidfd_send_signal", -1, 0, 0, 0],
  ["close_range", 2, 1, 0],
];

/** What they say when they are there. */
const SAID = [EBADF, EINVAL, ENOENT, ENODEV, EFAULT];

/** Those that are refused, with the reason. `may`: an errno that says that only the privilege is missing. */
export function refusedCalls(may: readonly number[] = []): Record<string, string> {
  const refused: Record<string, string> = {};
  for (const [name, ...args] of HARMLESS) {
    const result = sys(name, ...args);
    if (result < 0 && !SAID.includes(-result) && !may.includes(-result)) refused[name] = errnoText(-result);
  }
  return refused;
}

const SECCOMP_GET_ACTION_AVAIL = 2;

/** Actions that the kernel has (man 2 seccomp, SECCOMP_GET_ACTION_AVAIL); none where it has no filters. */
export function seccompActions(): string[] {
  return SECCOMP_ACTIONS.filter((name) => {
    const action = new Uint8Array(Uint32Array.of(returnOf(name, 0)).buffer);
    return sys("seccomp", SECCOMP_GET_ACTION_AVAIL, 0, action) === 0;
  });
}
