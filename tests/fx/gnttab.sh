#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libxengnttab's clients on an embedded host; and the machine is in order when
# they are gone.
set -u
fakexen=$PWD/src/hypervisor/fakexen
client=$PWD/tests/fx/gnttab
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY
fakexen=${FAKEXEN:-$fakexen/fakexen}

if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# The client's preloaded environment is not for it.
AUDIT=$work/audit
export AUDIT
cat >"$AUDIT" <<END || exit 99
#!/bin/sh
unset LD_PRELOAD
"$fakexen" --host "$work/host" --status | grep -q '^audit: 0 differences'
END
chmod +x "$AUDIT" || exit 99

timeout 120 "$fakexen" --host host --memory 64M "$client" || exit 1
timeout 120 "$fakexen" --host host "$client" || exit 1
"$fakexen" --host host --status >status || exit 1
grep -q "^audit: 0 differences" status || { cat status; exit 1; }
