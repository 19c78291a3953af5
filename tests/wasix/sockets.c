// Sockets: addresses, connections between processes, messages, options, names.
#include <fcntl.h>
#include <unistd.h>
#include "wasix.h"
IMPORT(sock_open, u32, u32, u32, u32 *);
IMPORT(sock_pair, u32, u32, u32, u32 *, u32 *);
IMPORT(sock_status, u32, uint8_t *);
IMPORT(sock_addr_local, u32, void *);
IMPORT(sock_addr_peer, u32, void *);
IMPORT(sock_bind, u32, const void *);
IMPORT(sock_listen, u32, u32);
IMPORT(sock_connect, u32, const void *);
IMPORT(sock_accept_v2, u32, u32, u32 *, void *);
IMPORT(sock_recv_from, u32, void *, u32, u32, u32 *, uint16_t *, void *);
IMPORT(sock_send_to, u32, const void *, u32, u32, const void *, u32 *);
IMPORT(sock_send_file, u32, u32, u64, u64, u64 *);
IMPORT(sock_set_opt_flag, u32, u32, u32);
IMPORT(sock_get_opt_flag, u32, u32, uint8_t *);
IMPORT(sock_set_opt_time, u32, u32, void *);
IMPORT(sock_get_opt_time, u32, u32, void *);
IMPORT(sock_set_opt_size, u32, u32, u64);
IMPORT(sock_get_opt_size, u32, u32, u64 *);
IMPORT(sock_join_multicast_v4, u32, void *, void *);
IMPORT(resolve, const char *, u32, u32, void *, u32, u32 *);

enum { INET4 = 1, INET6 = 2, UNIX = 3, STREAM = 1, DGRAM = 2, TCP = 6, UDP = 17 };
enum { REUSE_ADDR = 2, NO_DELAY = 3, ONLY_V6 = 5, PROMISCUOUS = 9, LISTENING = 10, LAST_ERROR = 11, LINGER = 13, RECV_BUF = 15,
  RECV_TIMEOUT = 19, TTL = 23, TYPE = 25, PROTO = 26 };
enum { AFNOSUPPORT = 5, CONNREFUSED = 14, NODEV = 43, NOPROTOOPT = 50, NOTCONN = 53, NOTSOCK = 57, PROTOTYPE = 67 };
typedef struct { uint8_t tag, pad; uint16_t port; uint8_t ip[106]; } address;
typedef struct { void *at; u32 length; } vector;
#define OUTSIDE ((void *)0xfffffff0)
_Static_assert(sizeof(address) == 110, "");

static address v4(int port) { return (address){INET4, 0, port, {127, 0, 0, 1}}; }

static void connections(int family) {
  u32 server, client, accepted, pid;
  uint8_t status, flag;
  address any = {family}, bound, peer, local;
  char text[64] = "";
  if (family == INET4) memcpy(any.ip, "\x7f\0\0\1", 4);
  else any.ip[15] = 1;
  IS(wasix_sock_open(family, STREAM, TCP, &server), OK);
  IS(wasix_sock_bind(server, &any), OK);
  IS(wasix_sock_addr_local(server, &bound), OK);
  IS(bound.tag, family);
  CHECK(bound.port != 0 && memcmp(bound.ip, any.ip, 16) == 0);
  IS(wasix_sock_get_opt_flag(server, LISTENING, &flag), OK);
  IS(flag, 0);
  IS(wasix_sock_listen(server, 5), OK);
  IS(wasix_sock_get_opt_flag(server, LISTENING, &flag), OK);
  IS(flag, 1);
  IS(wasix_proc_fork(1, &pid), OK);
  if (pid == 0) {
    if (wasix_sock_open(family, STREAM, TCP, &client) != OK) exit(1);
    if (wasix_sock_connect(client, &bound) != OK) exit(2);
    if (wasix_sock_addr_peer(client, &peer) != OK || peer.port != bound.port) exit(3);
    if (wasix_sock_addr_local(client, &local) != OK || local.port == bound.port) exit(4);
    if (wasix_sock_status(client, &status) != OK || status != 1) exit(5);
    char block[10000];
    memset(block, 'c', sizeof block);
    for (int i = 0; i < 100; i++) if (write(client, block, sizeof block) != sizeof block) exit(6);
    if (read(client, text, sizeof text) != 4) exit(7);
    exit(memcmp(text, "done", 4) == 0 ? 0 : 8);
  }
  IS(wasix_sock_accept_v2(server, 0, &accepted, &peer), OK);
  IS(peer.tag, family);
  CHECK(peer.port != bound.port);
  int total = 0;
  for (ssize_t n; total < 1000000 && (n = read(accepted, text, sizeof text)) > 0;) total += n;
  IS(total, 1000000);
  IS(write(accepted, "done", 4), 4);
  IS(join(pid, 0), 0);
  IS(read(accepted, text, sizeof text), 0);
  close(accepted), close(server);
  IS(wasix_sock_open(family, STREAM, TCP, &client), OK);
  IS(wasix_sock_addr_peer(client, &peer), NOTCONN);
  IS(wasix_sock_connect(client, &bound), CONNREFUSED);
  close(client);
}

