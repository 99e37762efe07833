#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The commands that work on domains, as a user types them, right and wrong, and
# what there is afterwards.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

toolstack() {
    "$fakexen" --host machine "$top/tests/cli/toolstack" "$@"
}

# guest NAME [LINE]...: makes one.
guest() {
    guest_name=$1
    shift
    config guest.cfg "name = \"$guest_name\"" 'memory = 16' 'maxmem = 32' "$@"
    works create -ep guest.cfg
}

id_of() {
    "$domwright" domid "$1"
}

# is COMMAND-OUTPUT WANTED WHAT
is() {
    checks=$((checks + 1))
    [ "$1" = "$2" ] || wrong "$3: $1, not $2"
}

# Who is there, but for domain 0: names by ID.
there() {
    "$domwright" list | sed -n '3,$s/ .*//p' | tr '\n' ' '
}

node() {
    toolstack read "/local/domain/$1"
}

guest a 'uuid = "AAAAAAAA-0000-4000-8000-00000000000A"'
guest b 'uuid = "aaaaaaaa-0000-4000-8000-00000000000b"' 'vcpus = 1' 'maxvcpus = 3'
guest c
a=$(id_of a) b=$(id_of b)
machine=$(there)
is "$machine" 'a b c ' 'three guests'

# ---- by name, by ID, by UUID ----
for who in b "$b" aaaaaaaa-0000-4000-8000-00000000000b \
    AAAAAAAA-0000-4000-8000-00000000000B; do
    works domid "$who"
    prints "^$b\$"
    works domname "$who"
    prints '^b$'
    works info "$who"
    prints '^name  *: b$'
    works list "$who"
    prints '^b '
    works pause "$who"
    works unpause "$who"
    works vcpu-list "$who"
    prints "^b +$b +2 "
done
is "$(grep -c . out)" 4 'a heading and three vCPUs'
works list b a
is "$(sed 's/ .*//' out | tr '\n' ' ')" 'Name b a ' 'as they were named'
works list -v a
prints ' aaaaaaaa-0000-4000-8000-00000000000a$'
works vcpu-list
prints "^a +$a +0 "

# ---- who is not there ----
for verb in 'domid' 'domname' 'info' 'pause' 'unpause' 'console' 'destroy' \
    'shutdown' 'reboot' 'vcpu-list --json'; do
    for who in 4242 4294967297 99999999999999999999 32752; do
        # shellcheck disable=SC2086 # some are two words
        run $verb $who
        [ "$status" = 1 ] || wrong "$verb $who"
        is "$(cat err)" "domwright: no domain $who" "$verb"
    done
    for who in nobody "${b}x" "0x$b" " $b" "+$b" "$b." \
        bbbbbbbb-0000-4000-8000-00000000000b; do
        # shellcheck disable=SC2086
        run $verb "$who"
        [ "$status" = 1 ] || wrong "$verb $who"
        grep -qE '^domwright: no domain( is named)? ' err || wrong "$verb $who"
    done
    # shellcheck disable=SC2086
    run $verb -- "-$b"
    [ "$status" = 1 ] || wrong "$verb -- -$b"
    # shellcheck disable=SC2086
    run $verb ''
    [ "$status" = 1 ] || wrong "$verb of an empty name"
    is "$(cat err)" 'domwright: an empty name names no domain' "$verb"
done
fails 1 'no domain 4242' rename 4242 x
fails 1 'no domain 4242' mem-set 4242 16
fails 1 'no domain 4242' vcpu-set 4242 1
is "$(there)" "$machine" 'nothing was done'

# ---- all that are named, whatever becomes of one ----
run list a nobody c 4242
[ "$status" = 1 ] || wrong 'list with strangers'
is "$(sed 's/ .*//' out | tr '\n' ' ')" 'Name a c ' 'the others are listed'
is "$(cat err)" 'domwright: no domain is named nobody
domwright: no domain 4242' 'each has a line'
run list --json a nobody
[ "$status" = 1 ] || wrong 'list --json with strangers'
prints '"name": "a"'
fails 1 'domain 0 cannot be paused' pause 0
fails 1 'domain 0 cannot be paused' unpause Domain-0
run pause a nobody c
[ "$status" = 1 ] || wrong 'pause with strangers'
works unpause a c

# ---- destroy by number ----
fails 1 'domain 0 is not to be destroyed' destroy 0
fails 1 'domain 0 is not to be destroyed' destroy Domain-0
fails 1 'domain 0 is not to be destroyed' destroy 000
works destroy "$a"
is "$(there)" 'b c ' 'a is gone'
fails 1 "no domain $a" destroy "$a"
fails 1 "no domain $((a + 4294967296))" destroy $((a + 4294967296))
fails 1 "no domain $((b + 4294967296))" destroy $((b + 4294967296))
fails 1 "no domain $((b + 65536))" destroy $((b + 65536))
is "$(there)" 'b c ' 'its number is not the next one'
# Who takes another domain for one that is gone waits for ever below.
[ "$failures" = 0 ] || finish
run destroy nobody b 4242
[ "$status" = 1 ] || wrong 'destroy with strangers'
is "$(there)" 'c ' 'b is gone, too'

