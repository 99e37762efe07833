#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A full disk under the host file: whatever finds no room is refused, nothing
# is left behind, and once there is room again, the machine works.
# shellcheck disable=SC2317 # what the second invocation runs
if [ -z "${FAKEXEN_MOUNTS:-}" ]; then
    FAKEXEN_MOUNTS=yes
    export FAKEXEN_MOUNTS
    if [ "$(id -u)" = 0 ] && unshare -m true 2>&1; then
        exec unshare -m "$0" "$@"
    fi
    unshare -rm true 2>&1 && exec unshare -rm "$0" "$@"
    echo 'no file system can be mounted here'
    exit 77
fi
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

on_host() {
    "$fakexen" --host disk/machine "$@"
}

# on_disk TYPE SOURCE OPTIONS: with the machine on that one.
on_disk() {
    mkdir -p disk
    if ! mount -t "$1" -o "$3" "$2" disk 2>err; then
        echo "no $1 can be mounted here: $(cat err)"
        return
    fi
    new_machine
    state >before
    mount -o remount,ro disk
    checks=$((checks + 1))
    on_host --status >out 2>err || wrong "$1: --status of a read-only machine"
    mount -o remount,rw disk
    fill_up "$1"
    umount disk
    mounted=$((mounted + 1))
}

free_kib() {
    df -k --output=avail disk | tail -n 1
}

# A file that leaves so many KiB.
leave() {
    rm -f disk/ballast
    fallocate -l "$(($(free_kib) - $1))K" disk/ballast
}

# From no room at all, until there is enough.
fill_up() {
    create 64
    left=0 refused=0
    while leave $left; do
        checks=$((checks + 1)) status=0
        on_host "$domwright" create guest.cfg >out 2>err || status=$?
        [ "$status" = 0 ] && break
        refused=$((refused + 1))
        case $status in
        1 | 4) ;;
        *) wrong "$1, $left KiB: status $status" ;;
        esac
        [ "$(grep '^fakexen: ' err)" = \
            "fakexen: $work/disk/machine: No space left on device" ] ||
            wrong "$1, $left KiB: the disk is not named, once"
        on_host --status >out 2>err || wrong "$1, $left KiB: --status"
        as_before "$1, $left KiB"
        left=$((left + 256))
    done
    [ "$status" = 0 ] || wrong "$1: no end"
    [ "$refused" -ge 3 ] || wrong "$1: only $refused refused"
    on_host "$domwright" destroy guest 2>err || wrong "$1: destroy"
    as_before "$1: after all"
    # A new machine finds no room at all.
    leave 64
    checks=$((checks + 1)) status=0
    "$fakexen" --host disk/other true >out 2>err || status=$?
    [ "$status" = 5 ] || wrong "$1: a machine without room: status $status"
    [ "$(cat err)" = "fakexen: disk/other: No space left on device" ] ||
        wrong "$1: a machine without room"
    [ ! -e disk/other ] || wrong "$1: a machine without room left its file"
    touch disk/other # not ours to remove
    "$fakexen" --host disk/other true 2>err && wrong "$1: in an empty file"
    [ -e disk/other ] || wrong "$1: an empty file was removed"
}

mounted=0
on_disk tmpfs none size=40m
truncate -s 40M image
if mke2fs -q -t ext4 -m 0 -O ^has_journal image 2>err; then
    on_disk ext4 image loop
fi
[ "$mounted" -gt 0 ] || exit 77
finish
