#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job, shown where there is no Xen: a 32-bit PAE PV guest built by
# domwright on an embedded host. demo.sh KERNEL, with the programs in PATH.
set -eu
kernel=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
ln -s "$kernel" grub-i386-xen.bin

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

cat >demo.cfg <<'EOF'
name   = "demo"
type   = "pv"
kernel = "grub-i386-xen.bin"
memory = 128
vcpus  = 1
EOF

show cat demo.cfg
show domwright create --dry-run demo.cfg
show fakexen --host machine --trace trace.json domwright create demo.cfg
show domwright --host machine list
show domwright --host machine info demo
printf '\n# what the build asked of the hypervisor and of xenstore\n'
summary
show fakexen --host machine --status
show domwright --host machine destroy demo
show domwright --host machine list
