#pragma once
#include <sys/resource.h>
#define WNOHANG 1
#define WUNTRACED 2
#define WIFEXITED(S) (((S) & 0x7f) == 0)
#define WEXITSTATUS(S) ((S) >> 8 & 0xff)
#define WIFSTOPPED(S) (((S) & 0xff) == 0x7f)
#define WSTOPSIG(S) WEXITSTATUS(S)
#define WIFSIGNALED(S) (!WIFEXITED(S) && !WIFSTOPPED(S))
#define WTERMSIG(S) ((S) & 0x7f)
#define WCOREDUMP(S) 0
int wait3(int *, int, struct rusage *);
int waitpid(int, int *, int);
