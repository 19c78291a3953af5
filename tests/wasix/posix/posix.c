// Implements wasix_posix.h.
#undef chdir
#undef getcwd
#undef fcntl
#include "../wasix.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <wasi/api.h>
#include <wasi/libc.h>

int chdir(const char *);
int fcntl(int, int, ...);

static int result(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

pid_t fork(void) {
  u32 pid;
  return result(wasix_proc_fork(1, &pid)) < 0 ? -1 : (pid_t)pid;
}
pid_t vfork(void) { return fork(); }
pid_t getpid(void) {
  u32 pid = 0;
  wasix_proc_id(&pid);
  return pid;
}
pid_t getppid(void) {
  u32 pid = 0;
  wasix_proc_parent(0, &pid);
  return pid;
}
// WASIX has no users, groups or mode masks.
uid_t getuid(void) { return 0; }
uid_t geteuid(void) { return 0; }
gid_t getgid(void) { return 0; }
gid_t getegid(void) { return 0; }
int getgroups(int size, gid_t *groups) { return 0; }
mode_t umask(mode_t mask) {
  static mode_t now = 022;
  mode_t old = now;
  now = mask & 0777;
  return old;
}

int dup(int fd) {
  u32 copy;
  return result(wasix_fd_dup(fd, &copy)) < 0 ? -1 : (int)copy;
}
int dup2(int from, int to) {
  uint16_t flags;
  if (result(wasix_fd_fdflags_get(from, &flags)) < 0) return -1;
  if (from == to) return to;
  close(to);
  u32 copy;
  if (result(wasix_fd_dup2(from, to, 0, &copy)) < 0) return -1;
  return copy;
}
int pipe(int ends[2]) {
  u32 reading, writing;
  if (result(wasix_fd_pipe(&reading, &writing)) < 0) return -1;
  ends[0] = reading, ends[1] = writing;
  return 0;
}
int posix_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  int argument = va_arg(list, int);
  va_end(list);
  uint16_t flags;
  u32 copy;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return result(wasix_fd_dup2(fd, argument, command == F_DUPFD_CLOEXEC, &copy)) < 0 ? -1 : (int)copy;
    case F_GETFD:
      return result(wasix_fd_fdflags_get(fd, &flags)) < 0 ? -1 : flags;
    case F_SETFD:
      return result(wasix_fd_fdflags_set(fd, argument & 1));
  }
  return fcntl(fd, command, argument);
}

// The working directory is the kernel's, for the programs that are executed, and wasi-libc's, for names.
char *posix_getcwd(char *path, size_t size) {
  u32 length = size - 1;
  if (result(wasix_getcwd(path, &length)) < 0) return NULL;
  path[length] = 0;
  return path;
}
int posix_chdir(const char *path) {
  static char now[4096];
  if (result(wasix_chdir(path, strlen(path))) < 0) return -1;
  return posix_getcwd(now, sizeof now) == NULL ? -1 : chdir(now);
}
// A shell's descriptors from 3 on are its user's: the directory that names are looked up from moves out of the way.
__attribute__((constructor)) static void begin(void) {
  __wasi_prestat_t prestat;
  u32 moved;
  for (int fd = 3; __wasi_fd_prestat_get(fd, &prestat) == 0; fd++) {
    char name[2] = "";
    if (prestat.tag != 0 || prestat.u.dir.pr_name_len > 1) continue;
    __wasi_fd_prestat_dir_name(fd, (uint8_t *)name, prestat.u.dir.pr_name_len);
    if (name[0] == '/' && wasix_fd_dup2(fd, 1000, 1, &moved) == 0) __wasilibc_register_preopened_fd(moved, "/");
    close(fd);
  }
  posix_chdir(".");
}

static size_t joined(char *const list[], char **text) {
  size_t size = 1;
  for (char *const *item = list; *item; item++) size += strlen(*item) + 1;
  char *at = *text = malloc(size);
  for (char *const *item = list; *item; item++) at = stpcpy(stpcpy(at, *item), "\n");
  return at - *text;
}
int execve(const char *path, char *const argv[], char *const envp[]) {
  char *arguments, *environment;
  size_t length = joined(argv, &arguments), size = joined(envp, &environment);
  int error = wasix_proc_exec3(path, strlen(path), arguments, length, environment, size, 0, NULL, 0);
  free(arguments), free(environment);
  return result(error);
}