# ---- all but domain 0 ----
guest d
toolstack create >id
run destroy -v --all
is "$status,$(there)" '0,' 'all are gone'
works list
prints '^Domain-0 '
works destroy --all
# Of two that do so at once, neither misses what the other has destroyed.
for name in 1 2 3 4 5 6 7 8 9 10 11 12; do
    works create -ep guest.cfg "name='of-both-$name'"
done
"$domwright" destroy --all >other 2>&1 &
works destroy --all
wait $! || wrong 'one of two destroy --all fails'
[ ! -s other ] || wrong "one of two destroy --all says: $(cat other)"
fails 2 'destroy: -a means all domains, not c; see "domwright help destroy"' \
    destroy -a c

# ---- two of one UUID ----
one=$(toolstack create 7) two=$(toolstack create 7)
uuid=07070707-0707-0707-0707-070707070707
fails 1 "2 domains have the UUID $uuid; an ID tells which" destroy $uuid
works destroy "$two"
works destroy $uuid
is "$(there)" '' 'one, then the other'
fails 1 "no domain $one" destroy "$one"

# ---- shutdown and reboot ----
guest e
guest f
e=$(id_of e) f=$(id_of f)
is "$(node "$e/control/shutdown")" '' 'nothing was asked'
works shutdown e
is "$(node "$e/control/shutdown")" poweroff 'shutdown'
works reboot "$e"
is "$(node "$e/control/shutdown")" reboot 'reboot'
is "$(node "$f/control/shutdown")" '' 'the other was not asked'
works shutdown -a -F
is "$(node "$e/control/shutdown")$(node "$f/control/shutdown")" \
    poweroffpoweroff 'all'
toolstack read /local/domain/0/control/shutdown >out && wrong 'domain 0 was asked'
fails 1 'domain 0 is not asked; its own commands end it' shutdown 0
fails 1 'domain 0 is not asked; its own commands end it' reboot Domain-0
fails 2 'shutdown: a domain is wanted; see "domwright help shutdown"' \
    shutdown -w
fails 2 'reboot: -a means all domains, not e; see "domwright help reboot"' \
    reboot e --all

# waits PID: does it still, after it asked?
waits() {
    checks=$((checks + 1))
    tries=0
    while ! [ "$(node "$e/control/shutdown")" = "$2" ]; do
        tries=$((tries + 1))
        [ $tries -lt 500 ] || break
        sleep .02
    done
    kill -0 "$1" 2>/dev/null || wrong "it does not wait"
}

"$domwright" reboot -w e f &
pid=$!
waits $pid reboot
toolstack shutdown "$f" 1
toolstack shutdown "$e" 1
wait $pid || wrong 'reboot -w'
works shutdown -w e # which has
works info e
prints '^shutdown_reason *: reboot$'
# Empty, so that the next request is seen.
toolstack write "/local/domain/$e/control/shutdown" ''
"$domwright" shutdown -ww e &
pid=$!
waits $pid poweroff
"$domwright" destroy e
wait $pid || wrong 'shutdown -ww'
works destroy f

# ---- rename ----
guest g
guest h
g=$(id_of g)
works rename g other
works domid other
prints "^$g\$"
vm=$(node "$g/vm")
is "$(toolstack read "$vm/name")" other 'the name of /vm'
fails 1 'no domain is named g' domid g
fails 1 "domain $(id_of h) is named h already" rename other h
works rename other other
works rename "$g" g
fails 1 'domain 0 keeps its name' rename 0 x
fails 2 'rename: the new name is empty; see "domwright help rename"' rename g ''
fails 2 'rename: the new name has a slash in it; see "domwright help rename"' \
    rename g a/b
fails 2 "rename: the new name is a number, and would be taken for a domain's ID"\
'; see "domwright help rename"' rename g 17
fails 2 'rename: the new name has a control character in it; '\
'see "domwright help rename"' rename g "a
b"
fails 2 'rename: the new name has a control character in it; '\
'see "domwright help rename"' rename g "$(printf 'a\302\2332Jb')"
fails 2 'rename: the new name is not UTF-8; see "domwright help rename"' \
    rename g "$(printf '\374')"
fails 2 'rename: a domain and a name are wanted; see "domwright help rename"' \
    rename g
is "$(there)" 'g h ' 'as before'

# ---- memory ----
is "$(node "$g/memory/target")" 16384 'the target'
for size in 24 24m 24M 24576k; do
    works mem-set g 16
    is "$(node "$g/memory/target")" 16384 '16'
    works mem-set g $size
    is "$(node "$g/memory/target")" 24576 "$size"
done
works info g
prints '^max_memory_mib *: 25$'
works mem-set g 32
fails 1 "domain $g: 33792 KiB is more than its maxmem, 32768 KiB" mem-set g 33
fails 1 "domain $g: 1073741824 KiB is more than its maxmem, 32768 KiB" \
    mem-set g 1t
