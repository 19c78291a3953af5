// Names: links, dangling links, trailing slashes, "." and "..", creating and removing. What Linux answers decides.
#include "wasi.h"

static unsigned char buf[8192];

static void set_up(void) {
  IS(mkdir_at("d"), OK);
  put("f", "content");
  put("d/inner", "i");
  IS(symlink_at("f", "l"), OK);
  IS(symlink_at("d", "dl"), OK);
  IS(symlink_at("nothing", "dang"), OK);
  IS(symlink_at("f/", "fs"), OK);
  IS(symlink_at("d/", "ds"), OK);
  IS(symlink_at("none/", "dangs"), OK);
  IS(symlink_at("b", "a"), OK);
  IS(symlink_at("a", "b"), OK);
  IS(symlink_at("self/", "self"), OK);
}

static void opening(void) {
  IS(try_open("none", 0, 0, R_READ), NOENT);
  IS(try_open("", 0, 0, R_READ), NOENT);
  IS(try_open("f/x", 0, 0, R_READ), NOTDIR);
  IS(try_open("f/", 0, 0, R_READ), NOTDIR);
  IS(try_open("f/.", 0, 0, R_READ), NOTDIR);
  IS(try_open("f", 0, DIRECTORY, R_READ), NOTDIR);
  IS(try_open("d/./inner", 0, 0, R_READ), OK);
  IS(try_open("d/../f", 0, 0, R_READ), OK);
  IS(try_open("none/../f", 0, 0, R_READ), NOENT);
  IS(try_open("f/../f", 0, 0, R_READ), NOTDIR);
  IS(try_open("d//inner", 0, 0, R_READ), OK);
  IS(try_open("d//", 0, DIRECTORY, R_READ), OK);
  // Links at the end.
  IS(try_open("l", 0, 0, R_READ), LOOP);
  IS(try_open("l", 1, 0, R_READ), OK);
  IS(try_open("l/", 0, 0, R_READ), NOTDIR);
  IS(try_open("l/", 1, 0, R_READ), NOTDIR);
  IS(try_open("dl", 0, DIRECTORY, R_READ), NOTDIR);
  IS(try_open("dl", 1, DIRECTORY, R_READ), OK);
  IS(try_open("dl/", 0, DIRECTORY, R_READ), OK);
  IS(try_open("dl/inner", 0, 0, R_READ), OK);
  IS(try_open("fs", 1, 0, R_READ), NOTDIR);
  IS(try_open("ds", 1, 0, R_READ), OK);
  IS(try_open("dang", 0, 0, R_READ), LOOP);
  IS(try_open("dang", 1, 0, R_READ), NOENT);
  IS(try_open("dang/", 1, 0, R_READ), NOENT);
  IS(try_open("a", 1, 0, R_READ), LOOP);
  IS(try_open("a/x", 0, 0, R_READ), LOOP);
  IS(try_open("self", 1, 0, R_READ), LOOP);
  // Writing to directories, and through links.
  IS(try_open("d", 0, 0, R_READ), OK);
  IS(try_open("d", 0, 0, R_WRITE), ISDIR);
  IS(try_open("d", 0, TRUNC, R_READ), ISDIR);
  IS(try_open("dl", 1, TRUNC, R_WRITE), ISDIR);
  IS(try_open("l", 0, TRUNC, R_WRITE), LOOP);
  IS(stat_at("f") || st.size != 7, 0);
}

