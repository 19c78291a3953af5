// WasmEdge's socket extension, both generations, between sockets of one process; or as a server or client of the host: `serve PORT`,
// `fetch IP PORT`, `udp PORT`, `resolve NAME`.
#include "wasi.h"
IMPORT(sock_open, u32, u32, u32);
IMPORT(sock_bind, u32, u32, u32);
IMPORT(sock_listen, u32, u32);
IMPORT(sock_connect, u32, u32, u32);
IMPORT(sock_send_to, u32, u32, u32, u32, u32, u32, u32);
IMPORT(sock_recv_from, u32, u32, u32, u32, u32, u32, u32, u32);
IMPORT(sock_getlocaladdr, u32, u32, u32, u32);
IMPORT(sock_getpeeraddr, u32, u32, u32, u32);
IMPORT(sock_getlocaladdr_v2, u32, u32, u32);
IMPORT(sock_getpeeraddr_v2, u32, u32, u32);
IMPORT(sock_accept_v2, u32, u32, u32);
IMPORT(sock_bind_v2, u32, u32, u32);
IMPORT(sock_connect_v2, u32, u32, u32);
IMPORT(sock_getsockopt, u32, u32, u32, u32, u32);
IMPORT(sock_setsockopt, u32, u32, u32, u32, u32);
IMPORT(sock_getaddrinfo, u32, u32, u32, u32, u32, u32, u32, u32);
// The first generation's sock_accept has two parameters, preview1's three: both cannot be declared in one C file under one name.
__attribute__((import_module(MODULE), import_name("sock_accept"))) int32_t raw_sock_accept1(u32, u32);

enum { INET4 = 1, INET6 = 2, UNIX = 3, DGRAM = 1, STREAM = 2, AGAIN = 6, ADDRINUSE = 3, ADDRNOTAVAIL = 4, AFNOSUPPORT = 5, CONNREFUSED = 14,
       ISCONN = 30, MSGSIZE = 35, NETUNREACH = 40, NOTCONN = 53, NOPROTOOPT = 50, DESTADDRREQ = 17, INPROGRESS = 26, PIPE = 64 };
enum { SO_REUSEADDR = 0, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_OOBINLINE, SO_LINGER,
       SO_RCVLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SO_ACCEPTCONN, SO_BINDTODEVICE };

struct address { u32 buf, len; };
struct storage { uint16_t family; unsigned char bytes[126]; };
static struct storage store;
static struct address any128 = {0, 128};
static unsigned char four[4], sixteen[16], buf[70000];
static struct address a4 = {0, 4}, a16 = {0, 16};
static u32 port, type, fd, len;
static uint16_t port16, flags16;
static struct iov v[3];

static u32 at4(unsigned char a, unsigned char b, unsigned char c, unsigned char d) {
  four[0] = a, four[1] = b, four[2] = c, four[3] = d;
  a4.buf = P(four), a4.len = 4;
  return P(&a4);
}
static u32 at6(unsigned char last) {
  memset(sixteen, 0, 16), sixteen[15] = last;
  a16.buf = P(sixteen), a16.len = 16;
  return P(&a16);
}
static u32 stored(int family) {
  memset(&store, 0, sizeof store), store.family = family;
  any128.buf = P(&store), any128.len = 128;
  return P(&any128);
}
static u32 one(const void *data, u32 length) {
  v[0].ptr = P(data), v[0].len = length;
  return P(v);
}
static int opened(int family, int kind) {
  IS(raw_sock_open(family, kind, P(&fd)), OK);
  return fd;
}
static int local_port(u32 s) {
  at4(0, 0, 0, 0);
  IS(raw_sock_getlocaladdr(s, P(&a4), P(&type), P(&port)), OK);
  return port;
}
static int send_all(u32 s, const void *data, u32 length) { return raw_sock_send(s, one(data, length), 1, 0, P(&len)); }
static int receive(u32 s, u32 length) { return raw_sock_recv(s, one(buf, length), 1, 0, P(&len), P(&flags16)); }

