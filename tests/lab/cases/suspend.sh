# shellcheck shell=dash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases that save and migrate share: the guest "suspend", built in
# different ways, and what it has to say. Each case says in $way who builds.
. "$(dirname "$0")/lib.sh"

small() {
    sed 's/^memory = .*/memory = 8/'
}

# create NAME [WORDS]: by $way, from /tmp/guest.cfg.
create() {
    forget_console "$1"
    guest_config "$1" "/guests/$1" "cmdline = \"${2:-}\"" | small \
        >/tmp/guest.cfg
    before=$(free_pages)
    ok "$way: $1 is created" "$way" /tmp/guest.cfg
    ok 'it waits to be suspended' wait_console "$1" '^suspend: ready 0$' 60
    came_through "$1" "$1" 0
}

# field NAME KEY: what "domwright info" has.
field() {
    domwright info "$1" | sed -n "s/^$2 *: //p"
}

# came_through NAME LOG ROUND: the guest's last words about itself, in $said.
came_through() {
    said=$(console "$2" | grep -B 4 "^suspend: ready $3\$")
    like "$said" '^wrong_memory=0 wrong_p2m=0 tables=same$' \
        'its memory and its tables are right'
    like "$said" '^nr_pages=2048$' 'all of its pages are there'
    echo "$said" | sed -n "s/^root_mfn/# $way, $1, round $3: &/p"
    case $1 in
    *-pae) assist=yes ;;
    *) assist=no ;;
    esac
    like "$said" "extended_cr3=$assist\$" "extended CR3: $assist"
    like "$said" "^root_mfn=$(field "$1" root_mfn) " 'domwright info agrees'
}

# What the store and libxl keep of guests.
left_behind() {
    xenstore-ls -f |
        grep -E '^/(local/domain|local/domain/0/backend/[a-z]+|libxl)/[1-9]'
    xenstore-ls -f | grep '^/vm/'
    find /var/lib/xen -name 'userdata-d.[1-9]*'
}

nothing_left() {
    ok 'its pages come back' wait_free_pages "$before" 20
    is "$(left_behind)" '' 'nothing else is left'
}

# power_off NAME LOG: the guest answers, and nothing of it is left. No xl waits
# to destroy it: the one that made it gives up when it is suspended, and those
# that restore it are told not to.
power_off() {
    ok "xl shutdown $1" xl shutdown -w "$1"
    ok 'the guest has done so itself' console_has "$2" '^suspend: done$'
    ok 'xl destroy' xl destroy "$1"
    nothing_left
}

# Xen keeps a page or so once there was a guest of a kind: see 40-leak.sh.
for variant in $variants; do
    guest_config warm "/guests/suspend-$variant" | small >/tmp/guest.cfg
    xl create -q /tmp/guest.cfg && xl destroy warm
done
# From here on no guest is so large that the next one would land below 4 GiB.
ok 'the host is scrubbed' wait_for 120 all_scrubbed
