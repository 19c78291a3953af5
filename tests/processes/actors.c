/*
 * Processes that do what a script says, on Linux. Standard input has lines "ACTOR COMMAND ARGUMENTS"; for each a line with the result is
 * printed: a value, -errno, "gone" or "stopped" when the actor ended or stopped by it. Actor 0 is the init of a pid namespace; "fork N" makes actor N.
 * To be run as process 1 of a pid namespace of its own, with /proc of it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACTORS = 128, LINE = 4096 };

static int commands[ACTORS][2], replies[ACTORS][2];
static int pids[ACTORS];
static volatile int counts[65];

static void count(int sig) { counts[sig]++; }

static int next_line(int fd, char *line) {
  int n = 0;
  for (;;) {
    char c;
    ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    if (c == '\n') break;
    if (n < LINE - 1) line[n++] = c;
  }
  line[n] = 0;
  return n;
}

static void pipe_or_die(int *ends) {
  if (pipe2(ends, O_CLOEXEC) < 0) exit(100);
  fcntl(ends[0], F_SETPIPE_SZ, 4096);
}

static long result(long r) { return r < 0 ? -errno : r; }

/* The set of signals in a text of numbers. */
static sigset_t set_of(char *text) {
  sigset_t set;
  sigemptyset(&set);
  for (char *at = text, *end;; at = end) {
    long n = strtol(at, &end, 10);
    if (end == at) return set;
    sigaddset(&set, n);
  }
}

static void list(char *out, int (*has)(void *, int), void *what) {
  *out = 0;
  for (int sig = 1; sig <= 64; sig++)
    for (int i = has(what, sig); i > 0; i--) out += sprintf(out, "%d ", sig);
}
static int in_set(void *set, int sig) { return sigismember(set, sig) == 1; }
static int counted(void *unused, int sig) {
  (void)unused;
  int n = counts[sig];
  counts[sig] = 0;
  return sig < 32 && n > 1 ? 1 : n; /* how many times a standard signal came is a matter of time */
}

static long action(int sig, int how) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  sigemptyset(&act.sa_mask);
  act.sa_handler = how == 1 ? SIG_IGN : how == 0 || how == 4 ? SIG_DFL : count;
  if (how == 3) act.sa_flags = SA_NOCLDSTOP;
  if (how == 4) act.sa_flags = SA_NOCLDWAIT;
  if (how == 5) act.sa_flags = SA_RESETHAND;
  return result(sigaction(sig, &act, 0));
}

/* Waits until there is nothing to wait for; in the order of process ids, since the order of deaths is not ours to say. */
static void wait_all(int which, int options, char *out) {
  int found[ACTORS][2], n = 0, status = 0;
  long r;
  while (n < ACTORS && (r = result(waitpid(which, &status, options | WNOHANG))) > 0) {
    int at = n++;
    for (; at > 0 && found[at - 1][0] > r; at--) memcpy(found[at], found[at - 1], sizeof found[at]);
    found[at][0] = r;
    found[at][1] = status;
  }
  for (int i = 0; i < n; i++) out += sprintf(out, "%d %x, ", found[i][0], found[i][1]);
  sprintf(out, "%ld", r);
}

static void act(int self);

static void perform(int *self, char *line, char *out) {
  char name[32];
  int at = 0, a = 0, b = 0, c = 0;
  sscanf(line, "%31s%n", name, &at);
  char *rest = line + at;
  sscanf(rest, "%d %d %d", &a, &b, &c);
  long r = -ENOSYS;
  if (!strcmp(name, "fork")) {
    r = fork();
    if (r == 0) {
      memset((void *)counts, 0, sizeof counts);
      *self = a;
      out[0] = 0;
      return;
    }
  } else if (!strcmp(name, "exit")) _exit(a);
  else if (!strcmp(name, "kill")) r = result(kill(a, b));
  else if (!strcmp(name, "setpgid")) r = result(setpgid(a, b));
  else if (!strcmp(name, "setsid")) r = result(setsid());
  else if (!strcmp(name, "getpgid")) r = result(getpgid(a));
  else if (!strcmp(name, "getsid")) r = result(getsid(a));
  else if (!strcmp(name, "getppid")) r = getppid();
  else if (!strcmp(name, "subreaper")) r = result(prctl(PR_SET_CHILD_SUBREAPER, a));
  else if (!strcmp(name, "pdeath")) r = result(prctl(PR_SET_PDEATHSIG, a));
  else if (!strcmp(name, "setresuid")) r = result(syscall(SYS_setresuid, a, b, c));
  else if (!strcmp(name, "action")) r = action(a, b);
  else if (!strcmp(name, "mask")) {
    sigset_t set = set_of(rest);
    r = result(sigprocmask(SIG_SETMASK, &set, 0));
  } else if (!strcmp(name, "wait")) {
    wait_all(a, b, out);
    return;
  } else if (!strcmp(name, "pending")) {
    sigset_t set;
    sigpending(&set);
    list(out, in_set, &set);
    return;
  } else if (!strcmp(name, "caught")) {
    list(out, counted, 0);
    return;
  }
  sprintf(out, "%ld", r);
}

