#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests on machines with a seed: a run repeats, whatever else happens on the
# computer: what they print, when they call Xen for what, and all memory.
home=${HOME-} # where the CPU may be kept
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
: "${DOMWRIGHT_CACHE:=${XDG_CACHE_HOME:-$home/.cache}/domwright}"
export DOMWRIGHT_CACHE
program=$fakexen

# guest KERNEL VCPUS: not by another name each time, which guests can ask for.
guest() {
    config guest.cfg "kernel=\"$1\"" 'memory=20' "vcpus=$2" \
        'uuid="c0ffee00-0000-4000-8000-000000000001"' \
        'on_poweroff="preserve"' 'on_crash="preserve"'
}

# runs MACHINE SEED [COMMAND...]: a new one, and a guest to its end, while that
# command goes on; its console in MACHINE.out.
runs() {
    machine=$1 seed=$2
    shift 2
    rm -f "$machine" "$machine".console-*
    on "$machine" --memory 64M --seed "$seed" "$domwright" create -epq guest.cfg
    : >meanwhile
    while [ $# != 0 ] && [ -e meanwhile ]; do
        "$fakexen" --host "$machine" "$@"
    done >/dev/null 2>&1 &
    on "$machine" run --limit 60 -- "$domwright" unpause guest
    rm meanwhile
    wait
    cp "$machine.console-1.log" "$machine.out"
    on "$machine" --status
    grep -qx 'audit: 0 differences' out || wrong "with seed $seed: the audit"
    sed -n 's/^domain 1: \(.* hypercalls.*\)/\1/p' out >"$machine.calls"
    grep -q '[1-9][0-9]* hypercalls, .* until [0-9]* ns$' "$machine.calls" ||
        wrong 'no word of its hypercalls'
}

on() {
    run --host "$@"
    [ "$status" = 0 ] || wrong "$*: ended with status $status"
}

# All that is memory, which is the end of the file.
memory_of() {
    tail -c 64M "$1"
}

# same WHAT: machines a and b.
same() {
    checks=$((checks + 1))
    cmp -s a.out b.out || wrong "$1: other consoles"
    cmp -s a.calls b.calls ||
        wrong "$1: other hypercalls: $(cat a.calls b.calls)"
    memory_of b >memory
    memory_of a | cmp -s - memory || wrong "$1: another memory"
}

guest "$guests/hello-pae" 1
run --host a --memory 64M run --seed 1 -- "$domwright" create -eq guest.cfg
if grep -q 'does not run: .*Unicorn' err; then
    sed -n 's/.*does not run: //p' err
    exit 77
fi

# Of one vCPU, and of three that take turns, while tables of another come and go,
# for which all CPUs leave what they execute.
for kernel in hello-legacy check-64; do
    guest "$guests/$kernel" 1
    runs a 5
    runs b 5
    same "$kernel"
done
guest "$guests/smp-pae" 3
runs a 18446744073709551615
config other.cfg 'name="other"' 'memory=8'
# shellcheck disable=SC2016 # for the inner shell
runs b 18446744073709551615 \
    sh -c '"$1" create -epq other.cfg; "$1" destroy other' sh "$domwright"
same 'smp-pae'

# Another one is another: who has his turn when.
runs c 6
! cmp -s a.calls c.calls || wrong 'the seed makes no difference'

# It is the machine's.
on c --status
prints '^seed +6$'
on c --seed 6 true
fails 5 'c: the machine'\''s seed is 6, not 7; leave out --seed, or name a new '\
'machine' --host c --seed 7 true
on plain --memory 64M --run true
fails 5 'plain: the machine has no seed; leave out --seed, or name a new machine' \
    --host plain run --seed 0 -- true
for wrong in '' -1 1x 18446744073709551616; do
    fails 2 "--seed: $wrong is no number from 0 on" --seed "$wrong" true
done
fails 2 '--seed is for guests that run' --no-run --seed 1 true
finish
