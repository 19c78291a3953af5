// What a process is given, and descriptors of files: each function on what it is for, and on what it must refuse.
// Run with the arguments DIRECTORY and "t wo", and with the environment A=1, B=two=2.
#include "wasi.h"

static unsigned char buf[4096];

static void arguments(void) {
  u32 count, size, pointers[8];
  IS(raw_args_sizes_get(P(&count), P(&size)), OK);
  IS(count, 3);
  IS(raw_args_get(P(pointers), P(buf)), OK);
  IS(pointers[0], P(buf));
  IS(strcmp((char *)(uintptr_t)pointers[2], "t wo"), 0);
  IS(size, pointers[2] + 5 - P(buf));
  static u32 env[64];
  int found = 0;
  IS(raw_environ_sizes_get(P(&count), P(&size)), OK);
  memset(buf, 0xaa, sizeof buf);
  IS(raw_environ_get(P(env), P(buf)), OK);
  for (u32 i = 0; i < count; i++) {
    const char *entry = (const char *)(uintptr_t)env[i];
    found += !strcmp(entry, "A=1") || !strcmp(entry, "B=two=2");
  }
  IS(found, 2);
  IS(buf[size - 1], 0);
  IS(buf[size], 0xaa);  // no byte more than was announced
}

static void clocks(void) {
  u64 res, one, two;
  for (u32 id = 0; id < 4; id++) {
    IS(raw_clock_res_get(id, P(&res)), OK);
    IS(res >= 1 && res <= 1000000, 1);
    IS(raw_clock_time_get(id, 1, P(&one)), OK);
    IS(raw_clock_time_get(id, ~0ull, P(&two)), OK);
    IS(id == 0 || two >= one, 1);
  }
  IS(raw_clock_time_get(0, 0, P(&one)), OK);
  IS(one > 1600000000000000000ull && one < 4000000000000000000ull, 1);
  IS(raw_clock_time_get(4, 0, P(&one)), INVAL);
  IS(raw_clock_time_get(0xffffffff, 0, P(&one)), INVAL);
  IS(raw_clock_res_get(99, P(&one)), INVAL);
}

static void reading_and_writing(void) {
  int fd = open_at(ROOT, "rw", CREAT | EXCL, R_ALL, 0);
  IS(fd > 3, 1);
  struct iov w[3] = {{P("hello "), 6}, {P(""), 0}, {P("world"), 5}};
  IS(raw_fd_write(fd, P(w), 3, P(&out)), OK);
  IS(out, 11);
  IS(raw_fd_write(fd, P(w), 0, P(&out)), OK);
  IS(out, 0);
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
  IS(raw_fd_pread(fd, P(r), 1, 1000, P(&out)), OK);
  IS(out, 0);
  IS(raw_fd_pwrite(fd, P(w), 1, 20, P(&out)), OK);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(out64, 11);
  memset(buf, 1, 16);
  struct iov gap = {P(buf), 9};
  IS(raw_fd_pread(fd, P(&gap), 1, 11, P(&out)), OK);  // a gap reads as zeros
  IS(memcmp(buf, "\0\0\0\0\0\0\0\0\0", 9), 0);
  IS(raw_fd_seek(fd, -1, 2, P(&out64)), OK);
  IS(out64, 25);
  IS(raw_fd_seek(fd, -5, 1, P(&out64)), OK);
  IS(out64, 20);
  IS(raw_fd_seek(fd, -100, 1, P(&out64)), INVAL);
  IS(raw_fd_seek(fd, -1, 0, P(&out64)), INVAL);
  IS(raw_fd_seek(fd, 0, 3, P(&out64)), INVAL);
  IS(raw_fd_seek(fd, 0, 255, P(&out64)), INVAL);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(out64, 20);  // a failed seek moves nothing
  IS(raw_fd_seek(fd, 1ll << 40, 0, P(&out64)), OK);
  IS(raw_fd_read(fd, P(r), 1, P(&out)), OK);
  IS(out, 0);
  IS(raw_fd_pread(fd, P(r), 1, 1ull << 63, P(&out)), INVAL);
  IS(raw_fd_pwrite(fd, P(w), 1, 1ull << 63, P(&out)), INVAL);
  IS(raw_fd_pread(fd, P(r), 1025, 0, P(&out)), INVAL);
  IS(raw_fd_sync(fd), OK);
  IS(raw_fd_datasync(fd), OK);
  IS(raw_fd_advise(fd, 0, 0, 3), OK);
  IS(raw_fd_advise(fd, 5, 1ull << 40, 5), OK);
  IS(raw_fd_advise(fd, 0, 0, 6), INVAL);
  IS(raw_fd_close(fd), OK);
  IS(raw_fd_close(fd), BADF);
  IS(raw_fd_read(fd, P(r), 1, P(&out)), BADF);
  IS(raw_fd_read(0xffffffff, P(r), 1, P(&out)), BADF);
  IS(raw_fd_sync(fd), BADF);
  IS(raw_fd_advise(0x80000000, 0, 0, 0), BADF);
}

