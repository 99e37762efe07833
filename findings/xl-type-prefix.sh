#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl 4.17.7+13-g2445b30a44-0+deb12u1 (Debian 12: xen-utils-4.17) on the type of
# a guest, "type" or the older "builder".
#
# Expected: "hvm", "pv" and "pvh", or "hvm" and "generic"; anything else is
# refused, as "Invalid domain type".
# Seen: so is the beginning of such a word, and the empty string, which makes the
# guest an HVM one: a generator of configurations that has no type to write gets
# that and not the default, PV.  "xl create -n" on a Xen host shows it, too.
#
# parse_config_data() in tools/xl/xl_parse.c compares as many characters as the
# value has: strncmp(buf, "hvm", strlen(buf)).
#
# xl asks Xen for little before it shows the configuration that it has read,
# which is all that is wanted here ("create -n").  There may be no Xen, so that
# what it asks is answered by a few functions in its place.
#
# Ends with 0 if it is as said here, with 1 if that has changed, with 2 if it
# could not be tried.
set -u

version=4.17.7+13-g2445b30a44-0+deb12u1
packages=(
    "libxencall1=$version" "libxendevicemodel1=$version"
    "libxenevtchn1=$version" "libxenforeignmemory1=$version"
    "libxengnttab1=$version" "libxenhypfs1=$version"
    "libxenmisc4.17=$version" "libxenstore4=$version"
    "libxentoolcore1=$version" "libxentoollog1=$version"
    "xen-utils-4.17=$version" libyajl2=2.1.0-3+deb12u2
)

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get download "${packages[@]}" >log 2>&1 || { cat log; exit 2; }
for package in *.deb; do
    dpkg -x "$package" root || exit 2
done

cat >host.c <<'END'
/* A host with four CPUs. */
#include <stdlib.h>

void *xc_interface_open(void *log, void *build_log, unsigned int flags)
{
    return malloc(1);
}

int xc_interface_close(void *xc)
{
    free(xc);
    return 0;
}

int xc_get_max_cpus(void *xc)
{
    return 4;
}

int xc_get_max_nodes(void *xc)
{
    return 1;
}

void *xs_open(unsigned long flags)
{
    return malloc(1);
}

void xs_close(void *xs)
{
    free(xs);
}

int libxl_get_physinfo(void *ctx, void *info)
{
    return 0;
}

/* struct libxl_version_info: xl matches the command line with "autoballoon". */
const void *libxl_get_version_info(void *ctx)
{
    static const struct {
        int major, minor;
        const char *strings[7];
        unsigned long long virt_start;
        int pagesize;
        const char *commandline, *build_id;
    } info = {4, 17, {"", "", "", "", "", "", ""}, 0, 4096, "", ""};

    return &info;
}
END
gcc -shared -fPIC -o host.so host.c || exit 2

xl() {
    LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu \
        LD_PRELOAD=$work/host.so root/usr/lib/xen-4.17/bin/xl "$@" 2>log
}

changed=0
# seen TYPE SETTING: the type that xl makes of it; "refused".
seen() {
    printf '%s\n' 'name = "guest"' 'kernel = "/bin/true"' 'memory = 64' "$2" \
        >guest.cfg
    if xl create -n guest.cfg >made; then
        got=$(sed -n 's/^ *"type": "\(.*\)",$/\1/p' made | head -n 1)
    elif grep -q 'Invalid domain type' log; then
        got=refused
    else
        cat log
        exit 2
    fi
    printf '%-22s %s\n' "${2:-nothing}" "$got"
    [ "$got" = "$1" ] || changed=1
}

seen pv ''
seen pv 'type = "pv"'
seen hvm 'type = "hvm"'
seen refused 'type = "xen"'
seen refused 'type = "PV"'
seen hvm 'type = ""'
seen hvm 'builder = ""'
seen pv 'type = "p"'
seen pv 'builder = "gen"'
exit "$changed"
