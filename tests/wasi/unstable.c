// What is different in wasi_unstable: whence counts from the current position, filestat has 56 bytes with a 32-bit link count, and
// subscriptions have 56.
#define MODULE "wasi_unstable"
#define UNSTABLE
#include "wasi.h"

int main(int argc, char **argv) {
  u32 fd;
  u64 at;
  work_in(argc, argv);
  unsigned char stat[64];
  memset(stat, 0xaa, sizeof stat);
  IS(raw_path_open(ROOT, 0, S("unstable"), 1, R_ALL, R_ALL, 0, P(&fd)), OK);
  u32 iov[2] = {P("0123456789"), 10};
  IS(raw_fd_write(fd, P(iov), 1, P(&out)), OK);
  IS(raw_fd_seek(fd, 3, 2, P(&at)), OK);  // from the start
  IS(at, 3);
  IS(raw_fd_seek(fd, 3, 0, P(&at)), OK);  // from here
  IS(at, 6);
  IS(raw_fd_seek(fd, -1, 1, P(&at)), OK);  // from the end
  IS(at, 9);
  IS(raw_fd_seek(fd, 0, 3, P(&at)), INVAL);
  IS(raw_fd_filestat_get(fd, P(stat)), OK);
  IS(stat[16], 4);
  IS(*(u32 *)(stat + 20), 1);   // links
  IS(*(u64 *)(stat + 24), 10);  // size
  IS(stat[56], 0xaa);           // nothing behind it
  memset(stat, 0xaa, sizeof stat);
  IS(raw_path_filestat_get(ROOT, 0, S("unstable"), P(stat)), OK);
  IS(*(u64 *)(stat + 24), 10);
  IS(stat[56], 0xaa);
  IS(raw_sock_recv(fd, P(iov), 0, 0, P(&out), P(&out)), NOTSOCK);
  IS(raw_sock_send(fd, P(iov), 0, 0, P(&out)), NOTSOCK);
  IS(raw_sock_shutdown(fd, 1), NOTSOCK);
  unsigned char in[56] = {0}, event[32];
  u64 before, after;
  raw_clock_time_get(1, 0, P(&before));
  *(u64 *)in = 5, *(u32 *)(in + 24) = 1, *(u64 *)(in + 32) = 10000000;
  IS(raw_poll_oneoff(P(in), P(event), 1, P(&out)), OK);
  raw_clock_time_get(1, 0, P(&after));
  IS(out, 1);
  IS(*(u64 *)event, 5);
  IS(after - before >= 10000000, 1);
  return DONE();
}