static void creating(void) {
  IS(try_open("d", 0, CREAT, R_READ), ISDIR);
  IS(try_open("d", 0, CREAT | EXCL, R_READ), EXIST);
  IS(try_open("d", 0, CREAT | DIRECTORY, R_READ), INVAL);
  IS(try_open("new", 0, CREAT | DIRECTORY, R_READ), INVAL);
  IS(try_open("new/", 0, CREAT, R_WRITE), ISDIR);
  IS(try_open("f/", 0, CREAT, R_WRITE), ISDIR);
  IS(try_open("f/.", 0, CREAT, R_WRITE), NOTDIR);
  IS(try_open("d/.", 0, CREAT, R_WRITE), ISDIR);
  IS(try_open("d/..", 0, CREAT, R_WRITE), ISDIR);
  IS(try_open("f/new", 0, CREAT, R_WRITE), NOTDIR);
  IS(try_open("none/new", 0, CREAT, R_WRITE), NOENT);
  IS(try_open("l", 0, CREAT | EXCL, R_WRITE), EXIST);
  IS(try_open("l", 1, CREAT | EXCL, R_WRITE), EXIST);
  IS(try_open("dang", 0, CREAT | EXCL, R_WRITE), EXIST);
  IS(try_open("dang", 1, CREAT | EXCL, R_WRITE), EXIST);
  IS(try_open("dang", 0, CREAT, R_WRITE), LOOP);
  IS(try_open("dang/", 1, CREAT, R_WRITE), ISDIR);
  IS(try_open("dangs", 1, CREAT, R_WRITE), ISDIR);
  IS(try_open("dl", 1, CREAT, R_READ), ISDIR);
  IS(try_open("a", 1, CREAT, R_WRITE), LOOP);
  IS(lstat_at("nothing"), NOENT);
  IS(try_open("dang", 1, CREAT, R_WRITE), OK);  // makes what the link leads to
  IS(lstat_at("nothing"), OK);
  IS(unlink_at("nothing"), OK);
  IS(mkdir_at("d"), EXIST);
  IS(mkdir_at("f"), EXIST);
  IS(mkdir_at("f/"), EXIST);
  IS(mkdir_at("f/x"), NOTDIR);
  IS(mkdir_at("none/x"), NOENT);
  IS(mkdir_at("."), EXIST);
  IS(mkdir_at("n/."), NOENT);
  IS(mkdir_at(""), NOENT);
  IS(mkdir_at("dang"), EXIST);
  IS(mkdir_at("dang/"), EXIST);
  IS(mkdir_at("dl"), EXIST);
  IS(mkdir_at("n/"), OK);
  IS(mkdir_at("dl/below"), OK);
  IS(rmdir_at("d/below/"), OK);
}

static void removing(void) {
  IS(rmdir_at("dl"), NOTDIR);
  IS(rmdir_at("dl/"), NOTDIR);
  IS(rmdir_at("f"), NOTDIR);
  IS(rmdir_at("f/"), NOTDIR);
  IS(rmdir_at("d"), NOTEMPTY);
  IS(rmdir_at("d/."), INVAL);
  IS(rmdir_at("d/.."), NOTEMPTY);
  IS(rmdir_at("none"), NOENT);
  IS(rmdir_at("n/"), OK);
  IS(unlink_at("f/"), NOTDIR);
  IS(unlink_at("d"), ISDIR);
  IS(unlink_at("d/"), ISDIR);
  IS(unlink_at("d/."), ISDIR);
  IS(unlink_at("."), ISDIR);
  IS(unlink_at("dl/"), NOTDIR);
  IS(unlink_at("none"), NOENT);
  IS(unlink_at("none/"), NOENT);
  IS(unlink_at("f/x"), NOTDIR);
  IS(symlink_at("f", "gone"), OK);
  IS(unlink_at("gone"), OK);  // the link, not what it leads to
  IS(lstat_at("gone"), NOENT);
  IS(stat_at("f"), OK);
  // A directory that is open when it is removed is empty and stays so.
  IS(mkdir_at("r"), OK);
  int dir = open_at(ROOT, "r", DIRECTORY, R_ALL, 0);
  IS(rmdir_at("r"), OK);
  IS(raw_path_create_directory(dir, S("x")), NOENT);
  IS(-open_at(dir, "x", CREAT, R_WRITE, 0), NOENT);
  IS(raw_path_symlink(S("t"), dir, S("x")), NOENT);
  IS(raw_path_rename(ROOT, S("f"), dir, S("x")), NOENT);
  IS(raw_fd_filestat_get(dir, P(&st)), OK);
  IS(st.type & 0xff, DIR_TYPE);
  IS(raw_fd_close(dir), OK);
}

