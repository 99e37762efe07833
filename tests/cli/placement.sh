#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# On hosts with several NUMA nodes guests are placed where stock xl places them.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

# hosts OPTION...: two of a kind, one for us and one for xl.
hosts() {
    for host in ours xls; do
        rm -f $host
        "$fakexen" --host $host "$@" true || wrong "fakexen $*"
    done
}

# placed CPUS: the guest's vCPUs prefer these.
placed() {
    run --host ours vcpu-list guest
    [ "$(awk 'NR > 1 { print $NF }' out | sort -u)" = "$1" ] ||
        wrong "not placed as $1"
}

# guest NAME LINE...: is the same by us and by xl.
guest() {
    name=$1
    shift
    config guest.cfg "name = '$name'" "$@"
    works --host ours create -eq guest.cfg
    same
}

same() {
    [ "${xl-}" ] || return
    checks=$((checks + 1))
    "$fakexen" --host xls "$xl" create -eq guest.cfg >out 2>err || wrong 'xl create'
    for host in ours xls; do
        "$fakexen" --host $host "$xl" list -n 2>/dev/null |
            awk 'NR > 1 { print $1, $NF }' >$host.txt
        "$fakexen" --host $host "$xl" vcpu-list 2>/dev/null |
            awk 'NR > 1 { print $1, $3, $(NF - 2), $NF }' >>$host.txt
    done
    diff xls.txt ours.txt >out || wrong "$name is placed elsewhere"
}

if [ -n "${xl-}" ] && ldd "$xl" | grep -q 'not found'; then
    unset xl
fi

# Two nodes, which take turns: CPU 0 and 2 are of node 0.
hosts --nodes 2 --memory 1G
guest guest vcpus=2
placed 1,3
guest b vcpus=2
guest c vcpus=1 maxvcpus=2
guest d memory=300 vcpus=2
guest e memory=300 # in neither node alone
guest f vcpus=3    # wants more CPUs than a node has

# The fewest vCPUs count, then memory.
hosts --nodes 4 --memory 1G
for memory in 100 60 40 20 30; do
    guest g$memory memory=$memory
done
guest wide memory=200 vcpus=2

# A string for all vCPUs does not forbid it, a list does.
hosts --nodes 2 --memory 1G
guest a 'cpus = "all"'
guest guest 'cpus = [ "0-3" ]'
placed all
guest b

# Unlike xl, of the nodes whose CPUs the guest may run on.
hosts --nodes 2 --memory 1G
config guest.cfg 'cpus = "0,2"' vcpus=2
works --host ours create -eq guest.cfg
placed 0,2
config other.cfg 'name = "other"' 'cpus = "1"' vcpus=2 # one CPU is too few
works --host ours create -eq other.cfg

# One node, and more than can be looked through.
hosts --nodes 1 --memory 1G
guest guest vcpus=2
placed all

# What fails takes the domain with it.
hosts --nodes 2 --memory 1G
config guest.cfg vcpus=2
works --host ours create -eq guest.cfg
works --host ours destroy guest
"$fakexen" --host ours --status | sed /^hypercalls/d >before
"$fakexen" --host ours --trace trace "$domwright" create -eq guest.cfg >out 2>err
"$fakexen" --host ours "$domwright" destroy guest
for op in numainfo cputopoinfo cpupool_op getdomaininfolist setvcpuaffinity \
    setnodeaffinity; do
    n=$(sed -n "/\"$op\"/s/.*\"n\":\([0-9]*\),.*/\1/p" trace | tail -n 1)
    checks=$((checks + 1)) status=0
    "$fakexen" --host ours --fail "$n:EPERM" "$domwright" create -eq guest.cfg \
        >out 2>err || status=$?
    [ "$status" = 4 ] || wrong "$op, $n: status $status"
    "$fakexen" --host ours --status | sed /^hypercalls/d | cmp -s before - ||
        wrong "$op, $n leaves something"
done
finish
