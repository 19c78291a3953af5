// A program of the WASIX of 2023, without libc: it imports everything from wasix_32v1, and a shared memory; proc_join has two arguments.
#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
#define WASIX(NAME) __attribute__((import_module("wasix_32v1"), import_name(#NAME)))
WASIX(fd_write) int fd_write(u32, const void *, u32, u32 *);
WASIX(proc_exit) _Noreturn void proc_exit(u32);
WASIX(proc_fork) int proc_fork(u32, u32 *);
WASIX(proc_join) int proc_join(u32 *, u32 *);
WASIX(proc_signal) int proc_signal(u32, u32);
WASIX(thread_local_create) int thread_local_create(u64, u32 *);
WASIX(thread_local_set) int thread_local_set(u32, u64);
WASIX(thread_local_get) int thread_local_get(u32, u64 *);
WASIX(thread_local_destroy) int thread_local_destroy(u32);
WASIX(thread_spawn) int thread_spawn(u64, u64, u64, u32, u32 *);
WASIX(clock_time_get) int clock_time_get(u32, u64, u64 *);
WASIX(http_status) int http_status(u32, void *);
WASIX(thread_sleep) int thread_sleep(u64);
enum { NOTSUP = 58, CHILD = 12, INVAL = 28 };

static volatile int in_data = 7; // a passive segment that is put in place once, at the start
static int failures;
static char line[] = "line    \n";
static void check(int ok, int number) {
  if (ok) return;
  failures++;
  for (int i = 7; number > 0; number /= 10) line[i--] = '0' + number % 10;
  struct { const char *at; u32 length; } part = {line, sizeof line - 1};
  u32 n;
  fd_write(1, &part, 1, &n);
}
#define CHECK(E) check(E, __LINE__)

__attribute__((export_name("_start"))) void _start(void) {
  u32 pid, code, key, tid;
  u64 value, now;
  in_data++;
  CHECK(in_data == 8);
  CHECK(clock_time_get(1, 0, &now) == 0 && now > 0);
  CHECK(proc_fork(1, &pid) == 0);
  if (pid == 0) {
    in_data++;
    proc_exit(in_data == 9 ? 33 : 34);
  }
  CHECK(in_data == 8);
  u32 child = pid;
  CHECK(proc_join(&pid, &code) == 0);
  CHECK(pid == child && code == 33);
  pid = -1;
  CHECK(proc_join(&pid, &code) == CHILD);
  CHECK(proc_fork(1, &pid) == 0);
  if (pid == 0) for (;;) thread_sleep(1000000000);
  CHECK(proc_signal(pid, 9) == 0);
  pid = -1;
  CHECK(proc_join(&pid, &code) == 0);
  CHECK(code == 128 + 9);
  CHECK(thread_local_create(5, &key) == 0);
  CHECK(thread_local_get(key, &value) == 0 && value == 0);
  CHECK(thread_local_set(key, 0x123456789abcdefull) == 0);
  CHECK(thread_local_get(key, &value) == 0 && value == 0x123456789abcdefull);
  CHECK(thread_local_destroy(key) == 0);
  CHECK(thread_local_set(key, 1) == INVAL);
  CHECK(thread_spawn(1, 2, 3, 4, &tid) == NOTSUP);
  CHECK(http_status(1, &value) == NOTSUP);
  proc_exit(failures);
}
