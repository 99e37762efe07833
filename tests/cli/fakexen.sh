#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The wrapper: usage, errors, exit status, and what it leaves behind.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

fakexen=${FAKEXEN:-$top/src/hypervisor/fakexen/fakexen}
program=$fakexen
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$top/src/hypervisor/fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY
# shellcheck disable=SC2016 # what is expanded by the command's own shell
show_host='echo "$FAKEXEN_HOST"; test -e "$FAKEXEN_HOST"' show_1='echo "$1"'

# A sanitizer's runtime wants to be first, in programs that have none of it.
if grep -q __asan_init "$FAKEXEN_LIBRARY"; then
    echo "the shared object is sanitized: no plain command can have it"
    exit 77
fi

# runs STATUS ARGUMENT...: the command's status, and nothing else is said.
runs() {
    want_status=$1
    shift
    run "$@"
    if [ "$status" != "$want_status" ]; then
        wrong "'$*' ended with status $status, not $want_status"
    elif [ -s err ]; then
        wrong "'$*' had something to say"
    fi
}

# Usage.
fails 2 'no command; see "fakexen --help"'
fails 2 'no command; see "fakexen --help"' --host m
fails 2 '--memory: 6X is no size, as 6G or 512M' --memory 6X true
fails 2 '--memory: 0 is no size, as 6G or 512M' --memory 0 true
fails 2 '--memory: -1G is no size, as 6G or 512M' --memory -1G true
fails 2 '--memory: 99999999T is no size, as 6G or 512M' \
    --memory 99999999T true
fails 2 '--nodes: 9 is no number from 1 to 8' --nodes 9 true
fails 2 '--nodes: 0 is no number from 1 to 8' --nodes 0 true
fails 2 '--level: new is neither stock nor patched' --level new true
fails 2 '--fail: 0 is no N[:ERRNO], as 17:ENOMEM' --fail 0 true
fails 2 '--fail: 3:EWHAT is no N[:ERRNO], as 17:ENOMEM' --fail 3:EWHAT true
fails 2 '--fail: 3: is no N[:ERRNO], as 17:ENOMEM' --fail 3: true
fails 2 '--json goes with --status' --json true
fails 2 '--status takes --host FILE' --status
fails 2 '--status takes no command' --host m --status true
fails 2 "unrecognized option '--what'" --what
fails 2 "option '--host' requires an argument" --host
runs 0 --help
prints '^usage: fakexen '
runs 0 --version
prints '^fakexen [0-9]'

# Files that are no machines are left alone.
fails 5 'nowhere: No such file or directory' --host nowhere --status
[ ! -e nowhere ] || wrong '--status made a machine'
echo 'not a machine' >text
run --host text true
[ "$status" = 5 ] || wrong 'a text file was taken for a machine'
[ "$(wc -l <err)" = 1 ] || wrong 'a text file gave no clear line'
[ "$(cat text)" = 'not a machine' ] || wrong 'a text file was changed'
fails 5 'no/such/m: No such file or directory' --host no/such/m true
# Nor is a pipe, which is not waited for, or a device.
mkfifo pipe
for file in pipe /dev/null; do
    no_host="$file: not a fakexen host: --host takes the file of a machine, \
or a new name"
    fails 5 "$no_host" --host $file true
    fails 5 "$no_host" --host $file --status
done
fails 5 '.: Is a directory' --host . true
fails 5 '.: not a fakexen host: --host takes the file of a machine, or a new name' \
    --host . --status
fails 5 '.: Is a directory' --e820 . true
fails 1 'no/such/t: No such file or directory' --trace no/such/t true
# A trace that lacks calls is no success, and that is said once.
cut='fakexen: /dev/full: the trace is not whole: No space left on device'
# shellcheck disable=SC2016 # for the inner shell
for ending in 0 7; do
    run --trace /dev/full sh -c '"$1" list && "$1" list; exit $2' sh \
        "$domwright" "$ending"
    [ "$status,$(cat err)" = "$((ending ? ending : 1)),$cut" ] ||
        wrong "a trace that is cut off, exit $ending: status $status"
