#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two rules of the design, held by grep:
#  - lib/ is freestanding: it includes no header of Xen's tools and does no
#    I/O.  Xen's public ABI headers, <xen/...>, are allowed.
#  - src/hypervisor/fakexen uses nothing of lib/, so that one misunderstanding
#    cannot pass on both sides.
#
# Automake sets srcdir; by hand, run it in the top of the tree, or give the
# top as an argument.

top=${1:-${top_srcdir:-${srcdir:-.}}}
lib=$top/lib
fakexen=$top/src/hypervisor/fakexen
status=0

if [ ! -f "$lib/frame.h" ]; then
    echo "boundaries: no lib/frame.h under '$top'" >&2
    exit 99
fi

# refuse WHY PATTERN FILE...: no file may have an include of such a header.
refuse() {
    why=$1
    pattern=$2
    shift 2
    if grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*$pattern" \
        /dev/null "$@" >&2; then
        echo "boundaries: $why" >&2
        status=1
    fi
}

xen='xenctrl|xenguest|xencall|xenforeignmemory|xenstore|xentoollog'
xen="$xen|xengnttab|xenevtchn|xendevicemodel|xentoolcore|xenhypfs"
refuse "lib/ includes a header of Xen's tools" \
    "[<\"](($xen)[a-z_]*|libxl[a-z_]*)\.h[>\"]" "$lib"/*.[ch]
refuse "lib/ does I/O or allocates by itself" \
    '[<"](stdio|stdlib|unistd|fcntl|sys/[a-z]*)\.h[>"]' "$lib"/*.[ch]

if [ -d "$fakexen" ]; then
    names=$(cd "$lib" && printf '%s|' *.h | sed 's/|$//; s/\./\\./g')
    sources=$(find "$fakexen" -name '*.[chS]')
    for source in $sources; do
        refuse "fakexen uses lib/" "[<\"]([^>\"]*lib/[^>\"]*|$names)[>\"]" \
            "$source"
    done
fi

exit $status
