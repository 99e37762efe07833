#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job, shown where there is no Xen: a 32-bit PAE PV guest built by
# domwright on an embedded host. demo.sh BIN DIR: the programs are in BIN; DIR
# is made anew, and the host with its guest stays there.
set -eu
bin=$1 dir=$2
top=$PWD

# Guests of an earlier demo have someone to wait for their end.
for host in host running; do
    [ ! -e "$dir/$host" ] ||
        "$bin/domwright" --host "$dir/$host" destroy --all >/dev/null 2>&1 || :
done
rm -rf "$dir"
mkdir -p "$dir"
PATH=$top/$bin:$PATH
cd "$dir"

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

# What a build asked of the hypervisor and of xenstore, most often first.
summary() {
    sed -e 's/.*"call":"\([a-z_]*\)","op":"*\([a-z0-9_]*\)"*,.*/\1 \2/' \
        -e 's/.*"call":"\([a-z_]*\)",.*/\1/' trace.json | sort | uniq -c |
        sort -rn
}

cat >demo.cfg <<'END'
name   = "demo"
type   = "pv"
kernel = "/usr/lib/grub-xen/grub-i386-xen.bin"
memory = 128
vcpus  = 1
END

show cat demo.cfg
show domwright create --dry-run demo.cfg
show fakexen --host host --trace trace.json domwright create demo.cfg
show domwright --host host list
show domwright --host host info demo
printf '\n# what the build asked of the hypervisor and of xenstore\n'
summary
show fakexen --host host --status
show domwright --host host verify demo

# Types a line on the guest's console, and shows what comes of it as plain text.
type_in() {
    { sleep 0.5; printf '%s\r' "$1"; sleep 1; printf '\035'; } |
        script -qec 'domwright --host running console demo' /dev/null |
        sed -e 's/\x1b\[[0-9;]*[A-Za-z]//g' -e 's/\r//g'
    echo
}

# Where guests run, which takes Unicorn, GRUB comes to its prompt.
printf '\n$ fakexen --host running --run domwright create demo.cfg\n'
fakexen --host running --run domwright create demo.cfg 2>why
if grep 'does not run' why; then
    domwright --host running destroy demo
else
    show domwright --host running wait --text 'grub>' demo
    ! command -v script >/dev/null || {
        printf '\n$ domwright --host running console demo\n'
        type_in 'echo Hello from a 32-bit PV guest'
    }
    show domwright --host running list
    show domwright --host running destroy demo # it waits for keys, busily
fi

# A new Debian has no man.
lacks=
command -v man >/dev/null || lacks=', after apt-get install man-db'

cat <<END

The host and its guest stay in $dir. What was built runs where it is; for
instance, without Xen:

    $bin/domwright --host $dir/host list -v
    $bin/domwright --host $dir/host create -p examples/grub64.cfg
    $bin/domwright --host $dir/host destroy --all
    $bin/domwright --host $dir/running create -c $dir/demo.cfg   # ^] leaves it

Without --host, domwright uses Xen where there is Xen, and elsewhere a host in
your home directory. Next: README.md, and the manual$lacks:

    man man/domwright.1 man/domwright.cfg.5 man/fakexen.1
END
