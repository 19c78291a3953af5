// Reports as one JSON object all that a process sees of its container. The same source is compiled for WebAssembly and, for the runtimes of
// the host, natively; both read what they can from /proc, so that the reports can be compared.
//
// Arguments "VERB=VALUE" ask for more; all others are only reported:
//   stat=PATH  what is there          read=PATH   its content           take=PATH  its first 8 bytes, in hexadecimal
//   list=PATH  the names in it        open=PATH   open it for writing   push=PATH  write one byte
//   make=PATH  make a file, remove it             keep=PATH  make a file
//   stdin=yes  standard input         out=PATH    append the report to a file    sleep=MS  sleep afterwards    exit=CODE  end so
// Build: clang --target=wasm32-wasi -O2 -s -o probe.wasm probe.c; natively: cc -O2 -static -o probe probe.c
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifndef __wasi__
#include <sys/sysmacros.h>
#endif

extern char **environ;

static FILE *out;
static int first;

static const char *error_name(int number) {
  static const struct {
    int number;
    const char *name;
  } names[] = {
      {EACCES, "EACCES"}, {EBADF, "EBADF"},   {EBUSY, "EBUSY"},     {EEXIST, "EEXIST"},   {EINVAL, "EINVAL"}, {EIO, "EIO"},
      {EISDIR, "EISDIR"}, {ELOOP, "ELOOP"},   {ENODEV, "ENODEV"},   {ENOENT, "ENOENT"},   {ENOSPC, "ENOSPC"}, {ENOTDIR, "ENOTDIR"},
      {ENXIO, "ENXIO"},   {EPERM, "EPERM"},   {EROFS, "EROFS"},     {ETXTBSY, "ETXTBSY"}, {ESRCH, "ESRCH"},   {EMFILE, "EMFILE"},
      {ENOSYS, "ENOSYS"}, {EDQUOT, "EDQUOT"}, {ENOTSUP, "ENOTSUP"}, {EFBIG, "EFBIG"},
#ifdef ENOTCAPABLE
      {ENOTCAPABLE, "EPERM"},  // what preview 1 says where Linux says EPERM
#endif
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (names[i].number == number) return names[i].name;
  }
  return strerror(number);
}

static void string(const char *text, size_t length) {
  fputc('"', out);
  for (size_t i = 0; i < length; i++) {
    unsigned char c = text[i];
    if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
    else if (c < 0x20 || c >= 0x7f) fprintf(out, "\\u%04x", c);
    else fputc(c, out);
  }
  fputc('"', out);
}

static void text(const char *value) { string(value, strlen(value)); }

static void comma(void) {
  if (!first) fputc(',', out);
  first = 0;
}

static void key(const char *name) {
  comma();
  text(name);
  fputc(':', out);
}

static void begin(char bracket) {
  fputc(bracket, out);
  first = 1;
}

static void end(char bracket) {
  fputc(bracket, out);
  first = 0;
}

static void error(int number) {
  fputs("{\"error\":", out);
  text(error_name(number));
  fputc('}', out);
}

// The content of a descriptor, as the value of a key.
static void content(int fd, size_t limit) {
  static char buffer[1 << 18];
  size_t length = 0;
  if (limit > sizeof buffer) limit = sizeof buffer;
  while (length < limit) {
    ssize_t n = read(fd, buffer + length, limit - length);
    if (n < 0) {
      error(errno);
      return;
    }
    if (n == 0) break;
    length += n;
  }
  string(buffer, length);
}

static void file(const char *path) {
  key(path);
  int fd = open(path, O_RDONLY);
  if (fd < 0) {
    error(errno);
    return;
  }
  content(fd, 1 << 18);
  close(fd);
}

static void link_target(const char *path) {
  char target[4096];
  ssize_t n = readlink(path, target, sizeof target);
  if (n < 0) error(errno);
  else string(target, n);
}

static int order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// The names in a directory, sorted; with their links' targets as an object.
static void names(const char *path, int numbers, int links) {
  DIR *dir = opendir(path);
  if (!dir) {
    error(errno);
    return;
  }
  static char *list[20000];
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir)) && count < 20000;) {
    const char *name = entry->d_name;
    if (!strcmp(name, ".") || !strcmp(name, "..")) continue;
    if (!numbers || strspn(name, "0123456789") == strlen(name)) list[count++] = strdup(name);
  }
  qsort(list, count, sizeof *list, order);
  begin(links ? '{' : '[');
  for (int i = 0; i < count; i++) {
    char target[4096];
    snprintf(target, sizeof target, "%s/%s", path, list[i]);
    struct stat there;
    if (links && lstat(target, &there) != 0) continue;  // the descriptor of this very directory, where it is none
    if (!links) comma();
    else key(list[i]);
    if (!links) text(list[i]);
    else link_target(target);
  }
  end(links ? '}' : ']');
  closedir(dir);
}

