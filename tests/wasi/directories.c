// fd_readdir: cookies, truncated buffers, entries that come and go; directories thousands deep.
#include "wasi.h"

static unsigned char buf[65536];
static char names[4096][32];
static u64 cookies[4096];

// Reads entries that fit into `size` bytes whole; how many.
static int entries(u32 dir, u64 cookie, u32 size) {
  int count = 0;
  IS(raw_fd_readdir(dir, P(buf), size, cookie, P(&out)), OK);
  IS(out <= size, 1);
  for (u32 at = 0; at + 24 <= out;) {
    u32 length = *(u32 *)(buf + at + 16);
    if (at + 24 + length > out) break;
    memcpy(names[count], buf + at + 24, length), names[count][length] = 0;
    cookies[count++] = *(u64 *)(buf + at);
    at += 24 + length;
  }
  return count;
}

static int found(const char *name, int count) {
  int n = 0;
  for (int i = 0; i < count; i++) n += !strcmp(names[i], name);
  return n;
}

static void kinds(void) {
  IS(mkdir_at("k"), OK);
  IS(mkdir_at("k/dir"), OK);
  put("k/file", "");
  IS(symlink_at("file", "k/link"), OK);
  int dir = open_at(ROOT, "k", DIRECTORY, R_ALL, 0);
  int n = entries(dir, 0, sizeof buf);
  IS(n, 5);
  IS(found(".", n) == 1 && found("..", n) == 1 && found("dir", n) == 1 && found("file", n) == 1 && found("link", n) == 1, 1);
  int type = -1;
  for (u32 at = 0; at < out; at += 24 + *(u32 *)(buf + at + 16)) {
    const char *name = (char *)buf + at + 24;
    u32 length = *(u32 *)(buf + at + 16);
    if (length == 4 && !memcmp(name, "file", 4)) {
      type = buf[at + 20];
      IS(lstat_at("k/file"), OK);
      IS(*(u64 *)(buf + at + 8), st.ino);
    }
    if (length == 4 && !memcmp(name, "link", 4)) IS(buf[at + 20], SYMLINK);
    if (length == 3) IS(buf[at + 20], DIR_TYPE);
    if (length == 1) {
      IS(raw_fd_filestat_get(dir, P(&st)), OK);
      IS(*(u64 *)(buf + at + 8), st.ino);
    }
    if (length == 2) {
      IS(raw_fd_filestat_get(ROOT, P(&st)), OK);
      IS(*(u64 *)(buf + at + 8), st.ino);
    }
  }
  IS(type, REGULAR);
  IS(raw_fd_close(dir), OK);
  IS(unlink_at("k/file") || unlink_at("k/link") || rmdir_at("k/dir"), 0);
  // An empty directory, whose end has been seen, and then has an entry.
  dir = open_at(ROOT, "k", DIRECTORY, R_ALL, 0);
  IS(entries(dir, 0, sizeof buf), 2);
  IS(entries(dir, cookies[1], sizeof buf), 0);
  put("k/late", "");
  n = entries(dir, 0, sizeof buf);
  IS(n, 3);
  IS(found("late", n), 1);
  IS(unlink_at("k/late"), OK);
  IS(entries(dir, 0, sizeof buf), 2);
  IS(raw_fd_close(dir), OK);
  put("plain", "");
  int file = open_at(ROOT, "plain", 0, R_READ, 0);
  IS(raw_fd_readdir(file, P(buf), 100, 0, P(&out)), NOTDIR);
  IS(raw_fd_readdir(999, P(buf), 100, 0, P(&out)), BADF);
  IS(raw_fd_close(file), OK);
}

static void changing(void) {
  char name[32];
  IS(mkdir_at("list"), OK);
  for (int i = 0; i < 20; i++) sprintf(name, "list/f%d", i), put(name, "");
  int dir = open_at(ROOT, "list", DIRECTORY, R_ALL, 0);
  int seen[20] = {0}, dots = 0;
  u64 cookie = 0;
  for (int round = 0;; round++) {
    int n = entries(dir, cookie, 100);
    if (n == 0) break;
    for (int k = 0; k < n; k++) {
      if (names[k][0] == '.') dots++;
      if (names[k][0] == 'f') seen[atoi(names[k] + 1)]++;
    }
    cookie = cookies[n - 1];
    if (round < 3) sprintf(name, "list/new%d", round), put(name, "");
    if (round == 0) {  // one that was read, one that was not
      sprintf(name, "list/%s", names[n - 1]), unlink_at(name);
      for (int i = 0, gone = 0; i < 20 && !gone; i++)
        if (!seen[i]) sprintf(name, "list/f%d", i), gone = !unlink_at(name), seen[i] = 1;
    }
  }
  IS(dots, 2);
  int once = 0;
  for (int i = 0; i < 20; i++) once += seen[i] == 1;
  IS(once, 20);  // what stayed came exactly once
  // Truncated buffers: every size gives the same entries, and a cut-off one fills the buffer.
  int all = entries(dir, 0, sizeof buf);
  static char want[64][32];
  memcpy(want, names, sizeof want);
  for (u32 size = 64; size < 200; size += 7) {
    int count = 0, wrong = 0;
    cookie = 0;
    for (int n; (n = entries(dir, cookie, size)) > 0; cookie = cookies[n - 1])
      for (int k = 0; k < n; k++) wrong += count >= all || strcmp(want[count++], names[k]) != 0;
    IS(count, all);
    IS(wrong, 0);
  }
  for (u32 size = 0; size < 25; size++) {
    IS(raw_fd_readdir(dir, P(buf), size, 0, P(&out)), OK);
    IS(out, size);
  }
  buf[30] = 0x77;
  IS(raw_fd_readdir(dir, P(buf), 30, 0, P(&out)), OK);
  IS(buf[30], 0x77);
  // Any cookie may be gone back to, in any order.
  all = entries(dir, 0, sizeof buf);
  static u64 places[64];
  memcpy(places, cookies, sizeof places);
  for (int i = all - 1; i > 0; i -= 3) {
    int n = entries(dir, places[i - 1], 64);
    IS(n >= 1 && !strcmp(names[0], want[i]), 1);
  }
  // Made-up cookies: an errno or entries, never the host's end.
  for (int bit = 0; bit < 64; bit++) {
    int error = raw_fd_readdir(dir, P(buf), 100, (1ull << bit) + 1, P(&out));
    IS(error == OK || error == INVAL || error == OVERFLOW, 1);
  }
  IS(raw_fd_readdir(dir, P(buf), 100, ~0ull, P(&out)), OVERFLOW);
  IS(entries(dir, 0, sizeof buf), all);
  IS(raw_fd_close(dir), OK);
}

