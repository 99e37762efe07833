#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whose a name, a UUID and an entry in xenstore are: of the domains that Xen
# has. What others have left there counts for nothing, but is not asked for.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

on_host() {
    "$fakexen" --host machine "$@"
}

toolstack() {
    on_host "$top/tests/cli/toolstack" "$@"
}

node() {
    toolstack read "/local/domain/$1"
}

# is GOT WANTED WHAT
is() {
    checks=$((checks + 1))
    [ "$1" = "$2" ] || wrong "$3: $1, not $2"
}

# Who is there, but for domain 0: names and IDs.
there() {
    "$domwright" list | sed -n 's/  *\([0-9]*\) .*/:\1/; 3,$p' | tr '\n' ' '
}

store() {
    on_host "$top/tests/fx/store_list"
}

uuid=11111111-2222-4333-8444-555555555555
config guest.cfg 'memory = 16'
config named.cfg 'memory = 16' "uuid = \"$uuid\""

# ---- an entry whose domain is gone ----
works create -ep guest.cfg 'name="first"'
works destroy first
works create -ep guest.cfg # domain 2, of the entry's name
toolstack write /local/domain/1/name guest
toolstack write /local/domain/1/domid 1
toolstack write /local/domain/77/name ghost
toolstack write "/local/domain/77/vm" "/vm/$uuid"
store >before

# Every verb that takes a name goes to the one that lives.
for verb in domid domname info pause unpause shutdown reboot; do
    works $verb guest
    fails 1 'no domain is named ghost' $verb ghost
done
for verb in list vcpu-list; do
    works $verb guest
    prints '^guest  *2 '
    run $verb ghost
    is "$status:$(cat err)" '1:domwright: no domain is named ghost' $verb
done
works vcpu-set guest 1
fails 1 'no domain is named ghost' vcpu-set ghost 1
works mem-set guest 16
fails 1 'no domain is named ghost' mem-set ghost 16
works domid guest
prints '^2$'
fails 3 'guest.cfg:1: name: domain 2 is named guest already' create -ep guest.cfg
is "$(there)" 'guest:2 ' 'one guest'
fails 1 'no domain is named ghost' rename ghost x
fails 1 'no domain is named ghost' destroy ghost
toolstack write /local/domain/2/control/shutdown ''
store | cmp -s before - || wrong 'an entry was touched'

# It keeps nobody from its name, neither a new guest nor an old one.
works create -ep guest.cfg 'name="ghost"' # domain 3
works domid ghost
prints '^3$'
works rename ghost other
works rename other ghost
works destroy ghost
fails 1 'no domain is named ghost' destroy ghost
is "$(node 77/name)" ghost 'of another'

# By its ID it goes; but that destroyed no domain.
works create -ep named.cfg 'name="x"' # domain 4, whose /vm entry 77 names
fails 1 'no domain 77; what it had left in xenstore is removed' destroy 77
fails 1 'no domain 77' destroy 77
checks=$((checks + 1))
on_host --trace trace "$domwright" destroy 1 >out 2>err &&
    wrong 'no domain is destroyed, and that is success'
is "$(cat err)" \
    'domwright: no domain 1; what it had left in xenstore is removed' 'what goes'
grep -q '"destroydomain"' trace && wrong 'a domain is destroyed'
store >out
grep -E '/domain/(1|77)[/ ]' out && wrong 'the entries are still there'
is "$(toolstack read "/vm/$uuid/name")" x 'the /vm entry of who lives'
is "$(there)" 'guest:2 x:4 ' 'who lives'
works destroy x
toolstack read "/vm/$uuid/name" >out && wrong 'its /vm entry is left'
works destroy guest

# ---- one UUID ----
store >before
works create -ep named.cfg
a=$("$domwright" domid guest)
store >entries
fails 3 "named.cfg:5: uuid: domain $a (guest) has it already" \
    create -ep named.cfg 'name="b"'
fails 3 "named.cfg:5: uuid: domain $a (guest) has it already" \
    create -ep named.cfg 'name="b"' 'disk=["/etc/hostname,,xvda"]'
store | cmp -s entries - || wrong 'a refused twin'
is "$(there)" "guest:$a " 'no twin'

# Others do make two. What the one leaves is the other's.
b=$(toolstack create 7) c=$(toolstack create 7)
seven=07070707-0707-0707-0707-070707070707
fails 3 "argument 'uuid=\"$seven\"': uuid: domain $b (without a name) has it \
already" create -ep guest.cfg 'name="d"' "uuid=\"$seven\""
for twin in "$b" "$c"; do
    toolstack write "/local/domain/$twin/vm" /vm/$seven
    toolstack write "/local/domain/$twin/name" "twin$twin"
done
toolstack write /vm/$seven/name "twin$c"
works destroy "$b"
is "$(toolstack read /vm/$seven/name)" "twin$c" 'the twin keeps its entry'
# That of another UUID which its own entry names is nobody's by now.
toolstack write "/local/domain/$c/vm" "/vm/$uuid"
works destroy "$c"
is "$(toolstack read "/vm/$uuid/name")" guest 'an entry that it only named'

# ---- a domain that is dying has neither name nor UUID any more ----
frame=$(node "$a/store/ring-ref")
mkfifo hold
# shellcheck disable=SC2094 # hold and held are two
toolstack hold "$a" "$frame" <hold >held &
exec 9>hold
until grep -q held held; do
    sleep .02
