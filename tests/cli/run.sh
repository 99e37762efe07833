#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that run on an embedded host: test guests to their end, GRUB to its
# prompt, typed into; a runner that is killed; two guests at once. The machine is
# audited after each.
home=${HOME-} # where the CPU may be kept
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
: "${DOMWRIGHT_CACHE:=${XDG_CACHE_HOME:-$home/.cache}/domwright}"
export DOMWRIGHT_CACHE
DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

on_host() {
    "$fakexen" --host machine "$@"
}

guest() {
    config guest.cfg "kernel=\"$1\"" 'memory=64' 'on_poweroff="preserve"' \
        'on_crash="preserve"'
}

# runs [OPTION]... -- COMMAND...: with the guests' consoles in out, where what the
# command says would stand in the midst of a line of theirs.
runs() {
    checks=$((checks + 1)) status=0
    "$fakexen" --host machine run --limit 60 "$@" >out 2>err </dev/null ||
        status=$?
    [ "$status" = 0 ] || wrong "run $*: ended with status $status"
    tr -d '\r' <out >console
}

audited() {
    on_host --status >out 2>err || wrong "$1: the machine is not in order"
    grep -qx 'audit: 0 differences' out || wrong "$1: the audit"
}

gone() {
    on_host "$domwright" destroy guest >out 2>err || wrong 'destroy'
}

# until_it COMMAND...: succeeds, which it has to some time.
until_it() {
    tries=600
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" != 0 ] || { wrong "in vain: $*"; return; }
        sleep 0.05
    done
}

"$fakexen" --host machine --memory 512M --run true || exit 99
guest "$guests/hello-pae"
runs -- "$domwright" create -eq guest.cfg
if grep -q 'does not run: .*Unicorn' err; then
    sed -n 's/.*does not run: //p' err
    exit 77
fi
gone

# Why one does not run is said once, and again when it was paused.
# shellcheck disable=SC2016 # for the inner shell
FAKEXEN_UNICORN=/nowhere "$fakexen" --host other --memory 512M --run sh -c '
    "$1" create -e guest.cfg; "$1" list; "$1" pause guest' sh "$domwright" \
    >out 2>err
[ "$(grep -c 'does not run: ' err)" = 2 ] || wrong "not told twice: $(cat err)"

for kernel in pae legacy 64; do
    guest "$guests/hello-$kernel"
    runs -- "$domwright" create -eq guest.cfg
    grep -qx 'hello: done' console || wrong "hello-$kernel does not end"
    grep -qx "variant=$kernel" console || wrong "hello-$kernel is another one"
    on_host "$domwright" list >out 2>err
    grep -Eq '^guest .*s-' out || grep -Eq '^guest .*shut' out ||
        wrong "hello-$kernel is not shut down"
    audited "hello-$kernel"
    gone
    audited "hello-$kernel, gone"
done

for kernel in pae legacy 64; do
    guest "$guests/check-$kernel"
    runs -- "$domwright" create -eq guest.cfg
    grep -qx '# check: done' console || wrong "check-$kernel does not end"
    ! grep '^not ok' console >err || wrong "check-$kernel"
    audited "check-$kernel"
    gone
done

# Those of several vCPUs, which take turns.
for vcpus in 2 4; do
    for kernel in pae legacy 64; do
        guest "$guests/smp-$kernel"
        echo "vcpus=$vcpus" >>guest.cfg
        runs -- "$domwright" create -eq guest.cfg
        grep -qx '# smp: done' console || wrong "smp-$kernel does not end"
        grep -qx "# vcpus=$vcpus" console || wrong "smp-$kernel: other vCPUs"
        ! grep '^not ok' console >err || wrong "smp-$kernel: $(cat err)"
        audited "smp-$kernel"
        gone
    done
done

# What is typed into a terminal comes to the guest, which says it again.
runner_of() {
    for process in /proc/[0-9]*; do
        ! tr '\0' ' ' 2>/dev/null <"$process/cmdline" |
            grep -q -- " $work/machine --runner $1 " || echo "${process#/proc/}"
    done
}

type_in() {
    tty=$(on_host "$top/tests/fx/store_list" |
        sed -n "s:^/local/domain/$1/console/tty = \"\(.*\)\"  *(.*:\1:p")
    printf '%s\r' "$2" >"$tty"
}

for kernel in /usr/lib/grub-xen/grub-i386-xen.bin \
    /usr/lib/grub-xen/grub-x86_64-xen.bin; do
    [ -e "$kernel" ] || continue
    guest "$kernel"
    works create -eq guest.cfg
    works wait --text='grub>' --timeout=60 guest
    type_in "$("$domwright" domid guest)" 'echo ab""cd'
    works wait --text='^abcd' --timeout=60 guest
    on_host "$domwright" list >out 2>err
    grep -Eq '^guest .* r----- +([1-9]|0\.[0-9]*[1-9])' out ||
        wrong "it does not seem to run: $(cat out)"
    # Its grants are used by others as it sees in its memory alone.
    on_host "$top/tests/fx/gnttab" watch "$("$domwright" domid guest)" \
        >out 2>&1 || wrong "its grants: $(cat out)"
    works pause guest # GRUB waits busily, and is looked at in between
    audited "$kernel"
    gone
    audited "$kernel, gone"
done

# Its console from the beginning; left at the prompt.
if command -v script >/dev/null && [ -e "$kernel" ]; then
    : >shown
    # shellcheck disable=SC2094 # what is shown is waited for
    { until_it grep -q 'grub>' shown; printf '\035'; } |
        script -qec "'$domwright' create -ceq guest.cfg" /dev/null >shown ||
        wrong 'create -c'
    grep -q 'grub>' shown || wrong 'create -c shows no prompt'
    gone
fi

# A guest that is saved, restored, and goes on; in memory, as that is synced.
guest "$guests/suspend-pae"
printf '%s\n' 'vcpus=3' 'extra="count"' >>guest.cfg
TMPDIR=/dev/shm
export TMPDIR
saved=$(mktemp) || exit 99
works create -eq guest.cfg
works wait --text='suspend: ready 0' --timeout=60 guest
run save guest "$saved"
[ "$status" = 0 ] || wrong 'save'
audited 'save'
run restore -e "$saved"
[ "$status" = 0 ] || wrong 'restore'
rm "$saved"
works wait --text='suspend: ready 1' --timeout=60 guest
grep -hq '^wrong_memory=0 wrong_p2m=0 tables=same' machine.console-*.log ||
    wrong 'another memory'
grep -h '^vcpus=' machine.console-*.log | tr -d '\r' | uniq >err
[ "$(cat err)" = 'vcpus=3 counting=yes' ] || wrong "its vCPUs: $(cat err)"
audited 'restore'

# Whose runner is killed has crashed; another goes on, and stays in order.
config other.cfg "kernel=\"$guests/suspend-64\"" 'memory=32' 'name="other"' \
    'on_crash="preserve"'
works create -eq other.cfg
works wait --text='suspend: ready 0' --timeout=60 other
kill -KILL "$(runner_of "$("$domwright" domid other)")"
until_it on_host "$domwright" wait --state=crashed --timeout=1 other
audited 'a killed runner'
works destroy other
works shutdown --wait guest
audited 'all gone'
finish