static void many(void) {
  char name[32];
  IS(mkdir_at("many"), OK);
  int dir = open_at(ROOT, "many", DIRECTORY, R_ALL, 0);
  for (int i = 0; i < 1000; i++) {
    sprintf(name, "n%d", i);
    int fd = open_at(dir, name, CREAT, R_WRITE, 0);
    if (fd < 0) IS(fd, 0);
    raw_fd_close(fd);
  }
  // Removing everything while it is read, as rm -r does.
  int removed = 0;
  u64 cookie = 0;
  for (int n; (n = entries(dir, cookie, 512)) > 0;) {
    cookie = cookies[n - 1];
    for (int i = 0; i < n; i++)
      if (names[i][0] == 'n') removed += !raw_path_unlink_file(dir, S(names[i]));
  }
  IS(removed, 1000);
  IS(raw_fd_close(dir), OK);
  IS(rmdir_at("many"), OK);
}

// Deeper than any path can say. (Each step in a host's directory is checked from its root: fewer are enough there.)
static void deep(void) {
  int depth = 0, levels = on_host ? 200 : 3000, dir = open_at(ROOT, ".", DIRECTORY, R_ALL, 0);
  for (; depth < levels; depth++) {
    if (raw_path_create_directory(dir, S("d"))) break;
    int below = open_at(dir, "d", DIRECTORY, R_ALL, 0);
    if (below < 0) break;
    raw_fd_close(dir);
    dir = below;
  }
  IS(depth, levels);
  int fd = open_at(dir, "leaf", CREAT, R_ALL, 0);
  IS(fd > 0, 1);
  IS(write_all(fd, "deep"), OK);
  IS(raw_path_rename(dir, S("leaf"), ROOT, S("leaf")), OK);
  IS(raw_path_rename(ROOT, S("leaf"), dir, S("leaf")), OK);
  IS(raw_path_unlink_file(dir, S("leaf")), OK);
  IS(raw_fd_close(fd), OK);
  IS(raw_path_rename(ROOT, S("d"), dir, S("loop")), INVAL);
  IS(raw_fd_close(dir), OK);
  static char path[4096];
  memset(path, 0, sizeof path);
  for (int i = 0; i < levels * 3 / 10; i++) strcat(path, i ? "/d" : "d");
  IS(lstat_at(path), OK);
  static char up[4096];
  sprintf(up, "%s", path);
  for (int i = 0; i < levels / 5; i++) strcat(up, "/..");
  IS(lstat_at(up), OK);
  IS(rmdir_at("d"), NOTEMPTY);
  // Taken apart from above: every level is moved to the top and removed.
  int left = depth;
  for (; left > 0; left--) {
    if (left > 1 && (rename_at("d/d", "next") || rmdir_at("d") || rename_at("next", "d"))) break;
  }
  IS(left, 0);
  IS(rmdir_at("d"), OK);
}

// Paths of the host end at PATH_MAX: the answer is an errno, and what is there can be removed again.
static void long_names(void) {
  static char name[251];
  memset(name, 'n', 250);
  int dirs[20], depth = 0;
  dirs[0] = open_at(ROOT, ".", DIRECTORY, R_ALL, 0);
  for (; depth < 19; depth++) {
    int error = raw_path_create_directory(dirs[depth], S(name));
    if (error) { IS(error, NAMETOOLONG); break; }
    int below = open_at(dirs[depth], name, DIRECTORY, R_ALL, 0);
    if (below < 0) { IS(below, -NAMETOOLONG); raw_path_remove_directory(dirs[depth], S(name)); break; }
    dirs[depth + 1] = below;
  }
  IS(depth == 19 || (on_host && depth > 10), 1);
  for (; depth >= 0; depth--) {
    raw_fd_close(dirs[depth]);
    if (depth > 0) IS(raw_path_remove_directory(dirs[depth - 1], S(name)), OK);
  }
}

int main(int argc, char **argv) {
  work_in(argc, argv);
  kinds();
  changing();
  many();
  deep();
  long_names();
  return DONE();
}
