#pragma once
#include <stdint.h>
typedef struct { uint64_t snapshot[3]; uint64_t value; } jmp_buf[1];
typedef jmp_buf sigjmp_buf;
int setjmp(jmp_buf) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf, int);