static u64 size_of(u32 fd) {
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  return st.size;
}

static void sizes(void) {
  int fd = open_at(ROOT, "sizes", CREAT, R_ALL, 0);
  IS(write_all(fd, "0123456789"), OK);
  IS(raw_fd_filestat_set_size(fd, 5), OK);
  IS(size_of(fd), 5);
  IS(st.type & 0xff, REGULAR);
  IS(raw_fd_filestat_set_size(fd, 8), OK);
  struct iov r = {P(buf), 100};
  IS(raw_fd_pread(fd, P(&r), 1, 0, P(&out)), OK);
  IS(out == 8 && !memcmp(buf, "01234\0\0\0", 8), 1);
  IS(raw_fd_allocate(fd, 0, 100), OK);
  IS(size_of(fd), 100);
  IS(raw_fd_allocate(fd, 10, 20), OK);  // never shorter
  IS(size_of(fd), 100);
  IS(raw_fd_pread(fd, P(&r), 1, 0, P(&out)), OK);
  IS(out == 100 && !memcmp(buf, "01234\0\0\0", 8), 1);
  IS(raw_fd_allocate(fd, 0, 0), INVAL);
  IS(raw_fd_allocate(ROOT, 0, 1), BADF);
  IS(raw_fd_allocate(1, 0, 1) != OK, 1);
  IS(raw_fd_allocate(fd, 1ull << 62, 1ull << 62), FBIG);
  // More than any memory or disk: refused, at once, and nothing has changed.
  if (!on_host) IS(raw_fd_allocate(fd, 0, 1ull << 46), NOSPC);
  IS(size_of(fd), 100);
  // 64 bits: 8 GB and 1 TB without their zeros.
  IS(raw_fd_filestat_set_size(fd, 5ull << 30), OK);
  IS(size_of(fd), 5ull << 30);
  IS(raw_fd_seek(fd, 0, 2, P(&out64)), OK);
  IS(out64, 5ull << 30);
  struct iov w = {P("end"), 3};
  IS(raw_fd_pwrite(fd, P(&w), 1, 1ull << 33, P(&out)), OK);
  IS(size_of(fd), (1ull << 33) + 3);
  IS(raw_fd_pread(fd, P(&r), 1, (1ull << 33) - 2, P(&out)), OK);
  IS(out == 5 && !memcmp(buf, "\0\0end", 5), 1);
  IS(raw_fd_seek(fd, (1ll << 40) - 1, 0, P(&out64)), OK);
  IS(write_all(fd, "x"), OK);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(out64, 1ull << 40);
  IS(size_of(fd), 1ull << 40);
  IS(raw_fd_filestat_set_size(fd, 0), OK);
  IS(size_of(fd), 0);
  IS(raw_fd_close(fd), OK);
  IS(unlink_at("sizes"), OK);
}

static void append_mode(void) {
  int fd = open_at(ROOT, "flags", CREAT, R_ALL, APPEND);
  IS(write_all(fd, "ab"), OK);
  IS(raw_fd_seek(fd, 0, 0, P(&out64)), OK);
  IS(write_all(fd, "cd"), OK);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(out64, 4);
  struct iov w = {P("ef"), 2}, r = {P(buf), 100};
  IS(raw_fd_pwrite(fd, P(&w), 1, 0, P(&out)), OK);  // goes to the end (man 2 pwrite, BUGS)
  IS(raw_fd_pread(fd, P(&r), 1, 0, P(&out)), OK);
  IS(out == 6 && !memcmp(buf, "abcdef", 6), 1);
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(buf[0], REGULAR);
  IS(*(uint16_t *)(buf + 2), APPEND);
  IS(raw_fd_fdstat_set_flags(fd, NONBLOCK), OK);
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(*(uint16_t *)(buf + 2), NONBLOCK);
  IS(raw_fd_pwrite(fd, P(&w), 1, 0, P(&out)), OK);
  IS(raw_fd_pread(fd, P(&r), 1, 0, P(&out)), OK);
  IS(out == 6 && !memcmp(buf, "efcdef", 6), 1);
  IS(raw_fd_fdstat_set_flags(fd, 64), INVAL);
  IS(raw_fd_fdstat_set_flags(fd, SYNC), NOTSUP);
  IS(raw_fd_close(fd), OK);
  fd = open_at(ROOT, "flags", 0, R_ALL, DSYNC | RSYNC | SYNC);
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(*(uint16_t *)(buf + 2), RSYNC | SYNC);  // which include dsync
  IS(raw_fd_close(fd), OK);
  IS(-open_at(ROOT, "flags", 0, R_ALL, 32), INVAL);
  IS(-open_at(ROOT, "flags", 16, R_READ, 0), INVAL);
}

