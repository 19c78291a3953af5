// setjmp and longjmp by stack_checkpoint and stack_restore: out of depths, into loops, across forks, out of signal handlers.
#include <unistd.h>
#include "wasix.h"

typedef struct { u64 snapshot[3]; u64 value; } jump;
// A macro, as setjmp is: the checkpoint is the caller's own frame.
#define SET(J) (wasix_stack_checkpoint((J)->snapshot, &(J)->value) == OK ? (long long)*(volatile u64 *)&(J)->value : -1)
#define JUMP(J, VALUE) wasix_stack_restore((J)->snapshot, VALUE)

static jump outer, inner, handler;
static volatile int handled;

__attribute__((export_name("__wasm_signal"))) void on_signal(int signal) {
  handled++;
  if (signal == SIG_USR2) JUMP(&handler, 5);
}

static __attribute__((noinline)) int dive(int depth, u64 value) {
  volatile int local = depth;
  if (depth == 0) JUMP(&outer, value);
  return dive(depth - 1, value) + local;
}

int main(void) {
  volatile int count = 0;
  int local = 5;
  long long value = SET(&outer);
  if (value == 0) {
    count++;
    local = 6;
    dive(50, 77);
    CHECK(0);
  }
  IS(value, 77);
  IS(count, 1);
  CHECK(local == 5 || local == 6);

  // A value of 0 becomes 1; 64 bits arrive whole.
  if ((value = SET(&outer)) == 0) JUMP(&outer, 0);
  IS(value, 1);
  if ((value = SET(&outer)) == 0) JUMP(&outer, 0x123456789abcdef0);
  IS(value, 0x123456789abcdef0);

  // Back to the same place again and again; nested.
  count = 0;
  value = SET(&outer);
  if (count < 100) {
    count++;
    volatile int again = 0;
    long long nested = SET(&inner);
    if (again++ < 3) JUMP(&inner, again + 10);
    if (nested != 13) failures++;
    dive(count % 20, 1000 + count);
  }
  IS(value, 1100);

  // A child has the places of its parent, and jumps on its own.
  u32 pid;
  volatile int jumps = 0;
  value = SET(&outer);
  if (value == 0) {
    IS(wasix_proc_fork(1, &pid), OK);
    jumps++;
    JUMP(&outer, pid == 0 ? 2 : 3);
  }
  if (value == 2) _exit(jumps == 1 ? 21 : 22);
  IS(value, 3);
  IS(join(pid, 0), 21 << 8);

  // Out of a handler, in the middle of a call that waits.
  wasix_callback_signal(S("__wasm_signal"));
  u32 me;
  wasix_proc_id(&me);
  if ((value = SET(&handler)) == 0) {
    IS(wasix_proc_fork(1, &pid), OK);
    if (pid == 0) {
      wasix_thread_sleep(3000000);
      wasix_proc_signal(me, SIG_USR1);
      wasix_thread_sleep(1000000);
      wasix_proc_signal(me, SIG_USR2);
      _exit(0);
    }
    for (;;) wasix_thread_sleep(10000000000);
  }
  IS(value, 5);
  CHECK(handled >= 2);
  int before = handled;
  IS(wasix_proc_signal(me, SIG_USR1), OK);
  CHECK(handled > before);
  while (join(pid, 0) < 0 && joined_errno == INTR);

  // Jumping to where nothing was set ends the process.
  IS(wasix_proc_fork(1, &pid), OK);
  if (pid == 0) {
    static jump never;
    JUMP(&never, 1);
  }
  IS(join(pid, 0), SIG_ABRT);
  return finish();
}
