/** What the arguments of each preview1 function mean, and where a call may write: written from preview1.md, not from our code. @module */

/**
 * fd; dir (a descriptor that should be a directory's); ptr (to a result); path and text (pointer and length); iovs (pointer and count); buffer (pointer and length); subs (subscriptions,
 * events, count); n (a small number or flags); x (64 bits).
 */
export type Kind = "fd" | "dir" | "ptr" | "path" | "iovs" | "buffer" | "subs" | "n" | "x" | "strings";

/** A range of guest memory. */
export type Range = readonly [at: number, length: number];

/** One function. */
export interface Signature {
  /** Its arguments. */
  readonly kinds: readonly Kind[];
  /** Where it may write when it succeeds, beside the iovecs of `reads`; sizes and counts of argument lists are the caller's to know. */
  readonly writes: (args: readonly number[], lists: Lists) => readonly Range[];
  /** Position of the argument that is an iovec array to be filled. */
  readonly fills?: number;
}

/** Argument and environment lists: strings and bytes of them. */
export interface Lists {
  /** Number and size of the arguments. */
  readonly args: Range;
  /** Number and size of the environment. */
  readonly environ: Range;
  /** Bytes of a filestat. */
  readonly filestat: number;
}

const none = (): readonly Range[] => [];
const at = (i: number, length: number) => (a: readonly number[]): readonly Range[] => [[a[i]!, length]];

/** Every function but proc_exit, which never returns. */
export const SIGNATURES: Readonly<Record<string, Signature>> = {
  args_get: {
    kinds: ["strings"],
    writes: ([p, b], l) => [[p!, l.args[0] * 4], [b!, l.args[1]]],
  },
  args_sizes_get: { kinds: ["ptr", "ptr"], writes: ([a, b]) => [[a!, 4], [b!, 4]] },
  environ_get: {
    kinds: ["strings"],
    writes: ([p, b], l) => [[p!, l.environ[0] * 4], [b!, l.environ[1]]],
  },
  environ_sizes_get: { kinds: ["ptr", "ptr"], writes: ([a, b]) => [[a!, 4], [b!, 4]] },
  clock_res_get: { kinds: ["n", "ptr"], writes: at(1, 8) },
  clock_time_get: { kinds: ["n", "x", "ptr"], writes: at(2, 8) },
  fd_advise: { kinds: ["fd", "x", "x", "n"], writes: none },
  fd_allocate: { kinds: ["fd", "x", "x"], writes: none },
  fd_close: { kinds: ["fd"], writes: none },
  fd_datasync: { kinds: ["fd"], writes: none },
  fd_fdstat_get: { kinds: ["fd", "ptr"], writes: at(1, 24) },
  fd_fdstat_set_flags: { kinds: ["fd", "n"], writes: none },
  fd_fdstat_set_rights: { kinds: ["fd", "x", "x"], writes: none },
  fd_filestat_get: { kinds: ["fd", "ptr"], writes: ([, p], l) => [[p!, l.filestat]] },
  fd_filestat_set_size: { kinds: ["fd", "x"], writes: none },
  fd_filestat_set_times: { kinds: ["fd", "x", "x", "n"], writes: none },
  fd_pread: { kinds: ["fd", "iovs", "x", "ptr"], writes: at(4, 4), fills: 1 },
  fd_prestat_get: { kinds: ["fd", "ptr"], writes: at(1, 8) },
  fd_prestat_dir_name: { kinds: ["fd", "buffer"], writes: ([, p, n]) => [[p!, n!]] },
  fd_pwrite: { kinds: ["fd", "iovs", "x", "ptr"], writes: at(4, 4) },
  fd_read: { kinds: ["fd", "iovs", "ptr"], writes: at(3, 4), fills: 1 },
  fd_readdir: { kinds: ["dir", "buffer", "x", "ptr"], writes: ([, p, n, , o]) => [[p!, n!], [o!, 4]] },
  fd_renumber: { kinds: ["fd", "fd"], writes: none },
  fd_seek: { kinds: ["fd", "x", "n", "ptr"], writes: at(3, 8) },
  fd_sync: { kinds: ["fd"], writes: none },
  fd_tell: { kinds: ["fd", "ptr"], writes: at(1, 8) },
  fd_write: { kinds: ["fd", "iovs", "ptr"], writes: at(3, 4) },
  path_create_directory: { kinds: ["dir", "path"], writes: none },
  path_filestat_get: {
    kinds: ["dir", "n", "path", "ptr"],
    writes: ([, , , , p], l) => [[p!, l.filestat]],
  },
  path_filestat_set_times: { kinds: ["dir", "n", "path", "x", "x", "n"], writes: none },
  path_link: { kinds: ["dir", "n", "path", "dir", "path"], writes: none },
  path_open: { kinds: ["dir", "n", "path", "n", "x", "x", "n", "ptr"], writes: at(8, 4) },
  path_readlink: {
    kinds: ["dir", "path", "buffer", "ptr"],
    writes: ([, , , p, n, o]) => [[p!, n!], [o!, 4]],
  },
  path_remove_directory: { kinds: ["dir", "path"], writes: none },
  path_rename: { kinds: ["dir", "path", "dir", "path"], writes: none },
  path_symlink: { kinds: ["path", "dir", "path"], writes: none },
  path_unlink_file: { kinds: ["dir", "path"], writes: none },
  poll_oneoff: { kinds: ["subs", "ptr"], writes: ([, p, n, o]) => [[p!, n! * 32], [o!, 4]] },
  proc_raise: { kinds: ["n"], writes: none },
  random_get: { kinds: ["buffer"], writes: ([p, n]) => [[p!, n!]] },
  sched_yield: { kinds: [], writes: none },
  sock_accept: { kinds: ["fd", "n", "ptr"], writes: at(2, 4) },
  sock_recv: {
    kinds: ["fd", "iovs", "n", "ptr", "ptr"],
    writes: ([, , , , a, b]) => [[a!, 4], [b!, 2]],
    fills: 1,
  },
  sock_send: { kinds: ["fd", "iovs", "n", "ptr"], writes: at(4, 4) },
  sock_shutdown: { kinds: ["fd", "n"], writes: none },
};
