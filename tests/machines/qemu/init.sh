#!/bin/busybox sh
# Init of a machine of qemu's, in its memory: loads modules, mounts the root that is shared with it, what is written to that in memory, and the other
# directories that are shared, whose names and paths are lines of /mnt/shares; and goes on with /mnt/start.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
# Some need others: in a few rounds all have what they need.
for _ in 1 2 3 4; do
  for module in /modules/*.ko; do $b insmod "$module" 2>/dev/null; done
done
share() {
  $b mkdir -p "$2"
  $b mount -t 9p -o "trans=virtio,version=9p2000.L,msize=524288,$3" "$1" "$2" || echo "sharing $2 failed"
}
share root /lower ro,cache=loose
$b mount -t tmpfs -o size=60% upper /upper
$b mkdir -p /upper/files /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work root /root
$b mount -t tmpfs tmp /root/tmp
$b mount -t tmpfs run /root/run
share job /root/mnt cache=mmap
while read -r name path; do share "$name" "/root$path" ro,cache=loose; done </root/mnt/shares
$b mount --move /dev /root/dev
$b umount /sys /proc
exec $b switch_root /root /bin/sh /mnt/start
