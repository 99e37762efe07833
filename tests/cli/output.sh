#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Standard output that is full, closed, or a pipe that nobody reads any more.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST
config guest.cfg 'memory = 16'

# unwritten LINE ARGUMENT...: fails with it, whatever is wrong with the output.
unwritten() {
    line=$1
    shift
    checks=$((checks + 2))
    : >out
    for fault in 'No space left on device' 'Bad file descriptor'; do
        status=0
        case $fault in
        No*) "$domwright" "$@" >/dev/full 2>err </dev/null || status=$? ;;
        *) "$domwright" "$@" >&- 2>err </dev/null || status=$? ;;
        esac
        [ "$status" = 1 ] || wrong "'$*' ended with $status: $fault"
        [ "$(cat err)" = "domwright: $line: $fault" ] ||
            wrong "'$*' did not say: $line: $fault"
        [ $# != 2 ] || [ "$1" != create ] || "$domwright" destroy guest
    done
}

works list # the host is there
failed='writing the output failed'
unwritten "$failed" --help
unwritten "$failed" -h
unwritten "$failed" --version
unwritten "$failed" help
for verb in create shutdown reboot destroy pause unpause console wait events list info \
    caps domid domname rename mem-set vcpu-list vcpu-set directmap \
    inspect verify xl help; do
    unwritten "$failed" help $verb
done
for verb in list info caps vcpu-list; do
    unwritten "$failed" $verb
    unwritten "$failed" $verb --json
done
unwritten "$failed" info 0
unwritten "$failed" domid 0
unwritten "$failed" domname 0
unwritten "$failed" create -n guest.cfg
unwritten "$failed" create -n --json guest.cfg

# The guest is there, and said to be.
id=$("$domwright" --host other create --json guest.cfg |
    sed -n 's/^ *"id": \([0-9]*\),$/\1/p')
[ "$id" = 1 ] || wrong 'the first guest is not domain 1'
unwritten_create() {
    run create "$@" guest.cfg
    "$domwright" domid guest >out || wrong 'there is no guest'
    id=$(cat out)
    "$domwright" destroy guest
    id=$((id + 1))
    status=0
    "$domwright" create "$@" guest.cfg >/dev/full 2>err || status=$?
    [ "$status" = 1 ] || wrong "create $* ended with $status"
    line="guest was created, domain $id, but $failed: No space left on device"
    [ "$(cat err)" = "domwright: $line" ] || wrong "create $* does not say what it did"
    works destroy guest
}
unwritten_create -p
unwritten_create --json

# What prints nothing does not mind; and nothing goes to what was closed.
works create -q -p guest.cfg
[ ! -s out ] || wrong 'create -q has something to say'
for verb in unpause pause destroy; do
    checks=$((checks + 1))
    "$domwright" $verb guest >&- 2>err <&- || wrong "$verb without descriptors"
done
"$domwright" create -q guest.cfg 2>&- >&- <&- || wrong 'create without any'
works list
prints '^guest '

# A pipe whose reader has gone is silent, and where SIGPIPE is ignored, a line.
checks=$((checks + 2))
{ "$domwright" help 2>err; echo $? >status; } | :
[ ! -s err ] || wrong 'a closed pipe is told of'
(
    trap '' PIPE
    sleep 0.1
    "$domwright" help 2>err
    echo $? >status
) | :
[ "$(cat status)" = 1 ] || wrong 'a closed pipe is success'
[ "$(cat err)" = "domwright: $failed: Broken pipe" ] || wrong 'not one line'
finish
