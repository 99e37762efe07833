#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is in a configuration file, right and wrong.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

# bad LINE MESSAGE: a file with that fourth line is refused.
bad() {
    config bad.cfg "$1"
    fails 3 "bad.cfg:4: $2" create -n bad.cfg
}

# unfit LINE MESSAGE: as a whole it makes no guest; it has no one line.
unfit() {
    config bad.cfg "$1"
    fails 3 "bad.cfg: $2" create -n bad.cfg
}

# good LINE: a file with that fourth line is taken without a word.
good() {
    config good.cfg "$1"
    works create -n good.cfg
}

config good.cfg
works create -n good.cfg
works create --dry-run --json good.cfg

# The file.
fails 3 'cannot read none.cfg: No such file or directory' create -n none.cfg
mkdir dir.cfg
fails 3 'cannot read dir.cfg: Is a directory' create -n dir.cfg
head -c 2000000 /dev/zero >huge.cfg
fails 3 'cannot read huge.cfg: File too large' create -n huge.cfg
if [ "$(id -u)" != 0 ]; then
    config closed.cfg
    chmod 0 closed.cfg
    fails 3 'cannot read closed.cfg: Permission denied' create -n closed.cfg
fi
: >empty.cfg
fails 3 'empty.cfg: name is missing' create -n empty.cfg

# Its syntax: the line is named.
unexpected='syntax error, unexpected'
bad 'vcpus 2' "config parsing error near \`2': $unexpected NUMBER, \
expecting += or '='"
bad 'extra = "no end' "config parsing error near \`\"no': lexical error"
config bad.cfg 'vcpus = 2' '' '# a comment' 'cpus = [ "0",,' 'extra = "x"'
fails 3 "bad.cfg:7: config parsing error near \`,': $unexpected ',', \
expecting ']'" \
    create -n bad.cfg

# Values of the wrong kind.
bad 'memory = "many"' 'memory: a number from 0 up is wanted'
bad 'memory = [ 3 ]' 'memory: a number from 0 up is wanted'
bad 'memory = "-3"' 'memory: a number from 0 up is wanted'
bad 'memory = "12M"' 'memory: a number from 0 up is wanted'
bad 'vcpus = 99999999999999999999' 'vcpus: the number is too large'
bad 'kernel = [ "a" ]' 'kernel: a single value is wanted, not a list'
bad 'name = [ ]' 'name: a single value is wanted, not a list'
bad 'uuid = "1234"' 'uuid: it is not a UUID'
bad 'uuid = "g0000000-0000-4000-8000-000000000000"' 'uuid: it is not a UUID'
good 'uuid = "A0000000-0000-4000-8000-00000000000f"'
good 'memory = "0x20"'

# Names.
unfit 'name = ""' 'name: it is empty'
unfit 'name = "a/b"' 'name: it has a slash in it'
unfit 'name = "a\tb"' 'name: it has a control character in it'
unfit 'name = "17"' \
    "name: it is a number, and would be taken for a domain's ID"
long=$(printf '%0256d' 0 | tr 0 n)
unfit "name = \"$long\"" 'name: it is longer than 255 characters'
good "name = \"${long#n}\""

# Sizes.
unfit 'memory = 0' 'memory: 0 MiB is no size for a guest'
unfit 'memory = 4294967296' 'memory: 4294967296 MiB is no size for a guest'
unfit 'maxmem = 31' 'maxmem: 31 MiB, with memory = 32'
good 'maxmem = 64'
unfit 'vcpus = 0' 'vcpus: 0; a PV guest has 1 to 8192'
unfit 'vcpus = 8193' 'vcpus: 8193; a PV guest has 1 to 8192'
unfit 'maxvcpus = 0' 'maxvcpus: 0; it must be 1 to 8192'
good 'maxvcpus = 8'

# CPU lists.
good 'cpus = "all"'
good 'cpus = "0-3,5,^1"'
good 'cpus = [ "0", "all,^0" ]'
good 'cpus = [ ]'
for list in x 3- 1,,2 '^all' '' 3-1 '0,^0' '1 2'; do
    bad "cpus = \"$list\"" 'cpus: it is not a list like "0-3,^2"'
done
bad 'cpus = "node:0"' 'cpus: lists by node are not supported'
bad 'cpus = "0,^nodes:0-1"' 'cpus: lists by node are not supported'
bad 'cpus = "4096"' 'cpus: no host has such a CPU number'
bad 'cpus = [ ["0"] ]' 'cpus: it is not a list like "0-3,^2"'

