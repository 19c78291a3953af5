// What POSIX has of processes beyond wasi-libc, over the functions of WASIX: included before everything else (clang -include).
#pragma once
#define _WASI_EMULATED_PROCESS_CLOCKS
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>
#if __STDC_VERSION__ < 201112L
typedef long double max_align_t; // wasi-libc's headers want it in every C
#endif

typedef int pid_t_;
#define pid_t pid_t_
#define uid_t unsigned
#define gid_t unsigned

pid_t fork(void);
pid_t vfork(void);
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int getgroups(int, gid_t *);
mode_t umask(mode_t);
int dup(int);
int dup2(int, int);
int pipe(int [2]);
int execve(const char *, char *const [], char *const []);
int posix_chdir(const char *);
char *posix_getcwd(char *, size_t);
int posix_fcntl(int, int, ...);
int posix_open(const char *, int, ...);
#define chdir posix_chdir
#define getcwd posix_getcwd
#define fcntl posix_fcntl
#define F_DUPFD 30
#define F_DUPFD_CLOEXEC 31

// Declared for programs that mention them; posix.c and absent.c have those that are called.
#define getpgrp() 1
int setsid(void);
int setuid(uid_t);
int setgid(gid_t);
int seteuid(uid_t);
int setegid(gid_t);
int setreuid(uid_t,uid_t);
int chroot(const char*);
unsigned alarm(unsigned);
pid_t getpgid(pid_t);
pid_t getsid(pid_t);
int setpgid(pid_t,pid_t);
pid_t tcgetpgrp(int);
int tcsetpgrp(int,pid_t);
int chown(const char*,uid_t,gid_t);
int lchown(const char*,uid_t,gid_t);
int fchown(int,uid_t,gid_t);
int chmod(const char*,mode_t);
int fchmod(int,mode_t);
int mknod(const char*,mode_t,dev_t);
int mkfifo(const char*,mode_t);
int execv(const char*,char*const[]);
int execvp(const char*,char*const[]);
int execlp(const char*,const char*,...);
char *ttyname(int);
int ttyname_r(int,char*,size_t);
char *mktemp(char*);
int mkstemp(char*);
char *mkdtemp(char*);
char *realpath(const char*, char*);
int daemon(int,int);
int pipe2(int*,int);
int nice(int);
int sync(void);
char *getlogin(void);
int sethostname(const char*,size_t);
#define SOCK_SEQPACKET 15
#define SOCK_RDM 14
#define SOCK_RAW 13
typedef unsigned long long rlim_t;
struct rlimit { rlim_t rlim_cur, rlim_max; };
#define RLIM_INFINITY (~0ull)
enum { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_NOFILE = 7 };
int getrlimit(int, struct rlimit *);
int setrlimit(int, const struct rlimit *);
