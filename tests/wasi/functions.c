// Every function of preview1 on what it is for, and on what it must refuse. Run with a writable directory as "/".
#include "wasi.h"

#define ROOT 3
static unsigned char buf[4096];
static u32 out;
static u64 out64;
struct iov { u32 ptr, len; };

static int open_at(u32 dir, const char *path, u32 oflags, u64 rights, u32 fdflags) {
  out = 0xdead;
  int error = raw_path_open(dir, 0, S(path), oflags, rights, R_ALL, fdflags, P(&out));
  return error ? -error : (int)out;
}
enum { CREAT = 1, DIRECTORY = 2, EXCL = 4, TRUNC = 8 };

static void put(const char *path, const char *text) {
  int fd = open_at(ROOT, path, CREAT | TRUNC, R_WRITE, 0);
  struct iov iov = {P(text), strlen(text)};
  IS(raw_fd_write(fd, P(&iov), 1, P(&out)), OK);
  IS(raw_fd_close(fd), OK);
}

static void arguments(void) {
  u32 count, size;
  IS(raw_args_sizes_get(P(&count), P(&size)), OK);
  IS(count, 3);
  u32 pointers[8];
  IS(raw_args_get(P(pointers), P(buf)), OK);
  IS(strcmp((char *)(uintptr_t)pointers[1], "one"), 0);
  IS(strcmp((char *)(uintptr_t)pointers[2], "t wo"), 0);
  IS(size, pointers[2] + 5 - P(buf));
  IS(raw_environ_sizes_get(P(&count), P(&size)), OK);
  IS(count >= 3, 1);
  static u32 env[64];
  IS(raw_environ_get(P(env), P(buf)), OK);
}

static void clocks(void) {
  u64 res, one, two;
  for (u32 id = 0; id < 4; id++) {
    IS(raw_clock_res_get(id, P(&res)), OK);
    IS(res >= 1 && res <= 1000000, 1);
    IS(raw_clock_time_get(id, 1, P(&one)), OK);
    IS(raw_clock_time_get(id, 1, P(&two)), OK);
    IS(id == 0 || two >= one, 1);
  }
  IS(raw_clock_time_get(0, 0, P(&one)), OK);
  IS(one > 1600000000000000000ull && one < 4000000000000000000ull, 1);
  IS(raw_clock_time_get(4, 0, P(&one)), INVAL);
  IS(raw_clock_res_get(99, P(&one)), INVAL);
}

static void reading_and_writing(void) {
  int fd = open_at(ROOT, "rw", CREAT | EXCL, R_ALL, 0);
  IS(fd > ROOT, 1);
  IS(-open_at(ROOT, "rw", CREAT | EXCL, R_ALL, 0), EXIST);
  struct iov w[3] = {{P("hello "), 6}, {P(""), 0}, {P("world"), 5}};
  IS(raw_fd_write(fd, P(w), 3, P(&out)), OK);
  IS(out, 11);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(out64, 11);
  IS(raw_fd_seek(fd, 0, 0, P(&out64)), OK);
  struct iov r[2] = {{P(buf), 4}, {P(buf + 10), 100}};
  IS(raw_fd_read(fd, P(r), 2, P(&out)), OK);
  IS(out, 11);
  IS(memcmp(buf, "hell", 4) || memcmp(buf + 10, "o world", 7), 0);
  IS(raw_fd_read(fd, P(r), 2, P(&out)), OK);
  IS(out, 0);
  IS(raw_fd_pread(fd, P(r), 1, 6, P(&out)), OK);
  IS(memcmp(buf, "worl", 4), 0);
  IS(raw_fd_pwrite(fd, P(w), 1, 20, P(&out)), OK);
  IS(raw_fd_seek(fd, -1, 2, P(&out64)), OK);
  IS(out64, 25);
  IS(raw_fd_seek(fd, -100, 1, P(&out64)), INVAL);
  IS(raw_fd_seek(fd, 0, 3, P(&out64)), INVAL);
  IS(raw_fd_seek(fd, 1ll << 40, 0, P(&out64)), OK);
  IS(raw_fd_pread(fd, P(r), 1, 1ull << 63, P(&out)), INVAL);
  IS(raw_fd_pread(fd, P(r), 1025, 0, P(&out)), INVAL);
  IS(raw_fd_filestat_set_size(fd, 5), OK);
  IS(raw_fd_filestat_get(fd, P(buf)), OK);
  IS(*(u64 *)(buf + 32), 5);
  IS(buf[16], 4);  // a regular file
  IS(raw_fd_allocate(fd, 0, 100), OK);
  IS(raw_fd_filestat_get(fd, P(buf)), OK);
  IS(*(u64 *)(buf + 32), 100);
  IS(raw_fd_allocate(fd, 0, 0), INVAL);
  IS(raw_fd_advise(fd, 0, 0, 3), OK);
  IS(raw_fd_advise(fd, 0, 0, 6), INVAL);
  IS(raw_fd_sync(fd), OK);
  IS(raw_fd_datasync(fd), OK);
  IS(raw_fd_filestat_set_times(fd, 1000000007, 2000000009, 1 | 4), OK);
  IS(raw_fd_filestat_get(fd, P(buf)), OK);
  IS(*(u64 *)(buf + 40), 1000000007);
  IS(*(u64 *)(buf + 48), 2000000009);
  IS(raw_fd_filestat_set_times(fd, 0, 0, 1 | 2), INVAL);
  IS(raw_fd_close(fd), OK);
  IS(raw_fd_close(fd), BADF);
  IS(raw_fd_read(fd, P(r), 1, P(&out)), BADF);
  IS(raw_fd_read(0xffffffff, P(r), 1, P(&out)), BADF);
}

