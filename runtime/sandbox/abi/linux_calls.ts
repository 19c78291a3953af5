/** The system calls of Linux that functions of the personalities stand for: what filters are asked about (config-linux.md#seccomp). @module */
import { SOCK_DGRAM, SOCK_STREAM } from "../../abi/linux/socket.ts";
import type { CallArgument } from "../kernel/seccomp.ts";
import { familyOf, typeOf } from "./wasix/addresses.ts";
import { familyOf as wasmedgeFamily, TYPE } from "./wasmedge/address.ts";

/** A call, and its arguments by those of the function, as far as they are the same. */
export interface LinuxCall {
  /** Its name. */
  readonly name: string;
  /** Arguments of the call. */
  readonly args: (args: readonly number[]) => readonly CallArgument[];
  /** A second call that the function makes. */
  readonly then?: string;
}

const F_GETFL = 3, F_SETFL = 4, AT_REMOVEDIR = 0x200, SIGCHLD = 17, TCGETS = 0x5401, TCSETS = 0x5402;

const none = (): readonly CallArgument[] => [];
const first = ([fd]: readonly number[]): readonly CallArgument[] => [fd];

/** Of socket(2): WASIX's functions have all three, WasmEdge's only two. What is no family or type the function itself refuses. */
const wasix = ([family, type, protocol]: readonly number[]): readonly CallArgument[] => [
  ...[familyOf(family!), typeOf(type!), protocol],
];
const wasmedge = ([family, type]: readonly number[]): readonly CallArgument[] => [
  ...[wasmedgeFamily(family!) ?? -1, type === TYPE.STREAM ? SOCK_STREAM : SOCK_DGRAM, 0],
];

const call = (name: string, args: LinuxCall["args"] = none): LinuxCall => ({ name, args });

const PREVIEW1: Readonly<Record<string, LinuxCall>> = {
  clock_res_get: call("clock_getres", first),
  clock_time_get: call("clock_gettime", first),
  fd_advise: call("fadvise64", first),
  fd_allocate: call("fallocate", first),
  fd_close: call("close", first),
  fd_datasync: call("fdatasync", first),
  fd_fdstat_get: call("fcntl", ([fd]) => [fd, F_GETFL]),
  fd_fdstat_set_flags: call("fcntl", ([fd]) => [fd, F_SETFL]),
  fd_filestat_get: call("fstat", first),
  fd_filestat_set_size: call("ftruncate", ([fd, size]) => [fd, size]),
  fd_filestat_set_times: call("utimensat", first),
  fd_pread: call("preadv", first),
  fd_pwrite: call("pwritev", first),
  fd_read: call("readv", ([fd, iov, count]) => [fd, iov, count]),
  fd_readdir: call("getdents64", first),
  fd_renumber: call("dup3", ([from, to]) => [from, to, 0]),
  fd_seek: call("lseek", ([fd, offset, whence]) => [fd, offset, whence]),
  fd_sync: call("fsync", first),
  fd_tell: call("lseek", ([fd]) => [fd, 0, 1]),
  fd_write: call("writev", ([fd, iov, count]) => [fd, iov, count]),
  path_create_directory: call("mkdirat", ([fd, path]) => [fd, path, 0o777]),
  path_filestat_get: call("newfstatat", first),
  path_filestat_set_times: call("utimensat", first),
  path_link: call("linkat", first),
  path_open: call("openat", first),
  path_readlink: call("readlinkat", first),
  path_remove_directory: call("unlinkat", ([fd, path]) => [fd, path, AT_REMOVEDIR]),
  path_rename: call("renameat", first),
  path_symlink: call("symlinkat"),
  path_unlink_file: call("unlinkat", ([fd, path]) => [fd, path, 0]),
  poll_oneoff: call("ppoll"),
  proc_raise: call("kill"),
  random_get: call("getrandom"),
  sched_yield: call("sched_yield"),
  sock_accept: call("accept4", first),
  sock_recv: call("recvmsg", first),
  sock_send: call("sendmsg", first),
  sock_shutdown: call("shutdown", first),
};

