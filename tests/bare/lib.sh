# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the scripts of this folder share: QEMU, and what a program said in it.
# A script sources it, calls find_qemu, run_bare as often as it likes, and ends
# with end_bare.

set -u -o pipefail
HOME=${HOME:-/nonexistent} # the cache's place, where nothing else says it
# shellcheck source=tests/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/common.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/domwright-bare.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0 skipped=0

# skip WHY: where QEMU has to be there, it is a failure.
skip() {
    printf 'SKIP: %s\n' "$*"
    [ "${BARE_QEMU:-}" != required ] || exit 1
    exit 77
}

# find_qemu ARCH: the lab's, or the one that is installed, as "${qemu[@]}".
find_qemu() {
    local root=$cache/qemu name=qemu-system-$1
    [ "${BARE_QEMU:-}" != none ] || skip 'BARE_QEMU=none'
    if [ -e "$root/ok" ] && [ -e "$root/usr/bin/$name" ]; then
        export QEMU_MODULE_DIR=$root/usr/lib/x86_64-linux-gnu/qemu
        qemu=("$root/lib64/ld-linux-x86-64.so.2" --library-path
            "$(root_libs "$root")" "$root/usr/bin/$name"
            -L "$root/usr/share/qemu" -L "$root/usr/share/seabios")
    elif command -v "$name" >/dev/null; then
        qemu=("$name")
    else
        skip "no $name: tests/lab/prepare fetches one"
    fi
    qemu+=(-nodefaults -no-user-config -display none -no-reboot -monitor none
        -accel tcg)
}

# Has the machine that much memory, in MiB, and some to spare?
has_memory() {
    awk -v want="$1" '$1 == "MemAvailable:" { have = $2 / 1024 }
        END { exit have < want + 512 }' /proc/meminfo
}

# Of the TAP in a file: complete, and without a failure?
is_good() {
    local results
    results=$(grep -cE '^(not )?ok [0-9]+ - ' "$1")
    ! grep -qE '^(not ok|Bail out!)' "$1" && [ "$results" -gt 0 ] &&
        grep -qx "1\.\.$results" "$1"
}

# run_bare NAME MIB STATUS QEMU-ARG...: a machine with that much memory, in which
# a program is to end with that status, having said on standard output that all
# is well.
run_bare() {
    local name=$1 memory=$2 wanted=$3 status=0
    shift 3
    if ! has_memory "$memory"; then
        echo "# $name: left out, there are no $memory MiB to spare"
        skipped=$((skipped + 1))
        return
    fi
    timeout -k 5 120 "${qemu[@]}" -m "${memory}M" "$@" \
        </dev/null >"$work/out" 2>"$work/err" || status=$?
    sed "s/^/$name: /" "$work/out"
    [ "$status" != "$wanted" ] || ! is_good "$work/out" || return 0
    echo "$name: FAILED, QEMU's status is $status"
    sed 's/^/    /' "$work/err"
    failed=$((failed + 1))
}

end_bare() {
    [ "$failed" = 0 ] || exit 1
    [ "$skipped" = 0 ] || skip "too little memory for $skipped of the machines"
    exit 0
}
