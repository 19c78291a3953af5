// Two mounts: /ro cannot be written and has "file" and "dir/inner", /rw can. Nothing gets across, and nothing changes what is read-only.
#include "wasi.h"

static unsigned char buf[64];

int main(void) {
  IS(lstat_at("ro/file"), OK);
  u64 mtim = st.mtim, nlink = st.nlink;
  IS(try_open("ro/file", 0, 0, R_READ), OK);
  IS(try_open("ro/file", 0, 0, R_WRITE), ROFS);
  IS(try_open("ro/file", 0, TRUNC, R_READ), ROFS);
  IS(try_open("ro/file", 0, CREAT, R_READ), OK);
  IS(try_open("ro/file", 0, CREAT | TRUNC, R_READ), ROFS);
  IS(try_open("ro/new", 0, CREAT, R_WRITE), ROFS);
  IS(mkdir_at("ro/new"), ROFS);
  IS(mkdir_at("ro/dir"), EXIST);
  IS(symlink_at("x", "ro/new"), ROFS);
  IS(unlink_at("ro/file"), ROFS);
  IS(rmdir_at("ro/dir/empty"), ROFS);
  IS(rename_at("ro/file", "ro/other"), ROFS);
  IS(rename_at("ro/file", "rw/stolen"), XDEV);
  IS(link_at("ro/file", 0, "ro/other"), ROFS);
  IS(link_at("ro/file", 0, "rw/stolen"), XDEV);
  IS(raw_path_filestat_set_times(3, 0, S("ro/file"), 0, 0, MTIM_NOW), ROFS);
  int fd = open_at(3, "ro/file", 0, R_ALL & ~(R_WRITE | 1ull << 8 | 1ull << 22), 0);
  IS(fd > 0, 1);
  IS(raw_fd_filestat_set_times(fd, 0, 0, MTIM_NOW), ROFS);
  IS(raw_fd_filestat_set_size(fd, 0) != OK, 1);
  IS(raw_fd_allocate(fd, 0, 100) != OK, 1);
  IS(write_all(fd, "x"), BADF);
  IS(raw_fd_close(fd), OK);
  // Through links that lie where one may write.
  IS(symlink_at("../ro/file", "rw/relative"), OK);
  IS(symlink_at("/ro/file", "rw/absolute"), OK);
  IS(symlink_at("/ro/dir/", "rw/slash"), OK);
  IS(symlink_at("/ro/planted", "rw/dangling"), OK);
  const char *links[] = {"rw/relative", "rw/absolute"};
  for (int i = 0; i < 2; i++) {
    IS(try_open(links[i], 1, 0, R_READ), OK);
    IS(try_open(links[i], 1, TRUNC, R_READ), ROFS);
    IS(try_open(links[i], 1, CREAT | TRUNC, R_WRITE), ROFS);
    IS(try_open(links[i], 0, TRUNC, R_WRITE), LOOP);
    IS(raw_path_filestat_set_times(3, 1, S(links[i]), 0, 0, ATIM_NOW | MTIM_NOW), ROFS);
    IS(link_at(links[i], 1, "rw/stolen"), XDEV);
  }
  IS(try_open("rw/slash/inner", 0, TRUNC, R_WRITE), ROFS);
  IS(try_open("rw/slash/new", 0, CREAT, R_WRITE), ROFS);
  IS(mkdir_at("rw/slash/new"), ROFS);
  IS(unlink_at("rw/slash/inner"), ROFS);
  IS(try_open("rw/dangling", 1, CREAT, R_WRITE), ROFS);
  IS(rename_at("rw/slash/inner", "rw/stolen"), XDEV);
  // Mount points stay where they are.
  IS(rename_at("rw", "other"), BUSY);
  IS(rmdir_at("rw"), BUSY);
  IS(rmdir_at("ro"), BUSY);
  IS(rename_at("ro", "rw/ro"), BUSY);
  IS(mkdir_at("rw"), EXIST);
  // Nothing has changed.
  IS(lstat_at("ro/file"), OK);
  IS(st.mtim == mtim && st.nlink == nlink && st.size == 7, 1);
  struct iov r = {P(buf), sizeof buf};
  fd = open_at(3, "ro/file", 0, R_READ, 0);
  IS(raw_fd_read(fd, P(&r), 1, P(&out)), OK);
  IS(out == 7 && !memcmp(buf, "content", 7), 1);
  IS(lstat_at("rw/stolen"), NOENT);
  // Devices are what they are.
  IS(lstat_at("dev/null"), OK);
  IS(st.type & 0xff, CHARACTER);
  fd = open_at(3, "dev/full", 0, R_WRITE, 0);
  IS(write_all(fd, "x"), NOSPC);
  fd = open_at(3, "dev/zero", 0, R_READ, 0);
  memset(buf, 1, sizeof buf);
  IS(raw_fd_read(fd, P(&r), 1, P(&out)), OK);
  IS(out == sizeof buf && buf[0] == 0 && buf[63] == 0, 1);
  return DONE();
}
