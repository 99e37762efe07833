#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirtd with our hooks, an installed one or the lab's, on an embedded host:
# virsh says what it says with the stock ones, and many guests are built at once.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"
plugin=$top/src/builder/.libs/plugin.so

skip() {
    echo "$1"
    exit 77
}
root='' lib=usr/lib/x86_64-linux-gnu
[ "$(id -u)" = 0 ] || skip 'libvirtd needs root'
if [ ! -e /usr/sbin/libvirtd ]; then
    for root in "${DOMWRIGHT_CACHE:-/root/.cache/domwright}"/dom0-*/libvirt*-stable; do
        :
    done
fi
driver=$root/$lib/libvirt/connection-driver/libvirt_driver_libxl.so
[ -e "$driver" ] || skip 'there is no libvirtd with a driver for Xen here'
if [ -n "$root" ]; then
    LD_LIBRARY_PATH=$root/$lib:$root/lib/x86_64-linux-gnu
    export LD_LIBRARY_PATH
    mkdir -p share/libvirt
    cp -r "$root"/usr/share/libvirt/* share/libvirt
    mount -t overlay -o "lowerdir=$work/share:/usr/share" overlay /usr/share \
        2>/dev/null || skip 'its files cannot be where it looks for them'
fi
ldd "$driver" | grep -q "libxenlight.so.$xen_version " ||
    skip "that libvirtd is not for Xen $xen_version"

# None of its other drivers.
mkdir drivers
cp "$driver" drivers
LIBVIRT_DRIVER_DIR=$work/drivers
export LIBVIRT_DRIVER_DIR

# It takes /dev/xen/xenstored for Xen; the rest of /dev is as it was.
mkdir /run/dev
mount --rbind /dev /run/dev
mount -t tmpfs tmpfs /dev
mkdir /dev/xen /dev/pts /dev/shm
touch /dev/xen/xenstored
for device in null zero full random urandom tty ptmx; do
    touch /dev/$device
    mount --bind /run/dev/$device /dev/$device
done
for directory in pts shm; do
    mount --bind /run/dev/$directory /dev/$directory
done
ln -s /proc/self/fd /dev/fd

mkdir -p /run/libvirt /var/lib/libvirt /var/log/libvirt/libxl
libxl_log=/var/log/libvirt/libxl/libxl-driver.log
printf '%s\n' 'auth_unix_rw = "none"' 'log_level = 1' \
    'host_uuid = "6f3c2b1e-5a4d-4c3b-9e2f-0d1c2b3a4f5e"' \
    'log_filters = "4:access 4:conf 4:daemon 4:event 4:rpc 4:util 4:libvirt"' \
    >conf

vsh() {
    timeout 60 "$root/usr/bin/virsh" -q -c xen:///system "$@" </dev/null
}
# start ours|stock
start() {
    preload=
    [ "$1" = stock ] || preload=" $plugin"
    # shellcheck disable=SC2016 # for the inner shell
    on_host sh -c 'LD_PRELOAD="$LD_PRELOAD$0" exec "$@"' "$preload" \
        "$root/usr/sbin/libvirtd" -f "$work/conf" >libvirtd.log 2>&1 &
    libvirtd=$! tries=200
    trap 'kill "$libvirtd" 2>/dev/null; rm -rf "$work"' EXIT
    until vsh version >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries != 0 ] || { cp libvirtd.log out; wrong 'libvirtd'; finish; }
        sleep 0.05
    done
}
stop() {
    kill "$(cat /run/libvirtd.pid)"
    wait "$libvirtd"
}

# domain NAME ARCH KERNEL [MIB]
domain() {
    cat >"$1.xml" <<END
<domain type='xen'>
  <name>$1</name>
  <uuid>0c2f3e4d-5b6a-4798-8a9b-0000000000$(printf %.1s "$1" | od -An -tx1 |
    tr -d ' ')</uuid>
  <memory unit='MiB'>${4:-16}</memory>
  <os><type arch='$2' machine='xenpv'>linux</type><kernel>$3</kernel></os>
  <devices><console type='pty'/></devices>
</domain>
END
}
said() {
    echo "## $1"
    vsh "$1" 2>&1
    echo "status $?"
}
# The life of one, as far as it needs no guest that answers.
life() {
    said "define $1.xml; list --all; start $1 --paused"
    said "list; dominfo $1; domstate $1 --reason; dumpxml $1"
    said "resume $1; suspend $1; setmem $1 12M --live; vcpucount $1; schedinfo $1"
    "$domwright" verify "$1"
    said "destroy $1; undefine $1; list --all"
}

DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST
domain a i686 "$guests/suspend-pae"
domain b x86_64 "$guests/suspend-64"
for builder in stock ours; do
    start $builder
    checks=$((checks + 1))
    { life a; life b; } | sed -e "s/ id='[0-9]*'//" -e 's/^Id:.*//' \
        -e 's/^ *[0-9]* \( *[ab] \)/\1/' -e 's,/dev/pts/[0-9]*,/dev/pts/N,g' \
        -e 's/^CPU time:.*//' >"said-$builder"
    [ $builder = stock ] || break
    stop
done
diff said-stock said-ours >out 2>err || wrong 'virsh says something else'
# What went wrong with both would be alike.
cp said-ours out
! grep -E '^(error|status [^0])' out || wrong 'not all of it worked'
[ "$(grep -c ': 0 findings$' out)" = 2 ] || wrong 'verify finds something'
state >before

# ---- ten at once, and one that is refused ----
: >"$libxl_log"
jobs=
for n in 0 1 2 3 4 5 6 7 8 9; do
    if [ $((n % 2)) = 0 ]; then
        domain $n-g i686 "$guests/suspend-pae"
    else
        domain $n-g x86_64 "$guests/suspend-64"
    fi
done
domain r i686 "$guests/suspend-pae" 1
for name in 0-g 1-g 2-g 3-g 4-g r 5-g 6-g 7-g 8-g 9-g; do
    vsh create --paused $name.xml >$name.out 2>&1 &
    jobs="$jobs $name=$!"
done
for job in $jobs; do
    checks=$((checks + 1)) status=0
    wait "${job##*=}" || status=$?
    name=${job%=*}
    cp "$name.out" out
    [ $status = "$([ "$name" = r ] && echo 1 || echo 0)" ] || wrong "$name: $status"
done
cp "$libxl_log" out
for width in 32 64; do
    [ "$(grep -cE "domwright [0-9.]+: domain [0-9]+, $width-bit\$" out)" = 5 ] ||
        wrong "the log has not all of $width bits"
done
prints 'domwright: plan: needs memory=[0-9]+: the kernel does not fit in 1 MiB'
works verify --all
works list
[ "$(grep -c '^[0-9]-g ' out)" = 10 ] || wrong 'they are not all there'
for n in 0 1 2 3 4 5 6 7 8 9; do
    vsh destroy $n-g >out 2>&1 || wrong "destroy $n-g"
done
as_before 'ten at once'
stop
finish
