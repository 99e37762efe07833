# shellcheck shell=dash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# Helpers for the lab's cases: TAP lines, guests, and Xen's free memory.
# A case sources it, runs its tests and ends with done_testing.

tap_n=0
tap_bad=0
guest_log=/var/log/xen/console

# ok NAME COMMAND...: passes where the command succeeds.
ok() {
    tap_name=$1
    shift
    tap_n=$((tap_n + 1))
    if tap_out=$("$@" 2>&1); then
        echo "ok $tap_n - $tap_name"
    else
        tap_status=$?
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_n - $tap_name"
        echo "# '$*' ended with status $tap_status"
        [ -z "$tap_out" ] || echo "$tap_out" | sed 's/^/# /'
    fi
}

# is GOT WANTED NAME
is() {
    tap_n=$((tap_n + 1))
    if [ "$1" = "$2" ]; then
        echo "ok $tap_n - $3"
    else
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_n - $3"
        echo "$1" | sed 's/^/#   got:    /'
        echo "$2" | sed 's/^/#   wanted: /'
    fi
}

# like TEXT ERE NAME: passes where a line of TEXT matches.
like() {
    tap_n=$((tap_n + 1))
    if printf '%s\n' "$1" | grep -qE -e "$2"; then
        echo "ok $tap_n - $3"
    else
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_n - $3"
        echo "#   no match for: $2"
        printf '%s\n' "$1" | sed 's/^/#   in: /'
    fi
}

# status WANTED NAME COMMAND...: passes where it ends with that very status.
# What it printed is in $out afterwards.
status() {
    tap_want=$1
    tap_name=$2
    shift 2
    tap_n=$((tap_n + 1))
    tap_status=0
    out=$("$@" 2>&1) || tap_status=$?
    if [ "$tap_status" = "$tap_want" ]; then
        echo "ok $tap_n - $tap_name"
    else
        tap_bad=$((tap_bad + 1))
        echo "not ok $tap_n - $tap_name"
        echo "# '$*' ended with status $tap_status, not $tap_want"
        [ -z "$out" ] || echo "$out" | sed 's/^/# /'
    fi
}

skip() {
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP ${2:-}"
}

# tap_lines: take over the TAP lines that a guest printed, on standard input,
# under this case's own numbers.
tap_lines() {
    tap_file=$(mktemp)
    tr -d '\r' >"$tap_file"
    while IFS= read -r tap_line; do
        case $tap_line in
        'ok '*)
            tap_n=$((tap_n + 1))
            echo "ok $tap_n - ${1:+$1: }${tap_line#ok * - }"
            ;;
        'not ok '*)
            tap_n=$((tap_n + 1))
            tap_bad=$((tap_bad + 1))
            echo "not ok $tap_n - ${1:+$1: }${tap_line#not ok * - }"
            ;;
        '#'*) echo "$tap_line" ;;
        esac
    done <"$tap_file"
    rm -f "$tap_file"
}

done_testing() {
    echo "1..$tap_n"
    [ "$tap_bad" = 0 ]
    exit $?
}

# Wait until COMMAND succeeds: wait_for SECONDS COMMAND...
wait_for() {
    wait_end=$(($(cut -d . -f 1 /proc/uptime) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(cut -d . -f 1 /proc/uptime)" -lt "$wait_end" ] || return 1
        sleep 0.1
    done
}

# A guest's console without terminal codes.
console() {
    tap_esc=$(printf '\033')
    tr -d '\r' <"$guest_log/guest-$1.log" |
        sed -e "s/$tap_esc\[[0-9;?]*[A-Za-z]//g"
}

console_has() {
    console "$1" | grep -qE -e "$2"
}

# Wait for an ERE in a guest's console log: wait_console NAME ERE SECONDS.
# The log of an earlier guest of the same name counts too: see forget_console.
wait_console() {
    wait_for "$3" console_has "$1" "$2" && return 0
    echo "no '$2' on the console of $1 within $3 s:"
    console "$1" 2>&1 | tail -n 5
    return 1
}

# Between two guests of one name; xenconsoled holds the log of a living one.
forget_console() {
    rm -f "$guest_log/guest-$1.log"
}

# Pages in Xen's heap, to the very page: "xl info" knows megabytes only. Xen
# keeps a page or so when the first domain since boot goes (the suite sees
# to that); from then on the count comes back to the page.
free_pages() {
    xl debug-keys H
    xl dmesg | awk '
        /heap\[node=0\]\[zone=0\] ->/ { sum = 0 }
        /heap\[node=[0-9]+\]\[zone=/ { sum += $(NF - 1) }
        END { print sum }'
}

# Xen hands out clean memory first, so a new guest lands low while the high
# memory of dead ones waits to be scrubbed.
all_scrubbed() {
    xl dmesg -c >/dev/null
    xl debug-keys H
    ! xl dmesg | grep -q 'has [0-9]* unscrubbed pages'
}

# A dead domain's last pages come back a moment after the command that
# destroyed it ended: wait_free_pages WANTED SECONDS.
wait_free_pages() {
    free_end=$(($(cut -d . -f 1 /proc/uptime) + $2))
    while free_now=$(free_pages); [ "$free_now" != "$1" ]; do
        [ "$(cut -d . -f 1 /proc/uptime)" -lt "$free_end" ] || {
            echo "$free_now pages are free, not $1"
            return 1
        }
        sleep 0.2
    done
}

# The ways to a guest: the command, with both pin orders, stock xl with the
# plugin, and stock xl alone.
by_domwright() {
    domwright create "$1"
}
by_root_pin() {
    domwright create --pin-order=root "$1"
}
by_xl() {
    domwright xl create -q "$1"
}
by_stock_xl() {
    xl create -q "$1"
}

# Is what this case is about to be had from this Xen?  Debian's has no 32-bit PV
# guests, and from 4.17.7 on logs no dirty pages.
xen_has() {
    case $1 in
    pv32) xl info | grep -q '^xen_caps .* xen-3.0-x86_32p' ;;
    log_dirty) xl info | grep -q '^virt_caps .*shadow' ;;
    esac
}

# since MINOR: the Xen is 4.MINOR or newer.
since() {
    [ "${LAB_RELEASE#4.}" -ge "$1" ]
}

# needs WHAT: or leave the case out
needs() {
    xen_has "$1" && return 0
    echo "1..0 # SKIP no $1"
    exit 0
}

# on STOCK PATCHED: what is expected of this Xen.
on() {
    if [ "$LAB_XEN" = patched ]; then
        echo "$2"
    else
        echo "$1"
    fi
}

# Print a guest's configuration: guest_config NAME KERNEL [LINE]...
guest_config() {
    {
        printf 'name = "%s"\ntype = "pv"\nkernel = "%s"\n' "$1" "$2"
        printf 'memory = 128\nvcpus = 1\n'
        shift 2
        [ $# = 0 ] || printf '%s\n' "$@"
    }
}

# The widths of PV guests that there are, and the test guests' variants.
widths='32 64' variants='pae legacy 64'
xen_has pv32 || widths=64 variants=64

grub_32=/usr/lib/grub-xen/grub-i386-xen.bin
grub_64=/usr/lib/grub-xen/grub-x86_64-xen.bin
