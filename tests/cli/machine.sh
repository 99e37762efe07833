# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Helpers for tests of calls that fail: an embedded host, whose state is in the
# file before, and a guest's configuration in guest.cfg.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

fakexen=$top/src/hypervisor/fakexen/fakexen
FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

on_host() {
    "$fakexen" --host machine "$@"
}

# Frames, types, pins, domains, the audit's word, and the store.
state() {
    on_host --status | sed /^hypercalls/d
    on_host "$top/tests/fx/store_list"
}

# as_before WHAT: the host is again as it was at first.
as_before() {
    checks=$((checks + 1))
    state >out
    cmp -s before out && return
    diff before out >err
    wrong "$1 left something"
    new_machine # or all that follow fail, too
}

create() {
    config guest.cfg "kernel=\"$guests/hello-$1\"" 'memory=16'
}

# The store of one that has had guests: what these are in, stays.
new_machine() {
    rm -f machine
    on_host --memory 256M true
    create legacy
    on_host "$domwright" create -e guest.cfg >out 2>err || wrong 'create'
    on_host "$domwright" destroy guest >out 2>err || wrong 'destroy'
}

# try N:WHAT COMMAND...: its status, and whether there was an Nth call at all.
try() {
    fault=$1
    shift
    status=0
    on_host --trace trace --fail "$fault" "$@" >out 2>err || status=$?
    # Where there is no such call, what the command itself ended with and said.
    if [ "$status" = 125 ]; then
        status=$(sed -n 's/^fakexen: --fail .* ended with status //p' err)
        sed -i '/^fakexen: --fail /d' err
    fi
    grep -q "^{\"pid\":[0-9]*,\"n\":${fault%:*}," trace
}

# each_call FUNCTION KERNEL ERRNO...: calls FUNCTION KERNEL N ERRNO with all of
# these for each N, until it says that there is no Nth call; that is then in $n.
each_call() {
    function=$1 kernel=$2 n=0 more=yes
    shift 2
    while [ "$more" ]; do
        n=$((n + 1))
        for error in "$@"; do
            "$function" "$kernel" "$n" "$error" || more=
        done
        as_before "$function hello-$kernel, $n"
    done
}

new_machine
state >before
