#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
id=1000
set --
while [ $id -lt 1700 ]; do set -- "$@" /local/domain/$id/name gone$id /local/domain/$id/domid $id; id=$((id+1)); [ $# -lt 400 ] || { xenstore-write "$@"; set --; }; done
xenstore-write "$@"
xenstore-ls /local/domain | wc -l
cat >/tmp/g.cfg <<C
name = "g"
type = "pv"
kernel = "/usr/lib/grub-xen/grub-i386-xen.bin"
memory = 128
C
xl create -q -p -e /tmp/g.cfg; xl destroy g; sleep 1
domwright create -q -p -e /tmp/g.cfg; xl destroy g; sleep 1
i=0
while [ $i -lt 9 ]; do i=$((i+1))
s=$(date +%s%N); xl create -q -p -e /tmp/g.cfg; e=$(date +%s%N); xl destroy g; a=$(((e-s)/1000)); sleep 1
s=$(date +%s%N); domwright create -q -p -e /tmp/g.cfg; e=$(date +%s%N); xl destroy g; b=$(((e-s)/1000)); sleep 1
s=$(date +%s%N); domwright version >/dev/null; e=$(date +%s%N); c=$(((e-s)/1000))
s=$(date +%s%N); domwright list >/dev/null; e=$(date +%s%N); d=$(((e-s)/1000))
s=$(date +%s%N); true; /bin/true; e=$(date +%s%N); t=$(((e-s)/1000))
echo "xl $a ours $b version $c list $d true $t ratio $((b*1000/a))"
done
done_testing