static void symlinks(void) {
  IS(symlink_at("", "x"), NOENT);
  IS(symlink_at("t", "x/"), NOENT);
  IS(symlink_at("t", "d/"), EXIST);
  IS(symlink_at("t", "dang"), EXIST);
  IS(symlink_at("t", "dang/"), EXIST);
  IS(symlink_at("t", "f/x"), NOTDIR);
  IS(raw_path_readlink(ROOT, S("l"), P(buf), sizeof buf, P(&out)), OK);
  IS(out == 1 && buf[0] == 'f', 1);
  IS(raw_path_readlink(ROOT, S("dang"), P(buf), 3, P(&out)), OK);
  IS(out == 3 && !memcmp(buf, "not", 3), 1);
  IS(raw_path_readlink(ROOT, S("fs"), P(buf), sizeof buf, P(&out)), OK);
  IS(out == 2 && !memcmp(buf, "f/", 2), 1);
  IS(raw_path_readlink(ROOT, S("l/"), P(buf), sizeof buf, P(&out)), NOTDIR);
  IS(raw_path_readlink(ROOT, S("dl/"), P(buf), sizeof buf, P(&out)), INVAL);
  IS(raw_path_readlink(ROOT, S("f"), P(buf), sizeof buf, P(&out)), INVAL);
  IS(raw_path_readlink(ROOT, S("none"), P(buf), sizeof buf, P(&out)), NOENT);
  IS(lstat_at("l"), OK);
  IS(st.type & 0xff, SYMLINK);
  IS(st.size, 1);
  IS(lstat_at("l/"), NOTDIR);
  IS(lstat_at("dl/"), OK);
  IS(st.type & 0xff, DIR_TYPE);
  IS(stat_at("l"), OK);
  IS(st.type & 0xff, REGULAR);
  IS(stat_at("dang"), NOENT);
  IS(stat_at("a"), LOOP);
  // Targets are text: long ones, and bytes that are not ASCII, come back as they went.
  memset(buf, 'x', 4095), buf[4095] = 0;
  IS(symlink_at((char *)buf, "long"), OK);
  IS(raw_path_readlink(ROOT, S("long"), P(buf), sizeof buf, P(&out)), OK);
  IS(out, 4095);
  memset(buf, 'x', 4096), buf[4096] = 0;
  IS(symlink_at((char *)buf, "longer"), NAMETOOLONG);
  IS(symlink_at("\xc3\xbc/\xf0\x9f\x98\x80", "utf8"), OK);
  IS(raw_path_readlink(ROOT, S("utf8"), P(buf), sizeof buf, P(&out)), OK);
  IS(out == 7 && !memcmp(buf, "\xc3\xbc/\xf0\x9f\x98\x80", 7), 1);
  IS(mkdir_at("\xff\xfe"), ILSEQ);
  IS(raw_path_create_directory(ROOT, P("a\0b"), 3), INVAL);
  // Forty links in a row are followed, one more is not (man 7 path_resolution).
  char name[16], target[16];
  put("c0", "end");
  for (int i = 1; i <= 41; i++) sprintf(name, "c%d", i), sprintf(target, "c%d", i - 1), symlink_at(target, name);
  IS(stat_at("c40"), OK);
  IS(stat_at("c41"), LOOP);
}

