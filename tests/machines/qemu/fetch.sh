#!/bin/sh
# Fetches what a machine of qemu's is made of: fetch.sh x86_64|aarch64 DIRECTORY makes DIRECTORY/vmlinuz, Debian's kernel, and DIRECTORY/initrd; for
# an architecture that is not this one also DIRECTORY/root, with busybox, the C library and Deno. Needs root's apt-get, busybox, npm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
case $1 in
  x86_64) architecture=amd64 deno= ;;
  aarch64) architecture=arm64 deno=linux-arm64-glibc ;;
  *) echo "fetch.sh: unknown architecture $1" >&2 && exit 2 ;;
esac
mkdir -p "$2/lists/partial" "$2/archives/partial"
cd "$2"
export APT_CONFIG="$PWD/apt.conf"
cat >apt.conf <<C
APT { Architecture "$architecture"; Architectures { "$architecture"; }; Sandbox::User "root"; };
Dir { State { lists "$PWD/lists"; status "$PWD/status"; }; Cache { archives "$PWD/archives"; pkgcache ""; srcpkgcache ""; }; };
C
: >status
apt-get -qq update

# Unpacks files of a package into a directory: unpack PACKAGE DIRECTORY [NAME...].
unpack() {
  package=$1 into=$2
  shift 2
  apt-get -qq download "$package"
  mkdir -p "$into"
  dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x -C "$into" --wildcards "$@"
  rm "$package"_*.deb
}

kernel=$(apt-cache depends "linux-image-$architecture" | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\).*/\1/p' | head -n 1)
rm -rf kernel memory root
unpack "$kernel" kernel './boot/vmlinuz-*' './lib/modules/*.ko'
mv kernel/boot/vmlinuz-* vmlinuz
mkdir -p memory/bin memory/modules memory/proc memory/sys memory/dev memory/root memory/lower memory/upper
for module in 9p 9pnet 9pnet_virtio netfs fscache overlay loop veth bridge stp llc \
  virtio virtio_ring virtio_pci virtio_pci_modern_dev virtio_pci_legacy_dev \
  scsi_common scsi_mod sd_mod virtio_scsi t10-pi crc-t10dif crct10dif_common crc64 crc64-rocksoft; do
  find kernel -name "$module.ko" -exec cp {} memory/modules/ \;
done
unpack busybox-static busybox './bin/busybox'
cp busybox/bin/busybox memory/bin/
cp "$here/init.sh" memory/init
chmod 755 memory/init
(cd memory && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >initrd

if [ -n "$deno" ]; then
  mkdir -p root/usr/bin root/usr/lib root/etc root/proc root/sys root/dev root/run root/tmp root/mnt root/root root/var/tmp root/home
  for each in bin sbin lib; do ln -s "usr/$each" "root/$each"; done
  ln -s bin root/usr/sbin
  for package in libc6 libgcc-s1; do unpack "$package" libraries '*/lib/*'; done
  for each in libraries/lib libraries/usr/lib; do [ ! -d "$each" ] || cp -a "$each/." root/usr/lib/; done
  cp busybox/bin/busybox root/usr/bin/
  # Its names, as the one of this machine has them.
  for name in $(busybox --list); do [ "$name" = busybox ] || ln -s busybox "root/usr/bin/$name"; done
  echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
  echo 'root:x:0:' >root/etc/group
  npm pack --silent "@deno/$deno@$DENO_VERSION" >/dev/null
  mkdir -p npm
  tar -xzf deno-*.tgz -C npm
  mv npm/package/deno root/usr/bin/deno
  chmod 755 root/usr/bin/deno
fi
rm -rf kernel memory libraries busybox npm lists archives deno-*.tgz apt.conf status
