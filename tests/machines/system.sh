# What every machine for tests does when it has its files: mounts what a Linux machine has, with cgroups of version 2 alone; runs /mnt/job, whose
# output and exit code go to /mnt/out; and switches itself off. /mnt/environment sets variables.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t securityfs security /sys/kernel/security 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts /dev/pts
mount -t tmpfs shm /dev/shm
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