done
run --e820 no/such/map true
[ "$status" = 5 ] || wrong 'a machine without the map that it was to have'

# The shared object has to be there.
library=$FAKEXEN_LIBRARY
FAKEXEN_LIBRARY=/no/such/object
fails 1 '/no/such/object: No such file or directory' true
FAKEXEN_LIBRARY='/no such/object'
fails 1 "$FAKEXEN_LIBRARY: LD_PRELOAD takes no path with a space or colon" \
    true
FAKEXEN_LIBRARY=$library

# It answers for whole libraries, or not at all: here the real one comes first.
checks=$((checks + 1)) status=0
env LD_PRELOAD="libxencall.so.1:$FAKEXEN_LIBRARY" true >out 2>err || status=$?
[ "$status" = 1 ] || wrong "half-bound, a program ran: status $status"
line='^fakexen: xencall[a-z_0-9]* of libxencall.so.1, .* is not answered'
grep -q "$line" err || wrong 'a half-bound program was not told so'

# References with a version are answered too: the command's library has them.
runs 0 --trace trace "$domwright" list
grep -q '"call":"sysctl"' trace || wrong 'a call of the command left no trace'
[ "$(grep -c '^{"pid":.*,"result":.*,"us":[0-9.]*}$' trace)" = \
    "$(wc -l <trace)" ] || wrong 'the trace has other lines'

# numbered WHAT: the trace's calls are numbered from 1 on, and all are.
numbered() {
    checks=$((checks + 1))
    sed -n 's/^{"pid":[0-9]*,"n":\([0-9]*\),.*/\1/p' trace | sort -n >numbers
    seq "$(grep -vc '"call":"unmap"' trace)" >want
    cmp -s numbers want || wrong "the trace's numbers: $1"
}

# A call's number in the trace is the one that it fails by; requests to xenstore
# are calls, and all processes count together.
client=$top/tests/fx/store_list
numbered 'one command'
# shellcheck disable=SC2016 # what is expanded by the command's own shell
runs 0 --trace trace sh -c '"$1" && "$1" & "$1"; wait' sh "$client"
numbered 'several processes'
runs 0 --trace trace "$client"
numbered 'a client of xenstore'
grep -q ',"n":2,"call":"xs_directory","path":"/","transaction":0,"bytes":' \
    trace || wrong 'a request to xenstore is not in the trace'
run --fail 2:EACCES "$client"
[ "$(cat err)" = 'store_list: /: Permission denied' ] ||
    wrong 'a request to xenstore did not fail'
runs 137 --fail 2:SIGKILL "$client"

# A fault that never strikes shows nothing, which must not pass for a success.
runs 0 --trace trace "$client"
calls=$(wc -l <trace)
run --fail "$calls:EACCES" "$client"
[ "$status" != 125 ] || wrong 'a fault at the last call is taken for none'
run --fail "$((calls + 1)):EACCES" "$client"
line="fakexen: --fail $((calls + 1)):EACCES: only $calls calls were made;"
[ "$status" = 125 ] || wrong "a fault that never strikes: status $status"
[ "$(cat err)" = "$line the command ended with status 0" ] ||
    wrong 'a fault that never strikes is not told'
run --fail 5 sh -c 'exit 3'
[ "$status" = 125 ] || wrong "no call at all: status $status"
[ "$(cat err)" = 'fakexen: --fail 5: only 0 calls were made;'\
' the command ended with status 3' ] || wrong "the command's own end is not told"

