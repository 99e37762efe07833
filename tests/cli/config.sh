#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is in a configuration file, right and wrong.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

# bad LINE MESSAGE [ARGUMENT]...: a file with that fourth line is refused.
bad() {
    config bad.cfg "$1"
    line=$2
    shift 2
    fails 3 "bad.cfg:4: $line" create -n --native bad.cfg "$@"
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
fails 3 'cannot read huge.cfg: more than 256 KiB' create -n huge.cfg
if [ "$(id -u)" != 0 ]; then
    config closed.cfg
    chmod 0 closed.cfg
    fails 3 'cannot read closed.cfg: Permission denied' create -n closed.cfg
fi
: >empty.cfg
fails 3 "warning: empty.cfg: memory is missing; the guest gets libxl's default \
of 32 MiB
domwright: empty.cfg: name is missing
domwright: empty.cfg: kernel is missing" create -n empty.cfg

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
bad 'memory = [ 3 ]' 'memory: a single number is wanted, not a list'
bad 'memory = "-3"' 'memory: a number from 0 up is wanted'
for size in '"12M"' '"12 "' 2G 512K 64m 64MiB; do
    bad "memory = $size" 'memory: a number of MiB is wanted, without a unit'
    bad "maxmem=$size" 'maxmem: a number of MiB is wanted, without a unit'
done
bad 'memory = 32.5' 'memory: a whole number from 0 up is wanted'
bad 'memory = -1' 'memory: a whole number from 0 up is wanted'
bad 'max_grant_frames=2.5' 'max_grant_frames: a whole number from 0 up is wanted'
bad 'memory = 0128' 'memory: a number that begins with 0 is octal'
bad 'vcpus = "08"' 'vcpus: a number that begins with 0 is octal'
good 'memory = 0100'
prints '16384 pages'
bad 'memory += 64' 'memory: += is for strings and lists, not for numbers'
bad 'vcpus = 99999999999999999999' 'vcpus: the number is too large'
bad 'kernel = [ "a" ]' 'kernel: a single value is wanted, not a list'
bad 'name = [ ]' 'name: a single value is wanted, not a list'
bad 'uuid = "1234"' 'uuid: it is not a UUID'
bad 'uuid = "g0000000-0000-4000-8000-000000000000"' 'uuid: it is not a UUID'
good 'uuid = "A0000000-0000-4000-8000-00000000000f"'
good 'memory = "0x20"'

# Names.
bad 'name = ""' 'name: it is empty'
bad 'name = "a/b"' 'name: it has a slash in it'
bad 'name = "a\tb"' 'name: it has a control character in it'
bad 'name = "17"' \
    "name: it is a number, and would be taken for a domain's ID"
long=$(printf '%0256d' 0 | tr 0 n)
bad "name = \"$long\"" 'name: it is longer than 255 characters'
good "name = \"${long#n}\""

# Sizes.
bad 'memory = 0' 'memory: 0 MiB; a guest has 1 to 16777215'
bad 'memory = 4294967296' 'memory: 4294967296 MiB; a guest has 1 to 16777215'
bad 'maxmem = 31' 'maxmem: 31 MiB is less than memory, 32 MiB'
bad 'maxmem = 4294967296' 'maxmem: 4294967296 MiB; a guest has 1 to 16777215'
good 'maxmem = 64'
bad 'vcpus = 0' 'vcpus: 0; a PV guest has 1 to 8192'
bad 'vcpus = 8193' 'vcpus: 8193; a PV guest has 1 to 8192'
bad 'maxvcpus = 0' 'maxvcpus: 0; it must be 1 to 8192'
good 'maxvcpus = 8'

# CPU lists.
good 'cpus = "all"'
good 'cpus = "0-3,5,^1"'
good 'cpus = [ "0", "all,^0" ]'
good 'cpus = [ ]'
good 'cpus = "0,,1,"' # as xl, which skips empty items
good 'cpus = ",0- 1,^ 1"'
good 'cpus = "+1,0- +1"'
good 'cpus = "0-4096"' # what no host has is left out
for list in x 3- '^all' 3-1 '1 2' -1 ^-1 nodex node1 ++1 '+ 1'; do
    bad "cpus = \"$list\"" 'cpus: it is not a list like "0-3,^2"'
done
for list in ',' ' ' '' '0,^0' 4096; do
    bad "cpus = \"$list\"" "cpus: no CPU is left in \"$list\""
done
bad 'cpus = "^0"' \
    'cpus: no CPU is left in "^0"; "all" goes before what is taken away'
bad 'cpus = [ "all", "^1-2" ]' \
    'cpus: no CPU is left in "^1-2"; "all" goes before what is taken away' \
    vcpus=2
bad 'cpus = "99999999999999999999"' 'cpus: no host has such a CPU number'
bad 'cpus = [ ["0"] ]' 'cpus: it is not a list like "0-3,^2"'

# The kernel's command line, which Xen keeps in 1024 bytes.
text=$(printf '%01023d' 0)
good "cmdline = \"$text\""
config bad.cfg "cmdline = \"0$text\""
fails 3 "bad.cfg:4: cmdline: the kernel's command line has 1024 bytes; Xen \
passes on 1023 at most" create -n bad.cfg
config bad.cfg 'root = "/dev/xvda1"' "extra = \"$text\""
fails 3 "bad.cfg:5: extra: the kernel's command line has 1039 bytes; Xen \
passes on 1023 at most" create -n bad.cfg
config bad.cfg 'disk = [ "a" ]' "root = \"$text\""
fails 3 "bad.cfg:5: root: the kernel's command line has 1028 bytes; Xen \
passes on 1023 at most" create -n bad.cfg
config good.cfg 'cmdline = "a"' 'extra = "b"'
warns 'good.cfg: root and extra are ignored beside cmdline' \
    create -n good.cfg

# What is left to xl, and values that ask for nothing.
hint='use "domwright xl create bad.cfg"'
neutral() {
    for value in "$@"; do
        good "$key = $value"
    done
}
for key in bootloader bootloader_args channel cpuid \
    device_tree disk driver_domain dtdev extratime init_seclabel \
    iomem ioports irqs latency llc_colors localtime \
    msr_relaxed nomigrate p9 pci period pvcalls rtc_timeoffset seclabel \
    slice usbctrl usbdev vdispl vfb vif virtio vkb vmtrace_buf_kb vnc \
    vpmu vsnd vtpm xend_suspend_evtchn_compat xenstore_feature_mask \
    xenstore_quota; do
    bad "$key = \"x\"" "$key: not supported; $hint"
    bad "$key = [ \"x\" ]" "$key: not supported; $hint"
    neutral '[ ]'
    case $key in
    xenstore_feature_mask)
        neutral '""'
        bad "$key = 0" "$key: not supported; $hint"
        ;;
    cpuid) neutral '""' '"host"' ;;
    *) neutral '""' 0 ;;
    esac
