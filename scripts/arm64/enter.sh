#!/bin/sh
# Runs a command in an arm64 Debian as on a Raspberry Pi, by qemu-user and without a trace on this machine:
#   unshare --user --map-root-user --mount sh enter.sh ROOT CPU CPUINFO PATH... -- COMMAND...
# Each PATH of this machine is seen there too, under the same name.
set -eu
root=$1 cpu=$2 cpuinfo=$3
shift 3
# Since Linux 6.7 a user namespace has a table of its own of what runs foreign programs.
if [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
    mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register
fi
show() {
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
}
show /dev
show /proc
show /sys
while [ "$1" != -- ]; do
    show "$1"
    shift
done
shift
# Libraries choose their kernels by it. With that of another architecture ONNX Runtime crashes as it is imported, and
# without one openWakeWord when it is first used.
mount --bind "$cpuinfo" "$root/proc/cpuinfo"
exec chroot "$root" env -i PATH=/usr/bin:/usr/sbin HOME=/tmp LANG=C.UTF-8 QEMU_CPU="$cpu" "$@"