static void tcp(void) {
  u32 l = opened(INET4, STREAM);
  IS(raw_sock_bind(l, at4(192, 0, 2, 1), 0), ADDRNOTAVAIL);
  IS(raw_sock_bind(l, at4(127, 0, 0, 1), 0), OK);
  IS(raw_sock_bind(l, at4(127, 0, 0, 1), 0), INVAL);
  IS(raw_sock_listen(l, 3), OK);
  int p = local_port(l);
  IS(p > 1023, 1); IS(type, 4); IS(four[0], 127);
  u32 other = opened(INET4, STREAM);
  IS(raw_sock_bind(other, at4(0, 0, 0, 0), p), ADDRINUSE);
  IS(raw_sock_connect(other, at4(127, 0, 0, 1), p), OK);
  IS(raw_sock_connect(other, at4(127, 0, 0, 1), p), ISCONN);
  u32 served;
  IS(raw_sock_accept1(l, P(&served)), OK);
  IS(raw_sock_getpeeraddr(served, at4(9, 9, 9, 9), P(&type), P(&port)), OK);
  IS(port, local_port(other));
  stored(0);
  IS(raw_sock_getpeeraddr_v2(served, P(&any128), P(&port)), OK);
  IS(store.family, INET4); IS(store.bytes[0], 127); IS(store.bytes[3], 1);
  // Several buffers, both ways; peek.
  v[0].ptr = P("hel"), v[0].len = 3, v[1].ptr = P(""), v[1].len = 0, v[2].ptr = P("lo"), v[2].len = 2;
  IS(raw_sock_send(other, P(v), 3, 0, P(&len)), OK); IS(len, 5);
  IS(raw_sock_recv(served, one(buf, 3), 1, 1, P(&len), P(&flags16)), OK); IS(len, 3);
  v[0].ptr = P(buf), v[0].len = 2, v[1].ptr = P(buf + 100), v[1].len = 100;
  IS(raw_sock_recv(served, P(v), 2, 0, P(&len), P(&flags16)), OK);
  IS(len, 5); IS(memcmp(buf, "he", 2) || memcmp(buf + 100, "llo", 3), 0);
  // fd_read, fd_write and poll_oneoff are the same descriptors'.
  IS(raw_fd_write(served, one("back", 4), 1, P(&len)), OK);
  IS(raw_fd_read(other, one(buf, 100), 1, P(&len)), OK); IS(len, 4);
  // Not blocking.
  IS(raw_fd_fdstat_set_flags(l, NONBLOCK), OK);
  IS(raw_sock_accept1(l, P(&fd)), AGAIN);
  IS(raw_fd_fdstat_set_flags(served, NONBLOCK), OK);
  IS(receive(served, 10), AGAIN);
  u32 third = opened(INET4, STREAM);
  IS(raw_fd_fdstat_set_flags(third, NONBLOCK), OK);
  IS(raw_sock_connect(third, at4(127, 0, 0, 1), p), INPROGRESS);
  IS(raw_sock_connect(third, at4(127, 0, 0, 1), p), OK);
  IS(raw_sock_accept_v2(l, NONBLOCK, P(&fd)), OK);
  IS(raw_fd_close(fd), OK);
  u32 fourth = opened(INET4, STREAM);
  IS(raw_sock_connect(fourth, at4(127, 0, 0, 1), 1), CONNREFUSED);
  IS(raw_sock_connect(fourth, at4(10, 1, 2, 3), 80), NETUNREACH);
  IS(raw_sock_connect(fourth, at6(1), 80), AFNOSUPPORT);
  // Half close, and the end.
  IS(raw_sock_shutdown(other, 2), OK);
  IS(receive(served, 10), OK); IS(len, 0);
  IS(send_all(served, "late", 4), OK);
  IS(receive(other, 10), OK); IS(len, 4);
  IS(raw_fd_close(served), OK);
  IS(receive(other, 10), OK); IS(len, 0);
  IS(raw_sock_getpeeraddr(other, at4(0, 0, 0, 0), P(&type), P(&port)), NOTCONN);
}

static void ipv6(void) {
  u32 l = opened(INET6, STREAM), c = opened(INET6, STREAM);
  IS(raw_sock_bind(l, at6(0), 0), OK);
  IS(raw_sock_listen(l, 1), OK);
  IS(raw_sock_getlocaladdr(l, at6(9), P(&type), P(&port)), OK);
  IS(type, 6); IS(sixteen[15], 0);
  IS(raw_sock_getlocaladdr(l, at4(0, 0, 0, 0), P(&type), P(&port)), INVAL);
  stored(INET6), store.bytes[15] = 1;
  IS(raw_sock_connect_v2(c, P(&any128), port), OK);
  u32 four6 = opened(INET4, STREAM);
  IS(raw_sock_connect(four6, at4(127, 0, 0, 1), port), OK);
}