static void messages(void) {
  u32 one, two, length;
  uint16_t flags;
  address first = v4(0), second = v4(0), from;
  char text[64] = "";
  IS(wasix_sock_open(INET4, DGRAM, UDP, &one), OK);
  IS(wasix_sock_open(INET4, DGRAM, UDP, &two), OK);
  IS(wasix_sock_bind(one, &first), OK);
  IS(wasix_sock_bind(two, &second), OK);
  IS(wasix_sock_addr_local(one, &first), OK);
  IS(wasix_sock_addr_local(two, &second), OK);
  vector parts[2] = {{"hello ", 6}, {"there", 5}};
  IS(wasix_sock_send_to(one, parts, 2, 0, &second, &length), OK);
  IS(length, 11);
  vector room[2] = {{text, 3}, {text + 10, 3}};
  IS(wasix_sock_recv_from(two, room, 2, 1, &length, &flags, &from), OK); // peek
  IS(length, 6);
  IS(flags, 1); // truncated
  IS(from.port, first.port);
  CHECK(memcmp(text, "hel", 3) == 0 && memcmp(text + 10, "lo ", 3) == 0);
  room[0].length = 64;
  IS(wasix_sock_recv_from(two, room, 1, 0, &length, &flags, &from), OK);
  IS(length, 11);
  CHECK(memcmp(text, "hello there", 11) == 0);
  IS(wasix_sock_recv_from(two, room, 1, 8, &length, &flags, &from), AGAIN); // do not wait
  struct { uint8_t tag; u64 ns; } time = {1, 2000000};
  IS(wasix_sock_set_opt_time(two, RECV_TIMEOUT, &time), OK);
  IS(wasix_sock_recv_from(two, room, 1, 0, &length, &flags, &from), AGAIN); // after that time
  time.ns = 0;
  IS(wasix_sock_get_opt_time(two, RECV_TIMEOUT, &time), OK);
  IS(time.tag, 1);
  CHECK(time.ns >= 2000000 && time.ns <= 10000000);
  close(one), close(two);
}

static void pairs(void) {
  u32 one, two, length;
  uint16_t flags;
  u64 sent;
  char text[64];
  address from;
  IS(wasix_sock_pair(UNIX, STREAM, 0, &one, &two), OK);
  IS(write(one, "abc", 3), 3);
  IS(read(two, text, sizeof text), 3);
  vector room = {text, sizeof text};
  address none = {0};
  vector part = {"defg", 4};
  IS(wasix_sock_send_to(two, &part, 1, 0, &none, &length), OK);
  IS(wasix_sock_recv_from(one, &room, 1, 0, &length, &flags, &from), OK);
  IS(length, 4);
  int file = open("/data", O_CREAT | O_RDWR | O_TRUNC, 0644);
  IS(write(file, "0123456789", 10), 10);
  IS(wasix_sock_send_file(one, file, 3, 100, &sent), OK);
  IS(sent, 7);
  IS(read(two, text, sizeof text), 7);
  CHECK(memcmp(text, "3456789", 7) == 0);
  close(file), close(one);
  IS(read(two, text, sizeof text), 0);
  close(two);
  // A name in the filesystem, and an abstract one.
  for (int abstract = 0; abstract < 2; abstract++) {
    address name = {UNIX}, seen;
    memcpy((char *)&name + 2, abstract ? "\0hidden" : "/socket", 7);
    IS(wasix_sock_open(UNIX, STREAM, 0, &one), OK);
    IS(wasix_sock_bind(one, &name), OK);
    IS(wasix_sock_listen(one, 1), OK);
    IS(wasix_sock_open(UNIX, STREAM, 0, &two), OK);
    IS(wasix_sock_connect(two, &name), OK);
    IS(wasix_sock_addr_peer(two, &seen), OK);
    CHECK(memcmp(&seen, &name, sizeof seen) == 0);
    close(one), close(two);
  }
}

