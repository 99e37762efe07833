#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# An embedded host with two nodes: what a domain has of them, and what Xen's
# tools are told.
set -u
top=$PWD
fakexen=$top/src/hypervisor/fakexen
numa=$top/tests/fx/numa
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY
fakexen=${FAKEXEN:-$fakexen/fakexen}
xen=$(sed -n 's/^#define XEN_VERSION "\(.*\)"/\1/p' config.h)
xl=${XL:-/usr/lib/xen-$xen/bin/xl}

if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
failures=0
fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}

"$fakexen" --nodes 2 --memory 64M "$numa" || fail 'a domain'

# Virtual nodes are the machine's, not the process's, and go with the domain.
on_host() {
    "$fakexen" --host host "$@"
}
"$fakexen" --host host --nodes 2 --memory 64M true
before=$(on_host --status | sed -n '/^free/p')
id=$(on_host "$numa" make) || fail 'a domain that stays'
on_host "$numa" is "$id" || fail 'another process'
on_host --status | grep -q '^audit: 0 differences' || fail 'the audit'
on_host "$top/src/builder/domwright" destroy "$id" || fail 'destroy'
[ "$(on_host --status | sed -n '/^free/p')" = "$before" ] || fail 'frames are left'

# What xl shows of it: each without a complaint.
# shows ERE ARGUMENT...
shows() {
    what=$1
    shift
    on_host "$xl" "$@" >out 2>err || fail "xl $*"
    [ -z "$what" ] || grep -qE "$what" out || fail "xl $*: no $what in: $(cat out)"
    [ ! -s err ] || fail "xl $*: $(cat err)"
}
if [ -x "$xl" ] && [ -w /run/xen ]; then
    printf 'name="g"\nkernel="%s"\nmemory=16\nvcpus=2\n' \
        "$top/tests/guests/hello-pae" >g.cfg
    on_host "$top/src/builder/domwright" create -eq g.cfg || fail create
    shows '^Domain-0 .* all$' list -n
    shows '^g .* [01]$' list -n g # where it was placed
    on_host "$xl" vcpu-pin g all 1 || fail vcpu-pin
    shows '^g .* 1 / ' vcpu-list g
    shows '^ *1: .* 20,10$' info -n
    shows '^No device topology data available$' info -n
    shows '^build_id  *: [0-9a-f]{40}$' info
    shows '^g .* 0:0' uptime
    shows '^Pool-0 .* 4 .* credit2 ' cpupool-list
    shows '^g .* 256 ' sched-credit2
    shows '^g .* 0$' claims
    shows '"name": "g"' list -l g
    shows '' dmesg
    shows '' trigger g nmi
    # CPU pools: a domain in one has its CPUs and its scheduler.
    on_host "$xl" cpupool-cpu-remove Pool-0 3 || fail 'cpupool-cpu-remove'
    on_host "$xl" cpupool-create 'name="blue"' 'sched="credit"' 'cpus=["3"]' \
        >out 2>err || fail 'cpupool-create'
    shows '^Pool-0 +0,1,2$' cpupool-list -c
    on_host "$xl" sched-credit2 -d g -w 512 -c 50 || fail 'sched-credit2'
    on_host "$xl" cpupool-migrate g blue || fail 'cpupool-migrate'
    shows '^blue +1 +credit +y +1$' cpupool-list
    shows '^g +[0-9]+ +256 +0$' sched-credit
    shows '^g .* 3 +[-b]+ .* all / all$' vcpu-list g
    on_host "$xl" vcpu-pin g 0 2 >out 2>&1 && fail 'a vCPU on another pool'\''s CPU'
    shows '^g .* 3 +[-b]+ .* all / all$' vcpu-list g
    on_host "$xl" cpupool-cpu-remove blue 3 >out 2>&1 # with an error, and status 0
    shows '^blue +3$' cpupool-list -c
    on_host "$xl" sched-credit -d g -w 100 -c 150 || fail 'sched-credit'
    shows '^g +[0-9]+ +100 +150$' sched-credit
    on_host "$xl" cpupool-migrate g Pool-0 || fail 'cpupool-migrate back'
    shows '^g +[0-9]+ +256 +0$' sched-credit2
    # Who is pinned to a CPU that goes, runs anywhere; so it is by xl's word.
    on_host "$xl" vcpu-pin g all 2 || fail 'vcpu-pin 2'
    on_host "$xl" cpupool-cpu-remove Pool-0 2 || fail 'cpupool-cpu-remove 2'
    shows '^g .* all / ' vcpu-list g
    on_host "$xl" cpupool-destroy blue || fail 'cpupool-destroy'
    on_host "$xl" cpupool-cpu-add Pool-0 2,3 || fail 'cpupool-cpu-add'
    shows '^Pool-0 .* 4 .* credit2 ' cpupool-list
    on_host --status | grep -q '^audit: 0 differences' || fail 'the audit of pools'
    # It does not run, so that it cannot be suspended.
    on_host timeout 60 "$xl" save g saved >out 2>err && fail 'xl save'
    grep -q 'did not respond to suspend request' err || fail "xl save: $(cat err)"
    grep -q vNUMA err && fail "xl save: $(cat err)"
    on_host "$top/src/builder/domwright" destroy g || fail 'destroy g'
fi

[ "$failures" = 0 ]
