// Descriptors: preopens, fd_renumber, thousands of opens. The standard output is taken over and given back.
#include "wasi.h"

static unsigned char buf[4096];

static void preopens(void) {
  u32 prestat[2];
  IS(raw_fd_prestat_get(3, P(prestat)), OK);
  IS(prestat[0] & 0xff, 0);
  IS(prestat[1], 1);
  buf[1] = 0xaa;
  IS(raw_fd_prestat_dir_name(3, P(buf), 1), OK);
  IS(buf[0] == '/' && buf[1] == 0xaa, 1);
  IS(raw_fd_prestat_dir_name(3, P(buf), 100), OK);
  IS(raw_fd_prestat_dir_name(3, P(buf), 0), NAMETOOLONG);
  for (u32 fd = 0; fd < 3; fd++) {
    IS(raw_fd_prestat_get(fd, P(prestat)), BADF);
    IS(raw_fd_prestat_dir_name(fd, P(buf), 10), BADF);
  }
  IS(raw_fd_prestat_get(0x7fffffff, P(prestat)), BADF);
  IS(raw_fd_prestat_get(0xffffffff, P(prestat)), BADF);
  if (ROOT != 3) IS(raw_fd_prestat_get(ROOT, P(prestat)), BADF);
}

static void renumbering(void) {
  int a = open_at(ROOT, "a", CREAT, R_ALL, 0), b = open_at(ROOT, "b", CREAT, R_ALL, 0);
  IS(raw_fd_renumber(a, b), OK);
  IS(write_all(a, "to a"), BADF);
  IS(write_all(b, "to a"), OK);
  IS(raw_fd_renumber(b, b), OK);
  IS(write_all(b, "+"), OK);
  // A target must be open; a made-up one must not make the host allocate.
  IS(raw_fd_renumber(b, 500), BADF);
  IS(raw_fd_renumber(b, 0x7fffffff), BADF);
  IS(raw_fd_renumber(b, 0x80000000), BADF);
  IS(raw_fd_renumber(b, 0xffffffff), BADF);
  IS(raw_fd_renumber(500, b), BADF);
  IS(raw_fd_renumber(0xffffffff, b), BADF);
  IS(raw_fd_renumber(500, 500), BADF);
  IS(lstat_at("a") || st.size != 5, 0);
  IS(lstat_at("b") || st.size != 0, 0);
  // Rights go with the descriptor.
  int c = open_at(ROOT, "b", 0, R_READ, 0);
  IS(raw_fd_renumber(c, b), OK);
  IS(write_all(b, "x"), BADF);
  IS(raw_fd_close(b), OK);
  IS(raw_fd_close(b), BADF);
}

// What freopen does: the standard streams are descriptors like others.
static void standard_streams(void) {
  int file = open_at(ROOT, "stdout", CREAT, R_ALL, 0);
  int null = open_at(3, "dev/null", 0, R_READ, 0);
  IS(raw_fd_renumber(null, 0), OK);
  struct iov r = {P(buf), 10};
  IS(raw_fd_read(0, P(&r), 1, P(&out)), OK);
  IS(out, 0);
  IS(raw_fd_renumber(file, 2), OK);
  IS(write_all(2, "into the file"), OK);
  IS(raw_fd_tell(2, P(&out64)), OK);
  IS(out64, 13);
  IS(lstat_at("stdout") || st.size != 13, 0);
  IS(raw_fd_close(2), OK);
  IS(raw_fd_close(0), OK);
  IS(write_all(2, "nowhere"), BADF);
  IS(open_at(ROOT, "stdout", 0, R_ALL, 0), 0);  // the lowest free ones
  IS(open_at(ROOT, "stdout", 0, R_ALL, 0), 2);
}

static void thousands(void) {
  int first = open_at(ROOT, "a", 0, R_READ, 0), last = first, error = OK, opened = 1;
  for (; opened < 20000; opened++) {
    int fd = open_at(ROOT, "a", 0, R_READ, 0);
    if (fd < 0) { error = -fd; break; }
    last = fd;
  }
  IS(error == OK || error == MFILE, 1);
  IS(last, first + opened - 1);
  IS(mkdir_at("none/x"), NOENT);  // what needs no descriptor still works
  for (int fd = first; fd <= last; fd++)
    if (raw_fd_close(fd)) IS(fd, 0);
  IS(open_at(ROOT, "a", 0, R_READ, 0), first);
  IS(raw_fd_close(first), OK);
  for (int i = 0; i < 20000; i++) {
    int fd = open_at(ROOT, "a", 0, R_READ, 0);
    if (fd != first || raw_fd_close(fd)) IS(i, -1);
  }
}

// A preopen can be closed, moved and replaced: it is the guest's own affair, and nothing else is mistaken for it.
static void preopens_moved(void) {
  u32 prestat[2];
  int file = open_at(ROOT, "a", 0, R_READ, 0), target = open_at(ROOT, "b", 0, R_READ, 0);
  IS(raw_fd_renumber(3, target), OK);
  IS(raw_fd_prestat_get(3, P(prestat)), BADF);
  IS(raw_fd_prestat_get(target, P(prestat)), OK);
  IS(raw_fd_prestat_dir_name(target, P(buf), 1), OK);
  IS(raw_path_filestat_get(target, 0, S("dev/null"), P(&st)), OK);
  IS(st.type & 0xff, CHARACTER);
  u32 dir = ROOT == 3 ? (u32)target : ROOT;
  IS(open_at(dir, "a", 0, R_READ, 0), 3);  // a file where the preopen was
  IS(raw_fd_prestat_get(3, P(prestat)), BADF);
  IS(raw_fd_prestat_dir_name(3, P(buf), 1), BADF);
  IS(raw_path_filestat_get(3, 0, S("x"), P(&st)), NOTDIR);
  IS(raw_fd_renumber(file, target), OK);
  IS(raw_fd_prestat_get(target, P(prestat)), BADF);
  IS(raw_path_filestat_get(target, 0, S("dev/null"), P(&st)), NOTDIR);
}

int main(int argc, char **argv) {
  work_in(argc, argv);
  preopens();
  renumbering();
  standard_streams();
  thousands();
  preopens_moved();
  return DONE();
}
