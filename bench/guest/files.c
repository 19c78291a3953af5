// Small files: create, list, stat, read, rename, remove. Arguments: DIR COUNT, or both in the environment. Prints milliseconds of each step.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double last;
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
static void step(const char *name) {
  double t = now();
  printf("%s %.2f\n", name, t - last);
  last = now();
}
static void die(const char *what, const char *path) {
  fprintf(stderr, "files: %s %s: %s\n", what, path, strerror(errno));
  exit(1);
}

int main(int argc, char **argv) {
  const char *where = argc > 1 ? argv[1] : getenv("DIR"), *number = argc > 2 ? argv[2] : getenv("COUNT");
  if (!where || !number) return 2;
  int count = atoi(number);
  char dir[256], a[300], b[300], text[128];
  snprintf(dir, sizeof dir, "%s/files.tmp", where);
  if (mkdir(dir, 0755) < 0) die("mkdir", dir);
  double start = last = now();
  for (int i = 0; i < count; i++) {
    snprintf(a, sizeof a, "%s/file-%d", dir, i);
    int fd = open(a, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0) die("create", a);
    int n = snprintf(text, sizeof text, "the content of file number %d\n", i);
    if (write(fd, text, n) != n) die("write", a);
    close(fd);
  }
  step("create");
  DIR *d = opendir(dir);
  if (!d) die("opendir", dir);
  int seen = 0;
  struct dirent *e;
  while ((e = readdir(d))) if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) seen++;
  closedir(d);
  if (seen != count) die("list", "wrong number of entries");
  step("list");
  struct stat st;
  for (int i = 0; i < count; i++) {
    snprintf(a, sizeof a, "%s/file-%d", dir, i);
    if (stat(a, &st) < 0) die("stat", a);
  }
  step("stat");
  for (int i = 0; i < count; i++) {
    snprintf(a, sizeof a, "%s/file-%d", dir, i);
    int fd = open(a, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text) <= 0) die("read", a);
    close(fd);
  }
  step("read");
  for (int i = 0; i < count; i++) {
    snprintf(a, sizeof a, "%s/file-%d", dir, i);
    snprintf(b, sizeof b, "%s/renamed-%d", dir, i);
    if (rename(a, b) < 0) die("rename", a);
  }
  step("rename");
  for (int i = 0; i < count; i++) {
    snprintf(b, sizeof b, "%s/renamed-%d", dir, i);
    if (unlink(b) < 0) die("unlink", b);
  }
  if (rmdir(dir) < 0) die("rmdir", dir);
  step("remove");
  printf("total %.2f\n", now() - start);
  return 0;
}
