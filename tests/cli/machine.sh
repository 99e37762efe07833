# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Helpers for tests of calls that fail: an embedded host, whose state is in the
# file before, and a guest's configuration in guest.cfg.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

on_host() {
    "$fakexen" --host machine "$@"
}

# Programs that a shell starts for something small take as long as what is
# tested; so those that are called for each of hundreds of calls start few.
newline='
'

# Frames, types, pins, domains, the audit's word, and the store.
state() {
    status_now=$(on_host --status)
    case $status_now in
    *hypercalls*)
        after=${status_now#*hypercalls}
        status_now=${status_now%%hypercalls*}${after#*"$newline"}
        ;;
    esac
    printf '%s\n' "$status_now"
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
    [ "$status" = 125 ] || return 0
    # Then there is none, but what the command itself ended with and said.
    status=$(sed -n 's/^fakexen: --fail .* ended with status //p' err)
    sed -i '/^fakexen: --fail /d' err
    return 1
}

# Xenstore is asked for the same whatever the kernel is. So for all but one of
# them leave_store_out KERNEL takes those calls out of each_call's.
leave_store_out() {
    create "$1"
    on_host --trace trace "$domwright" create -e guest.cfg >out 2>err ||
        wrong "hello-$1: create"
    on_host "$domwright" destroy guest || wrong "hello-$1: destroy"
    left_out=$(sed -n 's/.*"n":\([0-9]*\),"call":"xs_.*/ \1/p' trace)$newline
    [ "${#left_out}" -gt 100 ] || wrong "hello-$1: hardly a call to xenstore"
}
left_out=

is_left_out() {
    case $left_out in
    *" $1$newline"*) return 0 ;;
    esac
    return 1
}

# each_call FUNCTION KERNEL ERRNO...: calls FUNCTION KERNEL N ERRNO with all of
# these for each N, until it says that there is no Nth call; that is then in $n.
each_call() {
    function=$1 kernel=$2 n=0 more=yes
    shift 2
    while [ "$more" ]; do
        n=$((n + 1))
        is_left_out "$n" && continue
        for error in "$@"; do
            "$function" "$kernel" "$n" "$error" || more=
        done
        as_before "$function hello-$kernel, $n"
    done
}

new_machine
state >before
