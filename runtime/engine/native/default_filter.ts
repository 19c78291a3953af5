/**
 * The filter of system calls that a container has unless somebody says otherwise: what programs need is allowed, what reaches beyond the container
 * (mounts, namespaces, modules, clocks, keyrings, tracing of the kernel) fails with EPERM, and what is on neither list with ENOSYS, so that
 * programs fall back as they do on an older kernel. Names that an architecture does not have are left out by the generator.
 * @module
 */
import { EINVAL, ENOSYS, EPERM } from "../../../fs/abi/errno.ts";
import type { Seccomp, SeccompArg, SeccompRule } from "../../spec/types.ts";

const words = (...lines: string[]): string[] => lines.flatMap((line) => line.split(" "));

/** Calls that are allowed, by what they are about. */
const ALLOWED: readonly string[] = [
  // Files by path.
  ...words(
    "access chdir chmod chown chown32 creat faccessat faccessat2 fchmodat fchmodat2 fchownat futimesat getcwd lchown lchown32",
    "link linkat lstat lstat64 mkdir mkdirat mknod mknodat newfstatat fstatat64 open openat openat2 readlink readlinkat",
    "rename renameat renameat2 rmdir stat stat64 statfs statfs64 statx symlink symlinkat truncate truncate64 umask unlink",
    "unlinkat utime utimensat utimensat_time64 utimes name_to_handle_at chroot",
  ),
  // Extended attributes.
  ...words(
    "fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr lremovexattr",
    "lsetxattr removexattr removexattrat setxattr setxattrat file_getattr file_setattr",
  ),
  // Open files.
  ...words(
    "_llseek cachestat close close_range copy_file_range dup dup2 dup3 fadvise64 fadvise64_64 arm_fadvise64_64 fallocate fchdir",
    "fchmod fchown fchown32 fcntl fcntl64 fdatasync flock fstat fstat64 fstatfs fstatfs64 fsync ftruncate ftruncate64",
    "getdents getdents64 ioctl lseek pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readdir readv sendfile",
    "sendfile64 splice sync sync_file_range sync_file_range2 arm_sync_file_range syncfs tee vmsplice write writev",
  ),
  // Waiting for files, and files that only tell of something.
  ...words(
    "_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd",
    "eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch pipe pipe2 poll ppoll ppoll_time64",
    "pselect6 pselect6_time64 select signalfd signalfd4 timerfd timerfd_create timerfd_gettime timerfd_gettime64",
    "timerfd_settime timerfd_settime64 io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit",
  ),
  // Memory.
  ...words(
    "brk get_mempolicy madvise map_shadow_stack mbind membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap",
    "mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease",
    "remap_file_pages set_mempolicy set_mempolicy_home_node",
  ),
  // Processes, threads and what they are identified by.
  ...words(
    "arch_prctl capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getegid getegid32",
    "geteuid geteuid32 getgid getgid32 getgroups getgroups32 getpgid getpgrp getpid getppid getresgid getresgid32 getresuid",
    "getresuid32 getsid gettid getuid getuid32 modify_ldt pause pidfd_getfd pidfd_open pidfd_send_signal prctl ptrace",
    "process_vm_readv process_vm_writev restart_syscall rseq set_robust_list set_thread_area set_tid_address set_tls setfsgid",
    "setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setpgid setregid setregid32 setresgid setresgid32",
    "setresuid setresuid32 setreuid setreuid32 setsid setuid setuid32 uname vfork wait4 waitid waitpid cacheflush breakpoint",
    "riscv_flush_icache riscv_hwprobe",
  ),
  // Scheduling and limits.
  ...words(
    "getpriority getrlimit getrusage ioprio_get ioprio_set nice prlimit64 sched_get_priority_max sched_get_priority_min",
    "sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64",
    "sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority setrlimit sysinfo times ugetrlimit",
  ),
  // Signals.
  ...words(
    "kill rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait",
    "rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal sigpending sigprocmask sigreturn sigsuspend tgkill tkill",
  ),
  // Time.
  ...words(
    "adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep",
    "clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete timer_getoverrun",
    "timer_gettime timer_gettime64 timer_settime timer_settime64",
  ),
  // Between processes.
  ...words(
    "futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake ipc mq_getsetattr mq_notify mq_open mq_timedreceive",
    "mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop",
    "semtimedop_time64 shmat shmctl shmdt shmget",
  ),
  // Sockets; socket itself is below.
  ...words(
    "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send",
    "sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair",
  ),
  // Restricting oneself, and the rest.
  ...words("getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp syscall"),
];

