#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every file in examples/ works as it is, where its kernel is there.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

if [ ! -e /usr/lib/grub-xen/grub-i386-xen.bin ]; then
    echo 'the package grub-xen-host is not installed'
    exit 77
fi
for example in "$srcdir"/examples/*.cfg; do
    name=$(basename "$example" .cfg)
    works create -n "$example"
    checks=$((checks + 1))
    on_host "$domwright" create "$example" >out 2>err || wrong "$name fails"
    prints "^created $name "
    [ ! -s err ] || wrong "$name has something to say"
    on_host "$domwright" destroy "$name" >out 2>err || wrong "$name stays"
done
for example in "$srcdir"/examples/libvirt/*.xml; do
    works create -n "$example"
    [ ! -s err ] || wrong "$example has something to say"
done
prints '^type pv64,'
as_before 'an example'
finish