done
# What is built: values, those that ask for nothing, and those that are none.
for key in cap cpu_weight e820_host max_event_channels; do
    bad "$key = \"x\"" "$key: a number from 0 up is wanted"
    bad "$key = [ \"x\" ]" "$key: a single number is wanted, not a list"
    bad "$key = \"-1\"" "$key: a number from 0 up is wanted"
    neutral '[ ]' '""' 100
done
for value in 0 65536; do
    bad "cpu_weight = $value" "cpu_weight: $value; a guest has 1 to 65535"
done
bad 'cap = 101' 'cap: 101; it is 100 for each of 1 vCPUs at most, 100'
good 'cap = 200
vcpus = 2'
bad 'cap = 65535
maxvcpus = 8192' 'cap: 65535; it is 100 for each of 8192 vCPUs at most, 65534'
bad 'max_event_channels = 1' 'max_event_channels: 1; a guest has 2 to 2147483647'
bad 'max_event_channels = 4294967296' \
    'max_event_channels: 4294967296; a guest has 2 to 2147483647'
key=max_event_channels
neutral 0 2 2147483647
key=pool
bad 'pool = [ "x" ]' 'pool: a single value is wanted, not a list'
neutral '[ ]' '""' 7 '"x"'
key=tsc_mode
for value in '"x"' '""' 4 '"-1"'; do
    bad "$key = $value" \
        'tsc_mode: it is none of default, always_emulate and native'
done
for value in 3 '"Native_paravirt"'; do
    bad "$key = $value" 'tsc_mode: Xen has native_paravirt no longer'
done
neutral 0 '"default"' '[ ]' '[ "x" ]' 2 '"Always_Emulate"'


