#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# migrate and migrate-receive, ours and stock xl's on either side, between two
# embedded hosts, where a program does what a guest's kernel does.

# What is on its way lies in a file; so where there is no disk.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

need_xl
LIBXL_SAVE_HELPER=${xl%/*}/libxl-save-helper
export LIBXL_SAVE_HELPER
uuid=6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0
name=guest

# More than 4 GiB, so that tables can lie above it.
for machine in here there; do
    "$fakexen" --host $machine --memory 6G true
done
# Stock xl migrates live alone, where Xen can log what is written.
"$fakexen" --host logs --memory 6G --shadow true
on() {
    on=$1
    shift
    "$fakexen" --host "$on" "$@"
}
machine() {
    on "$1" --status | grep -v '^hypercalls'
}
machine here >before

plan() {
    "$domwright" create -n --json guest.cfg | python3 -c "
import json, sys
print(next(i['pfn'] for i in json.load(sys.stdin)['items']
           if i['item'] == '$1'))"
}
from=here
id() {
    "$domwright" --host $from domid $name
}
# ready KERNEL [DELAY]: a guest that will suspend when it is asked to.
ready() {
    config guest.cfg "kernel = '$guests/$1'" 'memory = 16' 'vcpus = 2' \
        "uuid = '$uuid'" 'on_crash = "preserve"'
    works --host $from create -e guest.cfg
    shift
    will_suspend "$@"
}
will_suspend() {
    : >ready
    on $from timeout 150 "$top/tests/fx/suspends" "$(id)" "$(plan 'P2M list')" \
        "$(plan 'start info')" "$@" >ready &
    suspends=$!
    until grep -q ready ready || ! kill -0 $suspends; do sleep 0.1; done
}
# leaf PROCESS: the one that it comes to.
leaf() {
    leaf=$1
    while next=$(cat "/proc/$leaf/task/$leaf/children") && [ -n "$next" ]; do
        leaf=${next%% *}
    done
    echo "$leaf"
}
portrait() {
    "$domwright" --host "$1" inspect --json guest | grep -Ev 'mfn|"id":'
    on "$1" "$xl" list -l guest | grep -v '"domid":'
    "$domwright" --host "$1" info guest |
        grep -v '^\(id\|root\|time\|shared\|state\)'
}
is_there() {
    works --host there verify guest
    [ "$(cat out)" = 'guest: 0 findings' ] || wrong "$1: verify finds something"
    works --host there info guest
    grep -q '^state *: [r-][b-]----$' out || wrong "$1: it does not run there"
    on there "$top/tests/fx/store_list" | grep -q -e '--incoming' &&
        wrong "$1: it has the name of one that is on its way"
}
gone() {
    [ -z "$(ls /var/lib/xen)" ] || wrong "$2: userdata is left"
    machine "$1" >after
    diff before after >out || wrong "$2: $1 is not what it was"
}
# stays WHAT: it runs here, and is not there.
stays() {
    works --host here info guest
    grep -q '^state *: [r-][b-]----$' out || wrong "$1: it does not go on here"
    machine there >after
    diff before after >out || wrong "$1: something of it is there"
}

for kernel in hello-pae hello-legacy hello-64; do
    ready $kernel
    old=$(id)
    works --host here migrate -e guest fakexen:there
    wait $suspends
    [ "$(cat out)" = "migrated guest (domain $old) to fakexen:there" ] ||
        wrong 'migrate did not say what it did'
    is_there "$kernel by ours"
    portrait there | sed /extended_cr3/d >ours
    # Which page becomes an L3 a stream does not tell in time: all are low.
    if [ $kernel = hello-legacy ] && grep -q '"above_4g": [1-9]' ours; then
        wrong 'not all of it is below 4 GiB'
    fi
    works --host there destroy guest
    gone here "$kernel by ours"
    gone there "$kernel by ours"

    # To stock xl, whose libxenguest puts a legacy guest's L3 anywhere.
    ready $kernel
    checks=$((checks + 1))
    if "$domwright" --host here migrate guest --via \
        "'$fakexen' --host there '$xl' migrate-receive -e" >out 2>err; then
        wait $suspends
        [ $kernel = hello-legacy ] || is_there "$kernel to xl"
        [ $kernel = hello-legacy ] || {
            portrait there | sed /extended_cr3/d | diff - ours >out ||
                wrong "$kernel: xl makes another guest of it"
        }
        works --host there destroy guest
    else
        is_xls_fault || wrong "$kernel: to xl"
        wait $suspends
        works --host here destroy guest
    fi
    gone here "$kernel to xl"
    gone there "$kernel to xl"

    # And from it.
    from=logs
    ready $kernel
    on logs "$xl" migrate -s '' guest \
        "'$fakexen' --host there '$domwright' migrate-receive -e" >out 2>err \
        </dev/null || wrong "$kernel: from xl"
    wait $suspends
    is_there "$kernel from xl"
    [ $kernel = hello-legacy ] || {
        portrait there | sed /extended_cr3/d | diff - ours >out ||
            wrong "$kernel: it is another guest from xl"
    }
    works --host there destroy guest
    gone there "$kernel from xl"
    from=here
done

# ---- one that is not done ----
ready hello-pae
works --host here migrate --dry-run --json guest fakexen:there
works --host here migrate -n guest fakexen:there
prints '^target *: fakexen:there$'
stays 'a dry run'
fails 1 'domain 0 cannot be migrated' --host here migrate 0 fakexen:there
fails 1 'no domain is named nobody' --host here migrate nobody fakexen:there
fails 2 'migrate: a domain and a target are wanted; see "domwright help migrate"' \
    --host here migrate guest
fails 2 'migrate: a domain is wanted, and no target; see "domwright help migrate"' \
    --host here migrate --via cat guest fakexen:there
fails 2 'migrate: -x is no host'"'"'s name; see "domwright help migrate"' \
    --host here migrate -- guest -x
help='see "domwright help migrate"'
for option in --via --ssh --receiver; do
    fails 2 "migrate: $option wants a command; $help" \
        --host here migrate $option '' guest there
done
fails 2 "migrate: an empty word is no host's name; $help" \
    --host here migrate guest ''
for option in --live --dry-run --json --paused --no-monitor --max-downtime=5 \
    --via=true; do
    fails 2 "migrate: ${option%=*} does not go with --settle; $help" \
        --host here migrate --settle $option guest
done
for option in --ssh --receiver; do
    fails 2 "migrate: $option goes with a host; $help" \
        --host here migrate $option false guest fakexen:there
    fails 2 "migrate: $option goes with a host; $help" \
        --host here migrate $option false --via cat guest
done
fails 2 "migrate: fakexen: wants a host's file behind it; $help" \
    --host here migrate guest fakexen:
fails 1 'there is no host none to migrate to: No such file or directory; "domwright --host none list" makes one' \
    --host here migrate guest fakexen:none
# One who is no receiver, or none at all.
fails 1 'waiting for "domwright migrate-receive" there: the other side ended' \
    --host here migrate guest --via true
fails 1 'the receiver ended (status 7), and is no "domwright migrate-receive"' \
    --host here migrate guest --via 'exit 7'
fails 1 'the receiver ended (Killed), and is no "domwright migrate-receive"' \
    --host here migrate guest --via 'kill -9 $$'
fails 1 'the receiver ended (status 9), and has not taken the guest' \
    --host here migrate guest --via "
        printf 'xl migration receiver ready, send binary domain data.\\n'
        head -c 100000 >/dev/null
        exit 9"
wait $suspends
stays 'a receiver that ends in the midst'
will_suspend
# A signal for both sides, as from a terminal, is one.
checks=$((checks + 1)) status=0
setsid "$domwright" --host here migrate guest --via 'touch begun; exec sleep 30' \
    >out 2>err &
migrate=$!
until [ -e begun ]; do sleep 0.1; done
kill -TERM -$migrate
wait $migrate || status=$?
if [ "$status" != 143 ] || [ "$(cat err)" != 'domwright: stopped: Terminated' ]; then
    wrong "a signal for both sides: status $status"
fi
while IFS='|' read -r said command; do
    fails 1 "waiting for \"domwright migrate-receive\" there: the other side said \"$said\" instead" \
        --host here migrate guest --via "$command"
done <<'END'
no receiver|echo no receiver; yes | head -n 100
xl migration rec|printf '\nxl migration rec'; exec sleep 1
sh: no|printf 'sh: no\r\n'
END
fails 1 'the receiver ended (status 127), is domwright installed there?' \
    --host here migrate guest --via 'exit 127'
# Its name is another's there: it does not stand still for that.
config other.cfg "kernel = '$guests/hello-64'" 'memory = 8'
works --host there create -qpe other.cfg
kill -STOP "$(leaf $suspends)"
for option in -n -e; do
    run --host here migrate $option guest fakexen:there
    case $status:$(cat err) in
    "1:domwright: where it is to go a domain is named guest already, domain "*"
domwright: fakexen:there ended (status 1), and "*" taken the guest") ;;
    "1:domwright: where it is to go a domain is named guest already, domain "*"
domwright: fakexen:there ended (status 1), and would not take the guest") ;;
    *) wrong "$option: status $status" ;;
    esac
done
kill -CONT "$(leaf $suspends)"
works --host there destroy guest
kill -0 $suspends || wrong 'it stood still for that'
stays 'its name is taken'
# Nobody reads what is told: a signal still ends it.
checks=$((checks + 1)) status=0
mkfifo unread
exec 8<>unread
head -c 65536 /dev/zero >&8
"$domwright" --host here migrate --live --json guest fakexen:there >unread 2>err &
migrate=$!
for _ in $(seq 100); do
    case $(cat /proc/$migrate/wchan) in
    *pipe_write*) break ;;
    esac
    on there "$top/tests/fx/store_list" | grep -q -e '--incoming' && break
    sleep 0.1
done
sleep 0.5
kill -TERM $migrate
{ sleep 5 && kill -KILL $migrate; } 2>/dev/null &
killer=$!
wait $migrate || status=$?
kill $killer 2>/dev/null || :
exec 8>&-
if [ "$status" != 143 ] || [ "$(tail -n 1 err)" != 'domwright: stopped: Terminated' ]; then
    wrong "a signal while nobody reads: status $status"
fi
stays 'nobody reads'
# ssh gets the host and one word to run there.
cat >ssh <<'END'
#!/bin/sh
printf '%s|' "$@" >words
[ "$2" = 'two words' ] || exit 255
exec sh -c "$3"
END
chmod +x ssh
PATH=$PWD:$PATH
run --host here migrate guest 'two words' -p -e
[ "$(cat words)" = 'two words|domwright migrate-receive -e -p|' ] ||
    wrong "ssh was given $(cat words)"
[ "$status" = 1 ] || wrong 'ssh failed, and migrate did not'
stays 'ssh failed'
works --host here migrate guest -s "'$PWD/ssh' -x" 'two words' \
    --receiver "'$fakexen' --host there '$domwright' migrate-receive -ep"
wait $suspends
works --host there info guest
grep -q '^state *: --p---$' out || wrong 'it does not stay paused'
works --host there destroy guest
gone here 'ssh'
gone there 'ssh'
# ---- live, where Xen logs nothing: its memory changes meanwhile ----
# is_like HOST WHAT: page by page it is what it was when it was suspended.
# The rounds come before what they came to, and are as many as it says.
are_rounds() {
    checks=$((checks + 1))
    python3 -c "
import json
*rounds, end = [json.loads(line) for line in open('out')]
assert [r['round'] for r in rounds] == [*range(1, end['rounds'] + 1)], rounds
assert {r['event'] for r in rounds} == {'round'} and end['event'] == 'migrated'
assert sum(r['pages'] for r in rounds) == end['pages_live']
assert all('dirty_pages_per_second' in r for r in rounds[1:])
" 2>err || wrong "$1: these are no rounds"
}
is_like() {
    checks=$((checks + 1))
    on "$1" "$top/tests/fx/suspends" like like \
        "$("$domwright" --host "$1" domid guest)" >out 2>err ||
        wrong "$2: it is not what it was"
}
for kernel in hello-pae hello-legacy hello-64; do
    ready $kernel busy like
    works --host here migrate -e --live --json guest fakexen:there
    prints '"way": "hashes"'
    are_rounds "$kernel, hashes"
    wait $suspends || wrong "$kernel: $(cat ready)"
    is_like there "$kernel live"
    works --host there info guest
    [ $kernel != hello-legacy ] || prints '^root_below_4g *: yes'
    works --host there destroy guest
    gone here "$kernel live"
    gone there "$kernel live"
done
# Stock xl receives it, and what Xen logs is taken where it does.
ready hello-64 busy like
checks=$((checks + 1))
"$domwright" --host here migrate guest -l --via \
    "tee stream | '$fakexen' --host there '$xl' migrate-receive -e" >out 2>err ||
    wrong 'live to xl'
wait $suspends
is_like there 'live to xl'
works --host there destroy guest
gone there 'live to xl'
verify=${xl%/*}/verify-stream-v2
if [ -e "$verify" ]; then
    checks=$((checks + 1))
    python3 -c "
data = open('stream', 'rb').read()
open('libxl', 'wb').write(data[data.index(b'LibxlFmt'):data.rindex(
    b'domain is yours')])"
    PYTHONPATH=${verify%/bin/*}/lib/python python3 "$verify" -f libxl \
        -i libxl >out 2>err || wrong 'verify-stream-v2 does not like it'
fi
from=logs
ready hello-64
works --host logs migrate -e --live --json guest fakexen:there
prints '"way": "log-dirty"'
are_rounds 'log-dirty'
wait $suspends
is_there 'log-dirty'
works --host there destroy guest
from=here
# What is told of it gets nowhere.
ready hello-64
checks=$((checks + 1)) status=0
"$domwright" --host here migrate -e --json guest fakexen:there >/dev/full 2>err ||
    status=$?
[ "$status:$(cat err)" = '1:domwright: guest was migrated to fakexen:there, but '\
'writing the output failed: No space left on device' ] ||
    wrong "written nowhere: status $status"
wait $suspends
works --host there destroy guest
# It would stand still for longer than it may: it goes on.
ready hello-64 busy like
run --host here migrate --live --max-downtime 0 guest fakexen:there
[ "$status" = 1 ] || wrong 'it may stand still for no time at all'
grep -q '^domwright: domain guest would stand still for about [0-9]* ms, and is '\
'to for 0 at most$' err || wrong 'not said how long it would stand still'
stays 'too long a downtime'
fails 2 'migrate: --max-downtime goes with --live; see "domwright help migrate"' \
    --host here migrate --max-downtime 5 guest fakexen:there
fails 2 'migrate: --max-downtime=x: not a number of milliseconds; see "domwright help migrate"' \
    --host here migrate --live --max-downtime x guest fakexen:there
# Nobody else saves it or gives it away meanwhile.
"$domwright" --host here migrate guest --via "
    printf 'xl migration receiver ready, send binary domain data.\\n'
    until [ -e tried ]; do sleep 0.1; done" >/dev/null 2>first &
migrate=$!
for _ in $(seq 300); do
    ! on here "$top/tests/fx/store_list" | grep -q domwright-migration || break
    sleep 0.1
done
for command in 'save guest x' 'save -c guest x' 'migrate guest fakexen:there' \
    'migrate --live guest fakexen:there'; do
    # shellcheck disable=SC2086 # words
    run --host here $command
    [ "$status" = 1 ] || wrong "$command: status $status"
    grep -q "^domwright: domain guest is on its way to another host, or from \
one: process $migrate sees to it\$" err || wrong "$command: not said why not"
done
[ ! -e x ] || wrong 'it was saved'
touch tried
wait $migrate && wrong 'it was given away to nobody'
works --host here info guest
works --host here destroy guest
kill $suspends 2>/dev/null || :
gone here 'too long a downtime'
finish
