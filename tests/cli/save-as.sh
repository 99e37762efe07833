#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# create --save-as: a guest in a file, made without a host, that is restored as
# the one that create would have started.

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

on_host() {
    "$fakexen" --host machine "$@"
}
machine() {
    on_host --status | grep -v '^hypercalls'
}
"$fakexen" --host machine --memory 6G true
machine >before

# plan ITEM: where it is, of the guest in guest.cfg.
plan() {
    "$domwright" create -n --json guest.cfg | python3 -c "
import json, sys
print(next(i['pfn'] for i in json.load(sys.stdin)['items']
           if i['item'] == '$1'))"
}

# written FILE: the guest, saved once its kernel could be: an image of all that
# it is.
written() {
    : >ready
    on_host timeout 60 "$top/tests/fx/suspends" \
        "$("$domwright" --host machine domid guest)" "$(plan 'P2M list')" \
        "$(plan 'start info')" >ready &
    until grep -q ready ready || ! kill -0 $!; do sleep 0.1; done
    works --host machine save guest "$1"
    wait $!
}
# What is told of it that is not the host's.
portrait() {
    "$domwright" --host machine inspect --json guest | python3 -c "
import json, sys
report = json.load(sys.stdin)
del report['frames'], report['id']
print(json.dumps(report, indent=1))" | grep -v '"mfn":'
    "$domwright" --host machine info guest |
        grep -v '^\(id\|root_mfn\|time\)'
    on_host "$xl" list -l guest | grep -v '"domid":'
}
gone() {
    works --host machine destroy guest
    machine >after
    cmp -s before after || {
        diff before after >out
        wrong "the machine is not what it was"
    }
}

verify=${xl%/*}/verify-stream-v2
# verified FILE: as Xen's own reader has it, which knows no xl's header.
verified() {
    [ -e "$verify" ] || return 0
    python3 -c "
data = open('$1', 'rb').read()
open('libxl', 'wb').write(data[data.index(b'LibxlFmt'):])"
    PYTHONPATH=${verify%/bin/*}/lib/python python3 "$verify" -f libxl \
        -i libxl >out 2>err || wrong 'verify-stream-v2 does not like it'
}

for kernel in hello-pae hello-legacy hello-64; do
    config guest.cfg "kernel = '$guests/$kernel'" 'memory = 16' 'vcpus = 2' \
        "uuid = '$uuid'" 'cmdline = "some words"'
    works --host machine create -pe guest.cfg
    works --host machine verify guest
    portrait >want
    written want.save
    # Nothing is asked of Xen: there is none.
    works create --save-as image guest.cfg
    [ "$(cat out)" = 'saved guest to image, before its start' ] ||
        wrong 'it did not say what it did'
    [ "$(stat -c %a image)" = 600 ] || wrong 'anybody may read the file'
    verified image
    for restore in "$domwright restore" "$xl restore"; do
        # shellcheck disable=SC2086 # two words
        if ! on_host $restore -pe image >out 2>err </dev/null; then
            is_xls_fault || wrong "$restore"
            machine >after
            cmp -s before after || wrong "$restore: it leaves something"
            continue
        fi
        # Stock libxenguest puts a legacy guest's L3 anywhere.
        case $kernel:$restore in
        hello-legacy:$xl*) ;;
        *)
            works --host machine verify guest
            [ "$(cat out)" = 'guest: 0 findings' ] ||
                wrong 'verify finds something'
            portrait >have
            diff want have >out || wrong "$kernel: $restore makes another guest"
            ;;
        esac
        # The frame lists, which are the last two pages and in shared_info, are
        # of other frames.
        written have.save
        run image --json want.save have.save
        python3 -c "
import json
shared, rows = json.load(open('out'))
assert shared == {'what': 'another shared_info'}, shared
assert (rows['first_pfn'], rows['last_pfn'], rows['type']) == \\
    (4094, 4095, 'normal'), rows" 2>err || wrong "$kernel: other contents"
    done
    machine >after
    cmp -s before after || wrong 'the machine is not what it was'
done

# A ramdisk is mapped, whatever the kernel says: who restores a guest clears the
# flag that says otherwise.
seq 3000 >ramdisk
for kernel in hello-pae hello-64; do
    config guest.cfg "kernel = '$guests/$kernel'" "ramdisk = '$work/ramdisk'" \
        'memory = 16' 'cmdline = "mod"'
    works create --save-as image guest.cfg
    works --host machine restore -pe image
    works --host machine inspect --json guest
    python3 -c "
import json
report = json.load(open('out'))
disk, = [a for a in report['areas'] if a['what'] == 'ramdisk']
assert disk['pages'] == 4 and disk['writable'] == 4 and disk['first'], disk
" 2>err || wrong "$kernel: where is its ramdisk?"
    works --host machine verify guest
    gone
done

# As large as one likes, in a small file.
config guest.cfg "kernel = '$guests/hello-64'" 'memory = 65536'
works create --save-as image guest.cfg
[ "$(($(stat -c %b image) * $(stat -c %B image) >> 20))" -lt 200 ] ||
    wrong '64 GiB in more than 200 MiB'
works image image
prints '^pfns *: 16777216$'
config guest.cfg 'memory = 16'
works create --save-as image guest.cfg
# A pipe has no holes.
works create -q --save-as /dev/stdout guest.cfg "uuid='$uuid'"
mv out piped
works create -q --save-as image guest.cfg "uuid='$uuid'"
cmp -s image piped || wrong 'a pipe gets another guest'

# Affinity, of a host that nobody knows.
works create --save-as image guest.cfg 'cpus="1-2"'
works --host machine restore -pe image
works --host machine vcpu-list guest
prints ' 1-2 '
gone

# ---- refusals ----
vnuma='vnuma=[["pnode=0","size=16","vcpus=0","vdistances=10"]]'
fails 3 "argument '$vnuma': vnuma: nothing could restore virtual nodes" create \
    --save-as no guest.cfg "$vnuma"
run create --save-as no guest.cfg 'disk=["phy:/dev/null,xvda,w"]'
[ "$status" = 3 ] || wrong 'a guest with devices'
fails 2 'create: --save-as makes a file and no domain: only -f, --format and '\
'KEY=VALUE go with it; see "domwright help create"' create -p --save-as no guest.cfg
for file in '' -; do
    fails 2 'create: --save-as wants a file; /dev/stdout is one, too; see '\
'"domwright help create"' create --save-as "$file" guest.cfg
done
fails 1 'cannot write none/no: No such file or directory' create --save-as none/no guest.cfg
fails 1 'cannot write /dev/full: No space left on device' create --save-as /dev/full guest.cfg
checks=$((checks + 1))
(ulimit -f 20 && "$domwright" create --save-as no guest.cfg) >out 2>err
grep -q '^domwright: cannot write no: File too large$' err ||
    wrong 'not said that the file is too large'
run create --save-as no guest.cfg memory=1
[ "$status" = 3 ] || wrong 'it does not fit'
[ -z "$(ls no* 2>/dev/null)" ] || wrong 'a part of a file is left'
finish
