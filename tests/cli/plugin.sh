#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The plugin builds with the libxenguest that it was built for and no other, and
# what it refuses.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

plugin=$top/src/builder/.libs/plugin.so

# preloaded COMMAND...: runs it with the plugin.
preloaded() {
    checks=$((checks + 1))
    status=0
    env LD_PRELOAD="$plugin" LD_LIBRARY_PATH="$kernels" "$@" \
        >out 2>err </dev/null || status=$?
}

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$plugin" | grep -q libasan; then
    echo 'the plugin cannot be preloaded with sanitizers'
    exit 77
fi

# A program that has no libxenguest of its own.
preloaded sh -c 'echo goes on'
[ "$status" = 0 ] || wrong 'sh does not run under it'
prints '^goes on$'
[ ! -s err ] || wrong 'it has something to say to sh'

# Another one goes on with its own hooks, but for who wants none but ours.
other='this plugin is for libxenguest\.so\.[0-9.]* and does not work with'\
' libxenguest\.so\.4\.99'
preloaded "$kernels/other-xenguest"
[ "$status" = 0 ] || wrong "status $status beside another libxenguest"
grep -qx "domwright: warning: $other; the library's own builder is used" err ||
    wrong 'it does not say so'
[ "$(wc -l <err)" = 1 ] || wrong 'it says more than that'
preloaded env DOMWRIGHT_HOOKS=required "$kernels/other-xenguest"
[ "$status" = 1 ] || wrong "status $status where only ours will do"
[ ! -s out ] || wrong 'the program ran'
grep -qx "domwright: $other" err || wrong 'it does not say why'

# pinned [ORDER]: in $operations, how many the plugin gives to Xen to pin the
# tables of a guest that a program with no hooks of its own builds.
pinned() {
    checks=$((checks + 1))
    # shellcheck disable=SC2016 # the inner shell's
    "$top/src/hypervisor/fakexen/fakexen" --trace trace env \
        ${1+"DOMWRIGHT_PIN_ORDER=$1"} sh -c \
        'LD_PRELOAD="$LD_PRELOAD $0" exec "$@"' "$plugin" \
        "$top/tests/portrait/pv-build" stock "$guests/hello-pae" \
        >out 2>err || wrong "no guest is built, pin order ${1-not said}"
    operations=$(sed -n \
        's/.*"call": *"mmuext_op".*"nr": *\([0-9]*\).*/\1/p' trace)
}

FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY
pinned root
[ "$operations" = 1 ] || wrong "the root alone: '$operations' operations"
pinned levels
levels=$operations
[ "${levels:-0}" -gt 1 ] || wrong "from L1 up: '$levels' operations"
pinned
[ "$operations" = "$levels" ] || wrong 'from L1 up is not the default'

# ---- what a refusal leaves behind, of which libxenguest's callers tell ----
fakexen=$top/src/hypervisor/fakexen/fakexen

# refused LEVEL FAULT MEANING MIB [OPTION]...: if the program cannot build a
# guest, the plugin or libxenguest says why, and errno means that afterwards.
# FAULT is what fakexen is to let fail, or nothing.
refused() {
    checks=$((checks + 1))
    level=$1 fault=$2 meaning=$3 mib=$4
    shift 4
    # shellcheck disable=SC2016 # the inner shell's
    "$fakexen" --host "$level" ${fault:+--fail "$fault"} sh -c \
        'LD_PRELOAD="$LD_PRELOAD $0" exec "$@"' "$plugin" \
        "$top/tests/portrait/pv-build" -m "$mib" "$@" stock \
        "$guests/hello-pae" >out 2>err && return 1
    # The reason comes last, after what the program makes of errno.
    tail -n 1 err | grep -qE '^xc: error: domwright: [a-zA-Z0 ]+: ' ||
        [ -n "$fault" ] || wrong "$fault: the last word is not why"
    grep -qE '^xc: error: (domwright: [a-zA-Z0 ]+: |panic: )' err ||
        wrong "$fault: nobody says why"
    ! grep -q 'domwright: .*\.c:[0-9]\|low memory' err ||
        wrong "$fault: it is said otherwise"
    grep -qx "pv_guest: the build: $meaning" err || wrong "$fault: what errno says"
}