static void udp(void) {
  u32 a = opened(INET4, DGRAM), b = opened(INET4, DGRAM);
  IS(raw_sock_bind(a, at4(127, 0, 0, 1), 0), OK);
  int p = local_port(a);
  IS(send_all(b, "x", 1), DESTADDRREQ);
  v[0].ptr = P("two"), v[0].len = 3, v[1].ptr = P("parts"), v[1].len = 5;
  IS(raw_sock_send_to(b, P(v), 2, at4(127, 0, 0, 1), p, 0, P(&len)), OK); IS(len, 8);
  IS(raw_sock_send_to(b, one("", 0), 1, at4(127, 0, 0, 1), p, 0, P(&len)), OK); IS(len, 0);
  IS(raw_sock_send_to(b, one(buf, 65508), 1, at4(127, 0, 0, 1), p, 0, P(&len)), MSGSIZE);
  v[0].ptr = P(buf), v[0].len = 2, v[1].ptr = P(buf + 10), v[1].len = 3;
  stored(0), port16 = 0;
  IS(raw_sock_recv_from(a, P(v), 2, P(&any128), 0, P(&port16), P(&len), P(&flags16)), OK);
  IS(len, 5); IS(flags16, 1); IS(memcmp(buf, "tw", 2) || memcmp(buf + 10, "opa", 3), 0);
  IS(store.family, INET4); IS(store.bytes[0], 127); IS(port16, local_port(b));
  IS(raw_sock_recv_from(a, one(buf, 10), 1, at4(0, 0, 0, 0), 0, P(&port16), P(&len), P(&flags16)), OK);
  IS(len, 0); IS(flags16, 0); IS(four[0], 127);
  // Connected: an answer of nobody is an error, once.
  IS(raw_sock_connect(b, at4(127, 0, 0, 1), 9), OK);
  IS(send_all(b, "x", 1), OK);
  IS(send_all(b, "x", 1), CONNREFUSED);
  IS(send_all(b, "x", 1), OK);
}

static void named(const char *path) {
  u32 l = opened(UNIX, STREAM), c = opened(UNIX, STREAM);
  stored(UNIX), strcpy((char *)store.bytes, path);
  IS(raw_sock_connect_v2(c, P(&any128), 0), NOENT);
  IS(raw_sock_bind_v2(l, P(&any128), 0), OK);
  IS(raw_sock_connect_v2(c, P(&any128), 0), CONNREFUSED);
  IS(raw_sock_listen(l, 1), OK);
  IS(raw_sock_connect_v2(c, P(&any128), 0), OK);
  IS(raw_sock_bind(l, at4(127, 0, 0, 1), 0), INVAL);
  stored(0);
  IS(raw_sock_getpeeraddr_v2(c, P(&any128), P(&port)), OK);
  IS(store.family, UNIX); IS(strcmp((char *)store.bytes, path), 0);
  IS(raw_path_filestat_get(3, 0, S(path + 1), P(&st)), OK);
  IS(raw_path_unlink_file(3, S(path + 1)), OK);
}