# Virtual nodes.
key=vnuma
neutral '[ ]' '""' 0
a='[ "pnode=0", "size=16", "vcpus=0" ]'
good "vnuma = [ $a, [ \"size=16\" ] ]"
prints '^type pv32, 8192 pages of memory$'
good 'vcpus = 3
vnuma = [ [ "pnode = 1 ", " size= 24", "vcpus = 0 , 2-3" ],
    [ "vcpus=1", "size=8", "vdistances=11,11" ] ]'
nodes() {
    bad "vnuma = $1" "vnuma: $2"
}
many='a list of 1 to 32 nodes is wanted'
nodes '"x"' "$many"
nodes 7 "$many"
nodes "[ $(printf '[ "size=1" ], %.0s' $(seq 33)) ]" "$many"
nodes '[ "size=32" ]' 'node 0: a list of words is wanted'
nodes "[ $a, [ [ \"size=16\" ] ] ]" 'node 1: a word is wanted, not a list'
nodes '[ [ ] ]' 'node 0: its size is missing'
nodes '[ [ "size=32" ] ]' 'no node has a vCPU'
word='node 0: a word is none of pnode=, size=, vcpus= and vdistances='
for value in size sizes=3 =3 'p node=0' ''; do
    nodes "[ [ \"$value\" ] ]" "$word"
done
for value in '' 0 x 32M 1048577 -1; do
    nodes "[ [ \"size=$value\" ] ]" 'node 0: its size is no number of MiB'
done
for value in '' x 64 0x1; do
    nodes "[ [ \"pnode=$value\" ] ]" \
        "node 0: its pnode is no number of a host's node"
done
for value in '' x 0- 1-0 0,,1 8192 '0 1'; do
    nodes "[ [ \"vcpus=$value\" ] ]" 'node 0: its vcpus are no list like 0-3,5'
done
nodes '[ [ "vcpus=0,1,1-2" ] ]' 'node 0: a vCPU is named twice'
nodes "[ $a, [ \"vcpus=0\" ] ]" 'node 1: a vCPU is named twice'
nodes '[ [ "size=32", "vcpus=1" ] ]' 'vCPU 0 is on no node'
nodes '[ [ "size=3", "size=4" ] ]' 'node 0: it has a word twice'
for value in '' 10 10,20,30 10,x 10,256; do
    nodes "[ $a, [ \"vdistances=$value\" ] ]" \
        'node 1: its vdistances are no list like 10,20, with one for each node'
done
nodes "[ $a, [ \"size=16\", \"vdistances=9,10\" ] ]" \
    'node 1: it is nearer to another node than to itself'
config bad.cfg "vnuma = [ $a ]"
fails 3 'bad.cfg:3: memory: 32; the nodes of vnuma have 16 MiB in all' \
    create -n bad.cfg
config bad.cfg "vnuma = [ $a ]" 'memory = 16' 'maxmem = 32' 'maxvcpus = 2'
fails 3 'bad.cfg:6: maxmem: 32; the nodes of vnuma have 16 MiB in all
domwright: bad.cfg:7: maxvcpus: 2; the nodes of vnuma have 1 vCPUs in all' \
    create -n bad.cfg
config bad.cfg "vnuma = [ $a ]" 'memory = 16' 'disk = [ "a" ]'
fails 3 'bad.cfg:4: vnuma: xl, to which disk is left, has it for HVM guests only' \
    create -n bad.cfg
config bad.cfg "vnuma = [ $a ]" 'memory = 16' 'type = "hvm"' 'vcpus = 4'
warns 'bad.cfg:6: type: only a PV guest has a plan; xl builds the guest' \
    create -n bad.cfg

key=cpus_soft
neutral '[ ]' '"0"' 0 '"all"' '"1-3,^2"' '[ "0", "7" ]'
bad 'cpus_soft = "x"' 'cpus_soft: it is not a list like "0-3,^2"'
bad 'cpus_soft = ""' 'cpus_soft: no CPU is left in ""'
bad 'cpus_soft = [ "0", "" ]' 'cpus_soft: no CPU is left in ""' vcpus=2
bad 'cpus_soft = "node:0"' "cpus_soft: not supported; $hint"
bad 'cpus = "node:0"' "cpus: not supported; $hint"
bad 'cpus = [ "0,^nodes:0-1", "1" ]' "cpus: not supported; $hint"

