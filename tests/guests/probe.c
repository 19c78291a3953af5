// A program that does one thing for each command, so that tests can look at a container from inside. Several commands may follow each
// other, separated by "--". Build: clang --target=wasm32-wasi -O2 -s -o probe.wasm probe.c
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int failed(const char *what, const char *path) {
  printf("%s %s: %s\n", what, path, strerror(errno));
  fflush(stdout);
  return 1;
}

static int cat(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return failed("open", path);
  char buf[65536];
  ssize_t n;
  while ((n = read(fd, buf, sizeof buf)) > 0) fwrite(buf, 1, n, stdout);
  int bad = n < 0 ? failed("read", path) : 0;
  close(fd);
  return bad;
}

static int put(const char *path, const char *text, int flags) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  if (fd < 0) return failed("open", path);
  size_t length = strlen(text);
  ssize_t n = write(fd, text, length);
  int bad = n != (ssize_t)length ? failed("write", path) : 0;
  if (close(fd) != 0) return failed("close", path);
  return bad;
}

static int names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int ls(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return failed("opendir", path);
  char *list[10000];
  int count = 0;
  for (struct dirent *e; (e = readdir(dir)) && count < 10000;) {
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) list[count++] = strdup(e->d_name);
  }
  closedir(dir);
  qsort(list, count, sizeof *list, names);
  for (int i = 0; i < count; i++) puts(list[i]);
  return 0;
}

static int show(const char *path) {
  struct stat s;
  if (lstat(path, &s) != 0) return failed("lstat", path);
  const char *kind = S_ISREG(s.st_mode) ? "file" : S_ISDIR(s.st_mode) ? "dir" : S_ISLNK(s.st_mode) ? "link"
                     : S_ISCHR(s.st_mode) ? "char" : "other";
  printf("%s size=%lld nlink=%d mtime=%lld\n", kind, (long long)s.st_size, (int)s.st_nlink, (long long)s.st_mtim.tv_sec);
  return 0;
}

static int run(int argc, char **argv) {
  const char *c = argv[0], *a = argc > 1 ? argv[1] : "", *b = argc > 2 ? argv[2] : "";
  if (!strcmp(c, "args")) {
    for (int i = 1; i < argc; i++) puts(argv[i]);
  } else if (!strcmp(c, "env")) {
    for (char **e = environ; *e; e++) puts(*e);
  } else if (!strcmp(c, "echo")) {
    puts(a);
  } else if (!strcmp(c, "err")) {
    fprintf(stderr, "%s\n", a);
  } else if (!strcmp(c, "cat")) {
    return cat(a);
  } else if (!strcmp(c, "put")) {
    return put(a, b, O_TRUNC);
  } else if (!strcmp(c, "append")) {
    return put(a, b, O_APPEND);
  } else if (!strcmp(c, "ls")) {
    return ls(a);
  } else if (!strcmp(c, "stat")) {
    return show(a);
  } else if (!strcmp(c, "mkdir")) {
    if (mkdir(a, 0777) != 0) return failed("mkdir", a);
  } else if (!strcmp(c, "rmdir")) {
    if (rmdir(a) != 0) return failed("rmdir", a);
  } else if (!strcmp(c, "rm")) {
    if (unlink(a) != 0) return failed("unlink", a);
  } else if (!strcmp(c, "mv")) {
    if (rename(a, b) != 0) return failed("rename", a);
  } else if (!strcmp(c, "ln")) {
    if (link(a, b) != 0) return failed("link", a);
  } else if (!strcmp(c, "symlink")) {
    if (symlink(a, b) != 0) return failed("symlink", b);
  } else if (!strcmp(c, "readlink")) {
    char target[4096];
    ssize_t n = readlink(a, target, sizeof target);
    if (n < 0) return failed("readlink", a);
    printf("%.*s\n", (int)n, target);
  } else if (!strcmp(c, "tty")) {
    printf("%d %d %d\n", isatty(0), isatty(1), isatty(2));
  } else if (!strcmp(c, "lines")) {  // reads standard input line by line
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, stdin)) > 0) {
      printf("got %.*s", (int)n, line);
      fflush(stdout);
    }
  } else if (!strcmp(c, "poll")) {  // waits for standard input, at most so many milliseconds
    struct pollfd p = {.fd = 0, .events = POLLIN};
    printf("poll %d\n", poll(&p, 1, atoi(a)));
  } else if (!strcmp(c, "sleep")) {
    struct timespec t = {.tv_sec = atoi(a) / 1000, .tv_nsec = (long)(atoi(a) % 1000) * 1000000};
    nanosleep(&t, NULL);
  } else if (!strcmp(c, "spin")) {
    for (volatile uint64_t i = 0;; i++) {
    }
  } else if (!strcmp(c, "alloc")) {  // so many MiB
    size_t size = (size_t)atoi(a) << 20;
    char *block = malloc(size);
    if (!block) return failed("malloc", a);
    for (size_t i = 0; i < size; i += 4096) ((volatile char *)block)[i] = 1;
    puts("allocated");
  } else if (!strcmp(c, "flood")) {  // so many bytes to standard output
    static char block[65536];
    memset(block, 'x', sizeof block);
    for (long long left = atoll(a); left > 0; left -= sizeof block) {
      if (write(1, block, left < (long long)sizeof block ? left : sizeof block) < 0) return failed("write", "stdout");
    }
  } else if (!strcmp(c, "abort")) {
    abort();
  } else if (!strcmp(c, "oob")) {
    *(volatile int *)0xfffffff0 = 1;
  } else if (!strcmp(c, "div")) {
    volatile int zero = 0, hundred = 100;
    printf("%d\n", hundred / zero);
  } else if (!strcmp(c, "deep")) {
    volatile char frame[1024];
    frame[0] = 1;
    char *next[] = {"deep"};
    return run(1, next) + frame[0];
  } else if (!strcmp(c, "exit")) {
    exit(atoi(a));
  } else {
    printf("unknown command %s\n", c);
    return 2;
  }
  fflush(stdout);
  return 0;
}

int main(int argc, char **argv) {
  int bad = 0;
  for (int i = 1; i < argc;) {
    int end = i;
    while (end < argc && strcmp(argv[end], "--")) end++;
    if (end > i) bad |= run(end - i, argv + i);
    i = end + 1;
  }
  return bad;
}
