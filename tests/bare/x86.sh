#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lib/ on the MMU of an emulated x86 machine: tests/bare/x86 in QEMU.
# shellcheck source=tests/bare/lib.sh
. "$(dirname "$0")/lib.sh"
find_qemu x86_64
good=33 # isa-debug-exit makes that of x86_cpu.c's EXIT_GOOD

# run NAME CPU MIB MACHINE WORDS
run() {
    run_bare "$1" "$3" "$good" -cpu "$2" -machine "$4" \
        -chardev stdio,id=out,signal=off \
        -device isa-debugcon,iobase=0xe9,chardev=out \
        -device isa-debug-exit,iobase=0x501,iosize=4 \
        -kernel tests/bare/x86 -append "$5"
}

# Memory that ends within a superpage; then some of it above 4 GiB, where it
# begins and ends at multiples of 2 MiB, and has more than 1 GiB in a row.
high=pc,max-ram-below-4g=128M
run qemu64 qemu64 2364 pc ''
run max max 1300 $high '1g high'
run max-without-1g max,pdpe1gb=off 1300 $high 'high'
end_bare
