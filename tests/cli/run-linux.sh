#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Debian's Linux with four vCPUs, where the lab has kept a kernel, on an embedded
# host: to a shell, which is typed into, and forks on each of them.
home=${HOME-} # where the CPU and the kernel may be kept
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
: "${DOMWRIGHT_CACHE:=${XDG_CACHE_HOME:-$home/.cache}/domwright}"
export DOMWRIGHT_CACHE
DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

if [ -z "${DOMWRIGHT_LINUX-}" ]; then
    echo 'takes minutes on a busy machine; with DOMWRIGHT_LINUX=1 it is done'
    exit 77
fi

# newest PATTERN: below what the lab keeps of a dom0.
newest() {
    find "$DOMWRIGHT_CACHE"/dom0-*/root -path "$1" -type f 2>/dev/null |
        sort | tail -n 1
}

kernel=$(newest '*/boot/vmlinuz-*') busybox=$(newest '*/bin/busybox')
if [ -z "$kernel" ] || [ -z "$busybox" ] || ! command -v cpio >/dev/null; then
    echo 'no Linux kernel that the lab keeps, or no cpio'
    exit 77
fi

on_host() {
    "$fakexen" --host machine "$@"
}

mkdir -p root/bin root/proc root/sys root/dev
cp "$busybox" root/bin/busybox
cat >root/init <<'END'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec </dev/hvc0 >/dev/hvc0 2>&1
echo "online: $(cat /sys/devices/system/cpu/online)"
for mask in 1 2 4 8; do
    for n in 1 2 3 4 5 6 7 8; do taskset "$mask" true && echo "forked $mask" & done
done | sort | uniq -c
wait
exec sh
END
chmod +x root/init
(cd root && find . | cpio -o -H newc 2>/dev/null) >initrd

"$fakexen" --host machine --memory 512M --run true || exit 99
config guest.cfg "kernel=\"$kernel\"" "ramdisk=\"$work/initrd\"" 'memory=160' \
    'vcpus=4' 'extra="console=hvc0 quiet"' 'on_poweroff="preserve"' \
    'on_crash="preserve"'
run create -eq guest.cfg
if grep -q 'does not run: .*Unicorn' err; then
    sed -n 's/.*does not run: //p' err
    exit 77
fi
works wait --text='~ #|/ #' --timeout=600 guest
tr -d '\r' <"machine.console-$("$domwright" domid guest).log" >console
grep -qx 'online: 0-3' console || wrong "its vCPUs: $(grep online console)"
[ "$(grep -Ec '^ +8 forked [1248]$' console)" = 4 ] ||
    wrong "what it forked: $(grep forked console)"
on_host --status >out 2>err || wrong 'the machine is not in order'
grep -qx 'audit: 0 differences' out || wrong 'the audit'

tty=$(on_host "$top/tests/fx/store_list" |
    sed -n 's:^/local/domain/[1-9]*/console/tty = "\(.*\)"  *(.*:\1:p')
printf 'echo ab""cd; poweroff -f\r' >"$tty"
works wait --text='^abcd' --timeout=60 guest
works wait --state=shutdown --timeout=120 guest
on_host --status >out 2>err || wrong 'the machine is not in order, in the end'
grep -qx 'audit: 0 differences' out || wrong 'the audit in the end'
works destroy guest
finish