/** Calls that are known and refused: a program that makes one should learn that it may not. */
const REFUSED: readonly string[] = words(
  "acct add_key bdflush bpf clock_settime clock_settime64 create_module delete_module fanotify_init finit_module fsconfig fsmount",
  "fsopen fspick get_kernel_syms init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp",
  "kexec_file_load kexec_load keyctl lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr migrate_pages mount",
  "mount_setattr move_mount move_pages nfsservctl open_by_handle_at open_tree perf_event_open pivot_root process_madvise",
  "query_module quotactl quotactl_fd reboot request_key setdomainname sethostname setns settimeofday statmount listmount stime",
  "swapoff swapon sysfs syslog umount umount2 unshare uselib userfaultfd ustat vhangup vm86 vm86old",
);

/** CLONE_NEW* of all namespaces. */
const NEW_NAMESPACES = 0x7e020000n;
const AF_VSOCK = 40n, AF_NETLINK = 16n, NETLINK_AUDIT = 9n;
/** What personality may say: Linux, a 32-bit one, the same with 2.6 as its version, and the question for the present one. */
const PERSONALITIES: readonly bigint[] = [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn];

const allow = (names: readonly string[], ...args: SeccompArg[]): SeccompRule => ({
  ...{ names, action: "SCMP_ACT_ALLOW", args },
});
const refuse = (names: readonly string[], errnoRet: number, ...args: SeccompArg[]): SeccompRule => ({
  ...{ names, action: "SCMP_ACT_ERRNO", errnoRet, args },
});
const arg = (index: number, op: string, value: bigint, valueTwo = 0n): SeccompArg => ({
  ...{ index, value, valueTwo, op },
});

/** Holds always. A rule without conditions would stand over those with some. */
const OTHERWISE = arg(0, "SCMP_CMP_GE", 0n);

const ARCHITECTURES: Readonly<Record<typeof Deno.build.arch, readonly string[]>> = {
  x86_64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  aarch64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

/** The filter, for programs of an architecture and those of its 32-bit relatives. */
export function defaultFilter(architecture: typeof Deno.build.arch = Deno.build.arch): Seccomp {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: ARCHITECTURES[architecture],
    syscalls: [
      allow(ALLOWED),
      refuse(REFUSED, EPERM),
      ...PERSONALITIES.map((value) => allow(["personality"], arg(0, "SCMP_CMP_EQ", value))),
      refuse(["personality"], EPERM, OTHERWISE),
      // New namespaces, of users above all, open much of the kernel. What clone3 is asked cannot be seen: the C library falls back to clone.
      allow(["clone"], arg(0, "SCMP_CMP_MASKED_EQ", NEW_NAMESPACES, 0n)),
      refuse(["clone"], EPERM, OTHERWISE),
      refuse(["clone3"], ENOSYS),
      // A virtual machine's sockets to its host, and the kernel's audit, are no container's.
      refuse(["socket"], EINVAL, arg(0, "SCMP_CMP_EQ", AF_VSOCK)),
      refuse(["socket"], EINVAL, arg(0, "SCMP_CMP_EQ", AF_NETLINK), arg(2, "SCMP_CMP_EQ", NETLINK_AUDIT)),
      allow(["socket"], OTHERWISE),
    ],
  };
}
