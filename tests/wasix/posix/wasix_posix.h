// What POSIX has of processes beyond wasi-libc, over the functions of WASIX: included before everything else (clang -include).
#pragma once
#define _WASI_EMULATED_PROCESS_CLOCKS
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

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
