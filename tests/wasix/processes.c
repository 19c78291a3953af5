// fork, wait, exec, spawn, pipes and signals between processes.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "wasix.h"

static volatile int seen[32];
static u32 self;

__attribute__((export_name("__wasm_signal"))) void on_signal(int signal) { seen[signal]++; }

static u32 fork_(void) {
  u32 pid = 12345;
  int error = wasix_proc_fork(1, &pid);
  if (error != OK) fprintf(stderr, "fork: errno %d\n", error), exit(99);
  return pid;
}

// Deep enough that the stack which is saved has many frames with locals in them.
static __attribute__((noinline)) int deep(int depth, int sum) {
  volatile int local = depth * 3;
  if (depth == 0) {
    u32 pid = fork_();
    if (pid == 0) return sum + 1000000;
    return sum;
  }
  int result = deep(depth - 1, sum + depth);
  return result + local - depth * 3;
}

static void forks(void) {
  int before = 7;
  u32 pid = fork_();
  if (pid == 0) {
    u32 me, parent;
    before++;
    if (wasix_proc_id(&me) != OK || wasix_proc_parent(me, &parent) != OK) exit(1);
    exit(me != self && parent == self && before == 8 ? 42 : 2);
  }
  IS(before, 7);
  IS(join(pid, 0), 42 << 8);
  IS(joined_pid, pid);
  IS(join(pid, 0), -1);
  IS(joined_errno, CHILD);
  IS(join(0, 0), -1);
  IS(joined_errno, CHILD);

  int sum = deep(100, 0);
  if (sum >= 1000000) exit(sum == 1005050 ? 3 : 4);
  IS(sum, 5050);
  IS(join(0, 0), 3 << 8);

  // A child's memory is its own; what the heap had is there.
  char *heap = malloc(300000);
  memset(heap, 'a', 300000);
  if ((pid = fork_()) == 0) {
    int ok = heap[299999] == 'a';
    memset(heap, 'b', 300000);
    char *more = malloc(5000000);
    exit(ok && more != NULL ? 5 : 6);
  }
  IS(join(pid, 0), 5 << 8);
  IS(heap[299999], 'a');
  free(heap);

  // A family of four generations, each waiting for the next.
  if ((pid = fork_()) == 0) {
    int generation = 1;
    while (generation < 4 && (pid = fork_()) == 0) generation++;
    if (generation == 4) exit(4);
    int status = join(pid, 0);
    exit(status >> 8 == generation + 1 ? generation : 50);
  }
  IS(join(pid, 0), 1 << 8);

  // Many at once.
  for (int i = 0; i < 50; i++) if (fork_() == 0) exit(i);
  int codes = 0;
  for (int i = 0; i < 50; i++) codes += join(0, 0) >> 8;
  IS(codes, 49 * 50 / 2);
}

static void vforks(void) {
  u32 read_end, write_end, pid;
  IS(wasix_fd_pipe(&read_end, &write_end), OK);
  IS(wasix_proc_fork(0, &pid), OK);
  if (pid == 0) {
    for (int i = 0; i < 10; i++) wasix_thread_sleep(100000), write(write_end, "c", 1);
    wasix_proc_exit2(7);
  }
  // The parent goes on only when the child has ended.
  char text[20];
  IS(read(read_end, text, sizeof text), 10);
  IS(join(pid, 0), 7 << 8);
  close(read_end), close(write_end);
}

static void pipes(void) {
  u32 read_end, write_end, pid;
  char text[64];
  IS(wasix_fd_pipe(&read_end, &write_end), OK);
  if ((pid = fork_()) == 0) {
    close(read_end);
    for (int i = 0; i < 1000; i++) dprintf(write_end, "%4d\n", i);
    exit(0);
  }
  close(write_end);
  FILE *lines = fdopen(read_end, "r");
  int expected = 0;
  while (fgets(text, sizeof text, lines)) if (atoi(text) == expected) expected++;
  IS(expected, 1000);
  fclose(lines);
  IS(join(pid, 0), 0);

  // A megabyte through both directions of two pipes, byte for byte.
  u32 to_r, to_w, from_r, from_w;
  IS(wasix_fd_pipe(&to_r, &to_w), OK);
  IS(wasix_fd_pipe(&from_r, &from_w), OK);
  if ((pid = fork_()) == 0) {
    close(to_w), close(from_r);
    char block[3000];
    ssize_t n;
    while ((n = read(to_r, block, sizeof block)) > 0) {
      for (ssize_t i = 0; i < n; i++) block[i] ^= 0x55;
      for (ssize_t done = 0, m; done < n; done += m) if ((m = write(from_w, block + done, n - done)) < 0) exit(1);
    }
    exit(n == 0 ? 0 : 2);
  }
  close(to_r), close(from_w);
  if ((pid = fork_()) == 0) {
    close(from_r);
    char block[1024];
    for (int i = 0; i < 1024; i++) {
      memset(block, i, sizeof block);
      if (write(to_w, block, sizeof block) != sizeof block) exit(1);
    }
    exit(0);
  }
  close(to_w);
  int wrong = 0, total = 0;
  ssize_t n;
  static unsigned char block[8192];
  while ((n = read(from_r, block, sizeof block)) > 0)
    for (ssize_t i = 0; i < n; i++, total++) wrong += block[i] != ((unsigned char)(total >> 10) ^ 0x55);
  IS(total, 1 << 20);
  IS(wrong, 0);
  close(from_r);
  IS(join(0, 0), 0);
  IS(join(0, 0), 0);
}

