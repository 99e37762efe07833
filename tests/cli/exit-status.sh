#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The exit status of each command, as domwright(1) has them: each one that its
# list names, by each command that can end with it, and each reason that it gives.

# libxenguest waits until a stream is on the disk; so where there is none.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

# ends STATUS COMMAND...: with that one; whoever fails says why.
ends() {
    want=$1
    shift
    run "$@"
    judge "$@"
}

judge() {
    echo "$1 $status" >>seen
    if [ "$status" != "$want" ]; then
        wrong "'$*' ended with status $status, not $want"
    elif [ "$status" = 0 ]; then
        [ ! -s err ] || wrong "'$*' had something to say"
    elif [ "$status" -lt 128 ]; then
        grep -q '^domwright: ' err || wrong "'$*' did not say why it failed"
    fi
}

# fault N:WHAT COMMAND...: its Nth call meets that, on a host that is as before
# afterwards.
fault() {
    fault=$1
    shift
    cp machine machine.copy
    checks=$((checks + 1)) status=0
    "$fakexen" --host machine.copy --fail "$fault" "$domwright" "$@" \
        >out 2>err </dev/null || status=$?
    judge "$@"
}

# refused COMMAND...: its first hypercall is, that it cannot do without.
refused() {
    cp machine machine.copy
    "$fakexen" --host machine.copy --trace trace "$domwright" "$@" \
        >out 2>err </dev/null
    want=4
    fault "$(sed -n 's/.*"n":\([0-9]*\),"call":"\(sysctl\|domctl\)".*/\1/p' \
        trace | head -n 1):EPERM" "$@"
}

# Those of one status, a line each, on standard input.
all_end() {
    while read -r line; do
        # shellcheck disable=SC2086 # words
        ends "$1" $line
    done
}

# What a guest's kernel does to be saved.
plays() {
    wait
    "$domwright" regress --play guest >played 2>&1 &
    until grep -q ready played || ! kill -0 $!; do sleep 0.1; done
}

for host in machine there; do
    "$fakexen" --host $host --memory 128M true
done
config guest.cfg 'memory = 16'
config big.cfg 'name = "big"' 'memory = 512'
config wrong.cfg 'memory = "much"'
echo 'no guest' >text

# ---- 2: the command line is wrong ----
"$domwright" help | sed -n 's/^  \([a-z-]*\)  .*/\1/p' >commands
while read -r command; do
    case $command in
    xl) ;; # whose options are xl's
    *) ends 2 "$command" --frob ;;
    esac
done <commands

# ---- 0, 4, 5: what there is, none to talk to, one that refuses ----
# Each of one guest, in this order; so all that ask the hypervisor.
while read -r line; do
    # shellcheck disable=SC2086 # words
    {
        DOMWRIGHT_FAKEXEN=/nowhere
        ends 5 $line
        DOMWRIGHT_FAKEXEN=$fakexen
        refused $line
        case $line in save* | migrate*) plays ;; esac
        ends 0 $line
    }
done <<'END'
create -epq guest.cfg
list guest
info guest
caps
domid guest
domname guest
rename guest other
rename other guest
mem-set guest 16
vcpu-list guest
vcpu-set guest 1
inspect guest
verify guest
unpause guest
pause guest
wait --state=paused guest
save guest saved
restore -epq saved
migrate -ep guest fakexen:there
create -epq guest.cfg
shutdown guest
reboot guest
destroy guest
END
wait
# Of which nobody but the hypervisor, or its guests, can make an end.
while read -r line; do
    # shellcheck disable=SC2086 # words
    {
        DOMWRIGHT_FAKEXEN=/nowhere
        ends 5 $line
        DOMWRIGHT_FAKEXEN=$fakexen
        refused $line
    }
done <<'END'
console 0
events --count=1 --timeout=0
migrate-receive
END

# ---- 1: no such domain, the time is over, a fault is found ----
all_end 1 <<'END'
list nobody
info nobody
domid nobody
domname nobody
rename nobody other
mem-set nobody 16
vcpu-list nobody
vcpu-set nobody 1
inspect nobody
verify nobody
unpause nobody
pause nobody
wait nobody
shutdown nobody
reboot nobody
save nobody file
migrate nobody fakexen:there
destroy nobody
console nobody
events --count=1 --timeout=0
hooks --status 999999999
regress --state=nobody
END

# ---- 3: a configuration, or a file that it names; a saved guest ----
works create -epq guest.cfg
all_end 3 <<'END'
create nowhere
create wrong.cfg
create guest.cfg
create guest.cfg name="other" kernel="/nowhere"
create guest.cfg name="other" kernel="text"
create guest.cfg name="other" memory=1
convert --to=json nowhere
convert --to=json wrong.cfg
image nowhere
image text
inspect ./text
restore nowhere
restore text
directmap --e820=nowhere
directmap --e820=text
END
works destroy guest

# ---- 4: more than the host has; a type of guest that it does not run ----
ends 4 create big.cfg

# ---- a program that it becomes; a signal, which ends events in order ----
mkdir bin
printf '#!/bin/sh\necho "domwright: not this one" >&2\nexit 42\n' >bin/xl
chmod +x bin/xl
config disk.cfg 'disk = ["/nowhere,raw,xvda,w"]'
usual=$PATH
PATH=$work/bin:$PATH
ends 42 xl list
ends 42 create disk.cfg
PATH=$usual
want=143
fault 1:SIGTERM list
fault 9:SIGTERM create -e guest.cfg
want=0
fault 3:SIGTERM events

# ---- those that need no hypervisor ----
DOMWRIGHT_FAKEXEN=/nowhere
all_end 0 <<'END'
help
help create
create -n guest.cfg
convert --to=json guest.cfg
image saved
hooks --status
regress --list
END
DOMWRIGHT_FAKEXEN=$fakexen

# ---- what is in the manual is what was tried ----
checks=$((checks + 1))
sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EX/s/^\.It \([0-9]*\)$/\1/p' \
    "$srcdir/man/domwright.1" >want
sed -n 's/.* \([0-5]\)$/\1/p' seen | sort -u >out
diff want out >err || wrong "the manual's list has others"
while read -r command; do
    checks=$((checks + 1))
    case $command in
    convert | directmap | help | hooks | image | regress) wanted='2' ;;
    xl) wanted=42 ;;
    *) wanted='2 4 5' ;;
    esac
    for status in $wanted; do
        grep -qx "$command $status" seen ||
            wrong "$command was not seen to end with $status"
    done
done <commands
finish
