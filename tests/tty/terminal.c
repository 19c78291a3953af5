// Reports what it sees of its terminal, then what each read gives. Words of a line are orders: size, raw, C (cooked), spin.
// Build: clang --target=wasm32-wasi -O2 -s -o terminal.wasm terminal.c
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tty {
  uint32_t cols, rows, width, height;
  uint8_t in, out, err, echo, line_buffered, line_feeds;
};
__attribute__((import_module("wasix_32v1"), import_name("tty_get"))) uint16_t tty_get(struct tty *);
__attribute__((import_module("wasix_32v1"), import_name("tty_set"))) uint16_t tty_set(const struct tty *);

static void report(void) {
  struct tty tty;
  tty_get(&tty);
  printf("size %ux%u tty %d%d%d echo %d lines %d\n", tty.rows, tty.cols, tty.in, tty.out, tty.err, tty.echo,
         tty.line_buffered);
}

static void set(int raw) {
  struct tty tty;
  tty_get(&tty);
  tty.echo = tty.line_buffered = !raw;
  printf("set %d\n", tty_set(&tty));
}

static void say(const char *path) {
  int fd = open(path, O_RDWR);
  if (fd < 0 || write(fd, path, strlen(path)) < 0 || write(fd, "\n", 1) < 0) printf("%s: %s\n", path, strerror(errno));
}

int main(int argc, char **argv) {
  struct stat st;
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("isatty %d%d%d\n", isatty(0), isatty(1), isatty(2));
  report();
  say("/dev/tty");
  say("/dev/console");
  say("/dev/pts/0");
  if (argc > 1) return 5;
  puts("ready");
  for (;;) {
    char buf[256];
    ssize_t n = read(0, buf, sizeof buf);
    if (n <= 0) {
      printf("end %s\n", n == 0 ? "of file" : strerror(errno));
      return 7;
    }
    printf("read %d:", (int)n);
    for (int i = 0; i < n; i++) printf(buf[i] >= 33 && buf[i] < 127 ? " %c" : " %02x", (unsigned char)buf[i]);
    puts("");
    if (strncmp(buf, "size", 4) == 0) report();
    if (strncmp(buf, "raw", 3) == 0) set(1);
    if (buf[0] == 'C') set(0);
    if (strncmp(buf, "spin", 4) == 0)
      for (volatile unsigned i = 0;; i++) {}
  }
}
