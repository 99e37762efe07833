#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The plugin loads beside the libxenguest that it was built for and no other.
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

preloaded "$kernels/other-xenguest"
[ "$status" = 1 ] || wrong "status $status beside another libxenguest"
[ ! -s out ] || wrong 'the program ran'
grep -qx 'domwright: this plugin is for libxenguest\.so\.4\.17 and does not'\
' work with libxenguest\.so\.4\.99' err || wrong 'it does not say why'

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

finish