static void rights(void) {
  int fd = open_at(ROOT, "flags", 0, R_ALL, 0);
  IS(raw_fd_fdstat_set_rights(fd, R_READ | R_TELL, 0), OK);
  IS(write_all(fd, "x"), NOTCAPABLE);
  IS(raw_fd_sync(fd), NOTCAPABLE);
  IS(raw_fd_seek(fd, 1, 0, P(&out64)), NOTCAPABLE);
  IS(raw_fd_tell(fd, P(&out64)), OK);
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(*(u64 *)(buf + 8), R_READ | R_TELL);
  IS(raw_fd_fdstat_set_rights(fd, R_READ | R_WRITE, 0), NOTCAPABLE);  // gone for good
  IS(raw_fd_close(fd), OK);
  fd = open_at(ROOT, "flags", 0, R_READ, 0);
  IS(write_all(fd, "x"), BADF);
  IS(raw_fd_filestat_set_size(fd, 0), NOTCAPABLE);
  IS(raw_fd_fdstat_get(fd, P(buf)), OK);
  IS(*(u64 *)(buf + 8) & R_WRITE, 0);
  IS(raw_fd_close(fd), OK);
  fd = open_at(ROOT, "flags", 0, R_WRITE, 0);
  struct iov r = {P(buf), 1};
  IS(raw_fd_read(fd, P(&r), 1, P(&out)), BADF);
  IS(raw_fd_pread(fd, P(&r), 1, 0, P(&out)), BADF);
  IS(raw_fd_close(fd), OK);
  // A directory that hands on only reading.
  int dir = open_at(ROOT, ".", DIRECTORY, R_ALL, 0);
  IS(raw_fd_fdstat_set_rights(dir, R_PATH_OPEN, R_READ), OK);
  IS(-open_at(dir, "flags", 0, R_WRITE, 0), NOTCAPABLE);
  IS(-open_at(dir, "flags", TRUNC, R_READ, 0), NOTCAPABLE);
  IS(-open_at(dir, "made", CREAT, R_READ, 0), NOTCAPABLE);
  IS(raw_path_open(dir, 0, S("flags"), 0, R_READ, R_READ, 0, P(&out)), OK);
  IS(raw_fd_close(out), OK);
  IS(raw_path_unlink_file(dir, S("flags")), NOTCAPABLE);
  IS(raw_path_create_directory(dir, S("x")), NOTCAPABLE);
  IS(raw_path_filestat_get(dir, 0, S("flags"), P(&st)), NOTCAPABLE);
  IS(raw_path_rename(dir, S("flags"), ROOT, S("x")), NOTCAPABLE);
  IS(raw_path_rename(ROOT, S("flags"), dir, S("x")), NOTCAPABLE);
  IS(raw_path_link(ROOT, 0, S("flags"), dir, S("x")), NOTCAPABLE);
  IS(raw_path_symlink(S("t"), dir, S("x")), NOTCAPABLE);
  IS(raw_fd_readdir(dir, P(buf), 100, 0, P(&out)), NOTCAPABLE);
  IS(raw_fd_close(dir), OK);
  IS(lstat_at("flags"), OK);
}

// Seconds, and nanoseconds where the filesystem keeps them.
#define TIME(SEC, NSEC) ((SEC) * 1000000000ull + (on_host ? 0 : (NSEC)))