static void flags_and_rights(void) {
  int fd = open_at(ROOT, "flags", CREAT, R_ALL, 1);  // append
  struct iov w = {P("ab"), 2};
  raw_fd_write(fd, P(&w), 1, P(&out));
  raw_fd_seek(fd, 0, 0, P(&out64));
  raw_fd_write(fd, P(&w), 1, P(&out));
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(out64, 4);
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(buf[0], 4);
  IS(*(uint16_t *)(buf + 2), 1);
  IS(raw_fd_fdstat_set_flags(fd, 4), OK);  // nonblock, no append
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(*(uint16_t *)(buf + 2), 4);
  IS(raw_fd_fdstat_set_flags(fd, 64), INVAL);
  IS(raw_fd_fdstat_set_rights(fd, R_READ | R_TELL, 0), OK);
  IS(raw_fd_write(fd, P(&w), 1, P(&out)), NOTCAPABLE);
  IS(raw_fd_sync(fd), NOTCAPABLE);
  IS(raw_fd_seek(fd, 1, 0, P(&out64)), NOTCAPABLE);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(raw_fd_fdstat_set_rights(fd, R_WRITE, 0), NOTCAPABLE);
  raw_fd_close(fd);
  int ro = open_at(ROOT, "flags", 0, R_READ, 0);
  IS(raw_fd_write(ro, P(&w), 1, P(&out)), BADF);
  IS(raw_fd_filestat_set_size(ro, 0), NOTCAPABLE);
  raw_fd_close(ro);
  IS(-open_at(ROOT, "flags", DIRECTORY, R_READ, 0), NOTDIR);
  IS(-open_at(ROOT, "none", 0, R_READ, 0), NOENT);
  IS(-open_at(ROOT, "", 0, R_READ, 0), NOENT);
  IS(-open_at(ROOT, "flags", 16, R_READ, 0), INVAL);
  IS(-open_at(ROOT, "flags/", 0, R_READ, 0), NOTDIR);
  // A directory that hands on only reading.
  int dir = open_at(ROOT, ".", DIRECTORY, R_ALL, 0);
  IS(raw_fd_fdstat_set_rights(dir, 1ull << 13, R_READ), OK);  // path_open
  IS(-open_at(dir, "flags", 0, R_WRITE, 0), NOTCAPABLE);
  IS(open_at(dir, "flags", 0, R_READ, 0) > 0, 1);
  IS(raw_path_unlink_file(dir, S("flags")), NOTCAPABLE);
}

