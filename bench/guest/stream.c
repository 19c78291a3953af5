// One large file written and read back, 64 kB at a time. Arguments: DIR MEGABYTES, or both in the environment. Prints milliseconds.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char block[65536];
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
static int fail(const char *what) {
  fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
  return 1;
}

int main(int argc, char **argv) {
  const char *dir = argc > 1 ? argv[1] : getenv("DIR"), *number = argc > 2 ? argv[2] : getenv("MEGABYTES");
  if (!dir || !number) return 2;
  char path[256];
  snprintf(path, sizeof path, "%s/stream.tmp", dir);
  int blocks = atoi(number) * 16;
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return fail(path);
  double start = now();
  for (int i = 0; i < blocks; i++) {
    block[0] = i, block[65535] = i >> 8;
    if (write(fd, block, sizeof block) != sizeof block) return fail("write");
  }
  double middle = now();
  lseek(fd, 0, SEEK_SET);
  for (int i = 0; i < blocks; i++) {
    if (read(fd, block, sizeof block) != sizeof block) return fail("read");
    if (block[0] != (char)i || block[65535] != (char)(i >> 8)) return fail("wrong content");
  }
  printf("write %.2f\nread %.2f\ntotal %.2f\n", middle - start, now() - middle, now() - start);
  close(fd);
  return unlink(path) < 0 ? fail("unlink") : 0;
}
