#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# create's options, and what it asks of the hypervisor.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

program=on_host_domwright
on_host_domwright() {
    on_host "$domwright" "$@"
}

# there STATE: the guest is in that state; it goes again.
there() {
    on_host "$domwright" list >out
    grep -qE "^guest +[0-9]+ +16 +1 +$1 " out || wrong "no guest in state $1"
    run destroy guest
    as_before 'a guest'
}

create legacy
works create guest.cfg
prints '^created guest '
there -b----
works create -p guest.cfg
there --p---

# FILE comes anywhere among KEY=VALUE, or as an option.
for arguments in 'vcpus=1 guest.cfg vcpus=1' '-f guest.cfg vcpus=1' \
    '--defconfig=guest.cfg' 'vcpus=1 -f guest.cfg'; do
    # shellcheck disable=SC2086 # several words
    works create $arguments
    there -b----
done
cp guest.cfg 'a=b.cfg'
works create -f 'a=b.cfg'
there -b----
usage='see "domwright help create"'
program=$domwright
fails 2 "create: other.cfg is not KEY=VALUE; $usage" create guest.cfg other.cfg
fails 2 "create: other.cfg is not KEY=VALUE; $usage" \
    create -f guest.cfg other.cfg
fails 2 "create: a configuration file is wanted; $usage" create vcpus=1
program=on_host_domwright

# Quiet.
works create -q guest.cfg
[ ! -s out ] || wrong '-q: a report'
there -b----
works create -q --json guest.cfg
prints '"name": "guest"'
there -b----

# The console. Ours tells what it finds: the guest's state before it says that
# it is attached, the signals that it has inherited, and the state then.
cat >console <<'END'
#!/bin/sh
{
    echo "$*"
    cat signals
    "$DOMWRIGHT" list | sed -n 's/^guest.*\(..p...\) .*/\1/p'
} >found
[ -e unable ] && exit 5
eval "fd=\${$#}"
printf x >"/proc/self/fd/$fd"
n=0
while [ "$n" -lt 100 ] && "$DOMWRIGHT" list | grep -q '^guest.*--p---'; do
    sleep 0.1
    n=$((n + 1))
done
[ "$n" -lt 100 ] && echo started >>found
exit 7
END
chmod +x console
attach() {
    checks=$((checks + 1)) status=0
    DOMWRIGHT=$domwright DOMWRIGHT_XENCONSOLE=$kernels/xenconsole \
        on_host "$domwright" create -c guest.cfg >out 2>err || status=$?
}
attach
[ "$status" = 7 ] || wrong "-c: status $status, not the console's"
[ ! -s err ] || wrong '-c: it has something to say'
domid=$(sed -n 's/.*(domain \([0-9]*\)).*/\1/p' out)
cat >want <<END
$domid --num 0 --type pv --start-notify-fd N
--p---
started
END
sed '1s/[0-9]*$/N/' found | cmp -s - want || {
    diff want found >err
    wrong '-c: what the console found'
}
there -b----
: >unable
attach
[ "$status" = 5 ] || wrong "-c, and no console: status $status"
n=0
until [ -s err ] || [ "$n" = 100 ]; do
    sleep 0.1
    n=$((n + 1))
done
grep -qx 'domwright: warning: the console is not attached; domain [0-9]* runs without it' err ||
    wrong '-c, and no console: it is not told'
n=0
until on_host "$domwright" list | grep -q '^guest.* -b----' || [ "$n" = 100 ]; do
    sleep 0.1
    n=$((n + 1))
done
there -b----

# Nothing behind it, or no program: there is no guest either.
run create -c guest.cfg
[ "$status" = 1 ] || wrong "-c where there are no consoles: status $status"
[ "$(cat err)" = \
    'domwright: nothing serves a console on this embedded host' ] ||
    wrong '-c where there are no consoles: it is not told'
as_before '-c where there are no consoles'
for console in /no/such/client . guest.cfg; do
    DOMWRIGHT_XENCONSOLE=$console run create -c guest.cfg
    [ "$status" = 1 ] || wrong "-c, the client $console: status $status"
    grep -q "^domwright: the console client $console: " err ||
        wrong "-c, the client $console: it is not told"
    [ ! -s out ] || wrong "-c, the client $console: a guest was created"
    as_before "-c, the client $console"