static void options(void) {
  u32 fd;
  u64 size;
  uint8_t flag;
  struct { uint8_t tag; u64 ns; } time = {1, 3000000000};
  IS(wasix_sock_open(INET4, STREAM, TCP, &fd), OK);
  IS(wasix_sock_set_opt_flag(fd, REUSE_ADDR, 1), OK);
  IS(wasix_sock_get_opt_flag(fd, REUSE_ADDR, &flag), OK);
  IS(flag, 1);
  IS(wasix_sock_get_opt_flag(fd, NO_DELAY, &flag), OK);
  IS(flag, 0);
  IS(wasix_sock_set_opt_flag(fd, PROMISCUOUS, 1), NOPROTOOPT);
  IS(wasix_sock_set_opt_flag(fd, 99, 1), NOPROTOOPT);
  IS(wasix_sock_set_opt_time(fd, LINGER, &time), OK);
  time.ns = 0;
  IS(wasix_sock_get_opt_time(fd, LINGER, &time), OK);
  IS(time.ns, 3000000000);
  time.tag = 0;
  IS(wasix_sock_set_opt_time(fd, LINGER, &time), OK);
  time.tag = 1;
  IS(wasix_sock_get_opt_time(fd, LINGER, &time), OK);
  IS(time.tag, 0);
  IS(wasix_sock_set_opt_size(fd, RECV_BUF, 10000), OK);
  IS(wasix_sock_get_opt_size(fd, RECV_BUF, &size), OK);
  IS(size, 20000); // doubled, as Linux does
  IS(wasix_sock_get_opt_size(fd, TTL, &size), OK);
  IS(size, 64);
  IS(wasix_sock_get_opt_size(fd, TYPE, &size), OK);
  IS(size, STREAM);
  IS(wasix_sock_get_opt_size(fd, PROTO, &size), OK);
  IS(size, TCP);
  IS(wasix_sock_get_opt_size(fd, LAST_ERROR, &size), OK);
  IS(size, 0);
  IS(wasix_sock_join_multicast_v4(fd, &time, &time), NODEV);
  IS(wasix_sock_get_opt_size(1, TTL, &size), NOTSOCK);
  close(fd);
}

static void names(void) {
  uint8_t found[3][18];
  u32 count;
  IS(wasix_resolve(S("10.1.2.3"), 0, found, 3, &count), OK);
  IS(count, 1);
  CHECK(found[0][0] == INET4 && memcmp(found[0] + 2, "\x0a\1\2\3", 4) == 0);
  IS(wasix_resolve(S("::1"), 0, found, 3, &count), OK);
  CHECK(found[0][0] == INET6 && found[0][17] == 1);
  IS(wasix_resolve(S("example.test"), 0, found, 3, &count), AGAIN); // nobody answers names here
  IS(wasix_resolve(OUTSIDE, 40, 0, found, 3, &count), FAULT);
  IS(wasix_resolve(S("10.1.2.3"), 0, found, 0x7fffffff, &count), FAULT);
}

static void wrong(void) {
  u32 fd, length;
  uint16_t flags;
  address from;
  vector bad = {OUTSIDE, 100};
  IS(wasix_sock_open(0, STREAM, 0, &fd), AFNOSUPPORT);
  IS(wasix_sock_open(INET4, 0, 0, &fd), PROTOTYPE);
  IS(wasix_sock_open(INET4, STREAM, TCP, (u32 *)0xfffffffe), FAULT);
  IS(wasix_sock_open(INET4, DGRAM, UDP, &fd), OK);
  IS(wasix_sock_bind(fd, OUTSIDE), FAULT);
  IS(wasix_sock_connect(fd, OUTSIDE), FAULT);
  IS(wasix_sock_recv_from(fd, &bad, 1, 0, &length, &flags, &from), FAULT);
  IS(wasix_sock_recv_from(fd, OUTSIDE, 0x7fffffff, 0, &length, &flags, &from), INVAL);
  IS(wasix_sock_send_to(fd, &bad, 1, 0, &from, &length), FAULT);
  IS(wasix_sock_bind(1, &from), NOTSOCK);
  IS(wasix_sock_listen(99, 1), BADF);
  address unknown = {9};
  IS(wasix_sock_bind(fd, &unknown), AFNOSUPPORT);
  close(fd);
}

int main(void) {
  connections(INET4);
  connections(INET6);
  messages();
  pairs();
  options();
  names();
  wrong();
  return finish();
}
