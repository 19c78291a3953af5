// preview1's sockets on a listener that the program was started with: descriptor 3, before the preopened directories.
#include "wasi.h"
static unsigned char buf[70000], fdstat[24];
static struct iov v;

int main(void) {
  u32 connection, n;
  uint16_t flags;
  IS(raw_fd_fdstat_get(3, P(fdstat)), OK);
  IS(fdstat[0], 6);
  IS(raw_path_filestat_get(4, 0, S("dev"), P(&st)), OK);
  FILE *null = fopen("/dev/null", "r"); // wasi-libc has passed over the socket in its search for directories
  IS(null != NULL, 1);
  if (null) fclose(null);
  IS(raw_sock_recv(3, P(&v), 0, 0, P(&n), P(&flags)) != OK, 1);
  printf("listening\n"), fflush(stdout);
  IS(raw_sock_accept(3, 0, P(&connection)), OK);
  for (;;) {
    v.ptr = P(buf), v.len = sizeof buf;
    IS(raw_sock_recv(connection, P(&v), 1, 0, P(&n), P(&flags)), OK);
    if (n == 0) break;
    v.len = n;
    IS(raw_sock_send(connection, P(&v), 1, 0, P(&n)), OK);
    IS(n, v.len);
  }
  IS(raw_sock_shutdown(connection, 2), OK);
  raw_fd_close(connection);
  IS(raw_fd_fdstat_set_flags(3, NONBLOCK), OK);
  IS(raw_sock_accept(3, 0, P(&connection)), 6);
  return DONE();
}