static void dups(void) {
  u32 copy, other;
  uint16_t flags;
  IS(wasix_fd_dup(1, &copy), OK);
  CHECK(copy > 2);
  IS(wasix_fd_dup2(1, 40, 1, &other), OK);
  IS(other, 40);
  IS(wasix_fd_fdflags_get(40, &flags), OK);
  IS(flags, 1);
  IS(wasix_fd_fdflags_set(40, 0), OK);
  IS(wasix_fd_fdflags_get(40, &flags), OK);
  IS(flags, 0);
  IS(wasix_fd_fdflags_set(40, 6), INVAL);
  IS(wasix_fd_dup(99, &copy), BADF);
  IS(wasix_fd_fdflags_get(99, &flags), BADF);
  IS(wasix_fd_dup2(1, 100000000, 0, &other), INVAL);
  close(40), close(copy);
}

static void execs(const char *own) {
  u32 pid, read_end, write_end;
  char text[100] = "";
  IS(wasix_fd_pipe(&read_end, &write_end), OK);
  if ((pid = fork_()) == 0) {
    u32 out;
    close(1);
    wasix_fd_dup2(write_end, 1, 0, &out);
    wasix_fd_fdflags_set(write_end, 1);
    wasix_fd_fdflags_set(read_end, 1);
    wasix_proc_exec(own, strlen(own), S("it\nargs\na b\n"));
  }
  close(write_end);
  IS(read(read_end, text, sizeof text), 14);
  CHECK(memcmp(text, "args a b fds 4", 14) == 0); // 0 1 2 and the directory it is started with
  close(read_end);
  IS(join(pid, 0), 11 << 8);
  if ((pid = fork_()) == 0) wasix_proc_exec(S("/nowhere"), S("x"));
  IS(join(pid, 0), 127 << 8);
  IS(wasix_proc_exec3(S("/nowhere"), S("x"), S(""), 0, S("")), NOENT);
  IS(wasix_proc_exec3(S("nowhere"), S("x"), S(""), 1, S("/a:/b")), NOENT);
  if ((pid = fork_()) == 0) {
    const char *name = strrchr(own, '/') + 1;
    exit(wasix_proc_exec3(name, strlen(name), S("it\nenv"), S("X=1\nY=2\n"), 1, S("/none:/")));
  }
  IS(join(pid, 0), 12 << 8);
}

static void spawns(const char *own) {
  struct { uint8_t cmd; u32 fd, source; const char *path; u32 length, dirflags; uint16_t oflags; u64 rights, inheriting;
    uint16_t fdflags, extended; } ops[3] = {{0}};
  u32 pid, read_end, write_end;
  char text[100] = "";
  _Static_assert(sizeof *ops == 56, "");
  IS(wasix_fd_pipe(&read_end, &write_end), OK);
  ops[0].cmd = 1, ops[0].fd = 1, ops[0].source = write_end;
  ops[1].cmd = 0, ops[1].fd = write_end;
  ops[2].cmd = 0, ops[2].fd = read_end;
  IS(wasix_proc_spawn2(own, strlen(own), S("it\nargs\na b\n"), S("A=1"), ops, 3, NULL, 0, 0, NULL, 0, &pid), OK);
  close(write_end);
  IS(read(read_end, text, sizeof text), 14);
  CHECK(memcmp(text, "args a b fds 4", 14) == 0);
  IS(join(pid, 0), 11 << 8);
  close(read_end);
  // What cannot be started leaves no child behind.
  IS(wasix_proc_spawn2(S("/nowhere"), S("x"), S(""), NULL, 0, NULL, 0, 0, NULL, 0, &pid), NOENT);
  ops[0].cmd = 1, ops[0].fd = 5, ops[0].source = 999;
  IS(wasix_proc_spawn2(own, strlen(own), S("x"), S(""), ops, 1, NULL, 0, 0, NULL, 0, &pid), BADF);
  IS(join(0, 0), -1);
  IS(joined_errno, CHILD);
  u32 handles[7];
  IS(wasix_proc_spawn(own, strlen(own), 0, S("it\nenv"), S(""), 1, 1, 1, S("."), handles), OK);
  CHECK(wasix_proc_spawn(own, strlen(own), 0, S("x"), S(""), 0, 1, 1, S("."), handles + 1) == NOTSUP); // a pipe
  IS(join(handles[0], 0), 13 << 8);
  uint8_t ignore_hup[2] = {SIG_HUP, 1};
  IS(wasix_proc_spawn2(own, strlen(own), S("it\nignored"), S(""), NULL, 0, ignore_hup, 1, 0, NULL, 0, &pid), OK);
  IS(join(pid, 0), (16 + SIG_HUP) << 8);
}

