#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What domwright.cfg(5) says of xl's keys, tried with the stock xl that is here:
# which there are, and what it does with each for a PV guest.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
need_xl

DOMWRIGHT_PLUGIN=$top/src/builder/.libs/plugin.so
export DOMWRIGHT_PLUGIN
PATH=${xl%/*}:$PATH

# The table: NAME CLASS NEUTRAL WORDS, with "-" for NULL.
"$top/tests/cli/keytable" | cut -f 1-4 | tr '\t' ' ' >table
[ "$(wc -l <table)" -gt 150 ] || wrong 'the table cannot be read'
keys() {
    sed -n "s/^\([a-z0-9_]*\) $1 .*/\1/p" table
}

# ---- which there are ----

# asks COMMAND...: the keys that xl looks up, in asked.
asks() {
    checks=$((checks + 1))
    XLKEYS_LOG=$work/log LD_PRELOAD=$kernels/.libs/xlkeys.so "$fakexen" "$@" \
        >out 2>err || wrong "$*"
    sort -u log >asked
}

: >log
asks "$xl" list
mv asked of_xl # xl.conf's, which it reads before everything
for type in pv hvm pvh; do
    config guest.cfg "type = '$type'" 'vnc = 1' 'sdl = 1'
    asks "$xl" -N create guest.cfg
done
# In xl.conf alone, but read when a guest is made.
comm -23 asked of_xl | grep -v '\.default\.' >xls
[ "$(wc -l <xls)" -gt 150 ] || wrong 'xl looks up no keys'
cut -d ' ' -f 1 table | sort | comm -23 xls - >out
[ ! -s out ] || wrong 'xl has keys that are unknown to us'
# Ours beyond these are of other versions: a guest cannot do without them here.
cut -d ' ' -f 1 table | sort | comm -23 - xls >newer

# ---- what it does ----

# made [LINE]...: xl creates a guest; what became of it is in `made`.
made() {
    config guest.cfg "uuid = '6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0'" "$@"
    rm -f machine /run/xen/domid-history
    checks=$((checks + 1)) status=0
    # shellcheck disable=SC2016 # the inner shell's
    "$fakexen" --host machine sh -c '"$0" create -eq guest.cfg || exit
        "$0" vcpu-list; "$1"' "$xl" "$top/tests/fx/store_list" \
        >made 2>err || status=$?
    sed -i '/^Domain-0/d; s/start_time.*//' made
}

# the_same WHAT [LINE]...: as without these lines.
the_same() {
    what=$1
    shift
    made "$@"
    [ "$status" = 0 ] || { wrong "xl refuses $what"; return; }
    cmp -s plain made || { diff plain made >out; wrong "xl acts on $what"; }
}

made
mv made plain
[ -s plain ] || wrong 'xl makes no guest'
the_same 'nothing at all'

# lines VALUE: the keys on standard input, which xl is to have, with that value.
lines() {
    sort | comm -23 - newer | sed "s/\$/ = $1/"
}

# Those that are ignored have no effect; where only some words are taken, one of
# them.
# sve is one since 4.18, 128 the least of them.
for value in 1 0 '""' '"x"' '[ ]' '[ "x" ]'; do
    the_same "keys that are ignored, with $value" "$(
        sed -n '/^sve /d; s/ OTHER - -$//p' table | lines "$value")"
done
the_same 'sve' "$(echo sve | lines '"128"')"
the_same 'empty lists' "$(cut -d ' ' -f 1 table |
    grep -vE '^(name|uuid|kernel|memory|cpus|cpus_soft)$' | lines '[ ]')"

# Those that are left to xl: a value that asks for nothing has no effect.  Of the
# exceptions the manual tells; an empty list of soft affinities does no harm.
sed -n 's/^\([a-z0-9_]*\) XL \([^ ]*\) .*/\1 \2/p' table >left
for value in '' 0; do
    the_same "\"$value\" of what is left to it" "$(
        while read -r key neutral; do
            case $key/$value in
            bootloader/*|bootloader_args/*|firmware/*|max_*_*/) continue ;;
            esac
            case "|${neutral#-}|" in
            "|"*"|$value|"*) [ -z "$value$neutral" ] || echo "$key" ;;
            esac
        done <left | lines "'$value'")"
done
the_same 'the defaults of what is left to it' "$(
    while read -r key neutral; do
        [ "$key" = bootloader ] || case $neutral in
        *[!0\|-]*) echo "$key = '${neutral##*|}'" ;;
        esac
    done <left | sed '/^xenstore_/d; /^llc_/d; /^virtio/d')"