# What means nothing to a PV guest.
set -- acpi acpi_firmware acpi_laptop_slate acpi_s3 acpi_s4 altp2m_count \
    altp2mhvm apic arm_sci bios bios_path_override boot bootloader_restrict \
    bootloader_user device_model_override \
    device_model_stubdomain_override device_model_stubdomain_seclabel \
    device_model_user display dm_restrict firmware_override gfx_passthru hap \
    hdtype hpet hvm_pirq keymap \
    mca_caps mmio_hole ms_vm_genid nestedhvm nographic nr_spis nx oos opengl \
    pae \
    pci_msitranslate pci_permissive pci_power_mgmt pci_seize pvshim \
    pvshim_cmdline pvshim_extra pvshim_path rdm rdm_mem_boundary sdl serial \
    shadow_memory smbios smbios_firmware soundhw spice spice_clipboard_sharing \
    spice_image_compression spice_streaming_video spiceagent_mouse \
    spicedisable_ticketing spicehost spicepasswd spiceport spicetls_port \
    spiceusbredirection spicevdagent stdvga stubdomain_cmdline \
    stubdomain_kernel stubdomain_memory stubdomain_ramdisk sve \
    trap_unmapped_accesses usb usbdevice usbversion vendor_device vga \
    viridian vkb_device vncdisplay vnclisten vncpasswd vncunused \
    vpt_align xauthority xen_platform_pci xen_platform_pci_bar_uc
good "$(printf '%s = "x"\n' "$@")"

# Values that xl refuses, whatever the guest is.
# words MESSAGE VALUE...: these are no values of $key.
words() {
    message=$1
    shift
    for value in "$@"; do
        bad "$key = $value" "$key: $message"
    done
}
# for_xl VALUE...: these are xl's to see to.
for_xl() {
    for value in "$@"; do
        bad "$key = $value" "$key: not supported; $hint"
    done
}
key=altp2m
words 'it is none of 0, 1, 2, 3, disabled, mixed, external, limited' '"x"' '""' 4
neutral 0 3 '"disabled"' '"Mixed"' '"external"' '"limited"' '[ ]' '[ "x" ]'
key=gic_version
words 'it is none of default, v2, v3' '"x"' '""' 0 '"v"' '"v22"'
neutral '"default"' '"v2"' '"V3"'
key="tee"
words 'it is none of none, optee, ffa' '"x"' '""' 0
neutral '"none"' '"OPTEE"' '"ffa"' '[ ]'
for key in device_model_args device_model_args_hvm device_model_args_pv; do
    words 'a list is wanted' '"x"' '""' 0
    neutral '[ ]' '[ "x" ]'
done
key=passthrough
words 'it is none of default, disabled, enabled, sync_pt, share_pt' '"x"' '""' 0
neutral '"default"' '"disabled"' '[ ]'
for_xl '"enabled"' '"sync_pt"' '"Share_pt"'
key=vuart
words 'it is none of unknown, sbsa_uart' '"x"' '""' 0
neutral '"unknown"' '[ ]'
for_xl '"sbsa_uart"' '"SBSA_UART"'
for key in max_grant_frames max_grant_version max_maptrack_frames; do
    words 'a number from 0 to 2147483647 is wanted' '"x"' '"-1"' 2147483648 \
        '""' '[ ]'
done
key=max_grant_version
for_xl 0 2147483647
key=timer_mode
words 'a PV guest cannot have it' 0 1 '""' '"delay_for_missed_ticks"'
neutral '[ ]'
key=device_model_version
words 'it is none of qemu-xen, qemu-xen-traditional' '"x"' '""' 0
neutral '"qemu-xen"' '[ ]'

# What xl acts on, though a PV guest has no use for it.
for setting in 'videoram = 16' 'device_model_version = "qemu-xen-traditional"' \
    'device_model = "/x"' 'vif2 = [ "" ]' 'vncviewer = 1'; do
    config good.cfg "$setting"
    warns "good.cfg:4: ${setting%% *}: ignored, it has no effect on a PV guest" \
        create -n good.cfg
done
good 'videoram = 16
videoram = 0'
good 'vif2 = [ ]; vncviewer = 0'

warns 'good.cfg:4: unknown key frobnicate' create -n good.cfg \
    "$(config good.cfg 'frobnicate = 1'; echo memory=32)"

# All that is wrong is told in one run, in the order in which it is found.
config bad.cfg 'vif = [ "mac=0" ]' 'vcpus = "two"' 'disk = [ "a" ]' \
    'memory = [ ]' 'uuid = "1"' 'on_crash = "reload"' 'cpus = "x"'
