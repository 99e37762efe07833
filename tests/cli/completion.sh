#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What bash offers on the Tab key.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

command -v bash >/dev/null || {
    echo 'no bash here'
    exit 77
}
PATH=$top/src/builder:$PATH

# offers 'WORD...' ARGUMENT...: completing the last of them offers these words,
# in order; bash has cut the line into the arguments.
cat >complete.bash <<'END'
script=$1
shift
. "$script" || exit
COMP_WORDS=(domwright "$@")
COMP_CWORD=$#
_domwright
printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd' '
END
offers() {
    checks=$((checks + 1))
    want=$1
    shift
    bash complete.bash "$srcdir/src/builder/command/completion/domwright" \
        "$@" >out 2>err || wrong "$*"
    [ "$(cat out)" = "$want" ] || wrong "'$*' does not offer: $want"
    [ ! -s err ] || wrong "'$*' had something to say"
}

# All commands that there are, and all long options of each.
verbs=$(domwright help | sed -n 's/^  \([a-z-]*\)  .*/\1/p' | sort |
    paste -sd' ')
offers "$verbs" ''
offers "$verbs" help ''
offers 'create' cr
offers 'info' help inf
offers 'vcpu-list vcpu-set' -q vc
offers '--help --host --quiet --verbose --version' -
for verb in $verbs; do
    [ "$verb" != xl ] || continue
    bash complete.bash "$srcdir/src/builder/command/completion/domwright" \
        "$verb" -- >out
    for option in $(domwright help "$verb" | grep -oE -e '--[a-z0-9-]+') \
        --help --quiet --verbose; do
        checks=$((checks + 1))
        grep -qE -e "(^| )$option=?( |\$)" out || wrong "$verb $option"
    done
    # And none that it refuses as unknown.
    options=$(cat out)
    for option in $options; do
        run "$verb" "$option" --help
        grep -q 'unknown option' err && wrong "$verb knows no $option"
    done
done
offers '--all --help --quiet --verbose --wait' shutdown --
offers 'levels root' create --pin-order ''
offers 'levels root' create --pin-order =
offers 'root' create --pin-order = r
offers 'json svg text' directmap --format ''
offers 'text' directmap --e820 = map --format = t
offers '' directmap --mtrr ''
offers 'json svg text' inspect --format ''
offers 'libvirt xl' create --format ''
offers 'xl' convert --to ''

# Domains, of the host that is meant; a host that is not there is not made.
for name in web web2 'my guest' db; do
    config guest.cfg "name = \"$name\"" 'memory = 16'
    works --host machine create -p guest.cfg
done
offers 'Domain-0 db my\ guest web web2' --host machine list ''
offers 'web web2' --host machine list w
offers 'web web2' --host = machine list w
offers 'db my\ guest web web2' --host machine destroy ''
offers 'web web2' --host machine pause db we
offers 'my\ guest' --host machine console m
offers 'web web2' --host machine inspect w
offers '' --host machine inspect exam
offers '' --host machine inspect web ''
offers '' --host machine console web ''
offers '' --host machine rename web ''
offers '' --host machine create ''
offers '' --host nowhere list ''
[ ! -e nowhere ] || wrong 'it made a host'
if [ ! -e /dev/xen/privcmd ]; then
    offers '' list ''
    [ ! -e "$HOME" ] || wrong 'it made a host of the user'
fi
DOMWRIGHT_HOST=machine
export DOMWRIGHT_HOST
offers 'web web2' destroy w
offers 'db' mem-set d
offers '' xl list w
finish
