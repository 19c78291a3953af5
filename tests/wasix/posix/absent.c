// What WASIX has no function for: modes and owners are not kept, the rest fails.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <termios.h>
#include <signal.h>
struct passwd;
extern char **environ;
static int none(void) { errno = ENOSYS; return -1; }
int chmod(const char *p, mode_t m) { return 0; }
int fchmod(int f, mode_t m) { return 0; }
int chown(const char *p, uid_t u, gid_t g) { return 0; }
int lchown(const char *p, uid_t u, gid_t g) { return 0; }
int fchown(int f, uid_t u, gid_t g) { return 0; }
int mknod(const char *p, mode_t m, dev_t d) { return none(); }
int clock_settime(clockid_t c, const struct timespec *t) { return none(); }
int getrlimit(int r, struct rlimit *l) { l->rlim_cur = l->rlim_max = RLIM_INFINITY; return 0; }
int setrlimit(int r, const struct rlimit *l) { return none(); }
struct passwd *getpwnam(const char *n) { return NULL; }
int tcgetattr(int fd, struct termios *t) { errno = ENOTTY; return -1; }
int tcsetattr(int fd, int a, const struct termios *t) { errno = ENOTTY; return -1; }
FILE *popen(const char *c, const char *m) { errno = ENOSYS; return NULL; }
int pclose(FILE *f) { return none(); }
int execvp(const char *name, char *const argv[]) {
  if (strchr(name, '/')) return execve(name, argv, environ);
  const char *path = getenv("PATH");
  int error = ENOENT;
  for (const char *p = path ? path : "/bin:/usr/bin"; *p;) {
    size_t n = strcspn(p, ":");
    char full[4096];
    snprintf(full, sizeof full, "%.*s/%s", (int)n, p, name);
    execve(full, argv, environ);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    p += n + (p[n] == ':');
  }
  errno = error;
  return -1;
}
int mkstemp(char *template) {
  static unsigned n;
  char *x = template + strlen(template) - 6;
  for (int i = 0; i < 100; i++) {
    sprintf(x, "%06u", n++ % 1000000);
    int fd = open(template, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}
char *bb_mode_string(char buf[11], mode_t mode) {
  strcpy(buf, S_ISDIR(mode) ? "drwxr-xr-x" : S_ISLNK(mode) ? "lrwxrwxrwx" : "-rw-r--r--");
  return buf;
}
