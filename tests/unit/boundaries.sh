#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The design's rules about who may call whom, held by grep over #include:
#  - lib/ is freestanding: it includes no header of Xen's tools and does no
#    I/O.  Xen's public ABI headers, <xen/...>, are allowed.
#  - src/hypervisor/fakexen uses nothing of lib/, so that one misunderstanding
#    cannot pass on both sides.
#  - in src/builder, command is over guest, guest over report, host, hooks and
#    config.  hooks is what a plugin brings to strangers: no xenstore, no JSON;
#    config reads files, and knows no Xen library but the parser of xl's files;
#    memmap reads pastes, and knows lib/ alone; libvirt reads XML, and knows
#    nothing else; stream reads saved domains, and knows lib/ alone;
#    regress runs programs, and looks at domains as inspect does;
#    report is given facts, and asks for none.  inspect shares nothing with the
#    builder: not its hooks, its plan or its guests.
#  - in src/hypervisor/fakexen, the machine knows none of the others, and the
#    store the machine alone.
#
# Automake sets srcdir; by hand, run it in the top of the tree, or give the
# top as an argument.

top=${1:-${top_srcdir:-${srcdir:-.}}}
status=0

cd "$top" || exit 99
[ -f lib/frame.h ] || {
    echo "boundaries: no lib/frame.h under '$top'" >&2
    exit 99
}

# refuse_code WHY PATTERN FOLDER: no line of a source below it may match.
# A folder without sources would pass in silence, so it fails.
refuse_code() {
    sources=$(find "$3" -name '*.[chS]' 2>/dev/null)
    if [ -z "$sources" ]; then
        echo "boundaries: nothing to check in $3" >&2
        status=1
        return
    fi
    # The names have no blanks.
    # shellcheck disable=SC2086
    if grep -nE "$2" /dev/null $sources >&2; then
        echo "boundaries: $1" >&2
        status=1
    fi
}

# refuse WHY PATTERN FOLDER: no source below it may include such a header.
refuse() {
    refuse_code "$1" "^[[:space:]]*#[[:space:]]*include[[:space:]]*$2" "$3"
}

xen='xenctrl|xenguest|xencall|xenforeignmemory|xenstore|xentoollog'
xen="$xen|xengnttab|xenevtchn|xendevicemodel|xentoolcore|xenhypfs"
refuse "lib/ includes a header of Xen's tools" \
    "[<\"](($xen)[a-z_]*|libxl[a-z_]*)\.h[>\"]" lib
refuse "lib/ does I/O or allocates by itself" \
    '[<"](stdio|stdlib|unistd|fcntl|sys/[a-z]*)\.h[>"]' lib

names=$(cd lib && find . -name '*.h' | sed 's,^\./,,; s/\./\\./g' | paste -sd'|')
refuse "fakexen uses lib/" "[<\"]([^>\"]*lib/[^>\"]*|$names)[>\"]" \
    src/hypervisor/fakexen

builder=src/builder
refuse "the hooks know more than libxenguest" \
    '[<"](xenstore|jansson|(command|config|guest|host|report)/[a-z_]*)\.h[>"]' \
    $builder/hooks
refuse "the configuration knows Xen's libraries or what is over it" \
    "[<\"](($xen)[a-z_]*|libxl(_[a-z_]*)?|(command|guest|hooks|host|report)/[a-z_]*)\.h[>\"]" \
    $builder/config
refuse "the reader of memory maps knows Xen's libraries or what is over it" \
    "[<\"](jansson|($xen)[a-z_]*|libxl(_[a-z_]*)?|(command|config|guest|hooks|host|report)/[a-z_]*)\.h[>\"]" \
    $builder/memmap
refuse "the reader of libvirt's XML knows more than that" \
    "[<\"](jansson|($xen)[a-z_]*|libxl[a-z_]*|(command|config|guest|hooks|host|inspect|memmap|report)/[a-z_]*)\.h[>\"]" \
    $builder/libvirt
refuse "the reader of saved domains knows Xen's libraries or what is over it" \
    "[<\"](jansson|($xen)[a-z_]*|libxl[a-z_]*|(command|config|guest|hooks|host|inspect|memmap|report)/[a-z_]*)\.h[>\"]" \
    $builder/stream
refuse "inspect knows the builder" \
    '"((command|config|guest|hooks|host|memmap|report)/|pv/)' $builder/inspect
refuse "host calls upwards" '"(command|guest|inspect|report)/' $builder/host
refuse "guest calls upwards" '"command/' $builder/guest
refuse "regress knows more than programs and what can be seen of a domain" \
    '"(command|config|guest|hooks|report|stream)/' $builder/regress
refuse "report knows what is over it" \
    '[<"](xenstore\.h|(command|guest)/)' $builder/report
refuse_code "report asks Xen" '(^|[^a-z_])(xc|xs)_[a-z_]+\(' $builder/report

# The command alone reads options, writes on standard output, ends the process.
for folder in config guest hooks host inspect memmap report stream; do
    refuse_code "$folder does what is the command's to do" \
        '(^|[^a-z_])(getopt(_long)?|exit|printf|puts|putchar)\(|stdout' \
        $builder/$folder
done

for source in "$builder"/config/*.c "$builder"/guest/*.c "$builder"/hooks/*.c \
    "$builder"/host/*.c "$builder"/inspect/*.c "$builder"/memmap/*.c \
    "$builder"/report/*.c; do
    case $source in */plugin.c) continue ;; esac # a constructor
    [ -f "${source%.c}.h" ] || {
        echo "boundaries: $source has no header" >&2
        status=1
    }
done

# A header says what a file is for; of one that answers for a library of Xen's,
# or for the C library's munmap(), it is that library's.
paired() {
    for file in "$1"/*.[ch]; do
        case $file in
        *.c) other=${file%.c}.h ;;
        *) other=${file%.h}.c ;;
        esac
        [ -f "$other" ] ||
            grep -qE "^#include <($xen|sys/mman)\.h>" "$file" || {
            echo "boundaries: $file has no $other" >&2
            status=1
        }
    done
}

# fakexen's parts, each of which may include itself and those behind it.
fakexen=src/hypervisor/fakexen
part() {
    refuse "$1 of fakexen calls upwards" "\"($2)/" $fakexen/"$1"
    paired $fakexen/"$1"
}
part preload 'command'
part hypercall 'command|preload'
part recovery 'command|preload|hypercall'
part store 'command|preload|hypercall|recovery|domain|memory'
part domain 'command|preload|hypercall|recovery|store'
part memory 'command|preload|hypercall|recovery|store|domain'
part machine 'command|preload|hypercall|recovery|store|domain|memory'

exit $status
