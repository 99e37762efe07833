#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The plugin is for the toolstack alone: stock xl builds with it, and what xl
# starts is as without it.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
: >out
: >err
need_xl
plugin=$top/src/builder/.libs/plugin.so
DOMWRIGHT_PLUGIN=$plugin
export DOMWRIGHT_PLUGIN
PATH=${xl%/*}:$PATH

# A guest's bootloader is a program that xl starts. It leaves what it finds in
# its environment and in its memory, and a kernel, which xl deletes at the end.
cat >boot <<END
#!/bin/sh
env | grep -E '^(LD_PRELOAD|DOMWRIGHT_HOOKS)=' >$work/found
grep -qE 'plugin\.so|libxen' /proc/\$\$/maps && echo loaded >>$work/found
for word; do
    case \$word in --output=*) out=\${word#--output=} ;; esac
done
cp $guests/hello-pae $work/kernel
printf 'kernel $work/kernel\0' >"\$out"
END
chmod +x boot
: >disk
config b.cfg "bootloader = '$work/boot'" "disk = ['$work/disk,raw,xvda,r']" \
    'memory = 1'
sed -i '/^kernel/d' b.cfg

# starts WANTED COMMAND...: xl, started so, refuses the guest with our words
# after its bootloader has found LD_PRELOAD to be WANTED.
starts() {
    want=$1
    shift
    checks=$((checks + 1))
    rm -f found
    "$fakexen" --memory 256M "$@" >out 2>err && wrong "$*: a guest of 1 MiB"
    grep -q 'error: domwright: plan: needs memory=4: ' err ||
        wrong "$*: the builder is not ours"
    ! sed '1,/domwright: plan/d' err | grep -q 'xc_dom_' ||
        wrong "$*: libxl's guess comes after that"
    sed "s|$FAKEXEN_LIBRARY|FAKEXEN|g" found >out
    [ "$(cat out)" = "${want:+LD_PRELOAD=}$want" ] ||
        wrong "$*: the bootloader finds something else"
}

other=$(ldd "$xl" | awk '$1 ~ /^libuuid\./ { print $3 }')
third=$(ldd "$xl" | awk '$1 ~ /^libz\./ { print $3 }')
starts FAKEXEN "$domwright" xl create -eq b.cfg
# What others have asked for stays, in its order; theirs is the first answer.
# shellcheck disable=SC2016 # the inner shell's
in_front='LD_PRELOAD="$0:$LD_PRELOAD" exec "$@"'
# shellcheck disable=SC2016
among='LD_PRELOAD="$1 $LD_PRELOAD:$0 $2"; export LD_PRELOAD; shift 2; exec "$@"'
starts FAKEXEN sh -c "$in_front" "$plugin" "$xl" create -eq b.cfg
starts "$other FAKEXEN:$third" sh -c "$among" "$plugin" "$other" "$third" \
    "$xl" create -eq b.cfg

# What stands before xl, as Debian's script does, hands the plugin on.
mkdir bin
cat >bin/xl <<END
#!/bin/sh
exec timeout 60 "$xl" "\$@"
END
chmod +x bin/xl
starts FAKEXEN env PATH="$work/bin:$PATH" "$domwright" xl create -eq b.cfg
starts FAKEXEN sh -c "$in_front" "$plugin" "$work/bin/xl" create -eq b.cfg

# By its name alone, where libraries are looked for.
mkdir lib
cp "$plugin" lib/plugin.so
starts FAKEXEN env LD_LIBRARY_PATH="$work/lib" sh -c "$in_front" plugin.so \
    "$xl" create -eq b.cfg

# An xl with another libxenguest is not what was asked for.
mkdir other
cp "$kernels/other-xenguest" other/xl
checks=$((checks + 1)) status=0
PATH=$work/other:$PATH LD_LIBRARY_PATH=$kernels "$fakexen" "$domwright" xl list \
    >out 2>err || status=$?
[ "$status" = 1 ] || wrong "status $status with another libxenguest"
grep -q '^domwright: this plugin is for ' err || wrong 'it does not say why'

# Of a guest that is built one line tells, among the details.
config r.cfg 'memory = 16'
checks=$((checks + 1))
"$fakexen" --host machine sh -c "$in_front" "$plugin" "$xl" -vvv create -eqp r.cfg \
    >out 2>err || wrong 'a guest of 16 MiB'
grep -q 'domainbuilder: detail: domwright 0\.[0-9.]*: domain [0-9]*, 32-bit$' err ||
    wrong 'nothing says who has built it'
finish
