// Nanoseconds per WASI call from inside a guest, the best of several rounds of 20 ms. Arguments: DIR [ROUNDS], or DIR in the environment
// (a host that passes no arguments); DIR must be writable.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static char page[4096];
static int file, null, fail;
static char path[256];
static int rounds = 5;

#define MEASURE(NAME, STATEMENT)                                        \
  do {                                                                  \
    double best = 1e18;                                                 \
    int count = 100;                                                    \
    for (int r = 0; r < rounds;) {                                      \
      double start = now();                                             \
      for (int i = 0; i < count; i++) {                                 \
        STATEMENT;                                                      \
      }                                                                 \
      double taken = now() - start;                                     \
      if (taken < 20e6 && count < 1000000) {                            \
        count *= taken < 5e6 ? 4 : 2; /* not long enough: not counted */ \
        continue;                                                       \
      }                                                                 \
      if (taken / count < best) best = taken / count;                   \
      r++;                                                              \
    }                                                                   \
    printf("%s %.1f\n", NAME, best);                                    \
    fflush(stdout);                                                     \
  } while (0)

int main(int argc, char **argv) {
  const char *dir = argc > 1 ? argv[1] : getenv("DIR") ? getenv("DIR") : ".";
  if (argc > 2) rounds = atoi(argv[2]);
  snprintf(path, sizeof path, "%s/calls.tmp", dir);
  file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0) {
    fprintf(stderr, "calls: %s: %s\n", path, strerror(errno));
    return 1;
  }
  for (int i = 0; i < 256; i++) fail |= write(file, page, sizeof page) < 0;
  struct timespec t;
  struct stat st;
  char c = 'x';
  MEASURE("clock_time_get", clock_gettime(CLOCK_MONOTONIC, &t));
  MEASURE("fd_write 1 B", fail |= write(file, &c, 1) < 0; if ((i & 1023) == 0) lseek(file, 0, SEEK_SET));
  null = open("/dev/null", O_WRONLY);
  if (null >= 0) {
    MEASURE("fd_write 1 B /dev/null", fail |= write(null, &c, 1) < 0);
  }
  MEASURE("fd_read 1 B", fail |= read(file, &c, 1) < 0; if ((i & 1023) == 0) lseek(file, 0, SEEK_SET));
  MEASURE("fd_pread 4 kB", fail |= pread(file, page, sizeof page, (i & 255) * 4096L) < 0);
  MEASURE("fd_pwrite 4 kB", fail |= pwrite(file, page, sizeof page, (i & 255) * 4096L) < 0);
  MEASURE("fd_seek", fail |= lseek(file, i, SEEK_SET) < 0);
  MEASURE("fd_filestat_get", fail |= fstat(file, &st) < 0);
  MEASURE("path_filestat_get", fail |= stat(path, &st) < 0);
  MEASURE("path_open+close", {
    int f = open(path, O_RDONLY);
    fail |= f < 0;
    close(f);
  });
  close(file);
  unlink(path);
  if (fail) fprintf(stderr, "calls: a call failed\n");
  return fail;
}