done

# What the hypervisor is told: the label and the limits that libxl gives a
# guest, and a memory map up to where it may grow.
facts() {
    on_host "$top/tests/fx/domain_facts" "$(domid_of out)" >facts
}
domid_of() {
    sed -n 's/.*(domain \([0-9]*\)).*/\1/p' "$1"
}
traced() {
    checks=$((checks + 1))
    grep -qF "$1" trace || wrong "no call with $1"
}
rm -f trace
checks=$((checks + 1))
on_host --trace trace "$domwright" create guest.cfg maxmem=24 vcpus=2 \
    maxvcpus=3 'cpus=["3","0-3,^1"]' >out 2>err || wrong 'create'
traced '"max_vcpus":3,"ssidref":12,'
traced '"op":"set_memory_map","domid":'
traced '"nr":1,"first":"0","bytes":"0x1800000"'
facts
cat >want <<END
pages: 4096, at most 4352, claimed 0
vCPU 0: CPUs 0x8
vCPU 1: CPUs 0xd
END
head -n 3 facts | cmp -s - want || {
    diff want facts >err
    wrong 'what the hypervisor holds of the guest'
}
run destroy guest
as_before 'a guest with limits'
run create guest.cfg 'cpus="4"'
[ "$status" = 3 ] || wrong "no CPU: status $status"
grep -q "cpus: vCPU 0 gets none of the host's 4 CPUs\$" err ||
    wrong 'no CPU: it is not told'
as_before 'a guest without a CPU'

# Memory: what the host lacks is refused, and what is claimed is nobody else's.
run create guest.cfg memory=300
[ "$status" = 4 ] || wrong "no memory: status $status"
grep -q 'memory: the guest is to have 300 MiB, the host has 255 MiB free$' err ||
    wrong 'no memory: it is not told'
as_before 'a guest without memory'
rm -f trace
on_host --trace trace "$domwright" create guest.cfg >out 2>err || wrong 'create'
run destroy guest
populate=$(sed -n '/populate_physmap/s/^.*,"n":\([0-9]*\),.*/\1/p' trace |
    head -n 1)
try "$populate:SIGKILL" "$domwright" create guest.cfg memory=200
run create guest.cfg 'name="second"' memory=60
[ "$status" = 4 ] || wrong "claimed memory: status $status"
grep -q 'memory: the guest is to have 60 MiB, the host has 55 MiB free$' err ||
    wrong 'claimed memory: it is not told'
run create guest.cfg 'name="second"' memory=50
[ "$status" = 0 ] || wrong 'a guest beside a claim'
run destroy second
run list --json
prints '"name": "guest"'
run destroy guest
as_before 'a claim'

# slow ARGUMENT...: create on a terminal, of which the whole output is in the
# file screen; it is stopped for a second where it populates.
slow() {
    checks=$((checks + 1))
    rm -f trace
    script -qec "$fakexen --host machine --trace trace \
        --fail $populate:SIGSTOP $domwright create $* guest.cfg" screen \
        >out 2>err </dev/null &
    pid=
    until pid=$(sed -n "s/^{\"pid\":\([0-9]*\),\"n\":$((populate - 1)),.*/\1/p" \
        trace 2>err) && [ "$pid" ]; do
        kill -0 $! 2>err || return 0 # it is over: what it shows is wrong
        sleep 0.1
    done
    sleep 1.1
    while kill -CONT "$pid" 2>err; do sleep 0.1; done
    wait $!
}
if script -qec true screen >out 2>err </dev/null; then # a terminal can be had
    slow
    tr '\r' '\n' <screen | grep -qE '^populated [0-9]+ of 16 MiB' ||
        wrong 'a terminal does not show how far the build is'
    grep -q '^.*created guest ' screen || wrong 'a terminal shows no report'
    there -b----
    slow -q
    grep -qE 'populated|constructed|pinned' screen && wrong '-q shows something'
    there -b----
fi
finish