static void act(int self) {
  char line[LINE], out[LINE], reply[LINE + 32];
  for (;;) {
    if (next_line(commands[self][0], line) < 0) _exit(101);
    int number = 0, at = 0, me = self;
    sscanf(line, "%d %n", &number, &at);
    perform(&self, line + at, out);
    if (self != me) continue;
    int n = sprintf(reply, "%d %s\n", number, out);
    if (write(replies[self][1], reply, n) != n) _exit(102);
  }
}

/* The state of the process with this id in the actors' namespace: a letter of /proc/PID/stat, X if there is none. With 0: 'R' if any is busy. */
static char state_of(int inner) {
  DIR *proc = opendir("/proc");
  struct dirent *entry;
  char found = inner == 0 ? 'S' : 'X';
  while ((entry = readdir(proc)) != 0) {
    int pid = atoi(entry->d_name);
    if (pid <= 1) continue;
    char path[64], text[4096];
    sprintf(path, "/proc/%d/status", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) continue;
    text[n] = 0;
    char *state = strstr(text, "\nState:\t"), *ids = strstr(text, "\nNSpid:");
    if (state == 0 || ids == 0) continue;
    if (inner == 0) {
      if (strchr("STZ", state[8]) == 0) found = 'R';
      continue;
    }
    char *end = strchr(ids + 1, '\n');
    if (end != 0) *end = 0;
    char *last = strrchr(ids, '\t');
    if (last != 0 && atoi(last) == inner) found = state[8];
  }
  closedir(proc);
  return found;
}

/* Waits until nothing happens any more. */
static void settle(void) {
  for (int quiet = 0, tries = 0; quiet < 2 && tries < 20000; tries++) {
    sched_yield();
    quiet = state_of(0) == 'R' ? 0 : quiet + 1;
  }
}

static void order(int actor, int number, const char *command) {
  char line[LINE + 32];
  int n = sprintf(line, "%d %s\n", number, command);
  if (write(commands[actor][1], line, n) != n) exit(103);
  for (int tries = 0; tries < 1000; tries++) {
    settle();
    char state = state_of(pids[actor]), reply[LINE];
    if (state == 'X' || state == 'Z') return (void)puts("gone");
    if (state == 'T') return (void)puts("stopped");
    while (next_line(replies[actor][0], reply) >= 0) {
      int at = 0, child;
      if (sscanf(reply, "%d %n", &n, &at) != 1 || n != number) continue;
      if (sscanf(command, "fork %d", &child) == 1) pids[child] = atoi(reply + at);
      puts(reply + at);
      return;
    }
  }
  puts("lost");
}

int main(void) {
  for (int i = 0; i < ACTORS; i++) {
    pipe_or_die(commands[i]);
    pipe_or_die(replies[i]);
  }
  if (unshare(CLONE_NEWPID) < 0) return 104;
  int init = fork();
  if (init == 0) act(0);
  pids[0] = 1;
  for (int i = 0; i < ACTORS; i++) fcntl(replies[i][0], F_SETFL, O_NONBLOCK);
  char line[LINE];
  for (int number = 1; fgets(line, sizeof line, stdin) != 0; number++) {
    int actor = 0, at = 0;
    line[strcspn(line, "\n")] = 0;
    sscanf(line, "%d %n", &actor, &at);
    order(actor, number, line + at);
  }
  kill(init, SIGKILL);
  while (waitpid(-1, 0, 0) > 0) {}
  return 0;
}
