#!/bin/sh
# Init of a user-mode Linux: the host's root, read-only, with what a Linux machine has mounted, and cgroups of version 2 alone.
# The kernel's command line gives it $umiak_dir: there are the variables that it sets, the paths that the tmpfs on /tmp hides, and the job.
# $umiak_dir/out is the host's, too. The console is for what goes wrong.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts 2>/dev/null || {
  mkdir -p /dev/pts /dev/shm && mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
}
mkdir -p /dev/shm && mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run
mount -t hostfs -o "$umiak_dir" none /mnt
mount -t tmpfs tmp /tmp
while read -r path; do
  [ -e "$path" ] || { mkdir -p "$path" && mount -t hostfs -o "$path" none "$path"; }
done </mnt/paths
. /mnt/environment
ip link set lo up

# As with systemd: this process is not in the root's cgroup, and every controller is handed down.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/init.scope
echo 1 >/sys/fs/cgroup/init.scope/cgroup.procs
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done

cd / && sh /mnt/job >/mnt/out/stdout 2>/mnt/out/stderr </dev/null
echo $? >/mnt/out/code
sync
echo o >/proc/sysrq-trigger
while :; do sleep 1; done
