#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What README and examples/libvirt tell a user of libvirt to type, typed. In the
# place of what the lab has by other means, packages, the tree built and installed,
# systemd, stands what says whether it was asked for rightly.
# alone: stock
. "$(dirname "$0")/libvirt.sh"
cd /lab/tree || exit 1

mkdir -p /tmp/bin
# script NAME: from standard input, in front of all others.
script() {
    cat - >"/tmp/bin/$1"
    chmod +x "/tmp/bin/$1"
}
script sudo <<'END'
#!/bin/sh
exec "$@"
END
script apt-get <<'END'
#!/bin/sh
[ "$1" = install ] || exit 1
shift
for package; do
    case $package in
    git) ;;
    libvirt-daemon-system) command -v libvirtd ;;
    libvirt-clients) command -v virsh ;;
    grub-xen-host) ls /usr/lib/grub-xen/*.bin ;;
    *) exit 1 ;;
    esac || exit 1
done
END
script git <<'END'
#!/bin/sh
[ "$*" = 'clone REPOSITORY domwright' ] && ln -s . domwright
END
script make <<'END'
#!/bin/sh
[ "$*" = '-C build install' ] && [ -e /usr/lib/domwright/plugin.so ]
END
script quickstart <<'END'
#!/bin/sh
[ "$*" = demo ]
END
ln -s /tmp/bin/quickstart quickstart
# busybox has none.
script install <<'END'
#!/bin/sh
[ "$1 $2 $3" = '-D -m 644' ] && mkdir -p "${5%/*}" && cp "$4" "$5" && chmod 644 "$5"
END
# The environment of a service is that of the files beside it.
script systemctl <<'END'
#!/bin/sh
case $* in
daemon-reload)
    cat /etc/systemd/system/libvirtd.service.d/*.conf 2>/dev/null |
        sed -n 's/^Environment=//p' >/tmp/environment ;;
'restart libvirtd')
    pid=$(cat /run/libvirtd.pid 2>/dev/null)
    [ -z "$pid" ] || kill "$pid"
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    # shellcheck disable=SC2046 # words
    env $(cat /tmp/environment) libvirtd </dev/null >/tmp/libvirtd.log 2>&1 &
    i=0
    until virsh -q -c xen:///system version >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -lt 100 ] || exit 1
        sleep 0.1
    done ;;
*) exit 1 ;;
esac
END
PATH=/tmp/bin:$PATH
export PATH

# block FILE HEADING: the lines that are typed under it, one word for each.
block() {
    awk -v heading="$2" '
        index($0, heading) == 1 { on = 1 }
        on && /^    / { typed = 1; print substr($0, 5) }
        typed && !/^    / { exit }' "$1"
}

before=$(free_pages)
block README.md 'With libvirt, from nothing' >/tmp/lines
is "$(wc -l </tmp/lines)" 10 'README has ten lines'
# The console is left once the prompt is there; what is typed before virsh has
# the terminal is lost.
script leave <<'END'
#!/bin/sh
i=0
until grep -q 'grub>' /var/log/xen/console/guest-grub32.log || [ $i = 60 ]; do
    i=$((i + 1))
    sleep 1
done
while [ $i -lt 90 ] && printf '\035' 2>/dev/null; do
    i=$((i + 1))
    sleep 1
done
END
sed -i '/ console /s,^sudo \([^#]*[^# ]\).*,leave | script -qc "\1" /tmp/console,' \
    /tmp/lines
sed 's/^/# /' /tmp/lines
sed -i '1i set -ex' /tmp/lines
ok 'they work as they are' sh /tmp/lines
like "$(tr -d '\r' </tmp/console)" 'Connected to domain .grub32' 'the console'
ok 'the guest was there' wait_console grub32 '^grub> ' 1

ok 'the 64-bit example' vsh create examples/libvirt/grub64.xml
ok 'shows its prompt' wait_console grub64 '^grub> ' 60
ok 'virsh destroy' vsh destroy grub64

cd examples/libvirt || exit 1
for part in Remove Install Verify; do
    block README.md "## $part" >/tmp/lines
    sed -i '1i set -ex' /tmp/lines
    ok "$part" sh /tmp/lines
    [ $part != Remove ] || status 1 'it is removed' \
        domwright hooks --status libvirtd
done
ok 'libvirtd ends' libvirtd_stop
ok 'no page is left' wait_free_pages "$before" 20
done_testing