static void options(void) {
  u32 s = opened(INET4, STREAM), d = opened(INET6, DGRAM);
  int32_t value = 0;
  u32 size = 4;
  IS(raw_sock_getsockopt(s, 0, SO_TYPE, P(&value), P(&size)), OK); IS(value, STREAM); IS(size, 4);
  IS(raw_sock_getsockopt(d, 0, SO_TYPE, P(&value), P(&size)), OK); IS(value, DGRAM);
  value = 1;
  IS(raw_sock_setsockopt(s, 0, SO_REUSEADDR, P(&value), 4), OK);
  value = 0;
  IS(raw_sock_getsockopt(s, 0, SO_REUSEADDR, P(&value), P(&size)), OK); IS(value, 1);
  value = 10000;
  IS(raw_sock_setsockopt(s, 0, SO_RCVBUF, P(&value), 4), OK);
  IS(raw_sock_getsockopt(s, 0, SO_RCVBUF, P(&value), P(&size)), OK); IS(value, 20000);
  IS(raw_sock_setsockopt(s, 0, SO_TYPE, P(&value), 4), NOPROTOOPT);
  IS(raw_sock_setsockopt(s, 0, SO_BINDTODEVICE, P("eth0"), 4), NOPROTOOPT);
  IS(raw_sock_setsockopt(s, 1, SO_TYPE, P(&value), 4), NOPROTOOPT);
  IS(raw_sock_setsockopt(s, 0, 99, P(&value), 4), NOPROTOOPT);
  IS(raw_sock_setsockopt(s, 0, SO_RCVBUF, P(&value), 3), INVAL);
  IS(raw_sock_getsockopt(s, 0, SO_ERROR, P(&value), P(&size)), OK); IS(value, 0);
  // A refused connection is told once.
  IS(raw_fd_fdstat_set_flags(s, NONBLOCK), OK);
  IS(raw_sock_connect(s, at4(127, 0, 0, 1), 1), INPROGRESS);
  IS(raw_sock_getsockopt(s, 0, SO_ERROR, P(&value), P(&size)), OK); IS(value, CONNREFUSED);
  IS(raw_sock_getsockopt(s, 0, SO_ERROR, P(&value), P(&size)), OK); IS(value, 0);
  // Timeouts: struct timeval of wasi-libc.
  int64_t time[2] = {0, 30000};
  size = 16;
  IS(raw_sock_setsockopt(d, 0, SO_RCVTIMEO, P(time), 16), OK);
  time[0] = time[1] = 7;
  IS(raw_sock_getsockopt(d, 0, SO_RCVTIMEO, P(time), P(&size)), OK); IS(time[0], 0); IS(time[1], 30000); IS(size, 16);
  IS(raw_sock_bind(d, at6(1), 0), OK);
  IS(receive(d, 10), AGAIN);
  int32_t linger[2] = {1, 5};
  size = 8;
  IS(raw_sock_setsockopt(s, 0, SO_LINGER, P(linger), 8), OK);
  linger[1] = 0;
  IS(raw_sock_getsockopt(s, 0, SO_LINGER, P(linger), P(&size)), OK); IS(linger[0], 1); IS(linger[1], 5);
}

struct sockaddr_ { unsigned char family; u32 length, data; };
struct info { uint16_t flags; unsigned char family, type, protocol; u32 addrlen, addr, canon, canonlen, next; };
static struct info infos[8], hints;
static struct sockaddr_ addrs[8];
static unsigned char data[8][26];
static char canon[8][64];
static u32 head, count;
static int lookup(const char *node, const char *service, int max) {
  for (int i = 0; i < 8; i++) {
    memset(&infos[i], 0, sizeof infos[i]);
    addrs[i].data = P(data[i]), addrs[i].length = 14;
    infos[i].addr = P(&addrs[i]), infos[i].canon = P(canon[i]), infos[i].canonlen = 64;
    infos[i].next = i < 7 ? P(&infos[i + 1]) : 0;
  }
  head = P(infos), count = 99;
  return raw_sock_getaddrinfo(P(node), strlen(node) + 1, P(service), strlen(service) + 1, P(&hints), P(&head), max, P(&count));
}

static void names(void) {
  memset(&hints, 0, sizeof hints);
  hints.type = STREAM;
  IS(lookup("localhost", "http", 8), OK);
  IS(count >= 1, 1); IS(infos[0].family, INET4); IS(infos[0].type, STREAM); IS(infos[0].protocol, 1); IS(infos[0].addrlen, 16);
  IS(addrs[0].family, INET4); IS(data[0][0] << 8 | data[0][1], 80); IS(data[0][2], 127); IS(data[0][5], 1);
  hints.family = INET6, hints.flags = 2;
  IS(lookup("::1", "8080", 8), OK);
  IS(count, 1); IS(infos[0].addrlen, 28); IS(addrs[0].length, 26); IS(data[0][21], 1); IS(strcmp(canon[0], "::1"), 0); IS(infos[0].next, 0);
  memset(&hints, 0, sizeof hints);
  IS(lookup("127.0.0.9", "", 8), OK); IS(count, 2); IS(infos[1].type, DGRAM); IS(infos[0].next, P(&infos[1]));
  IS(lookup("127.0.0.9", "", 1), OK); IS(count, 1);
  IS(lookup("no.such.name.invalid", "80", 8), 84);
  IS(lookup("localhost", "no-such-service", 8), 85);
  IS(lookup("", "", 8), 84); IS(lookup("x", "", 0), 82);
  hints.family = 7;
  IS(lookup("localhost", "", 8), 81);
  hints.family = 0, hints.flags = 0x80;
  IS(lookup("localhost", "", 8), 79);
  hints.flags = 4;
  IS(lookup("localhost", "", 8), 84);
  hints.flags = 1;
  IS(lookup("", "80", 8), OK); IS(data[0][2], 0);
}

