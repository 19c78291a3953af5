// What busybox includes; most of it is only declared.
#pragma once
struct statfs { unsigned long f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_frsize, f_flags; };