"$fakexen" --host patched --memory 256M true
"$fakexen" --host stock --memory 256M --level stock true
refused patched '' 'Cannot allocate memory' 1 || wrong 'a guest of 1 MiB'
[ "$(tail -n 1 err)" = 'xc: error: domwright: plan: needs memory=4: the kernel '\
'does not fit in 1 MiB' ] || wrong 'why there is none of 1 MiB'
[ "$(wc -l <err)" = 2 ] || wrong 'more is said of it'
refused patched '' 'Cannot allocate memory' 512 ||
    wrong 'a guest larger than the host'
refused patched '' 'Invalid argument' 16 -c "$(head -c 1024 /dev/zero |
    tr '\0' x)" || : # or it gets the beginning

# Every call that the hooks make, on either Xen.
for level in stock patched; do
    # shellcheck disable=SC2016
    "$fakexen" --host $level --trace trace sh -c \
        'LD_PRELOAD="$LD_PRELOAD $0" exec "$@"' "$plugin" \
        "$top/tests/portrait/pv-build" -m 16 stock "$guests/hello-pae" \
        >out 2>err || wrong "no guest on $level Xen"
    n=$(sed -n '/"set_address_size"/s/.*"n":\([0-9]*\),.*/\1/p' trace)
    last=$(sed -n '/"setvcpucontext"/s/.*"n":\([0-9]*\),.*/\1/p' trace)
    refusals=0
    while [ "$n" -le "$last" ]; do
        refused "$level" "$n:EBUSY" 'Device or resource busy' 16 &&
            refusals=$((refusals + 1))
        refused "$level" "$n:ENOMEM" 'Cannot allocate memory' 16 &&
            refusals=$((refusals + 1))
        n=$((n + 1))
    done
    checks=$((checks + 1))
    [ $refusals -ge 14 ] || wrong "$refusals refusals on $level Xen"
done

# ---- what is no PV guest ----

# The same as without the plugin, but for a line.
"$fakexen" --host theirs --memory 256M "$kernels/builders" hvm >theirs.out \
    2>theirs.err || wrong 'libxenguest alone'
checks=$((checks + 1))
# shellcheck disable=SC2016
"$fakexen" --host ours --memory 256M sh -c \
    'LD_PRELOAD="$LD_PRELOAD $0" exec "$@"' "$plugin" "$kernels/builders" hvm \
    >out 2>err || wrong 'no first step of another guest'
cmp -s theirs.out out || wrong 'it comes to something else'
line="domain 1 is no PV guest: left to libxenguest's builder"
grep -v "^domainbuilder: detail: domwright 0\.[0-9.]*: $line\$" err >rest
cmp -s theirs.err rest || wrong 'it says something else'
[ "$(wc -l <err)" = "$(($(wc -l <rest) + 1))" ] || wrong 'it does not say whose'

# ---- threads ----

"$fakexen" --host many --memory 1G true
checks=$((checks + 1))
# shellcheck disable=SC2016
"$fakexen" --host many sh -c 'LD_PRELOAD="$LD_PRELOAD $0" exec "$@"' "$plugin" \
    "$kernels/builders" 4 4 "$guests/hello-pae" "$guests/hello-64" \
    >out 2>err || wrong 'four threads, four guests each'
[ "$(sort -u out | wc -l)" = 16 ] || wrong 'not all guests are there'
for width in 32 64; do
    [ "$(grep -c "domwright 0\.[0-9.]*: domain [0-9]*, $width-bit\$" err)" = 8 ] ||
        wrong "not all guests of $width bits are ours"
done
[ "$(grep -c 'domwright: plan: needs memory=[45]: ' err)" = 16 ] ||
    wrong 'not all refusals are told'
checks=$((checks + 1))
# shellcheck disable=SC2046 # words
"$domwright" --host many verify $(cat out) >found 2>err || {
    cat found
    wrong 'one of them is not right'
}

finish
