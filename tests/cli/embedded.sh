#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright where there is no Xen: on an embedded host, named or its own.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

needs_embedded

status_of() {
    "$fakexen" --host "$1" --status | grep -E '^(free|type|pinned) '
}

# A host that is named outlives the command, and nothing is said of it.
works --host machine list
prints '^Domain-0 +0 '
before=$(status_of machine)
for variant in pae legacy 64; do
    config guest.cfg
    works --host machine create guest.cfg "kernel=\"$guests/hello-$variant\""
    prints '^created guest \(domain [0-9]+\): '
    works --host machine list
    prints '^guest +[0-9]+ +32 +1 '
    works --host machine info --json guest
    prints '"memory_mib": 32'
    fails 3 "guest.cfg:1: name: domain $(sed -n 's/^ *"id": \([0-9]*\),*$/\1/p' out) is named guest already" \
        --host machine create guest.cfg
    works --host machine pause guest
    works --host machine unpause guest
    works --host machine destroy guest
    [ "$(status_of machine)" = "$before" ] || wrong "$variant left something"
done
fails 1 'no domain is named guest' --host machine destroy guest

# What is to be said of a file is said once, although the program starts twice.
config odd.cfg 'maxvpus = 2'
warns 'odd.cfg:4: unknown key maxvpus' --host machine create -e odd.cfg
works --host machine destroy guest
config odd.cfg 'root = "/dev/xvda1"' 'cmdline = "x"'
warns 'odd.cfg: root and extra are ignored beside cmdline' \
    --host machine create -e odd.cfg
works --host machine destroy guest

# Nothing serves devices or consoles, and who waits for that is told at once.
# waits COMMAND...: its status and messages.
waits() {
    checks=$((checks + 1))
    status=0
    "$fakexen" --host machine "$@" >out 2>err </dev/null || status=$?
}
toolstack=$top/tests/cli/toolstack
for path in /local/domain/0/backend/vif/4/0/state \
    /local/domain/7/backend/vbd/300/51712/state; do
    waits "$toolstack" watch $path
    [ "$status" = 0 ] || wrong "$path"
    [ "$(cat err)" = 'fakexen: devices have no backend on an embedded host, '\
'and who waits for one waits in vain; vif=[] and disk=[] leave them out' ] ||
        wrong "$path: it is not told"
done
for path in /local/domain/0/backend/console/4/0/state \
    /local/domain/0/backend/vif/4/0 /local/domain/4/device/vif/0/state \
    /local/domain/0/backend/vif/4/0/state/x; do
    waits "$toolstack" watch $path
    [ "$status" = 0 ] || wrong "$path"
    [ ! -s err ] || wrong "$path: there is nothing to tell"
done
works --host machine create -e guest.cfg
id=$("$domwright" --host machine domid guest)
cp "$toolstack" xenconsole
waits ./xenconsole read "/local/domain/$id/console/tty"
[ "$status" = 1 ] || wrong "a console client: status $status"
[ "$(cat err)" = "fakexen: nothing serves a console on an embedded host: \
domain $id does not run" ] || wrong 'a console client is not told'
waits ./xenconsole read "/local/domain/$id/console/type"
[ "$status" = 0 ] || wrong 'a console client that reads something else'
waits "$toolstack" read "/local/domain/$id/console/tty"
[ "$status:$(cat out)" = 0:/dev/null ] || wrong 'another program'
works --host machine destroy guest
if [ -x "$xen_tools/xl" ] && [ -w /run/xen ]; then
    waits timeout 60 "$xen_tools/xl" create -c -e guest.cfg
    [ "$status" = 0 ] || wrong "xl create -c: status $status"
    grep -q '^fakexen: nothing serves a console' err || wrong 'xl create -c'
    works --host machine destroy guest
fi

# As many vCPUs as Xen has.
works --host machine create guest.cfg vcpus=129 maxvcpus=8192
works --host machine destroy guest

