// Loops and calls of a few kinds, each timed by itself: what interruption costs them.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint8_t bytes[1 << 16], marks[1 << 20];
static uint32_t table[256];
static int numbers[100000];

static double seconds(int n) {
  double sum = 0;
  for (int i = 1; i < n; i++) sum += 1.0 / i;
  return sum;
}
static double checksum(int n) {
  for (int i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  uint32_t c = ~0u;
  while (n-- > 0) for (int i = 0; i < 65536; i++) c = table[(c ^ bytes[i]) & 255] ^ c >> 8;
  return c;
}
static double sieve(int n) {
  int count = 0;
  while (n-- > 0) {
    memset(marks, 0, sizeof marks);
    for (int i = 2; i < 1 << 20; i++)
      if (!marks[i]) for (int j = count++, k = i + i; k < 1 << 20; k += i) marks[k] = 1, (void)j;
  }
  return count;
}
static __attribute__((noinline)) int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static double recursion(int n) { return fibonacci(n); }
static __attribute__((noinline)) int length(const char *s) {
  int n = 0;
  while (s[n]) n++;
  return n;
}
static double strings(int n) {
  static char text[16] = "hello, wor";
  int sum = 0;
  for (int i = 0; i < n; i++) text[3] = i | 1, sum += length(text);
  return sum;
}
static int order(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static double sorting(int n) {
  unsigned seed = 1;
  while (n-- > 0) {
    for (int i = 0; i < 100000; i++) numbers[i] = (seed = seed * 1103515245 + 12345) >> 1;
    qsort(numbers, 100000, sizeof *numbers, order);
  }
  return numbers[5];
}

int main(void) {
  static const struct { const char *name; double (*run)(int); int n; } loops[] = {{"a sum of fractions", seconds, 200000000},
    {"a checksum (CRC-32)", checksum, 2000}, {"a sieve of a million", sieve, 40}, {"a recursion (fib 38)", recursion, 38},
    {"lengths of short strings", strings, 20000000}, {"sorting by a function", sorting, 20}};
  double results = 0;
  for (unsigned i = 0; i < sizeof loops / sizeof *loops; i++) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    results += loops[i].run(loops[i].n);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%s %.1f\n", loops[i].name, (to.tv_sec - from.tv_sec) * 1e3 + (to.tv_nsec - from.tv_nsec) / 1e6);
  }
  return results == 0;
}
