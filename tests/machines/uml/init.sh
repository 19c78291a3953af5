#!/bin/sh
# Init of a user-mode Linux: the host's root, read-only. The kernel's command line gives it $umiak_dir: there are the variables that are set, the
# paths that the tmpfs on /tmp hides, and the job. $umiak_dir/out is the host's, too. The console is for what goes wrong.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs run /run
mount -t hostfs -o "$umiak_dir" none /mnt
mount -t tmpfs tmp /tmp
while read -r path; do
  [ -e "$path" ] || { mkdir -p "$path" && mount -t hostfs -o "$path" none "$path"; }
done </mnt/paths
. /mnt/system.sh
