// Calls that concern one process: directory, events, epoll, threads, what is not there, and wrong pointers.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "wasix.h"

typedef struct { u32 events; u64 data_pointer_and_fd; u32 data1; u64 data2; } epoll_event;
enum { IN = 1, OUT = 2, HUP = 32, EDGE = 64, ONESHOT = 128 };
enum { ADD, MOD, DEL };
#define OUTSIDE ((void *)0xfffffff0)

static void directory(void) {
  char path[64];
  u32 length = sizeof path;
  IS(wasix_getcwd(path, &length), OK);
  IS(length, 1);
  IS(path[0], '/');
  IS(mkdir("/d", 0755), 0);
  IS(mkdir("/d/e", 0755), 0);
  IS(wasix_chdir(S("/d/e")), OK);
  length = sizeof path;
  IS(wasix_getcwd(path, &length), OK);
  CHECK(length == 4 && memcmp(path, "/d/e", 4) == 0);
  IS(wasix_chdir(S("..")), OK);
  length = 1;
  IS(wasix_getcwd(path, &length), RANGE);
  IS(length, 2);
  IS(wasix_chdir(S("/none")), NOENT);
  IS(wasix_chdir(S("/")), OK);
  IS(wasix_getcwd(OUTSIDE, &length), FAULT);
  length = 1;
  IS(wasix_getcwd(path, OUTSIDE), FAULT);
  IS(wasix_chdir(OUTSIDE, 40), FAULT);
  u32 fd;
  uint16_t flags;
  IS(wasix_path_open2(3, 0, S("d/f"), 1, 2 | 64, 0, 0, 1, &fd), OK);
  IS(wasix_fd_fdflags_get(fd, &flags), OK);
  IS(flags, 1);
  IS(wasix_path_open2(3, 0, S("d/f"), 0, 2, 0, 0, 2, &fd), INVAL);
  close(fd);
}

static void events(void) {
  u32 fd, pid;
  u64 value;
  IS(wasix_fd_event(3, 0, &fd), OK);
  IS(read(fd, &value, 8), 8);
  IS(value, 3);
  value = 1ull << 40;
  IS(write(fd, &value, 8), 8);
  IS(write(fd, &value, 8), 8);
  IS(read(fd, &value, 7), -1);
  IS(read(fd, &value, 8), 8);
  IS(value, 2ull << 40);
  value = ~0ull;
  IS(write(fd, &value, 8), -1);
  // An empty one blocks until another process counts.
  IS(wasix_proc_fork(1, &pid), OK);
  value = 9;
  if (pid == 0) wasix_thread_sleep(2000000), write(fd, &value, 8), exit(0);
  value = 0;
  IS(read(fd, &value, 8), 8);
  IS(value, 9);
  IS(join(pid, 0), 0);
  close(fd);
  IS(wasix_fd_event(2, 1, &fd), OK);
  IS(read(fd, &value, 8), 8);
  IS(value, 1);
  IS(read(fd, &value, 8), 8);
  IS(value, 1);
  IS(wasix_fd_event(0, 2, &fd), INVAL);
  IS(wasix_fd_event(0, 0, OUTSIDE), OK + FAULT);
}

static void epolls(void) {
  u32 list, read_end, write_end, count, pid;
  epoll_event event = {IN, 0x0000000700000005, 11, 0x1234567812345678}, found[4];
  IS(wasix_epoll_create(&list), OK);
  IS(wasix_fd_pipe(&read_end, &write_end), OK);
  IS(wasix_epoll_ctl(list, ADD, read_end, &event), OK);
  IS(wasix_epoll_ctl(list, ADD, read_end, &event), EXIST);
  IS(wasix_epoll_ctl(list, MOD, write_end, &event), NOENT);
  IS(wasix_epoll_ctl(list, ADD, 99, &event), BADF);
  IS(wasix_epoll_ctl(read_end, ADD, list, &event), INVAL);
  IS(wasix_epoll_ctl(list, ADD, 3, &event), PERM); // a directory
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 0);
  IS(wasix_epoll_wait(list, found, 4, 2000000, &count), OK);
  IS(count, 0);
  IS(wasix_proc_fork(1, &pid), OK);
  if (pid == 0) wasix_thread_sleep(2000000), write(write_end, "x", 1), exit(0);
  IS(wasix_epoll_wait(list, found, 4, ~0ull, &count), OK);
  IS(count, 1);
  IS(found[0].events, IN);
  IS(found[0].data_pointer_and_fd, 0x0000000700000005);
  IS(found[0].data1, 11);
  IS(found[0].data2, 0x1234567812345678);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 1); // a state, not a change
  event.events = IN | EDGE;
  IS(wasix_epoll_ctl(list, MOD, read_end, &event), OK);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 1);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 0);
  write(write_end, "y", 1);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 1);
  event.events = IN | ONESHOT;
  IS(wasix_epoll_ctl(list, MOD, read_end, &event), OK);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 1);
  write(write_end, "z", 1);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 0);
  event.events = OUT;
  IS(wasix_epoll_ctl(list, ADD, write_end, &event), OK);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 1);
  IS(found[0].events, OUT);
  IS(join(pid, 0), 0);
  IS(wasix_epoll_ctl(list, DEL, write_end, NULL), OK);
  IS(wasix_epoll_ctl(list, DEL, write_end, NULL), NOENT);
  close(read_end);
  IS(wasix_epoll_wait(list, found, 4, 0, &count), OK);
  IS(count, 0);
  IS(wasix_epoll_wait(list, found, 0, 0, &count), INVAL);
  IS(wasix_epoll_wait(list, OUTSIDE, 4, 0, &count), FAULT);
  IS(wasix_epoll_wait(list, found, 0x7fffffff, 0, &count), INVAL);
  close(list), close(write_end);
}

