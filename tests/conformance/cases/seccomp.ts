/** config-linux.md#seccomp. @module */
import type { Case, Expectation, Json, Subject } from "../types.ts";

const ACTION = "config-linux.md#seccomp: action (string, REQUIRED) - the action for seccomp rules";
const VALID =
  "config.md#valid-values: Runtimes MUST generate an error when invalid or unsupported values are encountered";

/** Names of what makes a file go away, whichever way a C library does it. */
const REMOVES = ["unlink", "unlinkat"];

/** What programs and runtimes call all the time; nothing that removes files. */
const COMMON = [
  ..."access arch_prctl brk capget capset chdir clock_getres clock_gettime clone clone3 close close_range dup dup2"
    .split(" "),
  ..."dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_wait eventfd2 execve exit exit_group faccessat"
    .split(" "),
  ..."faccessat2 fchdir fchown fcntl fstat fstatfs futex getcwd getdents64 getegid geteuid getgid getpid getppid"
    .split(" "),
  ..."getrandom gettid getuid ioctl keyctl lseek lstat madvise mmap mprotect mremap munmap nanosleep newfstatat"
    .split(" "),
  ..."open openat openat2 pipe2 poll ppoll prctl pread64 preadv prlimit64 pwritev read readlink readlinkat readv"
    .split(" "),
  ..."recvmsg restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity sched_yield"
    .split(" "),
  ..."seccomp sendmsg set_robust_list set_tid_address setgid setgroups setresgid setresuid setuid sigaltstack"
    .split(" "),
  ..."socket stat statfs statx tgkill umask uname wait4 waitid write writev connect mkdirat mount symlinkat"
    .split(" "),
];

const filter = (more: object, syscalls: readonly object[] = []): Json => ({
  linux: { seccomp: { defaultAction: "SCMP_ACT_ALLOW", ...more, syscalls } },
});

const rule = (action: string, more: object = {}, names: readonly string[] = REMOVES): object => ({
  names,
  action,
  ...more,
});

const filtered = (name: string, config: Json, ...expect: Expectation[]): Case => ({
  ...{ name, spec: ACTION, config, probe: ["make=/file"], expect },
});

const refused = (name: string, spec: string, config: Json): Case => ({ name, spec, config, fails: "create" });

