// Every function with pointers and lengths outside memory. The answer is an errno; afterwards the program is still alive.
#include "wasi.h"

#define END ((u32)(__builtin_wasm_memory_size(0) * 65536u))
static u32 sink;
static u32 iov[4];

// Pointers that are not inside memory for an object of at least 4 bytes.
static u32 bad(int i) {
  switch (i) {
    case 0: return END;
    case 1: return END - 1;
    case 2: return END - 3;
    case 3: return 0xffffffff;
    case 4: return 0xfffffffc;
    default: return 0x80000000;
  }
}
#define EACH for (int i = 0; i < 6; i++)
#define REFUSED(CALL)                                                             \
  do {                                                                            \
    int e = (CALL);                                                               \
    checks++;                                                                     \
    if (e != FAULT && e != INVAL && e != NAMETOOLONG && e != 22) failures++, printf("line %d, %d: %s is %d\n", __LINE__, i, #CALL, e); \
  } while (0)

int main(void) {
  u32 file;
  IS(raw_path_open(3, 0, S("hostile"), 1, R_ALL, R_ALL, 0, P(&file)), OK);
  u32 dir;
  IS(raw_path_open(3, 0, S("."), 2, R_ALL, R_ALL, 0, P(&dir)), OK);
  EACH {
    u32 b = bad(i);
    REFUSED(raw_args_get(b, P(&sink)));
    REFUSED(raw_args_get(P(iov), b));
    REFUSED(raw_args_sizes_get(b, P(&sink)));
    REFUSED(raw_args_sizes_get(P(&sink), b));
    REFUSED(raw_environ_get(b, P(&sink)));
    REFUSED(raw_environ_sizes_get(P(&sink), b));
    REFUSED(raw_clock_res_get(0, b));
    REFUSED(raw_clock_time_get(0, 0, b));
    REFUSED(raw_fd_fdstat_get(file, b));
    REFUSED(raw_fd_filestat_get(file, b));
    REFUSED(raw_fd_prestat_get(3, b));
    if (i != 1) REFUSED(raw_fd_prestat_dir_name(3, b, 4));
    REFUSED(raw_fd_seek(file, 0, 0, b));
    REFUSED(raw_fd_tell(file, b));
    REFUSED(raw_path_filestat_get(3, 0, S("hostile"), b));
    REFUSED(raw_path_open(3, 0, S("hostile"), 0, R_READ, 0, 0, b));
    REFUSED(raw_path_readlink(3, S("hostile"), P(&sink), 4, b));
    REFUSED(raw_path_readlink(3, S("hostile"), b, 8, P(&sink)));
    // Paths: the pointer, the length, and both.
    REFUSED(raw_path_create_directory(3, b, 4));
    REFUSED(raw_path_create_directory(3, P("x"), 0xffffffff));
    REFUSED(raw_path_create_directory(3, 16, END));
    REFUSED(raw_path_open(3, 0, b, 4, 0, R_READ, 0, 0, P(&sink)));
    REFUSED(raw_path_rename(3, b, 4, 3, S("y")));
    REFUSED(raw_path_rename(3, S("hostile"), 3, b, 4));
    REFUSED(raw_path_link(3, 0, S("hostile"), 3, b, 4));
    REFUSED(raw_path_symlink(b, 4, 3, S("y")));
    REFUSED(raw_path_symlink(S("x"), 3, b, 4));
    REFUSED(raw_path_unlink_file(3, b, 4));
    REFUSED(raw_path_remove_directory(3, b, 4));
    REFUSED(raw_path_filestat_set_times(3, 0, b, 4, 0, 0, 0));
    REFUSED(raw_path_filestat_get(3, 0, b, 4, P(&sink)));
    // Vectors: the array, what it points to, lengths that wrap around, and the place for the result.
    REFUSED(raw_fd_read(file, b, 1, P(&sink)));
    REFUSED(raw_fd_write(file, b, 1, P(&sink)));
    iov[0] = b, iov[1] = 4;
    REFUSED(raw_fd_read(file, P(iov), 1, P(&sink)));
    REFUSED(raw_fd_write(file, P(iov), 1, P(&sink)));
    REFUSED(raw_fd_pread(file, P(iov), 1, 0, P(&sink)));
    REFUSED(raw_fd_pwrite(file, P(iov), 1, 0, P(&sink)));
    iov[0] = 16, iov[1] = 0xffffffff;
    REFUSED(raw_fd_write(file, P(iov), 1, P(&sink)));
    REFUSED(raw_fd_pread(file, P(iov), 1, 0, P(&sink)));
    iov[0] = 16, iov[1] = 16;
    REFUSED(raw_fd_write(file, P(iov), 1, b));
    REFUSED(raw_fd_write(file, P(iov), 0xffffffff, P(&sink)));
    REFUSED(raw_fd_read(file, P(iov), 0x20000001, P(&sink)));
    REFUSED(raw_fd_readdir(dir, b, 64, 0, P(&sink)));
    REFUSED(raw_fd_readdir(dir, 16, 0xffffffff, 0, P(&sink)));
    REFUSED(raw_fd_readdir(dir, 16, 64, 0, b));
    REFUSED(raw_poll_oneoff(b, 16, 1, P(&sink)));
    REFUSED(raw_poll_oneoff(16, b, 1, P(&sink)));
    REFUSED(raw_poll_oneoff(16, 16, 0xffffffff, P(&sink)));
    REFUSED(raw_random_get(b, 4));
    REFUSED(raw_random_get(16, 0xffffffff));
    // Numbers that are too large for what they are.
    REFUSED(raw_fd_allocate(file, 1ull << 63, 1));
    REFUSED(raw_fd_filestat_set_size(file, ~0ull));
    REFUSED(raw_fd_pread(file, P(iov), 1, ~0ull, P(&sink)));
    REFUSED(raw_fd_advise(file, ~0ull, 0, 0));
  }
  // The last bytes of memory can be used.
  iov[0] = END - 4, iov[1] = 4;
  IS(raw_fd_pwrite(file, P(iov), 1, 0, P(&sink)), OK);
  IS(raw_fd_pread(file, P(iov), 1, 0, END - 4), OK);
  IS(raw_clock_time_get(0, 0, END - 8), OK);
  // Overlapping vectors are the guest's own affair.
  iov[0] = 16, iov[1] = 64, iov[2] = 20, iov[3] = 64;
  IS(raw_fd_pread(file, P(iov), 2, 0, P(&sink)), OK);
  // 2^53 and beyond, as a size: an error, not a file of petabytes.
  IS(raw_fd_filestat_set_size(file, 1ull << 60) != OK, 1);
  return DONE();
}
