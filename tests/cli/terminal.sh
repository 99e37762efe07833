#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing of what other people wrote reaches a terminal but as text, and no
# warning comes twice.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

# A colour, DEL, the CSI of one byte, and a byte that is no UTF-8.
bad=$(printf '\033[31m\177\302\2332J\233')

# as_text ARGUMENT...: whatever it ends with, it prints no control character.
as_text() {
    run "$@"
    LC_ALL=C tr -d '\n\t -~\200-\377' <out | cat - err | LC_ALL=C tr -d \
        '\n\t -~\200-\377' | cmp -s - /dev/null ||
        wrong "'$*' prints control characters"
    ! LC_ALL=C grep -q "$(printf '\302[\200-\237]')" out err ||
        wrong "'$*' prints control characters of Unicode"
}

config "$bad.cfg" 'videoram = 1' 'frobnicate = 1' 'disk = [ "a" ]'
as_text create -n "$bad.cfg"
[ "$status" = 0 ] || wrong 'its name is no reason to refuse it'
as_text create -n "$bad.cfg" vcpus=two
as_text create -n --native "$bad.cfg"
as_text create -n "none-$bad.cfg"
as_text create -f "$bad.cfg" -n "$bad"
config guest.cfg
for key in name kernel ramdisk extra cpus type on_crash tsc_mode "$bad"; do
    as_text create -n guest.cfg "$key=\"$bad\""
    as_text create -n guest.cfg "$key=\"$(printf 'a\302\233')\""
    as_text create -n guest.cfg "$key='\\a\\b\\f\\v\\r'"
    as_text create -nv guest.cfg "$key='\\a\\b\\f\\v\\r'"
done
for key in name kernel cpus; do
    as_text --host machine create guest.cfg "$key='a\\f'"
done
as_text "$bad"
as_text create "--$bad"

# A name that somebody else wrote into xenstore.
works --host machine create -e guest.cfg
"$fakexen" --host machine "$top/tests/fx/store_write" /local/domain/1/name \
    "$(printf '\033[31m\177\302\2332J')" || wrong 'writing a name'
for verb in list info vcpu-list; do
    for json in '' --json; do
        # shellcheck disable=SC2086 # none, or one word
        as_text --host machine $verb ${json:-1} ${json:+1}
        [ "$status" = 0 ] || wrong "$verb $json: status $status"
    done
done
for verb in pause unpause console 'rename a' destroy; do
    # shellcheck disable=SC2086 # words
    as_text --host machine ${verb%% *} "$bad" ${verb#"${verb%% *}"}
done
run --host machine list --json 1
prints '"name": "\\u001[Bb]\[31m\\u007f\\u009b2J"'

# On an embedded host, too, a file is read once, and so are its warnings.
rm -f machine
config guest.cfg 'frobnicate = 1' 'videoram = 8' 'cmdline = "a"' 'extra = "b"'
run --host machine create -e guest.cfg
[ "$status" = 0 ] || wrong "status $status"
[ "$(cat err)" = 'domwright: warning: guest.cfg:4: unknown key frobnicate
domwright: warning: guest.cfg: root and extra are ignored beside cmdline
domwright: warning: guest.cfg:5: videoram: ignored, it has no effect on a PV guest' ] ||
    wrong 'not each warning once'
finish