# Shadow paging is the machine's, as its level is; no option, as it was made.
runs 0 --host shadowed --memory 256M --shadow "$domwright" caps
prints '^pv_log_dirty *: yes$'
runs 0 --host shadowed "$domwright" caps
prints '^pv_log_dirty *: yes$'
runs 0 --host shadowed --status
prints '^shadow +yes$'
prints "^xen +$xen_version\$"
runs 0 --host shadowed --status --json
prints '"shadow": true,$'
fails 5 'shadowed: the machine has shadow paging; leave out --no-shadow, or name '\
'a new machine' --host shadowed --no-shadow true
runs 0 --version
prints "for Xen $xen_version\$"
# The option counts, not what the environment says of another machine.
FAKEXEN_SHADOW=maybe
export FAKEXEN_SHADOW
runs 0 --memory 256M --no-shadow "$domwright" caps
prints '^pv_log_dirty *: no$'
unset FAKEXEN_SHADOW

# On one machine, a command on another is on that one: the innermost counts.
config guest.cfg
runs 0 --host outer --memory 256M "$fakexen" --host inner --memory 512M \
    "$domwright" create guest.cfg
run --host outer "$domwright" list
! grep -q guest out || wrong 'the guest is on the outer machine'
runs 0 --host inner "$domwright" list
prints '^guest +1 '
runs 0 --host outer "$fakexen" --host inner --status
prints '^domain 1: '
# shellcheck disable=SC2016 # what is expanded by the command's own shell
runs 0 --host third --memory 1G --level stock "$fakexen" sh -c \
    'echo "$FAKEXEN_HOST $FAKEXEN_MEMORY $FAKEXEN_LEVEL $LD_PRELOAD"'
prints "^/proc/[0-9]+/fd/[0-9]+   $FAKEXEN_LIBRARY\$"
LD_PRELOAD=libm.so.6
export LD_PRELOAD
# shellcheck disable=SC2016 # what is expanded by the command's own shell
runs 0 "$fakexen" "$fakexen" sh -c 'echo "$LD_PRELOAD"'
prints "^$FAKEXEN_LIBRARY:libm.so.6\$"
unset LD_PRELOAD

# A trace and a fault are for all children, on whatever machine, unless these
# have their own.
runs 0 --trace trace "$fakexen" --host inner "$client"
grep -q '"call":"xs_open"' trace || wrong 'the trace of an inner machine'
run --fail 2:EACCES "$fakexen" --host inner "$client"
[ "$(cat err)" = 'store_list: /: Permission denied' ] ||
    wrong 'a fault on an inner machine'
runs 0 --trace outer.trace "$fakexen" --trace trace "$client"
[ ! -s outer.trace ] || wrong 'a call is in two traces'
[ -s trace ] || wrong "the inner one's own trace"

# The command's status is the wrapper's.
runs 0 true
runs 3 sh -c 'exit 3'
runs 143 sh -c 'kill -TERM $$'
runs 137 sh -c 'kill -KILL $$'
fails 127 '/no/such/command: No such file or directory' /no/such/command
fails 126 '/: Permission denied' /
runs 0 --host m sh -c "$show_1" sh --host
prints '^--host$'

# A machine that stays, and one that does not.
runs 0 --host m --memory 6G true
runs 0 --host m --status
prints '^domain 0: '
prints '^frames +'
runs 0 --host m --status --json
prints '"free_frames": [0-9]+'
# Its level is the patched one, unless it was made with another.
prints '"level": "patched"'
runs 0 --host stock --memory 512M --level stock true
runs 0 --host stock --status
prints '^level +stock$'

# One that exists is what it is: what contradicts it is refused, what is equal is
# not, and it is left as it was.
before=$(stat -c '%Y %Z' stock)
for asked in --status true; do
    fails 5 "stock: the machine has 512M of memory, not 1G; leave out \
--memory, or name a new machine" --host stock --memory 1G "$asked"
    fails 5 "stock: the machine has 1 node, not 2; leave out --nodes, or name \
a new machine" --host stock --nodes 2 "$asked"
    fails 5 "stock: the machine's level is stock, not patched; leave out \
--level, or name a new machine" --host stock --level patched "$asked"
    echo '0 +512M ram' >map
    fails 5 "stock: the machine has 512M of memory, and not the map in map; \
leave out --e820, or name a new machine" --host stock --e820 map "$asked"
done
runs 0 --host stock --memory 512M --nodes 1 --level stock --status
[ "$(stat -c '%Y %Z' stock)" = "$before" ] || wrong 'a look changed a machine'
runs 0 --host stock --memory 512M --nodes 1 --level stock true

