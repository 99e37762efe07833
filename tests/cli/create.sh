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
cat >xenconsole <<'END'
#!/bin/sh
{
    echo "$*"
    grep -E '^Sig(Blk|Ign):' /proc/self/status
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
chmod +x xenconsole
attach() {
    checks=$((checks + 1)) status=0
    DOMWRIGHT=$domwright DOMWRIGHT_XENCONSOLE=$work/xenconsole \
        on_host "$domwright" create -c guest.cfg >out 2>err || status=$?
}
signals=$(grep -E '^Sig(Blk|Ign):' /proc/self/status)
attach
[ "$status" = 7 ] || wrong "-c: status $status, not the console's"
[ ! -s err ] || wrong '-c: it has something to say'
domid=$(sed -n 's/.*(domain \([0-9]*\)).*/\1/p' out)
cat >want <<END
$domid --num 0 --type pv --start-notify-fd N
$signals
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
finish
