# shellcheck shell=dash disable=SC2034
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

# libvirtd_start ours|stock: as the service does, until it answers.
libvirtd_start() {
    mkdir -p /run/libvirt
    case $1 in
    ours) set -- env LD_PRELOAD="$plugin" libvirtd ;;
    stock) set -- libvirtd ;;
    esac
    "$@" </dev/null >/tmp/libvirtd.log 2>&1 &
    wait_for 30 vsh version
}

# libvirtd_stop [SIGNAL]
libvirtd_stop() {
    libvirtd_pid=$(cat /run/libvirtd.pid)
    kill "-${1:-TERM}" "$libvirtd_pid"
    wait_for 30 sh -c "! kill -0 $libvirtd_pid"
}

# domain NAME i686|x86_64 KERNEL [LINE]...: its XML. LINEs that are no <devices>
# follow the memory.
domain() {
    cat <<END
<domain type='xen'>
  <name>$1</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='$2' machine='xenpv'>linux</type>
    <kernel>$3</kernel>
  </os>
END
    shift 3
    [ $# = 0 ] || printf '  %s\n' "$@"
    cat <<END
  <devices>
    <console type='pty'/>
  </devices>
</domain>
END
}

arch_of() {
    [ "$1" = 32 ] && echo i686 || echo x86_64
}
