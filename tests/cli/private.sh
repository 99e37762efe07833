# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# For tests that use what tools keep in fixed places: runs the test again in a
# mount namespace of its own, where /var/lib, /var/log and /run are empty.
if [ -z "${DW_TEST_PRIVATE-}" ]; then
    set -- -m --propagation private
    [ "$(id -u)" = 0 ] || set -- -r "$@"
    if ! unshare "$@" true 2>/dev/null; then
        echo 'no mount namespace can be had here'
        exit 77
    fi
    DW_TEST_PRIVATE=yes exec unshare "$@" sh "$0"
    exit 99
fi
for directory in /var/lib /var/log /run; do
    mount -t tmpfs tmpfs "$directory" || exit 99
done
mkdir -p /var/lib/xen /var/log/xen /run/xen /run/lock || exit 99

# Stock xl: an installed one, or the lab's.  Debian's /usr/sbin/xl is a script
# that looks for Xen.
tools=usr/lib/xen-$(sed -n 's/^#define XEN_VERSION "\(.*\)"/\1/p' config.h)/bin
for directory in "/$tools" \
    "${DOMWRIGHT_CACHE:-${HOME:-/root}/.cache/domwright}"/dom0-*/root/"$tools"; do
    [ ! -x "$directory/xl" ] || xl=$directory/xl
done
need_xl() {
    if [ -z "${xl-}" ] || ldd "$xl" | grep -q 'not found'; then
        echo 'there is no xl here that runs'
        exit 77
    fi
}
