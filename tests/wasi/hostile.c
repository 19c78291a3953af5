// Every function with pointers and lengths outside memory. The answer is an errno; afterwards the program is still alive.
#include "wasi.h"

#define END ((u32)(__builtin_wasm_memory_size(0) * 65536u))
static u32 sink, zero;
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
    if (e != FAULT && e != INVAL && e != NAMETOOLONG && e != FBIG) failures++, printf("line %d, %d: %s is %d\n", __LINE__, i, #CALL, e); \
  } while (0)

int main(int argc, char **argv) {
  work_in(argc, argv);
  int file = open_at(ROOT, "hostile", CREAT, R_ALL, 0), dir = open_at(ROOT, ".", DIRECTORY, R_ALL, 0);
  IS(file > 3 && dir > 3, 1);
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
    REFUSED(raw_environ_get(P(iov), b));
    REFUSED(raw_environ_sizes_get(b, P(&sink)));
    if (b >= END) REFUSED(raw_fd_prestat_dir_name(3, b, 4));  // its name is one byte
    REFUSED(raw_fd_seek(file, 0, 0, b));
    REFUSED(raw_fd_tell(file, b));
    REFUSED(raw_path_filestat_get(ROOT, 0, S("hostile"), b));
    REFUSED(raw_path_open(ROOT, 0, S("hostile"), 0, R_READ, 0, 0, b));
    REFUSED(raw_path_readlink(ROOT, S("hostile"), P(&sink), 4, b));
    REFUSED(raw_path_readlink(ROOT, S("hostile"), b, 8, P(&sink)));
    // Paths: the pointer, the length, and both.
    REFUSED(raw_path_create_directory(ROOT, b, 4));
    REFUSED(raw_path_create_directory(ROOT, P("x"), 0xffffffff));
    REFUSED(raw_path_create_directory(ROOT, 16, END));
    REFUSED(raw_path_open(ROOT, 0, b, 4, 0, R_READ, 0, 0, P(&sink)));
    REFUSED(raw_path_rename(ROOT, b, 4, ROOT, S("y")));
    REFUSED(raw_path_rename(ROOT, S("hostile"), ROOT, b, 4));
    REFUSED(raw_path_link(ROOT, 0, S("hostile"), ROOT, b, 4));
    REFUSED(raw_path_symlink(b, 4, ROOT, S("y")));
    REFUSED(raw_path_symlink(S("x"), ROOT, b, 4));
    REFUSED(raw_path_unlink_file(ROOT, b, 4));
    REFUSED(raw_path_remove_directory(ROOT, b, 4));
    REFUSED(raw_path_filestat_set_times(ROOT, 0, b, 4, 0, 0, 0));
    REFUSED(raw_path_filestat_get(ROOT, 0, b, 4, P(&sink)));
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
  // Half of memory and more, in every count and length.
  for (int i = 0; i < 3; i++) {
    u32 huge = i == 0 ? 1u << 31 : i == 1 ? 0xffffffff : END + 1;
    REFUSED(raw_fd_read(file, P(iov), huge, P(&sink)));
    REFUSED(raw_fd_write(file, 0, huge, P(&sink)));
    REFUSED(raw_poll_oneoff(0, 0, huge, P(&sink)));
    REFUSED(raw_random_get(0, huge));
    REFUSED(raw_fd_readdir(dir, 0, huge, 0, P(&sink)));
    REFUSED(raw_path_readlink(ROOT, S("hostile"), 0, huge, P(&sink)));
    REFUSED(raw_path_create_directory(ROOT, 0, huge));
    REFUSED(raw_path_symlink(0, huge, ROOT, S("y")));
    REFUSED(raw_path_rename(ROOT, 0, huge, ROOT, S("y")));
    iov[0] = 0, iov[1] = huge;
    REFUSED(raw_fd_read(file, P(iov), 1, P(&sink)));
    REFUSED(raw_fd_pwrite(file, P(iov), 1, 0, P(&sink)));
    IS(raw_fd_renumber(file, huge), BADF);
    IS(raw_fd_close(huge), BADF);
    IS(raw_fd_fdstat_get(huge, P(&sink)), BADF);
    IS(raw_fd_readdir(huge, P(&sink), 4, 0, P(&sink)), BADF);
  }
  IS(raw_path_filestat_get(ROOT, 0, S("y"), P(&st)), NOENT);
  IS(raw_fd_filestat_get(file, P(&st)) || st.size != 0, 0);  // nothing of all this was written
  // The last bytes of memory can be used.
  iov[0] = END - 4, iov[1] = 4;
  IS(raw_fd_pwrite(file, P(iov), 1, 0, P(&sink)), OK);
  IS(raw_fd_pread(file, P(iov), 1, 0, END - 4), OK);
  IS(raw_clock_time_get(0, 0, END - 8), OK);
  IS(raw_path_readlink(ROOT, S("hostile"), END - 4, 4, P(&sink)), INVAL);
  // Overlapping vectors, results over the vectors and over each other are the guest's own affair.
  IS(raw_fd_pwrite(file, P(iov), 1, 0, P(&sink)), OK);
  static unsigned char area[64];
  iov[0] = P(area), iov[1] = 3, iov[2] = P(area) + 1, iov[3] = 3;
  IS(raw_fd_pread(file, P(iov), 2, 0, P(&sink)), OK);
  IS(raw_fd_pread(file, P(iov), 2, 0, P(iov)), OK);
  iov[0] = P(iov), iov[1] = 16;
  IS(raw_fd_pread(file, P(iov), 1, 0, P(iov)), OK);
  IS(raw_args_sizes_get(P(&sink), P(&sink)), OK);
  IS(raw_path_open(ROOT, 0, S("hostile"), 0, R_READ, 0, 0, P("hostile")), OK);
  // Addresses need no alignment.
  IS(raw_clock_time_get(0, 0, P(area) + 1), OK);
  IS(raw_fd_fdstat_get(file, P(area) + 3), OK);
  memcpy(area + 1, (u32[2]){P(area) + 20, 1}, 8);
  IS(raw_fd_pread(file, P(area) + 1, 1, 0, P(area) + 41), OK);
  // Nothing has to be somewhere: empty lists, empty buffers at address 0.
  IS(raw_fd_write(file, 0, 0, P(&sink)), OK);
  IS(raw_random_get(0, 0), OK);
  IS(raw_fd_readdir(dir, 0, 0, 0, P(&sink)), OK);
  iov[0] = zero, iov[1] = 0;
  IS(raw_fd_write(file, P(iov), 1, P(&sink)), OK);
  // 2^53 and beyond, as a size: an error, not a file of petabytes.
  IS(raw_fd_filestat_set_size(file, 1ull << 60) != OK, 1);
  return DONE();
}
