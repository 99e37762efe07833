#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The fuzz targets' seeds, and what fuzzing has found, without a fuzzer.
for target in hostfile hypercalls pagetables memmap libvirt convert saved; do
    findings=${srcdir:-.}/tests/fuzz/findings/$target
    [ -d "$findings" ] || findings=
    tests/fuzz/$target ${findings:+"$findings"} || {
        echo "replay.sh: $target failed"
        exit 1
    }
done
tests/fuzz/memmap "${srcdir:-.}/tests/memmap"