# The kernel's command line, which Xen keeps in 1024 bytes.
text=$(printf '%01023d' 0)
good "cmdline = \"$text\""
unfit "cmdline = \"0$text\"" \
    "the kernel's command line has 1024 characters; Xen passes on 1023 at most"
config bad.cfg 'root = "/dev/xvda1"' "extra = \"$text\""
fails 3 "bad.cfg: the kernel's command line has 1039 characters; Xen passes \
on 1023 at most" create -n bad.cfg
config good.cfg 'cmdline = "a"' 'extra = "b"'
warns 'good.cfg: root and extra are ignored beside cmdline' \
    create -n good.cfg

# What would change the guest and is not supported; what would not.
hint='use "domwright xl create bad.cfg"'
for key in bootloader cap channel cpuid cpus_soft device_tree disk \
    driver_domain dtdev e820_host firmware init_seclabel iomem ioports irqs \
    localtime max_grant_frames msr_relaxed nomigrate p9 passthrough pci pool \
    pvcalls rtc_timeoffset seclabel tsc_mode usbctrl usbdev vdispl vfb vif \
    vkb vmtrace_buf_kb vnuma vsnd vtpm; do
    bad "$key = \"x\"" "$key: not supported; $hint"
    bad "$key = [ \"x\" ]" "$key: not supported; $hint"
    good "$key = [ ]"
    good "$key = \"\""
    good "$key = 0"
done
good 'cpu_weight = 256'
bad 'cpu_weight = 512' "cpu_weight: not supported; $hint"
good 'passthrough = "disabled"'
good 'tsc_mode = "default"'
good 'max_event_channels = 1023'
for key in acpi boot hap nestedhvm serial sdl usb viridian vnc; do
    good "$key = \"x\"" # for guests that are not PV
done
warns 'good.cfg:4: unknown key frobnicate' create -n good.cfg \
    "$(config good.cfg 'frobnicate = 1'; echo memory=32)"

for type in hvm pvh p; do
    bad "type = \"$type\"" "type: domwright builds \"pv\" guests only; use \
\"domwright xl create bad.cfg\" for others"
done
good 'type = "pv"'
good 'builder = "generic"'
bad 'builder = "hvm"' "builder: domwright builds \"generic\" guests only; use \
\"domwright xl create bad.cfg\" for others"

for key in on_poweroff on_reboot on_crash on_watchdog on_soft_reset; do
    for action in destroy restart rename-restart preserve coredump-destroy \
        coredump-restart soft-reset; do
        good "$key = '$action'"
    done
    for action in '"reboot"' '""' '"destroy "' '[ "destroy" ]'; do
        bad "$key = $action" "$key: it is none of destroy, restart, \
rename-restart, preserve, coredump-destroy, coredump-restart and soft-reset"
    done
done

# A key is where it stands last; quotes, comments and lists hide none.
config bad.cfg 'memory = 64 # memory = "x"' "extra = 'a = \"b\" # c'" \
    'disk = [' ']' 'memory = "x"'
fails 3 'bad.cfg:8: memory: a number from 0 up is wanted' create -n bad.cfg

# KEY=VALUE on the command line counts after the file.
config good.cfg 'memory = "x"'
works create -n good.cfg memory=64
prints 'xen-3.0-x86_32p, 16384 pages'
printf 'name="guest"' >no-newline.cfg
works create -n no-newline.cfg "kernel='$guests/hello-64'" memory=64
prints 'xen-3.0-x86_64, 16384 pages'
config bad.cfg
fails 3 "argument 'vcpus=two':1: config parsing error near \`two': \
$unexpected IDENT, expecting STRING or NUMBER or '['" \
    create -n bad.cfg vcpus=two
fails 3 "argument 'vcpus=':1: config parsing error near \`': $unexpected \
\$end, expecting STRING or NUMBER or '['" create -n bad.cfg vcpus=
fails 3 "argument 'memory=\"x\"': memory: a number from 0 up is wanted" \
    create -n bad.cfg 'memory="x"'
fails 3 "argument 'vif=[\"bridge=xenbr0\"]': vif: not supported; $hint" \
    create -n bad.cfg 'vif=["bridge=xenbr0"]'

finish
