// What busybox includes; most of it is only declared.
#pragma once
struct mntent { char *mnt_fsname, *mnt_dir, *mnt_type, *mnt_opts; };
