# shellcheck shell=dash disable=SC2034,SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the cases with libvirt share: the daemon with our hooks in it or without,
# domains in XML, and what libxl told it.
. "$(dirname "$0")/lib.sh"

plugin=/usr/lib/domwright/plugin.so
libxl_log=/var/log/libvirt/libxl/libxl-driver.log

# virsh, that can only be asked of xen.
vsh() {
    virsh -q -c xen:///system "$@"
}

# libvirtd_start ours|stock [debug]: as the service does, until it answers.
# libxl tells all where the level is debug; libvirt itself had better not.
libvirtd_start() {
    mkdir -p /run/libvirt
    {
        cat /etc/libvirt/libvirtd.conf
        [ "${2:-}" != debug ] || printf '%s\n' 'log_level = 1' \
            'log_filters = "4:access 4:conf 4:daemon 4:event 4:rpc 4:util 4:libvirt"'
    } >/tmp/libvirtd.conf
    case $1 in
    ours) set -- env LD_PRELOAD="$plugin" libvirtd ;;
    stock) set -- libvirtd ;;
    esac
    "$@" --config /tmp/libvirtd.conf </dev/null >/tmp/libvirtd.log 2>&1 &
    wait_for 30 vsh version
}

# libvirtd_stop [SIGNAL]
libvirtd_stop() {
    libvirtd_pid=$(cat /run/libvirtd.pid)
    kill "-${1:-TERM}" "$libvirtd_pid"
    wait_for 30 sh -c "! kill -0 $libvirtd_pid"
}

# uuid_of NAME: one for each name of up to six letters.
uuid_of() {
    printf '0c2f3e4d-5b6a-4798-8a9b-%.12s' \
        "$(printf %s "$1" | od -An -tx1 | tr -d ' \n')000000000000"
}

# domain NAME i686|x86_64 KERNEL [MIB [DEVICE]...]: its XML.
domain() {
    cat <<END
<domain type='xen'>
  <name>$1</name>
  <uuid>$(uuid_of "$1")</uuid>
  <memory unit='MiB'>${4:-128}</memory>
  <vcpu current='1'>2</vcpu>
  <os>
    <type arch='$2' machine='xenpv'>linux</type>
    <kernel>$3</kernel>
  </os>
  <on_crash>destroy</on_crash>
  <devices>
    <console type='pty'/>
END
    shift 3
    [ $# = 0 ] || shift
    [ $# = 0 ] || printf '    %s\n' "$@"
    printf '  </devices>\n</domain>\n'
}

arch_of() {
    [ "$1" = 32 ] && echo i686 || echo x86_64
}

# Of the pages that were free in $before all but what Xen takes for small objects
# of its own when something is done for the first time (40-leak.sh counts exactly).
pages_are_back() {
    pages_now=$(free_pages)
    [ "$pages_now" -ge $((before - 6)) ] || {
        echo "$pages_now pages are free, not $before"
        return 1
    }
}

# typed NAME WORDS ERE: what virsh console shows where the words are typed until
# the guest's console has ERE, and then ^], until it ends.
typed() {
    (
        i=0
        until console_has "$1" "$3" || [ $i = 60 ]; do
            sleep 1
            i=$((i + 1))
            printf '%s\r' "$2"
        done
        while [ $i -lt 90 ] && printf '\035' 2>/dev/null; do
            sleep 1
            i=$((i + 1))
        done
    ) | timeout 90 script -qc "virsh -c xen:///system console $1" /dev/null |
        tr -d '\r'
}

# What no two guests have alike, or no two moments; a column is as wide as IDs.
alike() {
    sed -e "s/ id='[0-9]*'/ id='N'/" -e 's/^Id:.*/Id: N/' \
        -e 's/   */ /g' -e 's/^ *[0-9][0-9]* / N /' \
        -e 's,/dev/pts/[0-9]*,/dev/pts/N,g' -e 's/^CPU time:.*/CPU time: T/'
}

# said COMMAND[; COMMAND]...: virsh's words and status, in the transcript.
said() {
    {
        echo "## $1"
        vsh "$1" 2>&1
        echo "status $?"
    } | alike >>"$transcript"
}

# said_alike NAME: the transcripts /tmp/ours-NAME and /tmp/stock-NAME are equal.
said_alike() {
    is "$(cat "/tmp/ours-$1")" "$(cat "/tmp/stock-$1")" \
        "virsh says the same with either, $1"
    # What went wrong with both would be alike.
    is "$(grep -E '^(error|status [^0]|no .* on the console|it goes on)' \
        "/tmp/ours-$1")" '' 'all of it worked'
}