static void paths(void) {
  IS(raw_path_create_directory(ROOT, S("d")), OK);
  IS(raw_path_create_directory(ROOT, S("d")), EXIST);
  put("d/file", "content");
  IS(raw_path_symlink(S("file"), ROOT, S("d/link")), OK);
  IS(raw_path_symlink(S("loop"), ROOT, S("d/loop")), OK);
  IS(raw_path_symlink(S("../outside"), ROOT, S("d/up")), OK);
  put("outside", "x");
  IS(raw_path_readlink(ROOT, S("d/link"), P(buf), 4096, P(&out)), OK);
  IS(out == 4 && !memcmp(buf, "file", 4), 1);
  IS(raw_path_readlink(ROOT, S("d/link"), P(buf), 2, P(&out)), OK);
  IS(out, 2);
  IS(raw_path_readlink(ROOT, S("d/file"), P(buf), 10, P(&out)), INVAL);
  IS(raw_path_filestat_get(ROOT, 0, S("d/link"), P(buf)), OK);
  IS(buf[16], 7);  // a symbolic link
  IS(raw_path_filestat_get(ROOT, 1, S("d/link"), P(buf)), OK);
  IS(buf[16], 4);
  IS(*(u64 *)(buf + 32), 7);
  IS(raw_path_filestat_get(ROOT, 1, S("d/loop"), P(buf)), LOOP);
  IS(-open_at(ROOT, "d/link", 0, R_READ, 0), LOOP);  // not followed
  IS(raw_path_open(ROOT, 1, S("d/link"), 0, R_READ, 0, 0, P(&out)), OK);
  raw_fd_close(out);
  IS(raw_path_filestat_set_times(ROOT, 0, S("d/file"), 5, 6, 1 | 4), OK);
  IS(raw_path_link(ROOT, 0, S("d/file"), ROOT, S("hard")), OK);
  IS(raw_path_filestat_get(ROOT, 0, S("hard"), P(buf)), OK);
  IS(*(u64 *)(buf + 24), 2);
  IS(raw_path_link(ROOT, 0, S("d"), ROOT, S("dirlink")), PERM);
  IS(raw_path_rename(ROOT, S("hard"), ROOT, S("renamed")), OK);
  IS(raw_path_rename(ROOT, S("hard"), ROOT, S("x")), NOENT);
  IS(raw_path_rename(ROOT, S("d"), ROOT, S("d/below")), INVAL);
  IS(raw_path_remove_directory(ROOT, S("d")), NOTEMPTY);
  IS(raw_path_unlink_file(ROOT, S("d")), ISDIR);
  IS(raw_path_remove_directory(ROOT, S("renamed")), NOTDIR);
  IS(raw_path_unlink_file(ROOT, S("renamed")), OK);
  // A directory is a capability: nothing above it can be named.
  int dir = open_at(ROOT, "d", DIRECTORY, R_ALL, 0);
  IS(-open_at(dir, "../outside", 0, R_READ, 0), PERM);
  IS(raw_path_filestat_get(dir, 1, S("up"), P(buf)), PERM);
  IS(-open_at(dir, "/outside", 0, R_READ, 0), PERM);
  IS(raw_path_rename(dir, S("file"), dir, S("../stolen")), XDEV);
  IS(raw_path_unlink_file(dir, S("../outside")), PERM);
  IS(raw_path_unlink_file(dir, S("up")), OK);
  IS(raw_fd_close(dir), OK);
  IS(raw_path_create_directory(1, S("x")), NOTDIR);
  static char long_name[5000];
  memset(long_name, 'x', 4999);
  IS(raw_path_create_directory(ROOT, S(long_name)), NAMETOOLONG);
  IS(raw_path_create_directory(ROOT, P(long_name), 256), NAMETOOLONG);
  IS(raw_path_create_directory(ROOT, P("a\0b"), 3), INVAL);
}

static int entries(u32 dir, u64 *cookie, u32 size, char names[][64]) {
  int count = 0;
  IS(raw_fd_readdir(dir, P(buf), size, *cookie, P(&out)), OK);
  for (u32 at = 0; at + 24 <= out;) {
    u32 length = *(u32 *)(buf + at + 16);
    if (at + 24 + length > out) break;
    memcpy(names[count], buf + at + 24, length), names[count++][length] = 0;
    *cookie = *(u64 *)(buf + at);
    at += 24 + length;
  }
  return count;
}

static void listing(void) {
  raw_path_create_directory(ROOT, S("list"));
  char name[32];
  for (int i = 0; i < 20; i++) sprintf(name, "list/f%d", i), put(name, "");
  int dir = open_at(ROOT, "list", DIRECTORY, R_ALL, 0);
  static char names[100][64];
  int seen = 0, dots = 0;
  u64 cookie = 0;
  for (int i = 0;; i++) {
    int n = entries(dir, &cookie, 100, names);
    if (n == 0) break;
    for (int k = 0; k < n; k++) {
      if (names[k][0] == '.') dots++;
      else if (names[k][0] == 'f') seen++;
    }
    sprintf(name, "list/new%d", i), put(name, "");
    if (i == 0) raw_path_unlink_file(ROOT, S("list/f19"));
  }
  IS(dots, 2);
  IS(seen, 19);
  cookie = 0;
  IS(entries(dir, &cookie, 64, names), 2);  // "." and ".." fit, no more
  IS(raw_fd_readdir(dir, P(buf), 10, 0, P(&out)), OK);
  IS(out, 10);  // a cut-off entry fills the buffer
  IS(raw_fd_readdir(dir, P(buf), 100, 1ull << 60, P(&out)), OVERFLOW);
  IS(raw_fd_readdir(1, P(buf), 100, 0, P(&out)) != OK, 1);
  raw_fd_close(dir);
}