static void threads(void) {
  u32 me, tid, number = 5;
  uint8_t woken;
  struct { uint8_t tag; u64 ns; } timeout = {1, 2000000};
  wasix_proc_id(&me);
  IS(wasix_thread_id(&tid), OK);
  IS(tid, me);
  IS(wasix_thread_parallelism(&tid), OK);
  IS(tid, 1);
  IS(wasix_thread_join(me), DEADLK);
  IS(wasix_thread_join(me + 1), SRCH);
  IS(wasix_futex_wait(&number, 4, &timeout, &woken), OK);
  IS(woken, 0);
  IS(wasix_futex_wait(&number, 5, &timeout, &woken), TIMEDOUT);
  IS(wasix_futex_wake(&number, &woken), OK);
  IS(woken, 0);
  IS(wasix_futex_wait(OUTSIDE, 5, &timeout, &woken), FAULT + 0);
  IS(wasix_thread_spawn_v2(&timeout, &tid), NOTSUP);
  IS(wasix_proc_snapshot(), NOTSUP);
  IS(wasix_port_mac(&timeout), NOTSUP);
}

static void pointers(void) {
  u32 fd = 0;
  IS(wasix_fd_pipe(&fd, (u32 *)0xfffffffe), FAULT);
  IS(wasix_fd_pipe(OUTSIDE, &fd), OK + FAULT);
  IS(wasix_fd_dup(1, (u32 *)0xfffffffd), FAULT);
  IS(wasix_proc_fork(1, (u32 *)0xfffffffd), FAULT);
  IS(wasix_proc_id((u32 *)0xfffffffd), FAULT);
  IS(wasix_proc_join((void *)0xfffffffd, 0, &fd), FAULT);
  IS(wasix_proc_join(&fd, 0, (void *)0xfffffffd), FAULT);
  IS(wasix_stack_checkpoint((void *)0xfffffff9, (u64 *)8), FAULT);
  IS(wasix_tty_get((void *)0xfffffff9), FAULT);
  IS(wasix_proc_signals_sizes_get((u32 *)0xfffffffd), FAULT);
  IS(wasix_proc_spawn2(OUTSIDE, 40, S(""), S(""), NULL, 0, NULL, 0, 0, NULL, 0, &fd), FAULT);
  IS(wasix_proc_spawn2(S("/x"), OUTSIDE, 0x7fffffff, S(""), NULL, 0, NULL, 0, 0, NULL, 0, &fd), FAULT);
  IS(wasix_proc_spawn2(S("/x"), S("x"), S(""), NULL, 0x7fffffff, NULL, 0, 0, NULL, 0, &fd), FAULT);
  IS(wasix_proc_spawn2(S("/x"), S("x"), S(""), NULL, 0, NULL, 0, 0, NULL, 0, (u32 *)0xfffffffd), FAULT);
  IS(wasix_proc_exec3(S("a\0b"), S("x"), S(""), 0, NULL, 0), INVAL);
  wasix_callback_signal(OUTSIDE, 40);
  wasix_callback_signal(S("nothing of this name"));
}

int main(void) {
  directory();
  events();
  epolls();
  threads();
  pointers();
  return finish();
}