# The largest one there is.
runs 0 --host large --memory 1T true
runs 0 --host large --status
prints '^audit: 0 differences$'
fails 5 'memory must be from 4 MiB to 1 TiB' \
    --host larger --memory 1025G true
[ ! -e larger ] || wrong 'a machine that cannot be left its file'
rm -f large larger

# What the audit finds shows in how the status ends: here the last frame, which
# has one reference, gets seven.
runs 0 --host bad --memory 256M "$domwright" create -p guest.cfg
frames_at=$(od -An -tu8 -j712 -N8 bad) # fx_super.frames_at
printf '\007' | dd of=bad bs=1 seek=$((frames_at + 65535 * 16)) conv=notrunc \
    2>/dev/null
runs 1 --host bad --status
prints '^audit: frame 0xffff: 7 references, but 1 are there$'
prints '^audit: 1 differences$'
runs 1 --host bad --status --json
prints '"audit_differences": 1$'

# What is damaged says so, and what to do; one without a name has no path.
printf 'x' | dd of=bad bs=1 seek=700 conv=notrunc 2>/dev/null
damage="damaged: the superblock's checksum does not fit; remove it for a new \
machine"
fails 5 "bad: $damage" --host bad true
fails 5 "bad: $damage" --host bad --status
rm -f bad
# shellcheck disable=SC2016 # what is expanded by the command's own shell
run sh -c 'printf x | dd of="$FAKEXEN_HOST" bs=1 seek=700 conv=notrunc 2>&1 &&
    exec "$1"' sh "$client"
grep -qx "fakexen: the command's machine: $damage" err ||
    wrong 'a damaged machine without a name'

runs 0 sh -c "$show_host"
machine=$(cat out)
[ ! -e "$machine" ] || wrong "the machine $machine outlives its command"

# sent SIGNAL TO STATUS SCRIPT OPTION...: fakexen's status, where fakexen itself
# or the command got the signal in the midst of the script.
sent() {
    signal=$1 to=$2 want_status=$3 script=$4
    shift 4
    checks=$((checks + 1))
    rm -f ready
    # In the background, a shell ignores SIGINT and SIGQUIT.
    env --default-signal "$fakexen" "$@" sh -c \
        "$script; echo \$\$ >pid; : >ready; while :; do sleep 0.05; done" \
        >out 2>err &
    while [ ! -e ready ]; do sleep 0.05; done
    if [ "$to" = fakexen ]; then
        kill -s "$signal" $!
    else
        kill -s "$signal" "$(cat pid)"
    fi
    status=0
    wait $! || status=$?
    [ "$status" = "$want_status" ] ||
        wrong "SIG$signal to $to, '$script', '$*': status $status"
}

# Signals are for the command, and end both.
for end in HUP:129 INT:130 TERM:143; do
    name=${end%:*} killed=${end#*:}
    sent "$name" fakexen 7 "trap 'exit 7' $name"
    sent "$name" fakexen 7 "trap 'exit 7' $name" --host m
    sent "$name" fakexen "$killed" :
    sent "$name" fakexen "$killed" : --host m
    sent "$name" command "$killed" :
done
sent QUIT fakexen 7 "trap 'exit 7' QUIT"
sent USR1 fakexen 7 "trap 'exit 7' USR1" --trace trace

# What is ignored stays so.
checks=$((checks + 1)) status=0
(
    trap '' HUP
    "$fakexen" sh -c 'kill -HUP $$; exit 3'
) >out 2>err || status=$?
[ "$status" = 3 ] || wrong "SIGHUP that is ignored ends the command: $status"

finish
