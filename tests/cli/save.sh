#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# save and restore, ours and stock xl's, on an embedded host, where a program
# does what a guest's kernel does to be saved.

# libxenguest waits until a stream is on the disk; so where there is none.
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

# More than 4 GiB, so that tables can lie above it.
"$fakexen" --host machine --memory 6G true
on_host() {
    "$fakexen" --host machine "$@"
}
machine() {
    on_host --status | grep -v '^hypercalls'
}
machine >before

# plan ITEM: where it is, of the guest in guest.cfg.
plan() {
    "$domwright" create -n --json guest.cfg | python3 -c "
import json, sys
print(next(i['pfn'] for i in json.load(sys.stdin)['items']
           if i['item'] == '$1'))"
}

# ready KERNEL [DELAY]: a guest that will suspend when it is asked to.
ready() {
    config guest.cfg "kernel = '$guests/$1'" 'memory = 16' 'vcpus = 2' \
        "uuid = '$uuid'" 'on_crash = "preserve"'
    works --host machine create -e guest.cfg
    shift
    will_suspend "$@"
}
name=guest
id() {
    "$domwright" --host machine domid $name
}
# will_suspend [DELAY]
will_suspend() {
    : >ready
    on_host timeout 60 "$top/tests/fx/suspends" "$(id)" "$(plan 'P2M list')" \
        "$(plan 'start info')" "$@" >ready &
    suspends=$!
    until grep -q ready ready || ! kill -0 $suspends; do sleep 0.1; done
}

# What a restored guest has in common with the one that was saved.
portrait() {
    "$domwright" --host machine inspect --json guest | grep -Ev 'mfn|"id":'
    on_host "$xl" list -l guest | grep -v '"domid":'
    "$domwright" --host machine info guest | grep -v '^\(id\|root\|time\|shared\)'
}

is_right() {
    works --host machine verify guest
    [ "$(cat out)" = 'guest: 0 findings' ] || wrong "$1: verify finds something"
}
gone() {
    [ -z "$(ls /var/lib/xen)" ] || wrong "userdata is left"
    machine >after
    cmp -s before after || {
        diff before after >out
        wrong "the machine is not what it was"
    }
}

for kernel in hello-pae hello-legacy hello-64; do
    ready $kernel
    works --host machine save guest guest.save
    wait $suspends
    grep -q '^saved guest (domain [0-9]*) to guest.save$' out ||
        wrong 'save did not say what it did'
    [ "$(stat -c %a guest.save)" = 600 ] || wrong 'anybody may read the file'
    gone
    works image guest.save
    # Ours again, and by stock xl.
    works --host machine restore -e guest.save
    [ "$(cat out)" = "restored guest (domain $(id))" ] ||
        wrong 'restore did not say what it did'
    is_right "$kernel by ours"
    portrait >ours
    works --host machine destroy guest
    gone
    if ! on_host "$xl" restore -e guest.save >out 2>err </dev/null; then
        is_xls_fault || wrong 'xl does not restore it'
        gone
        continue
    fi
    # Stock libxenguest puts a legacy guest's L3 anywhere.
    [ $kernel = hello-legacy ] || is_right "$kernel by xl"
    portrait | sed /extended_cr3/d >stock
    [ $kernel = hello-legacy ] || {
        sed /extended_cr3/d ours | diff stock - >out ||
            wrong 'xl makes another guest of it'
    }
    works --host machine destroy guest
    gone
done

# What xl saves.
ready hello-legacy
on_host "$xl" save guest xl.save >out 2>err </dev/null || wrong 'xl save'
wait $suspends
works image xl.save
grep -q '^format *: xl$' out || wrong 'not a file of xl'
works --host machine restore -e xl.save
grep -q '^restored guest' out || wrong 'it was not ours that restored it'
is_right "xl's file"
works --host machine destroy guest
gone

