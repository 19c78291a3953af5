// wasi_snapshot_preview1 as it is imported: every function, without libc in between. MODULE may be defined as wasi_unstable.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef MODULE
#define MODULE "wasi_snapshot_preview1"
#endif
#define IMPORT(NAME, ...) \
  __attribute__((import_module(MODULE), import_name(#NAME))) int32_t raw_##NAME(__VA_ARGS__)
typedef uint32_t u32;
typedef uint64_t u64;
IMPORT(args_get, u32, u32);
IMPORT(args_sizes_get, u32, u32);
IMPORT(environ_get, u32, u32);
IMPORT(environ_sizes_get, u32, u32);
IMPORT(clock_res_get, u32, u32);
IMPORT(clock_time_get, u32, u64, u32);
IMPORT(fd_advise, u32, u64, u64, u32);
IMPORT(fd_allocate, u32, u64, u64);
IMPORT(fd_close, u32);
IMPORT(fd_datasync, u32);
IMPORT(fd_fdstat_get, u32, u32);
IMPORT(fd_fdstat_set_flags, u32, u32);
IMPORT(fd_fdstat_set_rights, u32, u64, u64);
IMPORT(fd_filestat_get, u32, u32);
IMPORT(fd_filestat_set_size, u32, u64);
IMPORT(fd_filestat_set_times, u32, u64, u64, u32);
IMPORT(fd_pread, u32, u32, u32, u64, u32);
IMPORT(fd_prestat_get, u32, u32);
IMPORT(fd_prestat_dir_name, u32, u32, u32);
IMPORT(fd_pwrite, u32, u32, u32, u64, u32);
IMPORT(fd_read, u32, u32, u32, u32);
IMPORT(fd_readdir, u32, u32, u32, u64, u32);
IMPORT(fd_renumber, u32, u32);
IMPORT(fd_seek, u32, int64_t, u32, u32);
IMPORT(fd_sync, u32);
IMPORT(fd_tell, u32, u32);
IMPORT(fd_write, u32, u32, u32, u32);
IMPORT(path_create_directory, u32, u32, u32);
IMPORT(path_filestat_get, u32, u32, u32, u32, u32);
IMPORT(path_filestat_set_times, u32, u32, u32, u32, u64, u64, u32);
IMPORT(path_link, u32, u32, u32, u32, u32, u32, u32);
IMPORT(path_open, u32, u32, u32, u32, u32, u64, u64, u32, u32);
IMPORT(path_readlink, u32, u32, u32, u32, u32, u32);
IMPORT(path_remove_directory, u32, u32, u32);
IMPORT(path_rename, u32, u32, u32, u32, u32, u32);
IMPORT(path_symlink, u32, u32, u32, u32, u32);
IMPORT(path_unlink_file, u32, u32, u32);
IMPORT(poll_oneoff, u32, u32, u32, u32);
IMPORT(proc_raise, u32);
IMPORT(random_get, u32, u32);
IMPORT(sched_yield, void);
#ifndef UNSTABLE
IMPORT(sock_accept, u32, u32, u32);
#endif
IMPORT(sock_recv, u32, u32, u32, u32, u32, u32);
IMPORT(sock_send, u32, u32, u32, u32, u32);
IMPORT(sock_shutdown, u32, u32);

// errno of preview1
enum {
  OK = 0, ACCES = 2, BADF = 8, EXIST = 20, FAULT = 21, INVAL = 28, ISDIR = 31, LOOP = 32, NAMETOOLONG = 37, NOENT = 44, NOTDIR = 54,
  NOTEMPTY = 55, NOTSOCK = 57, NOTSUP = 58, OVERFLOW = 61, PERM = 63, SPIPE = 70, XDEV = 75, NOTCAPABLE = 76,
};
// rights
#define R_DATASYNC (1ull << 0)
#define R_READ (1ull << 1)
#define R_SEEK (1ull << 2)
#define R_SYNC (1ull << 4)
#define R_TELL (1ull << 5)
#define R_WRITE (1ull << 6)
#define R_ALL 0x1fffffffull

#define P(X) ((u32)(uintptr_t)(X))
#define S(X) P(X), (u32)strlen(X)
static int failures, checks;
#define IS(GOT, WANT)                                                                          \
  do {                                                                                         \
    long long got = (long long)(GOT), want = (long long)(WANT);                                \
    checks++;                                                                                  \
    if (got != want) failures++, printf("line %d: %s is %lld, not %lld\n", __LINE__, #GOT, got, want); \
  } while (0)
#define DONE() (printf("%d checks, %d failures\n", checks, failures), fflush(stdout), failures != 0)
