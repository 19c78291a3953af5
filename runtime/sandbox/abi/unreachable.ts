/** What the kernel has, and no interface of WASI has a function for: configurations and other processes use it, programs see its effects. @module */

/** Something of the kernel's. */
export interface Unreachable {
  /** What it is. */
  readonly what: string;
  /** How it is used, or seen, all the same. */
  readonly instead: string;
}

/** See the module's comment. */
export const UNREACHABLE: readonly Unreachable[] = [
  {
    what: "System V semaphores and message queues",
    instead: "`/proc/sysvipc` shows those of the ipc namespace, `/proc/sys/kernel` its limits",
  },
  {
    what: "POSIX message queues: sending, receiving, attributes, notification",
    instead: "files of a mounted `mqueue` filesystem make, list, read the state of and remove queues",
  },
  {
    what: "unshare, setns, clone's flags, mount, pivot_root, sethostname",
    instead: "config.json asks for them; `/proc/self/ns`, `/proc/self/mountinfo` and the host name show them",
  },
  {
    what: "user and group ids, capabilities, no_new_privs, securebits, seccomp",
    instead: "config.json sets them, set-id bits and capabilities of files change them; `/proc/self/status`",
  },
  {
    what: "the foreground process group of a terminal (tcsetpgrp)",
    instead:
      "the kernel's own: signals of keys go to the session's first group, so shells have no job control",
  },
  {
    what: "scheduling classes, I/O priorities, memory policies, personalities",
    instead: "config.json sets them",
  },
  {
    what: "mmap of files, memory shared between processes, ptrace",
    instead: "the kernel does not have them either",
  },
];
