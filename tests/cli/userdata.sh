#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What stock xl has to know of a guest of ours: the file in /var/lib/xen, and
# xl's own commands on it, on an embedded host.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

need_xl
LIBXL_SAVE_HELPER=${xl%/*}/libxl-save-helper
export LIBXL_SAVE_HELPER

on_host() {
    "$DOMWRIGHT_FAKEXEN" --host machine "$@"
}

# by_xl ARGUMENT...: stock xl, which complains of a configuration file of its
# own that is not there.
by_xl() {
    checks=$((checks + 1))
    status=0
    on_host "$xl" "$@" >out 2>err </dev/null || status=$?
    [ "$status" = 0 ] || wrong "xl $*: status $status"
}

# The configuration as xl tells it: told FILE.
told() {
    by_xl list -l guest
    grep -v '"domid":' out >"$1"
}

uuid=6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0
file_of() {
    echo "/var/lib/xen/userdata-d.$1.$uuid.libxl-json"
}

# It is what xl itself would have kept.
same_as_xl() {
    config guest.cfg "uuid = '$uuid'" "$@"
    by_xl create -eq guest.cfg
    told xl.txt
    by_xl destroy guest
    works --host machine create -e guest.cfg
    [ "$(ls /var/lib/xen)" = "$(basename "$(file_of "$(id)")")" ] ||
        wrong "not the one file of libxl: $(ls /var/lib/xen)"
    [ "$(stat -c '%a %u %g' /var/lib/xen/*)" = '600 0 0' ] ||
        wrong 'not for root alone'
    told our.txt
    diff xl.txt our.txt >out || wrong "not what xl keeps, with: $*"
    works --host machine destroy guest
    [ -z "$(ls /var/lib/xen)" ] || wrong 'destroy leaves a file'
}
id() {
    on_host "$xl" domid guest 2>/dev/null
}

same_as_xl
same_as_xl 'vcpus = 2' 'cpus = "all,^1"'
same_as_xl 'vcpus = 2' 'cpus = [ "0-6", "all" ]'
same_as_xl 'vcpus = 1' 'ramdisk = ""' 'root = ""'
same_as_xl 'maxvcpus = 2' 'extra = ""' 'vif = [ ]; disk = [ ];; vcpus = 1;' \
    "name = 'a'" 'name += "b"' 'name = "guest"' 'memory = 0x20' 'maxmem = 050'
same_as_xl "kernel = '$guests/hello-64'" "ramdisk = '$srcdir/tests/cli/lib.sh'" \
    "cmdline = 'a \"b\" \\\\ ü'" 'vcpus = 2' 'maxvcpus = 4' 'maxmem = 64' \
    'cpus = "0"'
same_as_xl 'cpus = [ "0", "1-3" ]' 'maxvcpus = 3' 'extra = "x"' \
    'root = "/dev/xvda"'
for action in destroy restart rename-restart preserve coredump-destroy \
    coredump-restart soft-reset; do
    same_as_xl "on_poweroff = '$action'" "on_reboot = '$action'" \
        "on_crash = '$action'" "on_watchdog = '$action'" \
        "on_soft_reset = '$action'"
done

# A path holds wherever it is read.
cp "$guests/hello-pae" kernel
config guest.cfg "uuid = '$uuid'" 'kernel = "kernel"' 'ramdisk = "guest.cfg"'
works --host machine create -e guest.cfg
grep -qF "\"kernel\": \"$PWD/kernel\"" "$(file_of "$(id)")" ||
    wrong 'the kernel is relative'
grep -qF "\"ramdisk\": \"$PWD/guest.cfg\"" "$(file_of "$(id)")" ||
    wrong 'the ramdisk is relative'
works --host machine destroy guest

# xl's commands find what they need.
config guest.cfg "uuid = '$uuid'" 'vcpus = 2'
works --host machine create -e guest.cfg
by_xl mem-set guest 30
by_xl vcpu-set guest 1
by_xl rename guest other
by_xl rename other guest
told our.txt
grep -q '"target_memkb": 30720' our.txt || wrong 'mem-set does not show'

# xl save puts it into the file first; the pages of a guest that never ran, it
# cannot find.
checks=$((checks + 1))
! on_host "$xl" save guest saved >out 2>err || wrong 'xl save'
grep -q 'Bad mfn 0 for p2m frame list list' err ||
    wrong 'xl save fails for another reason'
grep -aq '"name": "guest"' saved || wrong 'no configuration in what xl saves'
works --host machine destroy guest

# destroy takes what others kept of the guest, and of no other one.
works --host machine create -e guest.cfg
: >"/var/lib/xen/userdata-d.$(id).$uuid.xl"
: >"/var/lib/xen/userdata-n.$(id).$uuid.libxl-json"
: >"/var/lib/xen/userdata-d.1$(id).$uuid.libxl-json"
works --host machine destroy guest
[ "$(find /var/lib/xen -type f | wc -l)" = 1 ] || wrong 'not the one file left'
rm /var/lib/xen/*

# What stays beside a guest that is restarted is another guest to xl, too.
config guest.cfg "uuid = '$uuid'" 'on_crash = "rename-restart"'
works --host machine create guest.cfg
old=$(id)
on_host "$top/tests/fx/guest_ends" "$old" 3
tries=200
until next=$(id) && [ "$next" != "$old" ] &&
    [ -e "$(file_of "$next")" ]; do
    tries=$((tries - 1))
    [ "$tries" != 0 ] || break
    sleep 0.1
done
[ "$(ls /var/lib/xen/userdata-d."$old".*)" != "$(file_of "$old")" ] ||
    wrong 'the old one has the UUID of the next'
by_xl list -l
grep -q '"name": "guest-[0-9]*T[0-9]*Z"' out || wrong 'the old one has no name'
[ "$(grep -c '"kernel":' out)" = 2 ] || wrong 'xl does not know both'
works --host machine destroy "$old"
works --host machine destroy guest
[ -z "$(ls /var/lib/xen)" ] || wrong 'a file is left'

# A creation that fails late leaves none: the last call unpauses.
on_host --trace trace "$domwright" create -e guest.cfg >out 2>err || wrong create
last=$(sed -n 's/.*"n":\([0-9]*\),.*"unpausedomain".*/\1/p' trace)
works --host machine destroy guest
checks=$((checks + 1))
! on_host --fail "$last:EINVAL" "$domwright" create -e guest.cfg >out 2>err ||
    wrong 'it did not fail'
[ -z "$(ls /var/lib/xen)" ] || wrong 'a failed create leaves a file'

# Where it cannot be kept, that is told, and the guest runs.
mount -t tmpfs -o size=4k tmpfs /var/lib/xen
head -c 4096 /dev/zero >/var/lib/xen/full
warns 'the configuration of guest could not be kept for xl: No space left on device' \
    --host machine create -e guest.cfg
[ "$(ls /var/lib/xen)" = full ] || wrong 'half a file'
works --host machine destroy guest

# So it is where there is no room for both, when one stays beside the next.
rm /var/lib/xen/full machine.log
works --host machine create guest.cfg
old=$(id)
on_host "$top/tests/fx/guest_ends" "$old" 3
tries=200
until grep -q ': started again$' machine.log; do
    tries=$((tries - 1))
    [ "$tries" != 0 ] || break
    sleep 0.1
done
grep -qx "domwright: warning: what xl keeps of domain $old: No space left on device" \
    machine.log || wrong 'it is not told that xl does not know the old one'
works --host machine destroy "$old"
works --host machine destroy guest
umount /var/lib/xen
bad=$work/$(printf '\374')
mkdir "$bad"
cp guest.cfg "$guests/hello-pae" "$bad"
cd "$bad" || exit 99
warns 'the configuration of guest could not be kept for xl: Invalid or incomplete multibyte or wide character' \
    --host ../machine create -e guest.cfg 'kernel="hello-pae"'
cd "$work" || exit 99
works --host machine destroy guest

# A guest goes with its host.
none_left() {
    tries=0
    while [ -n "$(ls /var/lib/xen)" ] && [ $tries -lt 200 ]; do
        sleep .1
        tries=$((tries + 1))
    done
    [ -z "$(ls /var/lib/xen)" ] || wrong "$1 leaves a file"
}
works --host gone create guest.cfg
[ -e "$(file_of "$("$domwright" --host gone domid guest)")" ] ||
    wrong 'nothing is kept'
rm gone
none_left 'a host that is removed'
checks=$((checks + 1))
"$DOMWRIGHT_FAKEXEN" "$domwright" create guest.cfg >out 2>err || wrong 'create'
none_left 'a host without a name'

# An embedded host of a machine that has Xen: what lies there is of guests of
# Xen's, of the same UUID perhaps.
mkdir dev
mount -t tmpfs none dev && mkdir dev/xen && : >dev/xen/privcmd && : >dev/null &&
    mount --bind /dev/null dev/null && mount --rbind dev /dev || exit 99
for number in $(seq 1 100); do
    echo mine >"$(file_of "$number")"
done
works --host machine create -e guest.cfg
[ "$(id)" -lt 100 ] || wrong 'more domains than files'
works --host machine destroy guest
[ "$(cat /var/lib/xen/* | grep -cx mine)" = 100 ] ||
    wrong "a file of Xen's own guest is not what it was"
umount -R /dev
umount -R dev
rm /var/lib/xen/*

# Without xl there is nobody to keep it for.
rmdir /var/lib/xen
works --host machine create -e guest.cfg
works --host machine destroy guest
finish