static void hostile(void) {
  u32 s = opened(INET4, STREAM), d = opened(INET4, DGRAM), end = __builtin_wasm_memory_size(0) * 65536;
  IS(raw_sock_open(INET4, STREAM, end - 3), FAULT); IS(raw_sock_open(INET4, STREAM, 0xfffffffc), FAULT);
  IS(raw_sock_open(0, STREAM, P(&fd)), AFNOSUPPORT); IS(raw_sock_open(99, STREAM, P(&fd)), AFNOSUPPORT);
  IS(raw_sock_open(INET4, 0, P(&fd)), INVAL); IS(raw_sock_open(INET4, 99, P(&fd)) != OK, 1);
  IS(raw_sock_bind(s, end - 4, 0), FAULT); IS(raw_sock_bind(s, 0xffffffff, 0), FAULT);
  a4.buf = end - 3, a4.len = 4;
  IS(raw_sock_bind(s, P(&a4), 0), FAULT); IS(raw_sock_connect(s, P(&a4), 80), FAULT);
  a4.buf = P(four), a4.len = 0xffffffff;
  IS(raw_sock_bind(s, P(&a4), 0), FAULT);
  for (u32 length = 0; length < 130; length++) {
    if (length == 4 || length == 16 || length == 128) continue;
    a4.buf = P(buf), a4.len = length;
    IS(raw_sock_bind(s, P(&a4), 0), INVAL);
  }
  stored(77);
  IS(raw_sock_bind_v2(s, P(&any128), 0), AFNOSUPPORT);
  IS(raw_sock_listen(99, 1), BADF); IS(raw_sock_listen(1, 1), NOTSOCK); IS(raw_sock_listen(d, 1), NOTSUP);
  IS(raw_sock_accept1(s, P(&fd)), INVAL); IS(raw_sock_accept1(d, P(&fd)), NOTSUP); IS(raw_sock_accept1(s, end - 1), FAULT);
  IS(raw_sock_accept_v2(s, 1, P(&fd)), INVAL);
  IS(raw_sock_bind(d, at4(127, 0, 0, 1), 0), OK);
  int p = local_port(d);
  IS(raw_sock_send_to(d, end - 4, 1, at4(127, 0, 0, 1), p, 0, P(&len)), FAULT);
  IS(raw_sock_send_to(d, one(buf, 0xffffffff), 1, at4(127, 0, 0, 1), p, 0, P(&len)), FAULT);
  IS(raw_sock_send_to(d, P(v), 0x20000000, at4(127, 0, 0, 1), p, 0, P(&len)), INVAL);
  IS(raw_sock_send_to(d, one("x", 1), 1, at4(127, 0, 0, 1), p, 1, P(&len)), INVAL);
  IS(raw_sock_send_to(d, one("x", 1), 1, at4(127, 0, 0, 1), p, 0, end - 2), FAULT);
  IS(raw_sock_send_to(d, one("x", 1), 1, at4(127, 0, 0, 1), p, 0, P(&len)), OK);
  IS(raw_sock_recv_from(d, one(buf, 9), 1, P(&any128), 8, P(&port16), P(&len), P(&flags16)), INVAL);
  IS(raw_sock_recv_from(d, one(buf, 9), 1, end - 7, 0, P(&port16), P(&len), P(&flags16)), FAULT);
  IS(raw_sock_recv_from(d, one(buf, 9), 1, P(&any128), 0, end - 1, P(&len), P(&flags16)), FAULT);
  IS(raw_sock_recv_from(d, one(buf, 9), 1, P(&any128), 0, P(&port16), end, P(&flags16)), FAULT);
  IS(raw_sock_recv_from(d, one(buf, 9), 1, P(&any128), 0, P(&port16), P(&len), 0xffffffff), FAULT);
  IS(raw_sock_recv_from(d, one(buf, 9), 1, P(&any128), 0, P(&port16), P(&len), P(&flags16)), OK); IS(len, 1);
  u32 size = 0xffffffff;
  IS(raw_sock_getsockopt(s, 0, SO_TYPE, P(buf), P(&size)), FAULT); IS(raw_sock_getsockopt(s, 0, SO_TYPE, P(buf), end), FAULT);
  size = 2;
  IS(raw_sock_getsockopt(s, 0, SO_TYPE, P(buf), P(&size)), OK); IS(size, 2);
  IS(raw_sock_setsockopt(s, 0, SO_RCVBUF, end - 2, 4), FAULT); IS(raw_sock_setsockopt(s, 0, SO_RCVBUF, P(buf), 0xffffffff), FAULT);
  memset(&hints, 0, sizeof hints);
  IS(raw_sock_getaddrinfo(end, 1, P(""), 0, P(&hints), P(&head), 1, P(&count)), FAULT);
  IS(raw_sock_getaddrinfo(P("x"), 0xffffffff, P(""), 0, P(&hints), P(&head), 1, P(&count)), FAULT);
  IS(raw_sock_getaddrinfo(P("::1"), 3, P(""), 0, end - 4, P(&head), 1, P(&count)), FAULT);
  head = 0xfffffff0;
  IS(raw_sock_getaddrinfo(P("::1"), 3, P(""), 0, P(&hints), P(&head), 1, P(&count)), FAULT);
  lookup("x", "", 0), infos[0].next = P(&infos[0]), head = P(infos); // a circle
  IS(raw_sock_getaddrinfo(P("127.0.0.1"), 9, P(""), 0, P(&hints), P(&head), 0xffffffff, P(&count)), OK);
  // Thousands of sockets.
  u32 first = 0, n = 0;
  while (raw_sock_open(INET4, DGRAM, P(&fd)) == OK && n < 20000) first = first ? first : fd, n++;
  IS(n > 500, 1);
  IS(raw_fd_close(first), OK); IS(raw_sock_open(INET4, DGRAM, P(&fd)), OK); IS(fd, first);
}

