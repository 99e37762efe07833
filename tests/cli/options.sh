#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line itself: usage, help, operands.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

# No embedded host here: what is wrong is to be found without one.
DOMWRIGHT_FAKEXEN=/nowhere
export DOMWRIGHT_FAKEXEN

works --version
prints '^domwright [0-9]+\.[0-9]+'
works --help
prints '^usage: domwright \[--host FILE\] COMMAND'
works help
for command in create shutdown reboot destroy pause unpause console wait events list info caps \
    domid domname rename mem-set vcpu-list vcpu-set convert directmap \
    image inspect verify save restore migrate migrate-receive hooks xl help; do
    prints "^  $command  "
done
for command in create shutdown reboot destroy pause unpause console wait events list info caps \
    domid domname rename mem-set vcpu-list vcpu-set convert directmap \
    image inspect verify save restore migrate migrate-receive hooks xl help; do
    works help "$command"
    prints "^usage: domwright $command "
done
works create --help
prints '^usage: domwright create '
works list --help
prints '^usage: domwright list '

works -h
prints '^usage: domwright '
works -h destroy
prints '^usage: domwright destroy '
works -q --help xl
prints '^usage: domwright xl '
fails 2 'no command frobnicate; see "domwright help"' -h frobnicate
works destroy -h
prints '^usage: domwright destroy '
works list -qv --help
prints '^usage: domwright list '

run
[ "$status" = 2 ] || wrong 'no command is no usage error'
fails 2 'unknown option -z; see "domwright help"' -z list
fails 2 'unknown option --frob; see "domwright help"' --frob list
fails 2 '--version=1: it takes no value; see "domwright help"' --version=1
fails 2 '--host wants a value; see "domwright help"' --host
fails 2 'list: --host FILE stands before the command; see "domwright help list"' \
    list --host machine
fails 2 'create: --host FILE stands before the command; see "domwright help create"' \
    create none.cfg --host=machine
fails 2 'directmap: --host=machine: it takes no value; see "domwright help directmap"' \
    directmap --host=machine
fails 2 '--host: an empty name' --host '' list
fails 2 '--host: an empty name' --host= list
fails 2 'no command frobnicate; see "domwright help"' frobnicate
fails 2 'no command frobnicate; see "domwright help"' help frobnicate
fails 2 'help: one command at a time; see "domwright help help"' \
    help list info

fails 2 'create: a configuration file is wanted; see "domwright help create"' \
    create
fails 2 'create: a configuration file is wanted; see "domwright help create"' \
    create memory=3
for option in '' -f; do
    # shellcheck disable=SC2086 # none where it is empty
    fails 2 'create: the configuration file'"'"'s name is empty; see "domwright help create"' \
        create $option ''
done
fails 2 'create: no pin order f; see "domwright help create"' \
    create --pin-order f
fails 2 'create: unknown option -z; see "domwright help create"' create -z f
fails 2 'create: unknown option -z; see "domwright help create"' create -nz f
fails 2 'create: --json=3: it takes no value; see "domwright help create"' \
    create --json=3 f
fails 2 'create: unknown option --frob; see "domwright help create"' \
    create --frob f
fails 2 'create: no pin order up; see "domwright help create"' \
    create --pin-order=up f
fails 2 'create: --pin-order wants a value; see "domwright help create"' \
    create f --pin-order
fails 2 'create: more is not KEY=VALUE; see "domwright help create"' \
    create f more
fails 2 'create: -c goes with neither -p nor -n; see "domwright help create"' \
    create -c -p f
fails 2 'destroy: a domain is wanted; see "domwright help destroy"' destroy
fails 2 'pause: a domain is wanted; see "domwright help pause"' pause
fails 2 'unpause: a domain is wanted; see "domwright help unpause"' unpause
fails 2 'unpause: unknown option --json; see "domwright help unpause"' \
    unpause --json 3
fails 2 'caps: it takes no argument; see "domwright help caps"' caps 3
fails 2 'info: one domain at a time; see "domwright help info"' info 1 2
fails 2 'console: one domain is wanted; see "domwright help console"' console

if [ ! -e /dev/xen/privcmd ]; then
    config good.cfg
    none='DOMWRIGHT_FAKEXEN: /nowhere: No such file or directory'
    fails 5 "$none" create good.cfg
    fails 5 "$none" destroy guest
    fails 5 "$none" list
    fails 5 "$none" list --json
    fails 5 "$none" info
    fails 5 "$none" caps
    fails 5 "$none" caps --json
    fails 5 "$none" info --json 1
    fails 5 "$none" pause 1
    fails 5 "$none" unpause 1
    fails 5 "$none" console 1
    fails 5 "$none" shutdown 1
    fails 5 "$none" rename 1 a
fi

# xl's arguments are xl's, but for a plugin that is not there. Here as if on a
# host already, so that none is looked for.
FAKEXEN_HOST=$work/nowhere
export FAKEXEN_HOST
DOMWRIGHT_PLUGIN=/nowhere.so
export DOMWRIGHT_PLUGIN
fails 1 'the plugin /nowhere.so: No such file or directory' xl --help
DOMWRIGHT_PLUGIN='/a b.so'
: >'a b.so'
DOMWRIGHT_PLUGIN="$work/a b.so"
fails 1 "$work/a b.so: LD_PRELOAD takes no path with a space or colon" xl list

cat >xl <<'END'
#!/bin/sh
echo "$0|$*|$LD_PRELOAD"
END
chmod +x xl
: >plugin.so
PATH=$work:$PATH
DOMWRIGHT_PLUGIN=$work/plugin.so
run xl create -q 'a b'
grep -qxF "$work/xl|create -q a b|$work/plugin.so" out ||
    wrong 'xl did not get its arguments and the plugin'

finish
