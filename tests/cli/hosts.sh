#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which host a command works on, and where the programs find each other.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

# guest_on HOST: what guest is there.
guest_on() {
    "$fakexen" --host "$1" "$domwright" list | sed -n 's/^\(on-[ab]\) .*/\1/p'
}

for host in a b; do
    config guest.cfg "name=\"on-$host\"" 'memory=16'
    works --host=$host create guest.cfg
    works --host $host list
    prints "^on-$host "
done

# What is said last counts: an option before where we are, that before the
# environment.
DOMWRIGHT_HOST=a
export DOMWRIGHT_HOST
works list
prints '^on-a '
works --host b list
prints '^on-b '
program=$fakexen
works --host b "$domwright" list
prints '^on-b '
works --host b "$domwright" --host a list
prints '^on-a '
works --host a "$domwright" --host=b list
prints '^on-b '
works "$domwright" --host b list
prints '^on-b '
program=$domwright
unset DOMWRIGHT_HOST

# The host that we are on is not entered again, by whatever name it goes.
ln -s a other-name
"$fakexen" --host a --trace trace "$domwright" --host other-name list >out 2>err
prints '^on-a '
grep -q getdomaininfolist trace || wrong 'it went elsewhere'

# A change is made where it was to be, and nowhere else.
program=$fakexen
works --host a "$domwright" --host b destroy on-b
program=$domwright
[ "$(guest_on a),$(guest_on b)" = on-a, ] || wrong 'the wrong host was changed'

# So for xl, whose every argument is its own.
mkdir bin
cat >bin/xl <<'END'
#!/bin/sh
echo "$FAKEXEN_HOST|$*|$LD_PRELOAD"
END
chmod +x bin/xl
old_path=$PATH
PATH=$work/bin:$PATH
plugin=$top/src/builder/.libs/plugin.so
works --host b xl --host list
prints "^$work/b\|--host list\|$plugin:.*fakexen\.so$"
export DOMWRIGHT_HOST=a
works xl list
prints "^$work/a\|list\|$plugin:.*fakexen\.so$"
works --host b xl list
prints "^$work/b\|list\|"
unset DOMWRIGHT_HOST
PATH=$old_path

# A host that cannot be opened is none to talk to, whoever says so.
for file in no/such/folder .; do
    run --host "$file" list
    [ "$status" = 5 ] || wrong "--host $file: status $status"
    { [ "$(wc -l <err)" = 1 ] && grep -q "^fakexen: $file: " err; } ||
        wrong "--host $file: no reason"
done

# -q: nothing is said of the user's own host.
if [ ! -e /dev/xen/privcmd ]; then
    # What was named and cannot be run is what is wrong, not a lack of Xen.
    export DOMWRIGHT_FAKEXEN=/nowhere
    fails 5 'DOMWRIGHT_FAKEXEN: /nowhere: No such file or directory' list
    unset DOMWRIGHT_FAKEXEN
    works -q list
    works list --quiet
    [ -e "$HOME/.local/state/domwright/host" ] || wrong 'where was it?'
    rm -r "$HOME"
fi

# A machine that has Xen: it is Xen that is asked, unless a host is named.
mkdir dev
cat >with-xen <<'END'
mount -t tmpfs none dev && mkdir dev/xen && : >dev/xen/privcmd && : >dev/null &&
    mount --bind /dev/null dev/null && mount --rbind dev /dev && exec "$@"
END
with_xen() {
    checks=$((checks + 1))
    status=0
    unshare -rm sh with-xen "$@" >out 2>err </dev/null || status=$?
}
with_xen test -e /dev/xen/privcmd
if [ "$status" = 0 ]; then
    with_xen "$domwright" list
    [ "$status" = 5 ] || [ "$status" = 4 ] || wrong 'Xen was not asked'
    grep -q 'embedded host' err && wrong 'it is on an embedded host'
    [ ! -e "$HOME" ] || wrong 'it made an embedded host'
    with_xen "$domwright" --host a list
    prints '^on-a '
    DOMWRIGHT_HOST=a with_xen "$domwright" list
    prints '^on-a '
    DOMWRIGHT_HOST=b with_xen "$domwright" --host a list
    prints '^on-a '
else
    echo 'no namespaces here: a machine that has Xen is not tested'
fi

# Installed somewhere: all that belongs together is found, without a variable.
mkdir -p opt/bin opt/lib/domwright
cp "$domwright" "$fakexen" opt/bin
cp "$top/src/hypervisor/fakexen/.libs/fakexen.so" "$plugin" opt/lib/domwright
program=$work/opt/bin/domwright
works --host a list
prints '^on-a '
PATH=$work/bin:$PATH
works --host a xl list
here=$work/opt/lib/domwright
prints "^$work/a\|list\|$here/plugin\.so:$here/fakexen\.so$"
ln -s opt/bin/domwright link
program=$work/link
works --host a list
prints '^on-a '

# Nothing that somebody else could have put there; and nothing that lies about.
program=$work/opt/bin/fakexen
# In their place an installed one is taken, where there is one.
loaded() {
    # shellcheck disable=SC2016 # for the inner shell
    run --host a sh -c 'echo "$LD_PRELOAD"'
    grep -qF "$work/$1/" out
}
loaded opt || wrong 'its own library is not loaded'
chmod o+w opt/lib/domwright/fakexen.so
! loaded opt || wrong 'a library that everybody may write is loaded'
[ "$status" = 0 ] || grep -q 'fakexen\.so: ' err || wrong 'no reason'
chmod o-w opt/lib/domwright/fakexen.so
loaded opt || wrong 'its own library is not loaded any more'
# A privileged program takes no such word, and looks nowhere but where it was
# to be installed.
cp "$(command -v id)" opt/bin/id
if [ "$(id -u)" = 0 ] && chown nobody opt/bin/id opt/bin/domwright &&
    chmod 4755 opt/bin/id opt/bin/domwright &&
    [ "$(opt/bin/id -un)" = nobody ]; then
    program=$work/opt/bin/domwright
    DOMWRIGHT_PLUGIN=/nowhere.so run xl list
    grep -q nowhere err && wrong 'a privileged program takes another plugin'
    DOMWRIGHT_FAKEXEN=/nowhere run --host a list
    grep -q nowhere err && wrong 'a privileged program takes another fakexen'
    run --host a list
    grep -q "$work/opt" err && wrong 'a privileged program looks around'
    chmod u-s opt/bin/domwright
fi

program=$work/opt/bin/fakexen
mkdir -p elsewhere/lib/domwright
cp opt/bin/fakexen elsewhere
cp opt/lib/domwright/fakexen.so elsewhere/lib/domwright
program=$work/elsewhere/fakexen
! loaded elsewhere || wrong 'a library that lies about is loaded'
[ "$status" = 0 ] || grep -q 'domwright/fakexen\.so: No such file' err ||
    wrong 'no reason'
grep -q elsewhere err && wrong 'a library that lies about is looked for'
finish
