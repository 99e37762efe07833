#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The main job, shown in the lab's dom0: a 32-bit PAE PV guest built by
# domwright on real Xen.
set -eu

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

# The guest's console without terminal codes and blank lines.
console() {
    esc=$(printf '\033')
    tr -d '\r' </var/log/xen/console/guest-demo.log |
        sed -e "s/$esc\[[0-9;?]*[A-Za-z]//g" -e 's/ *$//' -e '/^$/d'
}

cat >demo.cfg <<'EOF'
name   = "demo"
type   = "pv"
kernel = "/usr/lib/grub-xen/grub-i386-xen.bin"
memory = 128
vcpus  = 1
EOF

show cat demo.cfg
show domwright create --dry-run demo.cfg
show domwright create demo.cfg
show domwright list

printf '\n$ domwright console demo\n'
i=0
until console 2>/dev/null | grep -q '^grub>'; do
    i=$((i + 1))
    if [ "$i" -gt 300 ]; then
        echo "demo: no prompt within 30 s; the guest's console:"
        console || :
        exit 1
    fi
    sleep 0.1
done
console
echo

show domwright destroy demo
show domwright list
