// wasi_snapshot_preview1 as it is imported: every function, without libc in between. MODULE may be defined as wasi_unstable.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
  OK = 0, ACCES = 2, BADF = 8, BUSY = 10, EXIST = 20, FAULT = 21, FBIG = 22, ILSEQ = 25, INVAL = 28, ISDIR = 31, LOOP = 32, MFILE = 33,
  NAMETOOLONG = 37, NOENT = 44, NOSPC = 51, NOTDIR = 54, NOTEMPTY = 55, NOTSOCK = 57, NOTSUP = 58, OVERFLOW = 61, PERM = 63, ROFS = 69,
  SPIPE = 70, XDEV = 75, NOTCAPABLE = 76,
};
// rights
#define R_DATASYNC (1ull << 0)
#define R_READ (1ull << 1)
#define R_SEEK (1ull << 2)
#define R_SYNC (1ull << 4)
#define R_TELL (1ull << 5)
#define R_WRITE (1ull << 6)
#define R_PATH_OPEN (1ull << 13)
#define R_ALL 0x1fffffffull
enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };                        // oflags
enum { APPEND = 1, DSYNC = 2, NONBLOCK = 4, RSYNC = 8, SYNC = 16 };            // fdflags
enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };                       // fstflags
enum { CHARACTER = 2, DIR_TYPE = 3, REGULAR = 4, SYMLINK = 7 };                // filetype

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

struct iov { u32 ptr, len; };
struct filestat { u64 dev, ino, type, nlink, size, atim, mtim, ctim; };

static u32 out;
static u64 out64;
static struct filestat st;
// Descriptor of the directory that a driver works in: its first argument, which is below the "/" preopen.
static u32 ROOT = 3;

// The directory is the host's: times are as coarse as the host's calls give them, and space is the host's affair.
static int on_host;

static inline void work_in(int argc, char **argv) {
  on_host = argc > 1 && !strcmp(argv[1], "/host");
  if (argc < 2 || !strcmp(argv[1], "/")) return;
  if (raw_path_open(3, 0, S(argv[1]), DIRECTORY, R_ALL, R_ALL, 0, P(&ROOT))) printf("no directory %s\n", argv[1]), exit(2);
}

// A descriptor, or a negative errno.
static inline int open_at(u32 dir, const char *path, u32 oflags, u64 rights, u32 fdflags) {
  out = 0xdead;
  int error = raw_path_open(dir, 0, S(path), oflags, rights, R_ALL, fdflags, P(&out));
  return error ? -error : (int)out;
}

// As open_at; a link at the end is followed.
static inline int open_follow(u32 dir, const char *path, u32 oflags, u64 rights, u32 fdflags) {
  out = 0xdead;
  int error = raw_path_open(dir, 1, S(path), oflags, rights, R_ALL, fdflags, P(&out));
  return error ? -error : (int)out;
}

// 0 or an errno; what was opened is closed.
static inline int try_open(const char *path, int follow, u32 oflags, u64 rights) {
  int fd = follow ? open_follow(ROOT, path, oflags, rights, 0) : open_at(ROOT, path, oflags, rights, 0);
  return fd < 0 ? -fd : raw_fd_close(fd);
}

static inline int write_all(u32 fd, const char *text) {
  struct iov iov = {P(text), strlen(text)};
  return raw_fd_write(fd, P(&iov), 1, P(&out));
}

static inline void put(const char *path, const char *text) {
  int fd = open_at(ROOT, path, CREAT | TRUNC, R_WRITE, 0);
  IS(fd > 2, 1);
  IS(write_all(fd, text), OK);
  IS(raw_fd_close(fd), OK);
}

static inline int lstat_at(const char *path) { return raw_path_filestat_get(ROOT, 0, S(path), P(&st)); }
static inline int stat_at(const char *path) { return raw_path_filestat_get(ROOT, 1, S(path), P(&st)); }
static inline int mkdir_at(const char *path) { return raw_path_create_directory(ROOT, S(path)); }
static inline int rmdir_at(const char *path) { return raw_path_remove_directory(ROOT, S(path)); }
static inline int unlink_at(const char *path) { return raw_path_unlink_file(ROOT, S(path)); }
static inline int symlink_at(const char *target, const char *path) { return raw_path_symlink(S(target), ROOT, S(path)); }
static inline int rename_at(const char *from, const char *to) { return raw_path_rename(ROOT, S(from), ROOT, S(to)); }
static inline int link_at(const char *from, int follow, const char *to) {
  return raw_path_link(ROOT, follow, S(from), ROOT, S(to));
}
