// wasix_32v1 as it is imported (../../runtime/sandbox/abi/wasix): the functions themselves, over wasi-libc for everything of preview1.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint32_t u32;
typedef uint64_t u64;
#define WASIX(NAME) __attribute__((import_module("wasix_32v1"), import_name(#NAME)))
#define IMPORT(NAME, ...) WASIX(NAME) int32_t wasix_##NAME(__VA_ARGS__)
IMPORT(fd_dup, u32, u32 *);
IMPORT(fd_dup2, u32, u32, u32, u32 *);
IMPORT(fd_event, u64, u32, u32 *);
IMPORT(fd_pipe, u32 *, u32 *);
IMPORT(fd_fdflags_get, u32, uint16_t *);
IMPORT(fd_fdflags_set, u32, u32);
IMPORT(path_open2, u32, u32, const char *, u32, u32, u64, u64, u32, u32, u32 *);
IMPORT(tty_get, void *);
IMPORT(getcwd, char *, u32 *);
IMPORT(chdir, const char *, u32);
WASIX(callback_signal) void wasix_callback_signal(const char *, u32);
IMPORT(thread_sleep, u64);
IMPORT(thread_id, u32 *);
IMPORT(thread_join, u32);
IMPORT(thread_parallelism, u32 *);
IMPORT(thread_signal, u32, u32);
IMPORT(thread_spawn_v2, void *, u32 *);
IMPORT(futex_wait, u32 *, u32, void *, uint8_t *);
IMPORT(futex_wake, u32 *, uint8_t *);
IMPORT(stack_checkpoint, void *, u64 *);
WASIX(stack_restore) _Noreturn void wasix_stack_restore(void *, u64);
IMPORT(proc_raise_interval, u32, u64, u32);
IMPORT(proc_fork, u32, u32 *);
WASIX(proc_exec) _Noreturn void wasix_proc_exec(const char *, u32, const char *, u32);
IMPORT(proc_exec3, const char *, u32, const char *, u32, const char *, u32, u32, const char *, u32);
IMPORT(proc_spawn, const char *, u32, u32, const char *, u32, const char *, u32, u32, u32, u32, const char *, u32, void *);
IMPORT(proc_spawn2, const char *, u32, const char *, u32, const char *, u32, void *, u32, void *, u32, u32, const char *, u32, u32 *);
IMPORT(proc_id, u32 *);
IMPORT(proc_parent, u32, u32 *);
IMPORT(proc_join, void *, u32, void *);
IMPORT(proc_signal, u32, u32);
IMPORT(proc_signals_get, void *);
IMPORT(proc_signals_sizes_get, u32 *);
WASIX(proc_exit2) _Noreturn void wasix_proc_exit2(u32);
IMPORT(epoll_create, u32 *);
IMPORT(epoll_ctl, u32, u32, u32, void *);
IMPORT(epoll_wait, u32, void *, u32, u64, u32 *);
IMPORT(proc_snapshot, void);
IMPORT(port_mac, void *);

// errno
enum { OK = 0, AGAIN = 6, BADF = 8, CHILD = 12, DEADLK = 16, EXIST = 20, FAULT = 21, INTR = 27, INVAL = 28, NOENT = 44, NOEXEC = 45,
  NOTSUP = 58, PERM = 63, PIPE = 64, RANGE = 68, SRCH = 71, TIMEDOUT = 73 };
enum { SIG_HUP = 1, SIG_INT = 2, SIG_ABRT = 6, SIG_KILL = 9, SIG_USR1 = 10, SIG_USR2 = 12, SIG_PIPE = 13, SIG_ALRM = 14, SIG_TERM = 15,
  SIG_CHLD = 17, SIG_CONT = 18, SIG_STOP = 19 };
enum { JOIN_NON_BLOCKING = 1, JOIN_WAKE_STOPPED = 2 };
enum { NOTHING = 0, EXITED = 1, SIGNALED = 2, STOPPED = 3 };
typedef struct { uint8_t tag; u32 pid; } option_pid;
typedef struct { uint8_t tag; uint16_t code; uint8_t signal; uint8_t pad; } join_status;
#define S(TEXT) (TEXT), sizeof(TEXT) - 1

static int checks, failures;
#define CHECK(EXPRESSION) do { \
    checks++; \
    if (!(EXPRESSION)) failures++, fprintf(stderr, "line %d: %s\n", __LINE__, #EXPRESSION); \
  } while (0)
#define IS(EXPRESSION, EXPECTED) do { \
    checks++; \
    long long is_ = (EXPRESSION), expected_ = (EXPECTED); \
    if (is_ != expected_) failures++, fprintf(stderr, "line %d: %s is %lld, not %lld\n", __LINE__, #EXPRESSION, is_, expected_); \
  } while (0)
static inline int finish(void) {
  fflush(stdout);
  printf("%d checks, %d failures\n", checks, failures);
  return failures != 0;
}
// Waits for one child or any (0): a wait status as wait(2) has it, -1 and the errno in `joined_errno`.
static int joined_errno;
static u32 joined_pid;
static inline int join(u32 pid, u32 flags) {
  option_pid who = {pid != 0, pid};
  join_status status;
  joined_errno = wasix_proc_join(&who, flags, &status);
  if (joined_errno != OK) return -1;
  joined_pid = who.tag ? who.pid : 0;
  switch (status.tag) {
    case EXITED: return status.code << 8;
    case SIGNALED: return status.pad & 0x7f ? status.pad : *((uint8_t *)&status + 4);
    case STOPPED: return ((uint8_t *)&status)[2] << 8 | 0x7f;
    default: return -2;
  }
}