fails 1 'domain 0 has no memory/static-max in xenstore: its memory cannot be set' \
    mem-set 0 128
toolstack write /local/domain/0/memory/static-max 1048576
works info 0
sed /^seconds/d out >before
fails 1 'domain 0 needs 128 MiB at least' mem-set 0 131071k
fails 1 'domain 0 needs 128 MiB at least' mem-set Domain-0 1k
works info 0
sed /^seconds/d out | cmp -s before - || wrong 'domain 0 has another limit'
toolstack read /local/domain/0/memory/target >out && wrong 'domain 0 has a target'
for size in '' 0 -1 x 16x 16mm 16.5 1e3 99999999999999999999 18446744073709551615t; do
    fails 2 "mem-set: $size is no size, as 256 for 256 MiB, or 1g; "\
'see "domwright help mem-set"' mem-set g -- "$size"
done
is "$(node "$g/memory/target")" 32768 'no more'

# ---- vCPUs ----
guest i 'vcpus = 1' 'maxvcpus = 3'
i=$(id_of i)
online() {
    for n in 0 1 2; do
        node "$i/cpu/$n/availability"
    done | tr '\n' ' '
}
is "$(online)" 'online offline offline ' 'one'
works vcpu-set i 2
is "$(online)" 'online online offline ' 'two'
works vcpu-set i 1
is "$(online)" 'online offline offline ' 'one again'
fails 1 'domain i has 3 vCPUs' vcpu-set i 4
for count in '' 0 x 2x -1 4294967297; do
    fails 2 "vcpu-set: $count is no number of vCPUs; "\
'see "domwright help vcpu-set"' vcpu-set i -- "$count"
done
works vcpu-list --json i
prints '"vcpu": 2'
prints '"hard_affinity": "all"'
works destroy i

# ---- names that are not text ----
foreign=$(toolstack create 9)
toolstack write "/local/domain/$foreign/name" "$(printf 'caf\351\033[2J')"
works list
prints '^caf\\xe9\\x1b\[2J '
works list --json
prints '"name": "caf\\\\xe9\\\\x1b\[2J"'
prints "\"id\": $foreign,"
works info --json "$foreign"
prints '"name": "caf\\\\xe9'
works domname "$foreign"
prints '^caf\\xe9\\x1b\[2J$'
toolstack write "/local/domain/$foreign/name" "$(printf 'x\nid : 0\033[2J')"
works info "$foreign"
prints '^name  *: x\\nid : 0\\x1b\[2J$'
works destroy "$foreign"

# ---- info ----
works info 0
grep -qE '4294967295|4294967296|0xffffffff|18446744073709551615' out &&
    wrong 'domain 0 has all-ones'
prints '^type *: pv64$'
works info --json 0
works info --json g
prints '"type": "pv32"'
prints '"console_port": [0-9]+'
toolstack write "/local/domain/$g/store/port" 77
works info --json g
prints '"store_port": 77[,]?$'
works list --json
prints '"type": "pv32"'
works caps --json
prints '"pv32"'
grep -q 'xen-3\.0' out && wrong 'another spelling of a type'
works create -n --json guest.cfg 'name="j"'
prints '"type": "pv32"'
# shellcheck disable=SC2046 # 256 options
works create $(yes -- -n | head -n 256) guest.cfg 'name="j"'
prints '^type pv32, '
works create --json guest.cfg 'name="j"'
prints '"type": "pv32"'
works destroy j

# ---- what a host can have ----
limit=$("$domwright" caps | sed -n 's/^pv_max_vcpus *: //p')
works create guest.cfg 'name="j"' "vcpus=$limit" "maxvcpus=$limit"
works destroy j
limit=$((limit + 1))
run create guest.cfg 'name="j"' "vcpus=$limit" "maxvcpus=$limit"
[ "$status" != 0 ] || wrong 'more vCPUs than caps tells'

# ---- the console ----
guest k
k=$(id_of k)
fails 1 "domain $k has no console: nothing serves one on this embedded host" \
    console k
if [ -z "$(find /usr/lib/xen* /usr/libexec/xen /usr/local/lib/xen \
    -name xenconsole 2>/dev/null)" ]; then
    toolstack write "/local/domain/$k/console/tty" /dev/pts/77
    fails 1 "xenconsole is not installed; Debian has it in xen-utils-$xen_version" \
        console k
    mkdir bin
    cat >bin/xenconsole <<'END'
#!/bin/sh
echo "$*"
grep -E '^Sig(Blk|Ign)' /proc/self/status
END
    chmod +x bin/xenconsole
    grep -E '^Sig(Blk|Ign)' /proc/self/status >want
    PATH=$work/bin:$PATH
    works console k
    is "$(cat out)" "$k --num 0 --type pv
$(cat want)" 'its arguments, and signals as they were'
fi
finish