fails 3 "bad.cfg:8: uuid: it is not a UUID
domwright: bad.cfg:7: memory: a single number is wanted, not a list
domwright: bad.cfg:5: vcpus: a number from 0 up is wanted
domwright: bad.cfg:10: cpus: it is not a list like \"0-3,^2\"
domwright: bad.cfg:9: on_crash: it is none of destroy, restart, \
rename-restart, preserve, coredump-destroy, coredump-restart and soft-reset" \
    create -n bad.cfg
config bad.cfg 'vif = [ "mac=0" ]' 'disk = [ "a" ]' 'vif = [ "mac=1" ]'
fails 3 "bad.cfg:5: disk: not supported; $hint
domwright: bad.cfg:6: vif: not supported; $hint" create -n --native bad.cfg
config bad.cfg 'name = "1"' 'memory = 0' 'vcpus = 0'
fails 3 "bad.cfg:4: name: it is a number, and would be taken for a domain's ID
domwright: bad.cfg:5: memory: 0 MiB; a guest has 1 to 16777215
domwright: argument 'vcpus=9000': vcpus: 9000; a PV guest has 1 to 8192" \
    create -n bad.cfg vcpus=9000

for type in hvm pvh; do
    bad "type = \"$type\"" "type: not supported; $hint"
done
good 'type = "pv"'
good 'builder = "generic"'
good 'type = "pv"; builder = "generic"'
bad 'builder = "hvm"' "builder: not supported; $hint"
for pair in pv:hvm hvm:generic pvh:generic pvh:hvm; do
    bad "type = \"${pair%:*}\"; builder = \"${pair#*:}\"" \
        "builder: it contradicts type = \"${pair%:*}\""
done
config bad.cfg 'type = "hvm"' 'builder = "hvm"'
fails 3 "bad.cfg:4: type: not supported; $hint
domwright: bad.cfg:5: builder: not supported; $hint" create -n --native bad.cfg
# What a PV guest cannot have, others can.
config good.cfg 'type = "hvm"' 'timer_mode = 2' 'videoram = 16'
warns 'good.cfg:4: type: only a PV guest has a plan; xl builds the guest' \
    create -n good.cfg
for type in linux PV xen p ''; do
    for key in type builder; do
        bad "$key = \"$type\"" \
            "$key: it is no type of guest; a PV guest has type = \"pv\""
    done
done

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
prints 'pv32, 16384 pages'
printf 'name="guest"' >no-newline.cfg
works create -n no-newline.cfg "kernel='$guests/hello-64'" memory=64
prints 'pv64, 16384 pages'
config bad.cfg
fails 3 "argument 'vcpus=two': config parsing error near \`two': \
$unexpected IDENT, expecting STRING or NUMBER or '['" \
    create -n bad.cfg vcpus=two
