#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./quickstart on a machine whose package manager is at work already: stand-ins
# for apt-get and dpkg-query, in front of whatever the machine has.
. "${srcdir:=.}/tests/cli/lib.sh"

mkdir -p tree stand-ins
cp "$srcdir/quickstart" tree/
program=$work/tree/quickstart
PATH=$work/stand-ins:$PATH APT_PAUSE=0
export PATH APT_PAUSE

stand_in() {
    {
        printf '#!/bin/sh\ncd "%s"\n' "$work"
        cat
    } >"stand-ins/$1"
    chmod +x "stand-ins/$1"
}
stand_in sudo <<'EOF'
[ "$1" = -v ] || exec "$@"
EOF
# Nothing is installed; the platform is the one that is wanted.
stand_in dpkg-query <<'EOF'
exit 1
EOF
stand_in dpkg <<'EOF'
echo amd64
EOF
# Each line of the file update or install is one call's complaint. Without
# any, an update works, and there is nothing that could be installed.
stand_in apt-get <<'EOF'
case $* in
*update*) verb=update ;;
*) verb=install ;;
esac
echo "$verb" >>calls
if [ -s "$verb" ]; then
    head -n 1 "$verb"
    sed -i 1d "$verb"
    exit 100
fi
[ "$verb" = install ] || exit 0
echo 'E: Unable to locate package'
exit 100
EOF

# calls_are UPDATES INSTALLS
calls_are() {
    [ "$(grep -c update calls)/$(grep -c install calls)" = "$1/$2" ] ||
        wrong "not $1 updates and $2 installs"
}

# says_once HOLDER
says_once() {
    [ "$(grep -oF "(waits for the package manager: $1)" err | wc -l)" = 1 ] ||
        wrong "not said once: $1"
}
lists='E: Could not get lock /var/lib/apt/lists/lock.'
dpkg='E: Could not get lock /var/lib/dpkg/lock-frontend.'

# The same holder is named once, another one again, one without a name as such.
printf '%s\n' "$lists It is held by process 77 (apt-get)" \
    "$lists It is held by process 77 (apt-get)" \
    "$lists It is held by process 78 (unattended-upgr)" >update
printf '%s\n' "$dpkg It is held by process 79 (dpkg)" \
    "$dpkg - open (11: Resource temporarily unavailable)" >install
run demo
[ "$status" = 1 ] || wrong 'packages that are not there: no failure'
calls_are 4 3
for holder in 'process 77 (apt-get)' 'process 78 (unattended-upgr)' \
    'process 79 (dpkg)' 'another process'; do
    says_once "$holder"
done
# What is no lock is not tried again, and is told.
grep -q 'Unable to locate package' err || wrong 'no reason for the failure'

# Minutes later, an install would fail there.
mkdir 'sp ace'
cp "$srcdir/quickstart" 'sp ace/'
program="$work/sp ace/quickstart"
fails 1 "libtool and LD_PRELOAD take no path with a space or colon: move \
$work/sp ace" demo
program=$work/tree/quickstart
fails 1 'check takes --on SUITE or nothing, not: cli' check cli
fails 1 'check takes --on SUITE or nothing, not: --on' check --on
fails 1 'check --on takes bookworm or trixie, not: sid' check --on sid

# A build root that cannot be had says so, and leaves none.
HOME=$work
export HOME
unset DOMWRIGHT_CACHE
if [ "$(id -u)" = 0 ]; then
    stand_in mmdebstrap <<'END'
for part; do :; done
mkdir -p "$part"
echo 'E: cannot reach any mirror'
exit 25
END
    run check --on trixie
    [ "$status" = 1 ] || wrong "status $status without a build root"
    grep -q 'E: cannot reach any mirror' err || wrong 'nobody says why'
    [ "$(tail -n 1 err)" = 'quickstart: no build root of Debian trixie: its '\
'packages could not be had' ] || wrong 'nobody says what'
    [ -z "$(ls .cache/domwright)" ] || wrong 'it leaves a root'
else
    fails 1 'check --on takes root: a build root is entered with chroot' \
        check --on trixie
fi
finish
