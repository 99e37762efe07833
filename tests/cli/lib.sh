# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Helpers for the tests of the command line. A test sources it, runs its
# checks in a directory of its own, and ends with finish.
set -u

# What root's tools keep of guests is in /var/lib/xen: where root runs the tests,
# they have one of their own, and leave nothing in the other.
if [ "$(id -u)" = 0 ] && [ -d /var/lib/xen ] && [ -z "${DW_TEST_PRIVATE-}" ] &&
    unshare -m --propagation private true 2>/dev/null; then
    # shellcheck disable=SC2016 # for the inner shell
    DW_TEST_PRIVATE=yes exec unshare -m --propagation private \
        sh -euc 'mount -t tmpfs tmpfs /var/lib/xen; exec sh "$0"' "$0"
fi

top=$PWD
case ${srcdir:=.} in
/*) ;;
*) srcdir=$top/$srcdir ;;
esac
domwright=${DOMWRIGHT:-$top/src/builder/domwright}
program=$domwright # whose command line is tested
# shellcheck disable=SC2034 # for the tests
guests=$top/tests/guests kernels=$top/tests/cli
fakexen=$top/src/hypervisor/fakexen/fakexen

# The Xen that the tree was built for, and what it is behind "4.".
xen_version=$(sed -n 's/^#define XEN_VERSION "\(.*\)"/\1/p' "$top/config.h")
# shellcheck disable=SC2034 # for the tests
xen_minor=${xen_version#*.} xen_tools=/usr/lib/xen-$xen_version/bin
# Stock xl from 4.19 on does not restore a 32-bit guest on a machine with memory
# above 4 GiB, as on Xen (domwright(1), "restore"): is it that, in `err`?
is_xls_fault() {
    [ "$xen_minor" -ge 19 ] && grep -q 'Failed to map Shared Info at mfn' err
}

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
# Whoever runs the tests has hosts of his own, which are not for them.
HOME=$work/home
export HOME
unset XDG_STATE_HOME DOMWRIGHT_HOST DOMWRIGHT_FAKEXEN DOMWRIGHT_PLUGIN \
    DOMWRIGHT_PIN_ORDER FAKEXEN_HOST
failures=0 checks=0

# Run it; its status, output and messages are in $status, out and err.
run() {
    checks=$((checks + 1))
    status=0
    "$program" "$@" >out 2>err </dev/null || status=$?
    case " $* " in
    *' --json '* | *[\ =]'json '* | *' events '*) keep_json "$@" ;;
    esac
}

# What was printed as JSON is kept, for finish to hold it against its schema.
keep_json() {
    [ "$program" = "$domwright" ] && [ -s out ] || return 0
    mkdir -p "$work/.json"
    cp out "$work/.json/$checks"
    printf '%s\n' "$@" >"$work/.json/$checks.args"
}

# Debian's own Python has Debian's python3-jsonschema.
check_json() {
    /usr/bin/python3 -I "$srcdir/tests/cli/schema.py" \
        "$srcdir/src/builder/report/schema" "$work/.json" 2>&1
}

wrong() {
    failures=$((failures + 1))
    echo "FAILED: $1"
    sed 's/^/  out: /' out
    sed 's/^/  err: /' err
}

# fails STATUS LINE ARGUMENT...: ends with that status, and "PROGRAM: LINE" is
# all that it prints.
fails() {
    want_status=$1 want=$2
    shift 2
    run "$@"
    if [ "$status" != "$want_status" ]; then
        wrong "'$*' ended with status $status, not $want_status"
    elif [ "$(cat err)" != "${program##*/}: $want" ]; then
        wrong "'$*' did not say: $want"
    elif [ -s out ]; then
        wrong "'$*' failed with a report"
    fi
}

# works ARGUMENT...: succeeds, and says nothing on standard error.
works() {
    run "$@"
    if [ "$status" != 0 ]; then
        wrong "'$*' ended with status $status"
    elif [ -s err ]; then
        wrong "'$*' had something to say"
    fi
}

# warns LINE ARGUMENT...: succeeds with that one warning.
warns() {
    want=$1
    shift
    run "$@"
    if [ "$status" != 0 ]; then
        wrong "'$*' ended with status $status"
    elif [ "$(cat err)" != "${program##*/}: warning: $want" ]; then
        wrong "'$*' did not warn: $want"
    fi
}

# prints ERE: the last run printed a line that matches.
prints() {
    grep -qE -e "$1" out || wrong "no line matches: $1"
}

# A configuration that is all right, and more lines: config FILE [LINE]...
config() {
    config_file=$1
    shift
    {
        printf 'name = "guest"\nkernel = "%s"\nmemory = 32\n' \
            "$guests/hello-pae"
        [ $# = 0 ] || printf '%s\n' "$@"
    } >"$config_file"
}

# For a test that needs the embedded host, to begin with: a sanitizer's runtime
# has to be loaded before all else, which it is not where it is preloaded.
needs_embedded() {
    ! ldd "$top/src/hypervisor/fakexen/.libs/fakexen.so" | grep -q libasan ||
        { echo 'the embedded host cannot be preloaded with sanitizers'; exit 77; }
}

# The same, and other people's programs, too, are to find what was built here.
uses_embedded() {
    needs_embedded
    FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
    DOMWRIGHT_FAKEXEN=$fakexen
    export FAKEXEN_LIBRARY DOMWRIGHT_FAKEXEN
}

finish() {
    if [ -d "$work/.json" ]; then
        status=0
        check_json >out 2>err || status=$?
        case $status in
        0) ;;
        77 | 127) echo 'JSON is not held against schemas: no python3-jsonschema' ;;
        *) wrong 'JSON that does not fit its schema' ;;
        esac
    fi
    echo "$checks checks, $failures failed"
    [ "$failures" = 0 ]
    exit $?
}