static void show(const char *path) {
  struct stat s;
  if (lstat(path, &s) != 0) {
    error(errno);
    return;
  }
  const char *type = S_ISREG(s.st_mode)    ? "file"
                     : S_ISDIR(s.st_mode)  ? "directory"
                     : S_ISLNK(s.st_mode)  ? "link"
                     : S_ISCHR(s.st_mode)  ? "char"
                     : S_ISBLK(s.st_mode)  ? "block"
                     : S_ISFIFO(s.st_mode) ? "fifo"
                                           : "other";
  fprintf(out, "{\"type\":\"%s\",\"size\":%lld", type, (long long)s.st_size);
#ifndef __wasi__  // preview 1 has neither modes nor owners
  fprintf(out, ",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u,\"device\":\"%u:%u\"", s.st_mode & 07777, s.st_uid, s.st_gid, major(s.st_rdev),
          minor(s.st_rdev));
#endif
  if (S_ISLNK(s.st_mode)) {
    fputs(",\"target\":", out);
    link_target(path);
  }
  fputc('}', out);
}

static void done(int result) {
  if (result < 0) error(errno);
  else fputs("{\"ok\":true}", out);
}

static void ask(const char *verb, const char *path) {
  if (!strcmp(verb, "stat")) {
    show(path);
  } else if (!strcmp(verb, "list")) {
    names(path, 0, 0);
  } else if (!strcmp(verb, "read")) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) error(errno);
    else content(fd, 1 << 18);
    close(fd);
  } else if (!strcmp(verb, "take")) {
    unsigned char bytes[8];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    if (n < 0) error(errno);
    else {
      fputc('"', out);
      for (ssize_t i = 0; i < n; i++) fprintf(out, "%02x", bytes[i]);
      fputc('"', out);
    }
    close(fd);
  } else if (!strcmp(verb, "open") || !strcmp(verb, "push")) {
    int fd = open(path, O_WRONLY);
    done(fd < 0 ? -1 : verb[0] == 'p' ? (int)write(fd, "x", 1) : 0);
    close(fd);
  } else {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    int made = fd;
    if (fd >= 0) close(fd);
    if (fd >= 0 && !strcmp(verb, "make")) made = unlink(path);
    done(made);
  }
}

static const char *const FILES[] = {
    "/proc/self/status",          "/proc/self/limits",         "/proc/self/mountinfo",      "/proc/self/cgroup",
    "/proc/self/oom_score_adj",   "/proc/self/personality",    "/proc/self/uid_map",        "/proc/self/gid_map",
    "/proc/self/setgroups",       "/proc/self/timens_offsets", "/proc/self/attr/current",   "/proc/self/stat",
    "/proc/sys/kernel/hostname",  "/proc/sys/kernel/domainname", "/proc/net/dev",           "/proc/uptime",
};

static const char *const ASKED[] = {"stat", "list", "read", "take", "open", "push", "make", "keep"};

// The value of an argument "NAME=VALUE"; NULL if it is not one.
static const char *value_of(const char *argument, const char *name) {
  size_t length = strlen(name);
  return !strncmp(argument, name, length) && argument[length] == '=' ? argument + length + 1 : NULL;
}

static const char *option(int argc, char **argv, const char *name) {
  const char *found = NULL;
  for (int i = 1; i < argc; i++) {
    const char *value = value_of(argv[i], name);
    if (value) found = value;
  }
  return found;
}

static void report(int argc, char **argv) {
  begin('{');
  key("args");
  begin('[');
  for (int i = 0; i < argc; i++) {
    comma();
    text(argv[i]);
  }
  end(']');
  key("env");
  begin('[');
  for (char **entry = environ; entry && *entry; entry++) {
    comma();
    text(*entry);
  }
  end(']');
  key("cwd");
  link_target("/proc/self/cwd");  // a C library for WebAssembly has a directory of its own
  key("tty");
  fprintf(out, "[%d,%d,%d]", isatty(0), isatty(1), isatty(2));
  key("fds");
  names("/proc/self/fd", 1, 1);
  key("namespaces");
  names("/proc/self/ns", 0, 1);
  key("pids");
  names("/proc", 1, 0);
  key("files");
  begin('{');
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) file(FILES[i]);
  end('}');
  key("asked");
  begin('{');
  for (size_t v = 0; v < sizeof ASKED / sizeof *ASKED; v++) {
    key(ASKED[v]);
    begin('{');
    for (int i = 1; i < argc; i++) {
      const char *path = value_of(argv[i], ASKED[v]);
      if (!path) continue;
      key(path);
      ask(ASKED[v], path);
      first = 0;
    }
    end('}');
  }
  end('}');
  if (option(argc, argv, "stdin")) {
    key("stdin");
    content(0, 1 << 16);
  }
  end('}');
  fputc('\n', out);
}

int main(int argc, char **argv) {
  const char *path = option(argc, argv, "out"), *sleeps = option(argc, argv, "sleep"), *code = option(argc, argv, "exit");
  out = path ? fopen(path, "a") : stdout;
  if (!out) {
    fprintf(stderr, "%s: %s\n", path, error_name(errno));
    return 3;
  }
  report(argc, argv);
  fflush(out);
  if (sleeps) {
    long ms = atol(sleeps);
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
  }
  return code ? atoi(code) : 0;
}
