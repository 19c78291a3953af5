#pragma once
#include <stdint.h>
#include <sys/types.h>
typedef uint64_t posix_sigset_t;
#define sigset_t posix_sigset_t
typedef int sig_atomic_t;
struct sigaction { void (*sa_handler)(int); sigset_t sa_mask; int sa_flags; };
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)
enum { SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,
  SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH,
  SIGIO, SIGPWR, SIGSYS, SIGRTMIN = 34, SIGRTMAX = 64 };
// Programs ask the preprocessor which there are.
#define SIGHUP SIGHUP
#define SIGINT SIGINT
#define SIGQUIT SIGQUIT
#define SIGILL SIGILL
#define SIGTRAP SIGTRAP
#define SIGABRT SIGABRT
#define SIGBUS SIGBUS
#define SIGFPE SIGFPE
#define SIGKILL SIGKILL
#define SIGUSR1 SIGUSR1
#define SIGSEGV SIGSEGV
#define SIGUSR2 SIGUSR2
#define SIGPIPE SIGPIPE
#define SIGALRM SIGALRM
#define SIGTERM SIGTERM
#define SIGSTKFLT SIGSTKFLT
#define SIGCHLD SIGCHLD
#define SIGCONT SIGCONT
#define SIGSTOP SIGSTOP
#define SIGTSTP SIGTSTP
#define SIGTTIN SIGTTIN
#define SIGTTOU SIGTTOU
#define SIGURG SIGURG
#define SIGXCPU SIGXCPU
#define SIGXFSZ SIGXFSZ
#define SIGVTALRM SIGVTALRM
#define SIGPROF SIGPROF
#define SIGWINCH SIGWINCH
#define SIGIO SIGIO
#define SIGPWR SIGPWR
#define SIGSYS SIGSYS
#define SIGRTMIN SIGRTMIN
#define SIGRTMAX SIGRTMAX
#define NSIG 65
#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#define SA_RESTART 0x10000000
int kill(int, int);
int raise(int);
int sigaction(int, const struct sigaction *, struct sigaction *);
void (*signal(int, void (*)(int)))(int);
int sigprocmask(int, const sigset_t *, sigset_t *);
int sigsuspend(const sigset_t *);
int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigaddset(sigset_t *, int);
int sigdelset(sigset_t *, int);
int sigismember(const sigset_t *, int);