static int serve(int p) {
  u32 l = opened(INET4, STREAM), c;
  IS(raw_sock_bind(l, at4(0, 0, 0, 0), p), OK); IS(raw_sock_listen(l, 5), OK);
  printf("listening\n"), fflush(stdout);
  IS(raw_sock_accept1(l, P(&c)), OK);
  while (receive(c, sizeof buf) == OK && len > 0) IS(send_all(c, buf, len), OK);
  raw_fd_close(c);
  return DONE();
}
static int fetch(const char *ip, int p) {
  int a, b, c, d;
  sscanf(ip, "%d.%d.%d.%d", &a, &b, &c, &d);
  u32 s = opened(INET4, STREAM);
  int error = raw_sock_connect(s, at4(a, b, c, d), p);
  if (error) return printf("connect: %d\n", error), 1;
  IS(send_all(s, "question", 8), OK);
  raw_sock_shutdown(s, 2);
  while (receive(s, sizeof buf) == OK && len > 0) fwrite(buf, 1, len, stdout);
  return printf("\n"), 0;
}
static int serve_udp(int p) {
  u32 s = opened(INET4, DGRAM);
  IS(raw_sock_bind(s, at4(0, 0, 0, 0), p), OK);
  printf("listening\n"), fflush(stdout);
  IS(raw_sock_recv_from(s, one(buf, sizeof buf), 1, at4(0, 0, 0, 0), 0, P(&port16), P(&len), P(&flags16)), OK);
  u32 n = len;
  IS(raw_sock_send_to(s, one(buf, n), 1, P(&a4), port16, 0, P(&len)), OK);
  return DONE();
}
static int resolve(const char *name) {
  int error = lookup(name, "80", 8);
  if (error) return printf("%d\n", error), 1;
  for (u32 i = 0; i < count; i++)
    if (infos[i].family == INET4 && infos[i].type == STREAM) printf("%d.%d.%d.%d\n", data[i][2], data[i][3], data[i][4], data[i][5]);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "serve")) return serve(atoi(argv[2]));
  if (argc > 3 && !strcmp(argv[1], "fetch")) return fetch(argv[2], atoi(argv[3]));
  if (argc > 2 && !strcmp(argv[1], "udp")) return serve_udp(atoi(argv[2]));
  if (argc > 2 && !strcmp(argv[1], "resolve")) return resolve(argv[2]);
  tcp(), ipv6(), udp(), options(), names();
  named("/socket"), named("/tmp/socket");
  hostile();
  return DONE();
}