/** What WASIX and WasmEdge's extension have beside preview 1. */
const MORE: Readonly<Record<string, LinuxCall>> = {
  callback_signal: call("rt_sigaction"),
  chdir: call("chdir"),
  epoll_create: call("epoll_create1"),
  epoll_ctl: call("epoll_ctl", first),
  epoll_wait: call("epoll_pwait", first),
  fd_dup: call("dup", first),
  fd_dup2: call("dup3", first),
  fd_event: call("eventfd2"),
  fd_fdflags_get: call("fcntl", first),
  fd_fdflags_set: call("fcntl", first),
  fd_pipe: call("pipe2"),
  futex_wait: call("futex", first),
  futex_wake: call("futex", first),
  futex_wake_all: call("futex", first),
  getcwd: call("getcwd"),
  path_open2: call("openat", first),
  proc_exec: call("execve"),
  proc_exec2: call("execve"),
  proc_exec3: call("execve"),
  proc_fork: call("clone", () => [SIGCHLD]),
  proc_fork_env: call("clone", () => [SIGCHLD]),
  proc_id: call("getpid"),
  proc_join: call("wait4"),
  proc_parent: call("getppid"),
  proc_raise_interval: call("setitimer"),
  proc_signal: call("kill", ([pid]) => [pid]),
  proc_spawn: { ...call("clone", () => [SIGCHLD]), then: "execve" },
  proc_spawn2: { ...call("clone", () => [SIGCHLD]), then: "execve" },
  resolve: call("sendto"),
  sock_accept_v2: call("accept4", first),
  sock_addr_local: call("getsockname", first),
  sock_addr_peer: call("getpeername", first),
  sock_bind: call("bind", first),
  sock_connect: call("connect", first),
  sock_get_opt_flag: call("getsockopt", first),
  sock_get_opt_size: call("getsockopt", first),
  sock_get_opt_time: call("getsockopt", first),
  sock_bind_v2: call("bind", first),
  sock_connect_v2: call("connect", first),
  sock_getaddrinfo: call("sendto"),
  sock_getlocaladdr_v2: call("getsockname", first),
  sock_getpeeraddr_v2: call("getpeername", first),
  sock_listen_v2: call("listen", first),
  sock_open_v2: call("socket", wasmedge),
  sock_recv_v2: call("recvmsg", first),
  sock_send_v2: call("sendmsg", first),
  sock_getlocaladdr: call("getsockname", first),
  sock_getpeeraddr: call("getpeername", first),
  sock_getsockopt: call("getsockopt", first),
  sock_join_multicast_v4: call("setsockopt", first),
  sock_join_multicast_v6: call("setsockopt", first),
  sock_leave_multicast_v4: call("setsockopt", first),
  sock_leave_multicast_v6: call("setsockopt", first),
  sock_listen: call("listen", first),
  sock_open: call("socket", (args) => args.length > 3 ? wasix(args) : wasmedge(args)),
  sock_pair: call("socketpair", wasix),
  sock_recv_from: call("recvfrom", first),
  sock_recv_from_v2: call("recvfrom", first),
  sock_send_file: call("sendfile"),
  sock_send_to: call("sendto", first),
  sock_send_to_v2: call("sendto", first),
  sock_set_opt_flag: call("setsockopt", first),
  sock_set_opt_size: call("setsockopt", first),
  sock_set_opt_time: call("setsockopt", first),
  sock_setsockopt: call("setsockopt", first),
  thread_id: call("gettid"),
  thread_join: call("futex"),
  thread_parallelism: call("sched_getaffinity"),
  thread_signal: call("tgkill"),
  thread_sleep: call("clock_nanosleep"),
  tty_get: call("ioctl", () => [undefined, TCGETS]),
  tty_set: call("ioctl", () => [undefined, TCSETS]),
};

/** The call of a function; undefined for those that are none: what a process was started with, its end, its own stack. */
export function linuxCallOf(name: string): LinuxCall | undefined {
  return Object.hasOwn(PREVIEW1, name) ? PREVIEW1[name] : Object.hasOwn(MORE, name) ? MORE[name] : undefined;
}