fails 3 "argument 'vcpus=': config parsing error near <newline>: $unexpected \
NEWLINE, expecting STRING or NUMBER or '['" create -n bad.cfg vcpus=
fails 3 "argument 'vcpus=two': config parsing error near \`two': \
$unexpected IDENT, expecting STRING or NUMBER or '['
domwright: argument 'name=]': config parsing error near \`]': \
$unexpected ']', expecting STRING or NUMBER or '['" \
    create -n bad.cfg vcpus=two memory=3 name=]

# The end of the input is as good a place for an error as any.
fails 3 "argument 'memory=2G': memory: a number of MiB is wanted, without a \
unit" create -n bad.cfg memory=2G
fails 3 "argument 'memory=20}': config parsing error near \`}': lexical error" \
    create -n bad.cfg 'memory=20}'
fails 3 "argument 'vcpus=2!': config parsing error near \`!': lexical error" \
    create -n bad.cfg 'vcpus=2!'
for size in 2G 512K; do
    config bad.cfg
    printf 'memory = %s' "$size" >>bad.cfg
    fails 3 'bad.cfg:4: memory: a number of MiB is wanted, without a unit' \
        create -n bad.cfg
done
config good.cfg
printf '# the end' >>good.cfg
works create -n good.cfg vcpus=2#two

# Arguments are shown on one line, and not at any length.
nl='
'
config bad.cfg
fails 3 "argument 'name=\"a\nb\"': config parsing error near \`\"a': \
lexical error
domwright: argument 'name=\"a\nb\"': config parsing error near \`\"': lexical \
error" create -n bad.cfg "name=\"a${nl}b\""
fails 3 "argument 'name=\"$(printf '%051d' 0)...': name: it is longer than 255 \
characters" create -n bad.cfg "name=\"$(printf '%0300d' 0)\""
works create -n good.cfg "memory=64${nl}vcpus=2"
prints '16384 pages'

# Other systems' line ends and byte-order marks.
printf '\357\273\277name = "guest"\r\nkernel = "%s"\r\nmemory = 32 # MiB\r' \
    "$guests/hello-pae" >good.cfg
works create -n good.cfg "$(printf '\357\273\277vcpus=2\r')"
printf '\nvcpus = 0\r\n' >>good.cfg
fails 3 'good.cfg:4: vcpus: 0; a PV guest has 1 to 8192' create -n good.cfg

# What is no text.
for byte in 000 001 033 177; do
    config bad.cfg
    # shellcheck disable=SC2059 # it is an escape
    printf "extra = \"a\\$byte\"\n" >>bad.cfg
    fails 3 "bad.cfg:4: a control character, \
0x$(printf '%02x' "0$byte")" create -n bad.cfg
done
printf 'a\rb' >bad.cfg
fails 3 'bad.cfg:1: a control character, 0x0d' create -n bad.cfg
for key in name ramdisk cmdline extra; do
    config bad.cfg "$(printf '%s = "J\374rg"' "$key")"
    fails 3 "bad.cfg:4: $key: it is not UTF-8" create -n bad.cfg
    [ "$key" = ramdisk ] || good "$(printf '%s = "J\303\274rg"' "$key")"
done
good "$(printf '# J\374rg wrote this')"

# What libxc has to say of it does not move the cursor either.
config good.cfg 'cmdline = "bell\a"'
run create -nv good.cfg
grep -q 'bell\\x07' err || wrong 'create -v does not show the command line'

# xl's advice on Python stays, in the one line.
python="; it looks like Python code, which xl's files are no longer: see \
https://wiki.xen.org/wiki/PythonInXlConfig"
bad 'extra = "a" + "b"' "config parsing error near \`+': lexical error$python"
config bad.cfg 'import os' 'vcpus = 1 + 1'
fails 3 "bad.cfg:4: config parsing error near \`os': $unexpected IDENT, \
expecting += or '='$python
domwright: bad.cfg:5: config parsing error near \`+': lexical error" \
    create -n bad.cfg

# Standard input.
config good.cfg
status=0
"$domwright" create -n - memory=64 <good.cfg >out 2>err || status=$?
[ "$status" = 0 ] || wrong 'create -n -'
prints '16384 pages'
printf 'name = "a"\nmemory = 2G' |
    "$domwright" create -n - >out 2>err && wrong 'a bad standard input'
[ "$(cat err)" = 'domwright: <stdin>:2: memory: a number of MiB is wanted, '\
'without a unit' ] || wrong 'the message about standard input'

# xl takes maxmem for memory, where that is absent.
config good.cfg
sed -i 's/^memory/maxmem/' good.cfg
works create -n good.cfg
prints ', 8192 pages'
sed -i /maxmem/d good.cfg
warns "good.cfg: memory is missing; the guest gets libxl's default of 32 MiB" \
    create -n good.cfg
prints ', 8192 pages'

# Firmware is a kernel, and whoever has neither that nor a bootloader has none.
bad 'firmware = "pvgrub32"' 'firmware: a guest has either that or a kernel'
good 'firmware = ""'
printf 'name = "guest"\nmemory = 32\nfirmware = "pvgrub32"\n' >good.cfg
warns 'good.cfg:3: firmware: no kernel is known yet that could be planned for; xl builds the guest' \
    create -n good.cfg
fails 3 "argument 'firmware=\"x\"': firmware: it is none of pvgrub32, pvgrub64" \
    create -n good.cfg 'firmware="x"'
printf 'name = "guest"\nmemory = 32\ndisk = [ "a" ]\n' >bad.cfg
fails 3 'bad.cfg: kernel is missing' create -n bad.cfg
config bad.cfg
fails 3 "argument 'memory=\"x\"': memory: a number from 0 up is wanted" \
    create -n bad.cfg 'memory="x"'
fails 3 "argument 'vif=[\"bridge=xenbr0\"]': vif: not supported; $hint" \
    create -n --native bad.cfg 'vif=["bridge=xenbr0"]'

finish
