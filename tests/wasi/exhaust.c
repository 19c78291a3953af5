// Sizes that add up: vectors over 4 GB, memory that grows between calls, a filesystem of 1 MB that is filled.
#include "wasi.h"

#define END ((u32)(__builtin_wasm_memory_size(0) * 65536u))
static struct iov vectors[1024];

int main(int argc, char **argv) {
  (void)argc, (void)argv;
  int null = open_at(3, "dev/null", 0, R_WRITE, 0), zero = open_at(3, "dev/zero", 0, R_READ, 0);
  // Memory grows between calls: what was outside is inside then.
  u32 end = END;
  struct iov v = {end, 65536};
  IS(raw_fd_read(zero, P(&v), 1, P(&out)), FAULT);
  IS(__builtin_wasm_memory_grow(0, 1), end / 65536);
  memset((void *)(uintptr_t)end, 1, 65536);
  IS(raw_fd_read(zero, P(&v), 1, P(&out)), OK);
  IS(out, 65536);
  IS(((unsigned char *)(uintptr_t)end)[65535], 0);
  IS(raw_clock_time_get(0, 0, end + 65536 - 8), OK);
  for (int i = 0; i < 50; i++) {
    IS(__builtin_wasm_memory_grow(0, 16) != (size_t)-1, 1);
    v = (struct iov){END - 8, 8};
    IS(raw_fd_read(zero, P(&v), 1, P(&out)), OK);
    IS(raw_random_get(END - 1, 1), OK);
    IS(raw_path_filestat_get(3, 0, S("dev/null"), END - 64), OK);
  }
  // 1,024 times 8 MB, all the same bytes: more than 2^32. One call takes no more than Linux's does (man 2 write, NOTES).
  IS(__builtin_wasm_memory_grow(0, 128) != (size_t)-1, 1);
  for (int i = 0; i < 1024; i++) vectors[i] = (struct iov){END - (8 << 20), 8 << 20};
  IS(raw_fd_write(null, P(vectors), 1024, P(&out)), OK);
  IS(out, 0x7ffff000);
  IS(raw_fd_write(null, P(vectors), 1025, P(&out)), INVAL);
  for (int i = 0; i < 1024; i++) vectors[i].ptr = END, vectors[i].len = 0xffffffff;
  IS(raw_fd_write(null, P(vectors), 1024, P(&out)), FAULT);
  IS(raw_poll_oneoff(0, 0, 65537, P(&out)), INVAL);  // inside memory, but too many
  // The same into a filesystem of 1 MB: what fits is written, then there is no space, and removing makes room.
  for (int i = 0; i < 1024; i++) vectors[i] = (struct iov){END - (8 << 20), 8 << 20};
  int file = open_at(3, "small/file", CREAT, R_ALL, 0);
  IS(raw_fd_write(file, P(vectors), 1024, P(&out)), OK);
  IS(out > 900000 && out <= 1 << 20, 1);
  IS(raw_fd_write(file, P(vectors), 1, P(&out)), NOSPC);
  IS(raw_fd_allocate(file, 0, 2 << 20), NOSPC);
  IS(raw_fd_filestat_set_size(file, 1ull << 40), OK);  // a hole takes no room
  IS(raw_fd_close(file), OK);
  IS(unlink_at("small/file"), OK);
  file = open_at(3, "small/file", CREAT, R_ALL, 0);
  vectors[0].len = 500000;
  IS(raw_fd_write(file, P(vectors), 1, P(&out)), OK);
  IS(out, 500000);
  IS(raw_fd_close(file), OK);
  // Names are limited too: whatever the filesystem takes, it ends.
  char name[64];
  int made = 0, error = OK;
  for (; made < 20000 && !error; made++) {
    sprintf(name, "few/n%d", made);
    int fd = open_at(3, name, CREAT, R_WRITE, 0);
    if (fd < 0) error = -fd;
    else raw_fd_close(fd);
  }
  IS(error, NOSPC);
  IS(made <= 100, 1);
  // 20,000 names that do not exist, asked for: the answer stays the same.
  for (int i = 0; i < 20000; i++) {
    sprintf(name, "missing%d", i);
    if (lstat_at(name) != NOENT) IS(i, -1);
  }
  return DONE();
}