static void signals(void) {
  u32 pid;
  if ((pid = fork_()) == 0) for (;;) wasix_thread_sleep(1000000000);
  IS(wasix_proc_signal(pid, 0), OK);
  IS(join(pid, JOIN_NON_BLOCKING), -2);
  IS(wasix_proc_signal(pid, SIG_STOP), OK);
  IS(join(pid, JOIN_WAKE_STOPPED), SIG_STOP << 8 | 0x7f);
  IS(wasix_proc_signal(pid, SIG_CONT), OK);
  IS(wasix_proc_signal(pid, SIG_KILL), OK);
  IS(join(pid, 0), SIG_KILL);
  IS(wasix_proc_signal(pid, SIG_KILL), SRCH);
  IS(wasix_proc_signal(self, 99), INVAL);

  // Without a callback the default action, with one the callback.
  if ((pid = fork_()) == 0) {
    u32 me;
    wasix_proc_id(&me);
    wasix_proc_signal(me, SIG_TERM);
    exit(1);
  }
  IS(join(pid, 0), SIG_TERM);
  wasix_callback_signal(S("__wasm_signal"));
  IS(wasix_proc_signal(self, SIG_USR1), OK);
  IS(seen[SIG_USR1], 1);
  IS(wasix_thread_signal(self, SIG_USR2), OK);
  IS(seen[SIG_USR2], 1);

  // A handler ends a wait with INTR; a child's end does not.
  if ((pid = fork_()) == 0) {
    wasix_thread_sleep(3000000);
    u32 parent;
    wasix_proc_parent(0, &parent);
    wasix_proc_signal(parent, SIG_USR1);
    exit(0);
  }
  int slept = 0;
  while (seen[SIG_USR1] == 1) slept = wasix_thread_sleep(10000000000);
  IS(slept, INTR);
  IS(seen[SIG_USR1], 2);
  IS(join(pid, 0), 0);
  CHECK(seen[SIG_CHLD] > 0);

  // A timer.
  IS(wasix_proc_raise_interval(SIG_ALRM, 1000000, 1), OK);
  while (seen[SIG_ALRM] < 3) wasix_thread_sleep(1000000000);
  IS(wasix_proc_raise_interval(SIG_ALRM, 0, 0), OK);

  // The child has the callback, too, and its own count.
  if ((pid = fork_()) == 0) {
    int before = seen[SIG_USR2];
    u32 me;
    wasix_proc_id(&me);
    wasix_proc_signal(me, SIG_USR2);
    exit(seen[SIG_USR2] == before + 1 ? 9 : 10);
  }
  IS(join(pid, 0), 9 << 8);
  IS(seen[SIG_USR2], 1);
}

static int role(int argc, char **argv) {
  if (strcmp(argv[1], "args") == 0) {
    int open = 0;
    for (int fd = 0; fd < 64; fd++) {
      uint16_t flags;
      if (wasix_fd_fdflags_get(fd, &flags) == OK) open++;
    }
    printf("args %s fds %d", argv[2], open);
    return 11;
  }
  if (strcmp(argv[1], "env") == 0) {
    const char *x = getenv("X"), *y = getenv("Y");
    return x && y && x[0] == '1' && y[0] == '2' ? 12 : 13;
  }
  u32 count;
  uint8_t dispositions[2];
  if (wasix_proc_signals_sizes_get(&count) != OK || count != 1) return 2;
  return wasix_proc_signals_get(dispositions) == OK ? 16 * dispositions[1] + dispositions[0] : 3;
}

int main(int argc, char **argv) {
  if (argc > 1) return role(argc, argv);
  wasix_proc_id(&self);
  forks();
  vforks();
  pipes();
  dups();
  execs(argv[0]);
  spawns(argv[0]);
  signals();
  return finish();
}