# One that asks for something is in the configuration that xl makes of it, or xl
# refuses it.
dry() {
    checks=$((checks + 1)) status=0
    "$fakexen" "$xl" -N create "$@" >made 2>err || status=$?
    sed -i '/"uuid"/d' made
}
config guest.cfg vcpus=1
dry guest.cfg
mv made plain.json
while read -r key neutral; do
    ! grep -qx "$key" newer || continue
    case $key in
    vnuma) value='[ [ "pnode=0", "size=32", "vcpus=0" ] ]' ;;
    vif|pvcalls|bootloader_args|dtdev) value='[ "" ]' ;;
    passthrough|tsc_mode) value='"enabled"' ;;
    vuart) value='"sbsa_uart"' ;;
    cpuid) value='"host,tm=0"' ;;
    channel) value='[ "name=a,connection=pty" ]' ;;
    disk) value='[ "/dev/null,,xvda" ]' ;;
    irqs|ioports) value='[ "5" ]' ;;
    llc_colors) value='[ "0-1" ]' ;;
    virtio) value='[ "type=x,transport=mmio" ]' ;;
    iomem) value='[ "fe,1" ]' ;;
    pci) value='[ "01:00.0" ]' ;;
    bootloader|device_tree|*seclabel|pool) value='"x"' ;;
    p9|vdispl|vfb|vkb|vsnd|vtpm|usbctrl|usbdev) value='[ "x" ]' ;;
    *) value=1 ;;
    esac
    dry guest.cfg "$key=$value"
    [ "$status" != 0 ] || ! cmp -s made plain.json || {
        [ -s made ] || cp err out
        wrong "xl makes nothing of $key = $value"
    }
    run create -n --native guest.cfg "$key=$value"
    [ "$status" = 3 ] || wrong "$key = $value is no matter of xl's to us"
    run create -n guest.cfg "$key=$value"
    grep -q "[ ,]$key: " err || wrong "$key is not named"
done <left

# What xl acts on, though a PV guest has no use for it.
for line in 'videoram = 16' 'device_model_version = "qemu-xen-traditional"'; do
    made "$line"
    [ "$status" = 0 ] || wrong "xl refuses $line"
    ! cmp -s plain made || wrong "xl ignores $line"
done

# What it warns of, and no more.
for line in 'device_model = "x"' 'vif2 = [ "" ]' 'vncviewer = 1'; do
    the_same "$line" "$line"
    grep -q "${line%% *}" err || wrong "xl does not warn of ${line%% *}"
done

# ---- what it refuses ----

# both LINE: taken by both or by none.
both() {
    config guest.cfg "$1"
    dry guest.cfg
    theirs=$status
    run create -n guest.cfg
    : >out
    [ "$((theirs != 0))" = "$((status != 0))" ] ||
        wrong "$1: status $theirs of xl's, $status of ours"
}
while read -r key class _ words; do
    [ "$words" != - ] || [ "$class" = NOT_PV ] || continue
    for value in '"x"' '""' 0 9 '[ ]' '[ "x" ]'; do
        both "$key = $value"
    done
    [ "$key" = tee ] || for value in $(echo "$words" | tr '|[#' '  7'); do
        both "$key = '$value'"
    done
done <table
for types in 'pv generic' 'pv hvm' 'hvm hvm' 'hvm generic' 'pvh hvm' 'pvh generic'; do
    # shellcheck disable=SC2086 # two words
    set -- $types
    both "type = '$1'; builder = '$2'"
done
for type in pv hvm pvh linux PV xen; do
    both "type = '$type'"
    both "builder = '$type'"
done
for list in all ^all 0 0-3 3-1 '0,1,' 0,,1 ,0 '0- 1' '^ 1' +1 '0,^ 1' ^0 0,^0 '' ',' \
    x 1x node1 nodes:0 'all,^node:0' all,^0 99999 0-99999 0-99999999999999999999; do
    both "vcpus = 2; cpus = '$list'"
done
for line in 'memory = 0x40' 'memory = 0100' 'vcpus = 2; maxvcpus = 1' \
    'extra = "a" + "b"' 'disk = [ "a,,xvda", ]' 'vcpus = 1;; vcpus = 2;' \
    'extra = "a\tb\"c"' "extra = 'a\\qb'" 'on_crash = "coredump-restart"' \
    'on_crash = "reload"' 'firmware = "pvgrub32"' 'uuid = "1"' 'kernel = [ "a"'; do
    both "$line"
done

# ---- what is longer than Xen passes on ----

text=$(printf '%01023d' 0)
config guest.cfg "cmdline = '0$text'"
checks=$((checks + 1))
rm -f machine
"$fakexen" --host machine --trace trace "$domwright" xl create -eq guest.cfg \
    >out 2>err && wrong 'xl builds a guest with a command line that was cut'
grep -q 'plan: the command line (cmdline) has 1024 bytes; Xen passes on 1023 at'\
' most' err || wrong 'the plugin does not say why'
! grep -q populate_physmap trace || wrong 'it has got memory before that'
"$fakexen" --host machine "$xl" domid guest >out 2>err && wrong 'it is there'
config guest.cfg "cmdline = '$text'"
checks=$((checks + 1))
"$fakexen" --host machine "$domwright" xl create -eq guest.cfg >out 2>err ||
    wrong 'xl builds no guest with the longest command line'
finish