static void descriptors(void) {
  int a = open_at(ROOT, "a", CREAT, R_ALL, 0), b = open_at(ROOT, "b", CREAT, R_ALL, 0);
  struct iov w = {P("to a"), 4};
  IS(raw_fd_renumber(a, b), OK);
  IS(raw_fd_write(a, P(&w), 1, P(&out)), BADF);
  IS(raw_fd_write(b, P(&w), 1, P(&out)), OK);
  IS(raw_fd_renumber(b, 500), BADF);
  IS(raw_fd_renumber(500, b), BADF);
  IS(raw_fd_renumber(b, b), OK);
  IS(raw_path_filestat_get(ROOT, 0, S("a"), P(buf)), OK);
  IS(*(u64 *)(buf + 32), 4);
  raw_fd_close(b);
  IS(raw_fd_prestat_get(ROOT, P(buf)), OK);
  IS(buf[0], 0);
  IS(*(u32 *)(buf + 4), 1);
  IS(raw_fd_prestat_dir_name(ROOT, P(buf), 1), OK);
  IS(buf[0], '/');
  IS(raw_fd_prestat_dir_name(ROOT, P(buf), 0), NAMETOOLONG);
  IS(raw_fd_prestat_get(1, P(buf)), BADF);
  for (int i = 0; i < 2000; i++) {
    int fd = open_at(ROOT, "a", 0, R_READ, 0);
    if (fd < 0) IS(fd, 0);
  }
  for (int fd = 4; fd < 3000; fd++) raw_fd_close(fd);
}

static void polling(void) {
  unsigned char in[3 * 48] = {0}, events[3 * 32];
  u64 before, after;
  raw_clock_time_get(1, 0, P(&before));
  *(u64 *)in = 77, in[8] = 0, *(u32 *)(in + 16) = 1, *(u64 *)(in + 24) = 20000000;  // 20 ms from now
  IS(raw_poll_oneoff(P(in), P(events), 1, P(&out)), OK);
  raw_clock_time_get(1, 0, P(&after));
  IS(out, 1);
  IS(*(u64 *)events, 77);
  IS(*(uint16_t *)(events + 8), OK);
  IS(after - before >= 20000000, 1);
  *(u64 *)(in + 24) = after, *(uint16_t *)(in + 40) = 1;  // an absolute time that has passed
  IS(raw_poll_oneoff(P(in), P(events), 1, P(&out)), OK);
  IS(out, 1);
  memset(in, 0, sizeof in);
  *(u64 *)in = 1, in[8] = 2, *(u32 *)(in + 16) = 1;             // standard output can be written
  *(u64 *)(in + 48) = 2, in[56] = 1, *(u32 *)(in + 64) = 999;   // no such descriptor
  *(u64 *)(in + 96) = 3, in[104] = 0, *(u32 *)(in + 112) = 1, *(u64 *)(in + 120) = 1ull << 62;
  IS(raw_poll_oneoff(P(in), P(events), 3, P(&out)), OK);
  IS(out, 2);
  IS(*(uint16_t *)(events + 8), OK);
  IS(*(uint16_t *)(events + 32 + 8), BADF);
  IS(raw_poll_oneoff(P(in), P(events), 0, P(&out)), INVAL);
}

static void others(void) {
  memset(buf, 0, 64);
  IS(raw_random_get(P(buf), 64), OK);
  int zeros = 0;
  for (int i = 0; i < 64; i++) zeros += buf[i] == 0;
  IS(zeros < 32, 1);
  IS(raw_sched_yield(), OK);
  IS(raw_proc_raise(0), OK);
  IS(raw_proc_raise(16), OK);  // SIGCHLD does nothing
  IS(raw_proc_raise(200), INVAL);
  IS(raw_sock_accept(ROOT, 0, P(&out)), NOTSOCK);
  IS(raw_sock_recv(1, P(buf), 0, 0, P(&out), P(&out)), NOTSOCK);
  IS(raw_sock_send(1, P(buf), 0, 0, P(&out)), NOTSOCK);
  IS(raw_sock_shutdown(999, 1), BADF);
  IS(raw_fd_seek(1, 0, 1, P(&out64)), SPIPE);
  IS(raw_fd_tell(1, P(&out64)), SPIPE);
}

int main(void) {
  arguments();
  clocks();
  reading_and_writing();
  flags_and_rights();
  paths();
  listing();
  descriptors();
  polling();
  others();
  return DONE();
}
