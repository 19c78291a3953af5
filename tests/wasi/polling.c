// poll_oneoff. The second argument says what standard input is: "none", "bytes" (a pipe with "xy"), "open" (a silent pipe).
#include "wasi.h"

#define MAX 3000
static unsigned char in[MAX * 48], events[MAX * 32], buf[64];
enum { CLOCK = 0, READ = 1, WRITE = 2 };

static void clock_at(int i, u64 user, u32 id, u64 timeout, uint16_t flags) {
  unsigned char *s = in + i * 48;
  memset(s, 0, 48);
  *(u64 *)s = user, s[8] = CLOCK, *(u32 *)(s + 16) = id, *(u64 *)(s + 24) = timeout, *(uint16_t *)(s + 40) = flags;
}

static void stream_at(int i, u64 user, int type, u32 fd) {
  unsigned char *s = in + i * 48;
  memset(s, 0, 48);
  *(u64 *)s = user, s[8] = type, *(u32 *)(s + 16) = fd;
}

static int wait_for(int count) {
  memset(events, 0xee, sizeof events);
  return raw_poll_oneoff(P(in), P(events), count, P(&out));
}
#define USER(I) (*(u64 *)(events + (I) * 32))
#define ERROR(I) (*(uint16_t *)(events + (I) * 32 + 8))
#define TYPE(I) (events[(I) * 32 + 10])
#define BYTES(I) (*(u64 *)(events + (I) * 32 + 16))
#define HANGUP(I) (*(uint16_t *)(events + (I) * 32 + 24))

static u64 now(u32 id) {
  u64 t;
  IS(raw_clock_time_get(id, 0, P(&t)), OK);
  return t;
}

static void clocks(void) {
  u64 before = now(1);
  clock_at(0, 0xfedcba9876543210ull, 1, 20000000, 0);
  IS(wait_for(1), OK);
  IS(now(1) - before >= 20000000, 1);
  IS(out, 1);
  IS(USER(0), 0xfedcba9876543210ull);
  IS(ERROR(0) == OK && TYPE(0) == CLOCK, 1);
  IS(events[32], 0xee);
  before = now(1);
  clock_at(0, 1, 1, before + 20000000, 1);  // absolute
  IS(wait_for(1), OK);
  IS(now(1) >= before + 20000000, 1);
  clock_at(0, 1, 1, before, 1);  // has passed
  IS(wait_for(1), OK);
  IS(out, 1);
  before = now(0);
  clock_at(0, 1, 0, before + 20000000, 1);
  IS(wait_for(1), OK);
  IS(now(0) + 1000000 >= before + 20000000, 1);
  clock_at(0, 1, 0, 0, 1);
  IS(wait_for(1), OK);
  IS(out, 1);
  clock_at(0, 1, 1, 0, 0);  // no time at all
  IS(wait_for(1), OK);
  IS(out == 1 && USER(0) == 1, 1);
  // Equal times are reported together, the later one is not.
  u64 later = now(1) + 10000000;
  clock_at(0, 1, 1, later, 1), clock_at(1, 2, 1, later, 1), clock_at(2, 3, 1, 1ull << 62, 0);
  IS(wait_for(3), OK);
  IS(out, 2);
  IS(USER(0) == 1 && USER(1) == 2, 1);
  clock_at(0, 1, 1, 0, 0), clock_at(1, 2, 0, 0, 0), clock_at(2, 3, 1, ~0ull, 0);
  IS(wait_for(3), OK);
  IS(out, 2);
  // Clocks that cannot be waited for, and do not exist.
  clock_at(0, 1, 2, 0, 0), clock_at(1, 2, 3, 0, 0), clock_at(2, 3, 4, 0, 0);
  IS(wait_for(3), OK);
  IS(out == 3 && ERROR(0) == NOTSUP && ERROR(1) == NOTSUP && ERROR(2) == INVAL, 1);
}

