# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the lab's programs share: where the cache is and how to speak.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${DOMWRIGHT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/domwright}
# shellcheck source=/dev/null
suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}")
# The Xen whose libraries are installed, which the tree is or will be built for:
# hypervisor, dom0's tools and the tree are of one version.
release=$(pkg-config --modversion xencontrol 2>/dev/null | cut -d . -f 1-2) ||
    release=''
release=${release:-4.17}
# A tree of Xen in the place of Debian's source package.
xen_tree=${DOMWRIGHT_XEN_SOURCE:-}

say() {
    printf 'lab: %s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# Run a long command with its output in a log; show the tail when it fails.
# logged NAME COMMAND...
logged() {
    local name=$1 log=$cache/log/$1.log
    shift
    mkdir -p "$cache/log"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        say "$name failed; the end of $log:"
        tail -n 15 "$log" | sed 's/^/    /' >&2
        return 1
    fi
}

# Take the cache's lock for the rest of this process: two labs that start at
# once prepare once. Whoever already holds it for us says so in LAB_LOCKED.
lock_cache() {
    [ -z "${LAB_LOCKED:-}" ] || return 0
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock -n 9 || {
        say "another process is preparing the cache; waiting for it"
        flock 9
    }
    export LAB_LOCKED=1
}

# New things are made in a directory of their own and renamed when complete,
# so that an interrupted run leaves nothing that looks finished.
new_part() {
    mkdir -p "$cache/part"
    mktemp -d "$cache/part/$1.XXXXXX"
}

# The series for this version: its folder, and the file that lists it. It is
# another one where Xen has stable control operations.
case $release in
4.1[789]) series=xen-4.17 series_file=series ;;
4.20) series=xen-4.20 series_file=series ;;
*) series=xen-4.20 series_file=series-4.21 ;;
esac
series=$(cd "$lab_dir/../../src/hypervisor/$series" && pwd)

# What "--xen" names: stock and patched, those of this version that are built
# here, or debian, the suite's binary as it is. Fails for any other word.
xen_variant() {
    case $1 in
    stock | patched | debian) printf '%s' "$1" ;;
    "$release") printf 'stock' ;;
    "$release-patched") printf 'patched' ;;
    *) return 1 ;;
    esac
}

# The series' files in their order.
series_patches() {
    sed -e 's/#.*//' -e '/^ *$/d' "$series/$series_file"
}

sum() {
    cksum | cut -d ' ' -f 1
}

# Is there what to build from?
have_source() {
    [ -n "$xen_tree" ] || [ -e "$cache/xen-source-$release/version" ]
}

# What of a tree tells one state from another.
tree_state() {
    (cd "$1" && find . -name .git -prune -o -type f -printf '%P %s %T@\n') |
        LC_ALL=C sort
}

# Where the hypervisor of a variant is: by what the source and the patches are,
# so that another series is another hypervisor.
xen_dir() {
    local dir=$cache/xen-$release-$1
    case $1 in
    debian) printf '%s' "$dir-$(tools_version)"; return ;;
    patched)
        dir=$dir-$(series_patches | (cd "$series" && xargs cat) | sum)
        ;;
    esac
    [ -z "$xen_tree" ] || dir=$dir-$({ echo "$xen_tree"; tree_state "$xen_tree"; } | sum)
    printf '%s' "$dir"
}

# The version of the installed libxenguest: dom0's tools are of that very one.
tools_version() {
    dpkg-query -W -f '${Version}' "libxenmisc$release" 2>/dev/null || :
}

# Run a program of an unpacked package tree with that tree's own libraries.
# in_root ROOT PROGRAM ARG...
in_root() {
    local root=$1 prog=$2
    shift 2
    "$root/lib64/ld-linux-x86-64.so.2" \
        --library-path "$(root_libs "$root")" "$root$prog" "$@"
}

root_libs() {
    printf '%s' "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"
}

# The shared libraries that ELF files need, as paths, found along the library
# path given first: elf_libs ROOT PATH FILE...
elf_libs() {
    local root=$1 path=$2
    shift 2
    local f
    for f; do
        "$root/lib64/ld-linux-x86-64.so.2" --library-path "$path" \
            --list "$f" 2>/dev/null || :
    done | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u
}
