// What busybox includes; most of it is only declared.
#pragma once
#include <stdio.h>
struct passwd { char *pw_name, *pw_passwd; uid_t pw_uid; gid_t pw_gid; char *pw_gecos, *pw_dir, *pw_shell; };
struct passwd *getpwnam(const char *); struct passwd *getpwuid(uid_t);
