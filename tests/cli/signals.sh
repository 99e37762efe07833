#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A signal stops create at any call, and leaves nothing; output that cannot be
# written does not stop it half-way.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

# 1, 2, 15, 1, ...
signal_of() {
    case $(($1 % 3)) in
    0) name=HUP number=1 ;;
    1) name=INT number=2 ;;
    2) name=TERM number=15 ;;
    esac
}

# Where it has nothing to clean up yet, it is killed, and the call not traced.
stopped_at() {
    signal_of "$2"
    if ! try "$2:SIG$name" "$domwright" create -e guest.cfg &&
        [ "$status" = 0 ]; then
        on_host "$domwright" destroy guest || wrong 'destroy'
        return 1
    fi
    [ "$status" = $((128 + number)) ] ||
        wrong "SIG$name at call $2: status $status"
    [ ! -s out ] || wrong "SIG$name at call $2: a report"
    [ "$(wc -l <err)" -le 1 ] || wrong "SIG$name at call $2: not one line"
}

create legacy
each_call stopped_at legacy signal
[ "$n" -gt 80 ] || wrong "only $n calls"

# in_build SIGNAL: sends it where memory is populated.
on_host --trace trace "$domwright" create -e guest.cfg >out 2>err || wrong 'create'
on_host "$domwright" destroy guest || wrong 'destroy'
populate=$(sed -n '/populate_physmap/s/^.*,"n":\([0-9]*\),.*/\1/p' trace |
    head -n 1)
in_build() {
    checks=$((checks + 1))
    try "$populate:SIG$1" "$domwright" create -e guest.cfg
}

# built WHAT STATE: there is a guest, in that state; it goes again.
built() {
    on_host "$domwright" list >out
    grep -qE "^guest +[0-9]+ +16 +1 +$2 " out || wrong "$1: no guest"
    on_host "$domwright" destroy guest || wrong "$1: destroy"
    as_before "$1"
}

# One that was ignored from the start is none, and a failed write has its own
# way of being told.
for name in HUP INT TERM; do
    trap '' "$name"
    in_build "$name"
    trap - "$name"
    [ "$status" = 0 ] || wrong "SIG$name is not ignored: $status"
    built "ignored SIG$name" -b----
done

# It ends the build between two requests for memory already.
in_build TERM
[ "$status" = 143 ] || wrong "SIGTERM while memory is populated: $status"
[ "$(grep -c populate_physmap trace)" = 1 ] || wrong 'SIGTERM: it goes on'
as_before 'SIGTERM while memory is populated'
in_build PIPE
[ "$status" = 0 ] || wrong "SIGPIPE: status $status"
built SIGPIPE -b----

# unread ARGUMENT...: create, when nobody reads any more what it prints.
unread() {
    checks=$((checks + 1))
    rm -f gone
    {
        until [ -e gone ]; do sleep 0.01; done
        status=0
        on_host "$domwright" create "$@" guest.cfg 2>&1 || status=$?
        echo "$status" >status
    } | {
        exec <&-
        : >gone
    }
    status=$(cat status)
}

# SIGPIPE acts while there is nothing to clean up; a guest that is built stays.
unread -v
[ "$status" = 141 ] || wrong "unread messages: status $status"
as_before 'unread messages'
unread
[ "$status" = 1 ] || wrong "an unread report: status $status"
built 'an unread report' -b----

# unprinted WHAT STATE WHY: what create says where its report cannot be printed.
unprinted() {
    checks=$((checks + 1))
    [ "$status" = 1 ] || wrong "$1: status $status"
    sed 's/domain [0-9]*/domain N/' err >told
    echo "domwright: guest was created, domain N, but writing the output \
failed: $3" >want
    cmp -s told want || wrong "$1: it is not told"
    built "$1" "$2"
}
for json in '' --json; do
    # shellcheck disable=SC2086 # an option, or none
    {
        status=0
        on_host "$domwright" create $json guest.cfg >/dev/full 2>err || status=$?
        unprinted 'a full device' -b---- 'No space left on device'
        status=0
        on_host "$domwright" create -p $json guest.cfg >&- 2>err || status=$?
        unprinted 'no standard output' --p--- 'Bad file descriptor'
    }
done
finish
