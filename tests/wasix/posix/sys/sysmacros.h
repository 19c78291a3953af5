// What busybox includes; most of it is only declared.
#pragma once
#define major(D) ((unsigned)((D) >> 8 & 0xfff))
#define minor(D) ((unsigned)((D) & 0xff))
#define makedev(A, B) ((A) << 8 | (B))