static void limits(void) {
  static char path[5000];
  memset(path, 'x', 4999);
  path[255] = 0;
  IS(mkdir_at(path), OK);
  IS(rmdir_at(path), OK);
  path[255] = 'x', path[256] = 0;
  IS(mkdir_at(path), NAMETOOLONG);
  path[256] = 'x';
  for (int i = 0; i < 4999; i += 2) path[i] = '.', path[i + 1] = '/';
  path[4094] = 0;
  IS(stat_at(path), OK);  // 2,047 times "./"
  path[4094] = '.', path[4096] = 0;
  IS(stat_at(path), NAMETOOLONG);
  // Unknown flags are refused (man 2 linkat, utimensat …).
  IS(raw_path_filestat_get(ROOT, 2, S("f"), P(&st)), INVAL);
  IS(raw_path_open(ROOT, 0x80000000, S("f"), 0, R_READ, 0, 0, P(&out)), INVAL);
  IS(raw_path_filestat_set_times(ROOT, 6, S("f"), 0, 0, 0), INVAL);
  IS(raw_path_link(ROOT, 4, S("f"), ROOT, S("x")), INVAL);
}

// A directory is a capability: nothing above it can be named, by whatever way.
static void below(void) {
  int dir = open_at(ROOT, "d", DIRECTORY, R_ALL, 0);
  IS(symlink_at("../f", "d/up"), OK);
  IS(symlink_at("/f", "d/absolute"), OK);
  IS(symlink_at("up/../../f", "d/twice"), OK);
  IS(-open_at(dir, "../f", 0, R_READ, 0), PERM);
  IS(-open_at(dir, "./.././d/inner", 0, R_READ, 0), PERM);
  IS(-open_at(dir, "..", DIRECTORY, R_READ, 0), PERM);
  IS(-open_at(dir, "/f", 0, R_READ, 0), PERM);
  IS(-open_follow(dir, "up", 0, R_READ, 0), PERM);
  IS(-open_follow(dir, "absolute", 0, R_READ, 0), PERM);
  IS(-open_follow(dir, "up", CREAT | TRUNC, R_WRITE, 0), PERM);
  IS(-open_at(dir, "up/", 0, R_READ, 0), PERM);
  IS(raw_path_filestat_get(dir, 1, S("up"), P(&st)), PERM);
  IS(raw_path_filestat_get(dir, 1, S("absolute"), P(&st)), PERM);
  IS(raw_path_filestat_get(dir, 0, S("up"), P(&st)), OK);
  IS(raw_path_filestat_set_times(dir, 1, S("up"), 1, 1, ATIM | MTIM), PERM);
  IS(raw_path_create_directory(dir, S("../stolen")), PERM);
  IS(raw_path_symlink(S("x"), dir, S("../stolen")), PERM);
  IS(raw_path_unlink_file(dir, S("../f")), PERM);
  IS(raw_path_remove_directory(dir, S("../d")), PERM);
  IS(raw_path_rename(dir, S("inner"), dir, S("../stolen")), PERM);
  IS(raw_path_rename(dir, S("../f"), dir, S("stolen")), PERM);
  IS(raw_path_link(dir, 1, S("up"), dir, S("stolen")), PERM);
  IS(raw_path_link(dir, 0, S("../f"), dir, S("stolen")), PERM);
  IS(raw_path_link(dir, 0, S("inner"), dir, S("../stolen")), PERM);
  IS(raw_path_readlink(dir, S("../l"), P(buf), 10, P(&out)), PERM);
  IS(lstat_at("stolen"), NOENT);
  IS(lstat_at("d/stolen"), NOENT);
  IS(stat_at("f") || st.size != 7, 0);
  IS(raw_path_rename(dir, S("inner"), ROOT, S("taken")), OK);  // with the right descriptor it can leave
  IS(raw_path_rename(ROOT, S("taken"), dir, S("inner")), OK);
  IS(raw_fd_close(dir), OK);
}

int main(int argc, char **argv) {
  work_in(argc, argv);
  set_up();
  opening();
  creating();
  removing();
  symlinks();
  limits();
  below();
  return DONE();
}
