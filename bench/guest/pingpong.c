// One byte there and one byte back over standard input and output, argv[2] times: "a" begins and says how long it took, "b" answers.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

// Some hosts hand on descriptors that do not block.
static void again(int fd, short events, const char *what) {
  struct pollfd one = {fd, events, 0};
  if (errno != EAGAIN || poll(&one, 1, -1) < 0) perror(what), exit(1);
}
static void take(void) {
  char byte;
  ssize_t n;
  while ((n = read(0, &byte, 1)) < 0) again(0, POLLIN, "read");
  if (n == 0) exit(2);
}
static void give(void) {
  while (write(1, "x", 1) < 0) again(1, POLLOUT, "write");
}

int main(int argc, char **argv) {
  int begins = argv[1][0] == 'a', rounds = atoi(argv[2]);
  double start = now();
  for (int i = 0; i < rounds; i++) {
    if (begins) give();
    take();
    if (!begins) give();
  }
  if (begins) fprintf(stderr, "round trip, microseconds %.3f\n", (now() - start) / rounds);
  return 0;
}