# ---- it goes on ----
ready hello-64
works --host machine save -c guest copy.save
wait $suspends
works --host machine info guest
grep -q '^state *: [r-][b-]----$' out || wrong 'it does not go on after a copy'
# What is saved of one that was renamed, and may be smaller now.
works --host machine rename guest other
works --host machine mem-set other 12m
name=other
will_suspend
name=guest
works --host machine save -p other other.save
wait $suspends
works --host machine info other
grep -q '^state *: --p---$' out || wrong 'it is not paused after a copy'
works image other.save
grep -q '^name *: other$' out || wrong 'it was saved by its old name'
grep -q '^memory_mib *: 16$' out || wrong 'there would be no room for what it has'

# ---- refusals ----
fails 1 'domain 0 cannot be saved' --host machine save 0 no.save
fails 1 'no domain is named nobody' --host machine save nobody no.save
fails 2 'save: a domain and a file are wanted; see "domwright help save"' \
    --host machine save other
for file in '' -; do
    fails 2 "save: \"$file\" is no file's name; a pipe has one, /dev/stdout say; \
see \"domwright help save\"" --host machine save other "$file"
done
mkdir folder
fails 1 'cannot write folder: Is a directory' --host machine save other folder
fails 1 'cannot write none/x: No such file or directory' --host machine save other none/x
[ ! -e no.save ] || wrong 'a file of nothing'
# It is here already, under its own name and UUID.
fails 3 "other.save: name: domain $("$domwright" --host machine domid other) \
is named other already" --host machine restore other.save
works --host machine rename other third
run --host machine restore other.save
[ "$status" = 3 ] || wrong 'two domains with one UUID'
grep -q 'uuid: domain [0-9]* (third) has it already$' err ||
    wrong 'two domains with one UUID'
works --host machine destroy third
# It had more than it was told to have.
works --host machine restore -e other.save
works --host machine destroy other
gone

# A restored guest has a monitor, and that builds it again where it reboots.
works --host machine restore copy.save
old=$(id)
on_host "$top/tests/fx/guest_ends" "$old" 1
for _ in $(seq 100); do
    new=$(id 2>/dev/null) && [ "$new" != "$old" ] && break
    sleep 0.1
done
[ "${new:-$old}" != "$old" ] || wrong 'it does not come back after a reboot'
is_right 'the rebooted one'
works --host machine destroy guest
gone

# Nothing is kept of it: what Xen knows has to do.
ready hello-pae
rm /var/lib/xen/userdata-d.*
warns "nothing is kept of domain guest's configuration: what is saved has its \
size and name alone" --host machine save guest bare.save
wait $suspends
works --host machine restore -e bare.save
is_right 'one without a configuration'
works --host machine destroy guest
gone

# A kernel that suspends has said where its list is before it is asked to.
config guest.cfg 'memory = 16' "uuid = '$uuid'"
works --host machine create -e guest.cfg
fails 1 "domain guest cannot be saved: its kernel has not said where its list of \
frames is, as one does that can suspend" --host machine save guest no.save
[ -z "$(ls no.save* 2>/dev/null)" ] || wrong 'a part of a file is left'
works --host machine destroy guest
gone

# Destroyed in the midst: that is the cause, and not what Xen then says.
ready hello-pae
mkfifo slow
checks=$((checks + 1))
(exec <slow; read -r _; until [ -e destroyed ]; do sleep 0.1; done; cat) \
    >/dev/null 2>&1 &
"$domwright" --host machine save guest slow >told 2>&1 &
save=$!
wait $suspends
works --host machine destroy guest
: >destroyed
status=0
wait $save || status=$?
[ "$status" = 1 ] || wrong "destroyed in the midst: status $status"
[ "$(cat told)" = 'domwright: domain guest was destroyed meanwhile' ] ||
    wrong "destroyed in the midst: $(cat told)"
rm -f slow destroyed
gone

# What no toolstack would restore is not saved.
config guest.cfg 'memory = 16' "uuid = '$uuid'" \
    'vnuma = [["pnode=0", "size=16", "vcpus=0", "vdistances=10"]]'
