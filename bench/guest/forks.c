// What processes cost: fork and wait from a program of argv[1] MB, argv[2] times; then argv[3] children at once, which stay until told.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#define IMPORT(NAME, ...) __attribute__((import_module("wasix_32v1"), import_name(#NAME))) int32_t wasix_##NAME(__VA_ARGS__)
IMPORT(proc_fork, uint32_t, uint32_t *);
IMPORT(proc_join, void *, uint32_t, void *);
IMPORT(fd_pipe, uint32_t *, uint32_t *);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}
static void join(void) {
  uint32_t pid[2] = {0};
  uint16_t status[3];
  if (wasix_proc_join(pid, 0, status) != 0) exit(1);
}

int main(int argc, char **argv) {
  int megabytes = atoi(argv[1]), rounds = atoi(argv[2]), many = atoi(argv[3]);
  static char *volatile data;
  data = malloc(megabytes << 20 | 1);
  memset(data, 'x', megabytes << 20 | 1);
  uint32_t pid, reading, writing;
  double start = now();
  for (int i = 0; i < rounds; i++) {
    if (wasix_proc_fork(1, &pid) != 0) return 2;
    if (pid == 0) _exit(0);
    join();
  }
  printf("fork and wait, microseconds %.1f\n", (now() - start) / rounds);
  fflush(stdout);
  if (wasix_fd_pipe(&reading, &writing) != 0) return 3;
  char byte;
  for (int i = 0; i < many; i++) {
    if (wasix_proc_fork(1, &pid) != 0) return 4;
    if (pid != 0) continue;
    close(writing);
    _exit(read(reading, &byte, 1));
  }
  if (many > 0) read(0, &byte, 1); // until the host has looked
  close(writing);
  for (int i = 0; i < many; i++) join();
  return 0;
}