static void times(void) {
  u64 before, after, coarse = on_host ? 1100000000 : 20000000;
  put("times", "");
  int fd = open_at(ROOT, "times", 0, R_ALL, 0);
  IS(raw_fd_filestat_set_times(fd, TIME(1000, 7), TIME(2000, 9), ATIM | MTIM), OK);
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  IS(st.atim, TIME(1000, 7));
  IS(st.mtim, TIME(2000, 9));
  IS(raw_fd_filestat_set_times(fd, TIME(5, 1), TIME(6, 2), MTIM), OK);
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  IS(st.atim, TIME(1000, 7));
  IS(st.mtim, TIME(6, 2));
  IS(raw_fd_filestat_set_times(fd, TIME(7, 0), TIME(8, 0), 0), OK);
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  IS(st.mtim, TIME(6, 2));
  IS(raw_clock_time_get(0, 0, P(&before)), OK);
  IS(raw_fd_filestat_set_times(fd, 0, 0, ATIM_NOW | MTIM_NOW), OK);
  IS(raw_clock_time_get(0, 0, P(&after)), OK);
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  // Kernels stamp files with a clock of their own, some milliseconds coarse; Deno tells whole seconds of a host's.
  IS(st.atim + coarse >= before && st.atim <= after + coarse, 1);
  IS(st.mtim + coarse >= before && st.mtim <= after + coarse, 1);
  IS(st.ctim + coarse >= before && st.ctim <= after + coarse, 1);
  if (!on_host) {  // the whole 64 bits
    IS(raw_fd_filestat_set_times(fd, ~0ull, (1ull << 63) + 1, ATIM | MTIM), OK);
    IS(raw_fd_filestat_get(fd, P(&st)), OK);
    IS(st.atim, ~0ull);
    IS(st.mtim, (1ull << 63) + 1);
  }
  IS(raw_fd_filestat_set_times(fd, 0, 0, ATIM | ATIM_NOW), INVAL);
  IS(raw_fd_filestat_set_times(fd, 0, 0, MTIM | MTIM_NOW), INVAL);
  IS(raw_fd_filestat_set_times(fd, 0, 0, 16), INVAL);
  IS(raw_fd_close(fd), OK);
  IS(symlink_at("times", "timeslink"), OK);
  IS(raw_path_filestat_set_times(ROOT, 1, S("timeslink"), TIME(11, 0), TIME(12, 1), ATIM | MTIM), OK);
  IS(lstat_at("times"), OK);
  IS(st.atim == TIME(11, 0) && st.mtim == TIME(12, 1), 1);
  IS(lstat_at("timeslink"), OK);
  IS(st.mtim != TIME(12, 1), 1);
  IS(raw_path_filestat_set_times(ROOT, 0, S("none"), 0, 0, ATIM_NOW), NOENT);
  IS(raw_path_filestat_set_times(ROOT, 0, S("times"), 0, 0, ATIM | ATIM_NOW), INVAL);
  IS(raw_path_filestat_set_times(ROOT, 0, S("."), 0, TIME(3, 0), MTIM), OK);
  IS(lstat_at("."), OK);
  IS(st.mtim, TIME(3, 0));
}

static void others(void) {
  memset(buf, 0, 64);
  IS(raw_random_get(P(buf), 64), OK);
  int zeros = 0;
  for (int i = 0; i < 64; i++) zeros += buf[i] == 0;
  IS(zeros < 32, 1);
  IS(buf[64], 0);
  IS(raw_random_get(P(buf), 0), OK);
  IS(raw_sched_yield(), OK);
  IS(raw_proc_raise(0), OK);
  IS(raw_proc_raise(16), OK);  // SIGCHLD does nothing
  IS(raw_proc_raise(31), INVAL);
  IS(raw_proc_raise(0xffffffff), INVAL);
  u32 kinds[] = {ROOT, 0, 1, 2};
  for (int i = 0; i < 4; i++) {
    IS(raw_sock_accept(kinds[i], 0, P(&out)), NOTSOCK);
    IS(raw_sock_recv(kinds[i], P(buf), 0, 0, P(&out), P(&out)), NOTSOCK);
    IS(raw_sock_send(kinds[i], P(buf), 0, 0, P(&out)), NOTSOCK);
    IS(raw_sock_shutdown(kinds[i], 1), NOTSOCK);
  }
  IS(raw_sock_accept(999, 0, P(&out)), BADF);
  IS(raw_sock_recv(999, P(buf), 0, 0, P(&out), P(&out)), BADF);
  IS(raw_sock_send(999, P(buf), 0, 0, P(&out)), BADF);
  IS(raw_sock_shutdown(999, 1), BADF);
}

int main(int argc, char **argv) {
  work_in(argc, argv);
  arguments();
  clocks();
  reading_and_writing();
  sizes();
  append_mode();
  rights();
  times();
  others();
  return DONE();
}