int waitpid(int pid, int *status, int options) {
  int found = join(pid > 0 ? pid : 0, (options & WNOHANG ? JOIN_NON_BLOCKING : 0) | (options & WUNTRACED ? JOIN_WAKE_STOPPED : 0));
  if (found == -1) return result(joined_errno);
  if (found == -2) return 0;
  if (status) *status = found;
  return joined_pid;
}
int wait3(int *status, int options, struct rusage *usage) { return waitpid(-1, status, options); }

static struct sigaction actions[NSIG];
static sigset_t blocked, pending;
static volatile int handled;
#define BIT(SIGNAL) (1ull << ((SIGNAL) - 1))

static void act(int signal) {
  struct sigaction action = actions[signal];
  if (action.sa_handler == SIG_IGN) return;
  if (action.sa_handler == SIG_DFL) {
    if (signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH) return;
    _Exit(128 + signal);
  }
  sigset_t old = blocked;
  blocked |= action.sa_mask | BIT(signal);
  handled++;
  action.sa_handler(signal);
  blocked = old;
}
static void unblocked(void) {
  for (int signal = 1; signal < 32; signal++)
    if (pending & BIT(signal) & ~blocked) pending &= ~BIT(signal), act(signal);
}
__attribute__((export_name("__wasm_signal"))) void wasm_signal(int signal) {
  if (blocked & BIT(signal)) pending |= BIT(signal);
  else act(signal);
}

int sigaction(int signal, const struct sigaction *action, struct sigaction *old) {
  if (signal < 1 || signal >= NSIG || (action && (signal == SIGKILL || signal == SIGSTOP))) return result(EINVAL);
  static int installed;
  if (old) *old = actions[signal];
  if (!action) return 0;
  actions[signal] = *action;
  // While every disposition is the default one, they are the kernel's affair.
  if (!installed && action->sa_handler != SIG_DFL) installed = 1, wasix_callback_signal("__wasm_signal", 13);
  return 0;
}
void (*signal(int number, void (*handler)(int)))(int) {
  struct sigaction action = {handler, 0, 0}, old;
  return sigaction(number, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}
int sigprocmask(int how, const sigset_t *set, sigset_t *old) {
  sigset_t was = blocked;
  if (set) blocked = how == SIG_BLOCK ? was | *set : how == SIG_UNBLOCK ? was & ~*set : *set;
  if (old) *old = was;
  unblocked();
  return 0;
}
int sigsuspend(const sigset_t *set) {
  sigset_t old = blocked;
  int before = handled;
  blocked = *set;
  unblocked();
  while (handled == before) wasix_thread_sleep(1000000000000);
  blocked = old;
  unblocked();
  return result(EINTR);
}
int sigemptyset(sigset_t *set) { return *set = 0; }
int sigfillset(sigset_t *set) { return *set = ~0ull, 0; }
int sigaddset(sigset_t *set, int signal) { return *set |= BIT(signal), 0; }
int sigdelset(sigset_t *set, int signal) { return *set &= ~BIT(signal), 0; }
int sigismember(const sigset_t *set, int signal) { return (*set & BIT(signal)) != 0; }
int kill(int pid, int signal) { return result(wasix_proc_signal(pid, signal)); }
int raise(int signal) { return kill(getpid(), signal); }

int setjmp(jmp_buf buffer) {
  if (wasix_stack_checkpoint(buffer->snapshot, &buffer->value) != 0) abort();
  return buffer->value;
}
_Noreturn void longjmp(jmp_buf buffer, int value) { wasix_stack_restore(buffer->snapshot, (u32)value); }

char *strsignal(int signal) {
  static const char *const names[] = {[SIGHUP] = "Hangup", [SIGINT] = "Interrupt", [SIGQUIT] = "Quit", [SIGABRT] = "Aborted",
    [SIGFPE] = "Floating point exception", [SIGKILL] = "Killed", [SIGSEGV] = "Segmentation fault", [SIGPIPE] = "Broken pipe",
    [SIGALRM] = "Alarm clock", [SIGTERM] = "Terminated", [SIGUSR1] = "User defined signal 1", [SIGUSR2] = "User defined signal 2"};
  static char other[32];
  if (signal > 0 && signal < (int)(sizeof names / sizeof *names) && names[signal]) return (char *)names[signal];
  snprintf(other, sizeof other, "Signal %d", signal);
  return other;
}