# A host with more memory than a 32-bit guest can see of it.
"$fakexen" --host large --memory 200G true
fails 3 "argument 'memory=131073': memory: a 32-bit guest of 131073 MiB; Xen \
gives it machine frames below 131072 MiB only" \
    --host large create guest.cfg memory=131073 "kernel=\"$guests/hello-pae\""
rm -f large

# Verbs over several domains do all that they can, and tell of each failure.
works --host machine create guest.cfg 'name="a"'
works --host machine create guest.cfg 'name="b"'
fails 1 "no domain is named x
domwright: domain 0 is not to be destroyed
domwright: no domain 77" --host machine destroy x a 0 b 77
works --host machine list
if grep -qE '^[ab] ' out; then
    wrong 'destroy stopped at the first failure'
fi

# The way through the environment, and the other pin order.
DOMWRIGHT_HOST=machine
export DOMWRIGHT_HOST
works create --pin-order=root guest.cfg
works destroy guest
unset DOMWRIGHT_HOST

# Without a name it is the user's own, and said so.
if [ ! -e /dev/xen/privcmd ]; then
    own=$HOME/.local/state/domwright/host
    run create guest.cfg
    [ "$status" = 0 ] || wrong 'create on the own host'
    [ "$(cat err)" = "domwright: no Xen here; on the embedded host $own instead" ] ||
        wrong 'it does not say where it is'
    run destroy guest
    [ "$status" = 0 ] || wrong 'destroy on the own host'
    [ -e "$own" ] || wrong 'the own host is not there'
    XDG_STATE_HOME=relative run list
    [ "$status" = 0 ] || wrong 'a relative XDG_STATE_HOME is not ignored'
    [ "$(cat err)" = "domwright: no Xen here; on the embedded host $own instead" ] ||
        wrong 'XDG_STATE_HOME: it does not say where it is'
    # There is no place for it.
    old_home=$HOME
    : >file
    HOME=$work/file
    fails 5 "no Xen here, and the embedded host $HOME/.local/state/domwright/host \
cannot be: Not a directory; --host names another" list
    unset HOME
    fails 5 'no Xen here, and HOME names no place for an embedded host; --host does' \
        list
    works --host machine list
    HOME=$old_home
fi

# What Debian calls xl is a script that looks for Xen, of which there is none.
case $(readlink -f "$(command -v xl)") in
*/xen-utils-wrapper)
    if [ -x "$xen_tools/xl" ] && [ -w /run/xen ] &&
        [ ! -e /dev/xen/privcmd ]; then
        works --host machine xl list
        prints '^Domain-0 +0 '
        run --host machine create -p guest.cfg cpu_weight=256
        [ "$status" = 0 ] || wrong 'xl does not build on an embedded host'
        works --host machine destroy guest
    fi
    ;;
esac

# What cannot be.
echo 'no host at all' >bad
run --host bad list
[ "$status" = 5 ] || wrong 'a file that is no host is taken for one'
[ "$(wc -l <err)" = 1 ] || wrong 'a bad host file is not one line'

# Who waits for a guest of a host that is removed, waits no longer.
for verb in shutdown reboot; do
    works --host doomed create -e guest.cfg
    timeout 60 "$domwright" --host doomed $verb -w guest >out 2>err &
    pid=$!
    until "$fakexen" --host doomed "$top/tests/fx/store_list" |
        grep -q 'control/shutdown = "[a-z]'; do
        sleep .05
    done
    rm doomed
    status=0
    wait $pid || status=$?
    [ "$status" = 5 ] || wrong "$verb -w and a host that is removed: $status"
    [ "$(tail -n 1 err)" = 'domwright: the embedded host is gone' ] ||
        wrong "$verb -w and a host that is removed: it is not told"
done

DOMWRIGHT_FAKEXEN=/nowhere
export DOMWRIGHT_FAKEXEN
fails 5 'the embedded host machine: /nowhere: No such file or directory' \
    --host machine list
if [ ! -e /dev/xen/privcmd ]; then
    fails 5 'DOMWRIGHT_FAKEXEN: /nowhere: No such file or directory' list
fi
finish
