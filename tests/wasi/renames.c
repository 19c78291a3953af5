// path_rename and path_link: every case of rename(2) and link(2), and files whose names are gone.
#include "wasi.h"

static unsigned char buf[64];

static int has(const char *path, const char *text) {
  int fd = open_follow(ROOT, path, 0, R_READ, 0);
  if (fd < 0) return 0;
  struct iov iov = {P(buf), sizeof buf};
  int error = raw_fd_read(fd, P(&iov), 1, P(&out));
  raw_fd_close(fd);
  return !error && out == strlen(text) && !memcmp(buf, text, out);
}

static void links(void) {
  put("f", "file");
  IS(mkdir_at("d"), OK);
  IS(symlink_at("f", "l"), OK);
  IS(symlink_at("nothing", "dang"), OK);
  IS(link_at("f", 0, "h"), OK);
  IS(lstat_at("h"), OK);
  IS(st.nlink, 2);
  u64 ino = st.ino;
  IS(lstat_at("f") || st.ino != ino, 0);
  IS(link_at("l", 0, "hl"), OK);  // the link itself has two names now
  IS(lstat_at("hl"), OK);
  IS(st.type & 0xff, SYMLINK);
  IS(st.nlink, 2);
  IS(link_at("l", 1, "hf"), OK);
  IS(lstat_at("hf"), OK);
  IS(st.type & 0xff, REGULAR);
  IS(st.nlink, 3);
  IS(link_at("dang", 1, "x"), NOENT);
  IS(link_at("dang", 0, "hd"), OK);
  IS(link_at("f", 0, "h"), EXIST);
  IS(link_at("f", 0, "d"), EXIST);
  IS(link_at("f", 0, "d/"), EXIST);
  IS(link_at("f", 0, "dang"), EXIST);
  IS(link_at("f", 0, "x/"), NOENT);
  IS(link_at("f/", 0, "x"), NOTDIR);
  IS(link_at("l/", 0, "x"), NOTDIR);
  IS(link_at("d", 0, "x"), PERM);
  IS(link_at("d", 0, "f"), EXIST);
  IS(link_at("none", 0, "x"), NOENT);
  IS(link_at("f", 0, "none/x"), NOENT);
  IS(link_at("f", 0, "f/x"), NOTDIR);
  IS(link_at("f", 0, ""), NOENT);
  IS(raw_path_link(ROOT, 0, S("f"), 1, S("x")), NOTDIR);
  IS(raw_path_link(999, 0, S("f"), ROOT, S("x")), BADF);
  // One content under all names.
  int fd = open_at(ROOT, "h", TRUNC, R_WRITE, 0);
  IS(write_all(fd, "other"), OK);
  raw_fd_close(fd);
  IS(has("f", "other") && has("hf", "other"), 1);
  IS(unlink_at("f") || unlink_at("h"), 0);
  IS(lstat_at("hf") || st.nlink != 1, 0);
  IS(unlink_at("hf") || unlink_at("l") || unlink_at("hl") || unlink_at("dang") || unlink_at("hd") || rmdir_at("d"), 0);
}

static void files(void) {
  put("a", "a");
  put("b", "b");
  IS(mkdir_at("d"), OK);
  IS(rename_at("a", "c"), OK);
  IS(lstat_at("a"), NOENT);
  IS(rename_at("c", "b"), OK);  // replaces
  IS(has("b", "a"), 1);
  IS(rename_at("b", "b"), OK);
  IS(rename_at("b", "d"), ISDIR);
  IS(rename_at("b", "d/"), NOTDIR);
  IS(rename_at("b", "x/"), NOTDIR);
  IS(rename_at("b/", "x"), NOTDIR);
  IS(rename_at("none", "x"), NOENT);
  IS(rename_at("b", "none/x"), NOENT);
  IS(rename_at("b", "b/x"), NOTDIR);
  IS(rename_at("b", "."), BUSY);
  IS(rename_at(".", "x"), BUSY);
  IS(rename_at("d/.", "x"), BUSY);
  IS(rename_at("b", "d/.."), BUSY);
  IS(rename_at("b", ""), NOENT);
  IS(rename_at("", "b"), NOENT);
  IS(raw_path_rename(1, S("b"), ROOT, S("x")), NOTDIR);
  IS(raw_path_rename(ROOT, S("b"), 999, S("x")), BADF);
  IS(rename_at("b", "d/b"), OK);
  IS(rename_at("d/b", "b"), OK);
  // Two names of one file: nothing happens, both stay.
  IS(link_at("b", 0, "h"), OK);
  IS(rename_at("b", "h"), OK);
  IS(lstat_at("b") || lstat_at("h") || st.nlink != 2, 0);
  // Links are moved and replaced themselves.
  IS(symlink_at("d", "l"), OK);
  IS(rename_at("l", "m"), OK);
  IS(lstat_at("m") || (st.type & 0xff) != SYMLINK, 0);
  IS(rename_at("m/", "x"), NOTDIR);
  IS(rename_at("h", "m/"), NOTDIR);
  IS(rename_at("d", "m"), NOTDIR);
  IS(rename_at("h", "m"), OK);
  IS(lstat_at("m") || (st.type & 0xff) != REGULAR, 0);
  IS(stat_at("d"), OK);
  IS(symlink_at("nothing", "dang"), OK);
  IS(rename_at("dang", "dang2"), OK);
  IS(lstat_at("dang2") || (st.type & 0xff) != SYMLINK, 0);
  IS(unlink_at("m") || unlink_at("b") || unlink_at("dang2") || rmdir_at("d"), 0);
}