done
works destroy guest
toolstack write "/local/domain/$a/name" guest
toolstack write "/local/domain/$a/vm" "/vm/$uuid"
works list guest
prints "^guest  *$a .* --p--d "
works create -ep named.cfg
d=$("$domwright" domid guest)
checks=$((checks + 1))
[ "$d" != "$a" ] || wrong 'the name of one that is dying'
works domid $uuid
prints "^$d\$"
works destroy "$a"
is "$(toolstack read "/vm/$uuid/name")" guest 'not the dying one'\''s any more'
exec 9>&-
wait
works rename guest g
works destroy g
store | grep -v "/vm/$seven\|/vm = " >out
grep -v '/vm = ' before | cmp -s - out || { diff before out >err; wrong 'left'; }

# ---- a name or a UUID that is given away in the midst of something ----
# traced VERB...: what calls it makes.
traced() {
    on_host --trace calls "$domwright" "$@" >out 2>err || wrong "$*"
    checks=$((checks + 1))
}

# stop_at CALL VERB...: it is stopped before it makes the first call of that
# name; $pid is its process, $all that of fakexen.
stop_at() {
    call=$(sed -n "/\"$1\"/{s/.*\"n\":\([0-9]*\),.*/\1/p;q}" calls)
    shift
    rm -f trace
    "$fakexen" --host machine --trace trace --fail "$call:SIGSTOP" \
        "$domwright" "$@" >late 2>said &
    all=$!
    until pid=$(sed -n '1s/^{"pid":\([0-9]*\).*/\1/p' trace 2>/dev/null) &&
        [ "$pid" ] && grep -q '^State:.T' "/proc/$pid/status"; do
        sleep .02
    done
}

# goes_on STATUS LINE: it does, and ends so.
goes_on() {
    kill -CONT "$pid"
    status=0
    wait "$all" || status=$?
    [ "$status" = "$1" ] || wrong "it goes on, and ends with $status"
    is "$(cat said)" "$2" 'what it says'
}

traced create -ep guest.cfg 'name="early"'
works destroy early
stop_at xs_transaction_end create -ep guest.cfg
works create -ep guest.cfg
g=$("$domwright" domid guest)
goes_on 3 "domwright: guest.cfg:1: name: domain $g is named guest already"
is "$(there)" "guest:$g " 'the first to be entered has the name'

stop_at xs_transaction_end create -ep guest.cfg 'name="late"'
works rename guest late
goes_on 3 "domwright: argument 'name=\"late\"': name: domain $g is named late \
already"
is "$(there)" "late:$g " 'a name that another one is given'

stop_at createdomain create -ep named.cfg 'name="x"' "uuid=\"$uuid\""
works create -ep named.cfg
h=$("$domwright" domid guest)
goes_on 3 "domwright: argument 'uuid=\"$uuid\"': uuid: domain $h (guest) has it \
already"
works destroy late

# What is none of its business only makes it begin anew.
stop_at xs_transaction_end create -ep guest.cfg 'name="y"'
works create -ep guest.cfg 'name="z"'
goes_on 0 ''
works domid y
works destroy y z

traced rename guest other
works rename other guest
stop_at xs_transaction_end rename guest new
works create -ep guest.cfg 'name="new"'
n=$("$domwright" domid new)
goes_on 1 "domwright: domain $n is named new already"
is "$(there)" "guest:$h new:$n " 'a name that a new guest has'
works destroy guest new

# An entry in /vm is another guest's by the time that it would be removed.
works create -ep named.cfg
traced destroy "$("$domwright" domid guest)"
works create -ep named.cfg
h=$("$domwright" domid guest)
stop_at xs_rm destroy "$h"
works destroy "$h"
works create -ep named.cfg
goes_on 0 ''
is "$(toolstack read "/vm/$uuid/name")" guest 'not its own entry any more'
works destroy guest

# ---- the requests ----
# requests: how many the last command on the host made to xenstore, and what it
# read.
requests() {
    grep '"call":"xs_' trace | grep -cv '"call":"xs_\(open\|close\)"'
}

create_traced() {
    checks=$((checks + 1))
    on_host --trace trace "$domwright" create -ep "$@" >out 2>err ||
        wrong 'create'
}

create_traced guest.cfg 'name="n1"'
alone=$(requests)
checks=$((checks + 1))
[ "$alone" -le 66 ] || wrong "$alone requests for a create"

# One for each domain more; none for what is there without a domain.
create_traced guest.cfg 'name="n2"'
is "$(requests)" $((alone + 1)) 'a domain more'
create_traced guest.cfg 'name="n3"'
is "$(requests)" $((alone + 2)) 'two domains more'
# shellcheck disable=SC2016 # the inner shell's
on_host sh -c 'id=1000
    while [ $id -lt 1700 ]; do
        "$0" /local/domain/$id/name ghost || exit
        id=$((id + 1))
    done' "$top/tests/fx/store_write" || wrong 'writing'
create_traced guest.cfg 'name="n4"'
is "$(requests)" $((alone + 3)) 'among 700 entries of no domain'
grep -q '"path":"/local/domain/1[0-9][0-9][0-9]' trace &&
    wrong 'an entry of no domain is read'
for verb in 'domid n4' 'rename n4 n5' 'pause n5' 'list' 'destroy n5'; do
    # shellcheck disable=SC2086
    on_host --trace trace "$domwright" $verb >out 2>err || wrong "$verb"
    checks=$((checks + 1))
    [ "$(requests)" -lt 20 ] || wrong "$verb: $(requests) requests"
done
finish
