#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What libvirt's XML is converted to means to stock xl what it says.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
need_xl

program=$domwright
run convert --to xl "$srcdir/tests/cli/libvirt.xml"
[ "$status" = 0 ] || wrong 'the XML is not converted'
cp out guest.cfg
"$fakexen" --memory 1G "$xl" -N create guest.cfg >out 2>err ||
    wrong 'xl does not read it'
! grep -qi 'warning\|error' err || wrong 'xl has something against it'
tr -d ' \n' <out >json

# means JSON: it is in what xl made of the file.
means() {
    checks=$((checks + 1))
    grep -qF -e "$1" json || wrong "xl does not take it for $1"
}

means '"type":"pv","name":"g","uuid":"c7a5fdb2-cdaf-9455-926a-d65c16db1809"'
means '"max_vcpus":2,"avail_vcpus":[0]'
means '"vcpu_hard_affinity":[[0,1,2,3],[0]]'
means '"max_memkb":131072,"target_memkb":65536'
means '"tsc_mode":"native"'
means '"localtime":"True"'
means '"max_grant_frames":40'
means '"weight":300'
means '"event_channels":2047'
means '"bootloader":"/usr/bin/pygrub","bootloader_args":["-q"]'
means "\"cmdline\":\"a\\\"b\\\"'c'\\\\n&\""
means '"e820_host":"True"'
means '{"pdev_path":"/x,y.img","vdev":"xvda","backend":"qdisk","format":"qcow2"}'
means '"vdev":"xvdc","backend":"phy","format":"raw","removable":1,"is_cdrom":1'
means '"mtu":9000,"mac":"00:16:3e:00:00:01","ip":"10.0.0.110.0.0.2"'
means '"bridge":"br0","ifname":"v0","script":"vif-bridge","rate_bytes_per_interval":5000'
means '"func":3,"dev":2,"bus":1'
means '"permissive":true,"seize":true'
means '"listen":"1.2.3.4","passwd":"pw","display":1,"findunused":"False"'
means '"name":"c0","connection.pty"'
means '"on_reboot":"restart","on_crash":"coredump_destroy"'
finish