static void directories(void) {
  IS(mkdir_at("d") || mkdir_at("d/sub") || mkdir_at("e"), 0);
  put("f", "f");
  IS(rename_at("d", "f"), NOTDIR);
  IS(rename_at("d", "f/x"), NOTDIR);
  IS(rename_at("d", "d/sub/x"), INVAL);
  IS(rename_at("d", "d/x"), INVAL);
  IS(rename_at("d/sub", "d"), NOTEMPTY);
  IS(rename_at("e", "d"), NOTEMPTY);
  IS(rename_at("d", "d"), OK);
  IS(rename_at("d", "e"), OK);  // replaces an empty one
  IS(lstat_at("e/sub"), OK);
  IS(lstat_at("d"), NOENT);
  IS(rename_at("e/", "d/"), OK);
  IS(rename_at("d", "e/"), OK);
  IS(rename_at("e/", "d"), OK);
  IS(mkdir_at("full") || mkdir_at("full/x"), 0);
  IS(rename_at("d", "full"), NOTEMPTY);
  IS(rename_at("d", "full/moved"), OK);
  int dir = open_at(ROOT, "full/moved", DIRECTORY, R_ALL, 0);  // descriptors follow a moved directory
  IS(rename_at("full/moved", "d"), OK);
  IS(raw_path_filestat_get(dir, 0, S("sub"), P(&st)), OK);
  IS(raw_path_create_directory(dir, S("later")), OK);
  IS(lstat_at("d/later"), OK);
  IS(rmdir_at("d/later") || rmdir_at("d/sub") || rmdir_at("d"), 0);
  IS(raw_fd_close(dir), OK);
  IS(rmdir_at("full/x") || rmdir_at("full") || unlink_at("f"), 0);
}

// An open file lives on without a name, and a new one of the same name is another.
static void nameless(void) {
  int fd = open_at(ROOT, "u", CREAT | EXCL, R_ALL, 0);
  IS(write_all(fd, "before"), OK);
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  u64 ino = st.ino;
  IS(unlink_at("u"), OK);
  IS(lstat_at("u"), NOENT);
  IS(raw_fd_filestat_get(fd, P(&st)), OK);
  IS(st.nlink, 0);
  IS(st.size, 6);
  put("u", "new");
  IS(lstat_at("u"), OK);
  IS(st.ino != ino, 1);
  IS(write_all(fd, "+after"), OK);
  struct iov iov = {P(buf), sizeof buf};
  IS(raw_fd_pread(fd, P(&iov), 1, 0, P(&out)), OK);
  IS(out == 12 && !memcmp(buf, "before+after", 12), 1);
  IS(has("u", "new"), 1);
  IS(raw_fd_filestat_set_size(fd, 3), OK);
  IS(raw_fd_filestat_get(fd, P(&st)) || st.size != 3, 0);
  IS(raw_fd_close(fd), OK);
  // A replaced file is without a name too.
  fd = open_at(ROOT, "u", 0, R_ALL, 0);
  put("w", "winner");
  IS(rename_at("w", "u"), OK);
  IS(raw_fd_pread(fd, P(&iov), 1, 0, P(&out)), OK);
  IS(out == 3 && !memcmp(buf, "new", 3), 1);
  IS(raw_fd_filestat_get(fd, P(&st)) || st.nlink != 0, 0);
  IS(raw_fd_close(fd), OK);
  IS(has("u", "winner"), 1);
  IS(unlink_at("u"), OK);
}

int main(int argc, char **argv) {
  work_in(argc, argv);
  links();
  files();
  directories();
  nameless();
  return DONE();
}