static void files(void) {
  put("file", "content");
  int fd = open_at(ROOT, "file", 0, R_ALL, 0);
  stream_at(0, 1, READ, fd), stream_at(1, 2, WRITE, fd), clock_at(2, 3, 1, 1ull << 60, 0);
  IS(wait_for(3), OK);  // regular files are always ready
  IS(out, 2);
  IS(USER(0) == 1 && TYPE(0) == READ && ERROR(0) == OK && BYTES(0) == 7 && HANGUP(0) == 0, 1);
  IS(USER(1) == 2 && TYPE(1) == WRITE && ERROR(1) == OK, 1);
  IS(raw_fd_close(fd), OK);
  fd = open_at(ROOT, "file", 0, R_READ, 0);
  stream_at(0, 1, WRITE, fd);
  IS(wait_for(1), OK);
  IS(out == 1 && ERROR(0) == BADF, 1);
  IS(raw_fd_close(fd), OK);
  stream_at(0, 1, READ, fd), stream_at(1, 2, READ, 0xffffffff), stream_at(2, 3, WRITE, 1);
  IS(wait_for(3), OK);
  IS(out == 3 && ERROR(0) == BADF && ERROR(1) == BADF && ERROR(2) == OK, 1);
  stream_at(0, 9, 3, 1);  // no such type
  IS(wait_for(1), OK);
  IS(out == 1 && USER(0) == 9 && ERROR(0) == INVAL, 1);
  IS(raw_poll_oneoff(P(in), P(events), 0, P(&out)), INVAL);
}

static void many(void) {
  for (int i = 0; i < MAX; i++) stream_at(i, i, WRITE, 1);
  IS(wait_for(MAX), OK);
  IS(out, MAX);
  IS(USER(MAX - 1), MAX - 1);
  for (int i = 0; i < MAX; i++) clock_at(i, i, 1, i < 2 ? 1000000 : 1ull << 60, 0);
  IS(wait_for(MAX), OK);
  IS(out >= 1 && out <= 2, 1);
  // Events may be written over the subscriptions.
  clock_at(0, 5, 1, 0, 0), clock_at(1, 6, 1, 0, 0);
  IS(raw_poll_oneoff(P(in), P(in), 2, P(&out)), OK);
  IS(out == 2 && *(u64 *)in == 5 && *(u64 *)(in + 32) == 6, 1);
}

static void input(const char *kind) {
  struct iov r = {P(buf), sizeof buf};
  stream_at(0, 1, READ, 0), clock_at(1, 2, 1, 50000000, 0);
  if (!strcmp(kind, "open")) {
    IS(wait_for(2), OK);
    IS(out == 1 && USER(0) == 2, 1);
    IS(raw_fd_fdstat_set_flags(0, NONBLOCK), OK);
    IS(raw_fd_read(0, P(&r), 1, P(&out)), 6);  // EAGAIN
    return;
  }
  clock_at(1, 2, 1, 1ull << 60, 0);
  if (!strcmp(kind, "bytes")) {
    IS(wait_for(2), OK);
    IS(out == 1 && USER(0) == 1 && TYPE(0) == READ && ERROR(0) == OK && BYTES(0) >= 1, 1);
    u32 sum = 0;
    while (sum < 2 && !raw_fd_read(0, P(&r), 1, P(&out)) && out) sum += out;
    IS(sum, 2);
  }
  IS(wait_for(2), OK);  // the end is something to read
  IS(out >= 1 && USER(0) == 1 && ERROR(0) == OK, 1);
  IS(raw_fd_read(0, P(&r), 1, P(&out)), OK);
  IS(out, 0);
}

int main(int argc, char **argv) {
  work_in(argc, argv);
  clocks();
  files();
  many();
  input(argc > 2 ? argv[2] : "none");
  // Streams have no positions.
  IS(raw_fd_seek(1, 0, 1, P(&out64)), SPIPE);
  IS(raw_fd_tell(1, P(&out64)), SPIPE);
  struct iov w = {P("x"), 1};
  IS(raw_fd_pwrite(1, P(&w), 1, 0, P(&out)), SPIPE);
  return DONE();
}