/** linux.seccomp. */
export const seccomp: Subject = {
  subject: "seccomp",
  cases: [
    filtered(
      "SCMP_ACT_ALLOW",
      filter({}, [rule("SCMP_ACT_ALLOW")]),
      ["asked.make./file", "is", { ok: true }],
      [
        ...["pid", "is", 1] as const,
      ],
    ),
    filtered("SCMP_ACT_ERRNO is EPERM", filter({}, [rule("SCMP_ACT_ERRNO")]), [
      ...["asked.make./file", "is", { error: "EPERM" }] as const,
    ], ["seccomp", "is", "2"]),
    filtered("errnoRet", filter({}, [rule("SCMP_ACT_ERRNO", { errnoRet: 5 })]), [
      ...["asked.make./file", "is", { error: "EIO" }] as const,
    ]),
    filtered(
      "defaultErrnoRet",
      filter({ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 5 }, [rule("SCMP_ACT_ALLOW", {}, COMMON)]),
      ["asked.make./file", "is", { error: "EIO" }],
    ),
    filtered("SCMP_ACT_LOG", filter({}, [rule("SCMP_ACT_LOG")]), ["asked.make./file", "is", { ok: true }], [
      ...["seccomp", "is", "2"] as const,
    ]),
    filtered(
      "unknown system calls are passed over",
      filter({}, [rule("SCMP_ACT_ERRNO", {}, [...REMOVES, "no_such_call"])]),
      ["asked.make./file", "is", { error: "EPERM" }],
    ),
    {
      name: "arguments: one that does not match",
      spec: "config-linux.md#seccomp: args (array of objects, OPTIONAL) - the specific syscall in seccomp",
      config: filter({}, [
        rule("SCMP_ACT_ERRNO", { args: [{ index: 2, value: 4096, op: "SCMP_CMP_EQ" }] }, ["unlinkat"]),
      ]),
      probe: ["make=/file"],
      expect: [["asked.make./file", "is", { ok: true }], ["seccomp", "is", "2"]],
    },
    {
      name: "arguments: one that matches",
      spec: "config-linux.md#seccomp: args (array of objects, OPTIONAL) - the specific syscall in seccomp",
      config: filter({}, [
        rule("SCMP_ACT_ERRNO", { args: [{ index: 2, value: 512, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }] }, [
          "unlinkat",
        ]),
        rule("SCMP_ACT_ERRNO", {}, ["unlink"]),
      ]),
      probe: ["make=/file"],
      expect: [["asked.make./file", "is", { error: "EPERM" }]],
    },
    {
      name: "SCMP_ACT_KILL_PROCESS ends the program",
      spec: ACTION,
      config: filter({}, [rule("SCMP_ACT_KILL_PROCESS")]),
      probe: ["make=/file"],
      steps: [{ verb: "run", code: 159 }],
    },
    filtered(
      "architectures and flags",
      filter({ architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], flags: ["SECCOMP_FILTER_FLAG_LOG"] }, [
        rule("SCMP_ACT_ERRNO"),
      ]),
      ["asked.make./file", "is", { error: "EPERM" }],
    ),
    filtered(
      "with noNewPrivileges and without",
      { ...filter({}, [rule("SCMP_ACT_ERRNO")]), process: { noNewPrivileges: false } },
      ["asked.make./file", "is", { error: "EPERM" }],
      ["noNewPrivs", "is", "0"],
    ),
    refused("an unknown action is an error", VALID, filter({}, [rule("SCMP_ACT_NONSENSE")])),
    refused(
      "an unknown default action is an error",
      VALID,
      filter({ defaultAction: "SCMP_ACT_NONSENSE" }, [rule("SCMP_ACT_ALLOW")]),
    ),
    refused(
      "an unknown architecture is an error",
      VALID,
      filter({ architectures: ["SCMP_ARCH_NONSENSE"] }, [
        rule("SCMP_ACT_ERRNO"),
      ]),
    ),
    refused(
      "an unknown flag is an error",
      VALID,
      filter({ flags: ["SECCOMP_FILTER_FLAG_NONSENSE"] }, [rule("SCMP_ACT_ERRNO")]),
    ),
    refused(
      "an unknown operator is an error",
      VALID,
      filter({}, [
        rule("SCMP_ACT_ERRNO", { args: [{ index: 0, value: 1, op: "SCMP_CMP_NONSENSE" }] }),
      ]),
    ),
    refused(
      "an argument that there is not is an error",
      VALID,
      filter({}, [
        rule("SCMP_ACT_ERRNO", { args: [{ index: 6, value: 1, op: "SCMP_CMP_EQ" }] }),
      ]),
    ),
    refused(
      "errnoRet of an action without one is an error",
      "config-linux.md#seccomp: When the action doesn't support an errno, the runtime MUST print and error and fail",
      filter({}, [rule("SCMP_ACT_KILL", { errnoRet: 1 })]),
    ),
    refused(
      "a rule without names is an error",
      "config-linux.md#seccomp: names MUST contain at least one entry",
      filter({}, [rule("SCMP_ACT_ERRNO", {}, [])]),
    ),
    refused(
      "listenerMetadata without listenerPath is an error",
      "config-linux.md#seccomp: This field MUST NOT be set if listenerPath is not set",
      filter({ listenerMetadata: "x" }, [rule("SCMP_ACT_NOTIFY")]),
    ),
    refused(
      "a listener that is not there is an error",
      "config-linux.md#seccomp: If sending to this socket fails, the runtime MUST generate an error",
      filter({ listenerPath: "${dir}/nobody" }, [rule("SCMP_ACT_NOTIFY")]),
    ),
  ],
};