works --host machine create -e guest.cfg
fails 1 "domain guest has virtual nodes (vnuma): nothing could restore it" \
    --host machine save guest vnuma.save
works --host machine destroy guest
gone

# It has answered, and is on its way, when it is called off.
ready hello-64 2
"$domwright" --host machine save guest late.save >out 2>err &
save=$!
until grep -q asked ready; do sleep 0.1; done
kill $save
status=0
wait $save || status=$?
wait $suspends
[ "$status" = 143 ] || wrong "a save that is called off: $status"
works --host machine list guest
grep -q -- ' [-r][-b]---- ' out || wrong 'it was called off, and is suspended'
[ -z "$(ls late.save* 2>/dev/null)" ] || wrong 'a part of a file is left'
# A file as large as files may be.
will_suspend
checks=$((checks + 1))
(ulimit -f 2000 && "$domwright" --host machine save guest late.save) >out 2>err
grep -q 'File too large' err || wrong 'not said that the file is too large'
wait $suspends
[ -z "$(ls late.save* 2>/dev/null)" ] || wrong 'a part of a file is left'
works --host machine list guest
grep -q -- ' [-r][-b]---- ' out || wrong 'it does not go on'
works --host machine destroy guest
gone

# Nobody else saves it or gives it away meanwhile; and whoever does is killed.
ready hello-64
mkfifo slow
"$domwright" --host machine save guest slow >/dev/null 2>first &
save=$!
{
    head -c 100000 >/dev/null
    until [ -e tried ]; do sleep 0.1; done
} <slow &
reader=$!
until on_host "$top/tests/fx/store_list" | grep -q 'domwright-save.*asked'; do
    sleep 0.1
done
for command in 'save guest no.save' 'save -c guest no.save' \
    'migrate guest --via cat'; do
    # shellcheck disable=SC2086 # words
    fails 1 "domain guest is being saved: process $save sees to it" \
        --host machine $command
done
kill -9 $save
wait $save
touch tried
wait $reader
works --host machine list guest
grep -q -- ' [-r][-b]---- ' out || wrong 'who saves it was killed, and it is suspended'
wait $suspends
on_host "$top/tests/fx/store_list" | grep -q domwright-save &&
    wrong 'it is being saved by nobody'
works --host machine destroy guest
gone

# A full disk: the guest goes on, and no file is there.
ready hello-pae
mkdir small
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1M tmpfs small 2>/dev/null; then
    run --host machine save guest small/guest.save
    wait $suspends
    [ "$status" = 1 ] || wrong 'a full disk is no failure'
    grep -q '^domwright: cannot write domain guest to small/guest.save: No space '\
'left on device$' err ||
        wrong 'not said that the disk is full'
    [ -z "$(ls small)" ] || wrong 'a part of a file is left'
    umount small
else
    kill $suspends
fi
works --host machine list guest
grep -q -- ' [-r][-b]-[-]-- ' out || wrong 'it does not go on'

# ---- files that nobody should believe ----
head -c 10000 guest.save >cut.save
run --host machine restore cut.save
[ "$status" = 3 ] || wrong 'a file that is cut off'
grep -q 'the stream is cut off$' err || wrong 'a file that is cut off'
fails 3 'cannot read none.save: No such file or directory' --host machine restore none.save
sed 's/"type": "pv"/"type": "xx"/' guest.save >type.save
fails 3 'type.save: the configuration: it is not of a PV guest' \
    --host machine restore type.save
sed 's/"name": "guest"/"name": "gu\/st"/' guest.save >name.save
fails 3 'name.save: the configuration: its name is none that a domain can have' \
    --host machine restore name.save
# Of a guest that is more than domwright restores, xl restores all.
works --host machine destroy guest
sed 's/"localtime": "False"/"localtime": "True" /' guest.save >xl.save
PATH=${xl%/*}:$PATH
run --host machine restore -e xl.save
[ "$status" = 0 ] || wrong 'not left to xl'
grep -q '^domwright: its configuration says more than domwright restores' err || wrong 'not left to xl'
works --host machine destroy guest
gone
finish
