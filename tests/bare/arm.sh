#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lib/ on the second stage of an emulated Arm MMU: the program of arm_*.c, which
# is compiled here, as it takes another compiler than the tree's.
# shellcheck source=tests/bare/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
lib=$here/../../lib
guests=$here/../guests
arm_cc=${ARM_CC:-clang --target=aarch64-none-elf -fuse-ld=lld}

# Words, as a compiler may need some.
# shellcheck disable=SC2086
set -- $arm_cc
command -v "$1" >/dev/null || skip "no $1, which makes programs for Arm"
case $arm_cc in
*lld) command -v ld.lld >/dev/null || skip "no lld, which links them" ;;
esac
find_qemu aarch64
# Warnings are errors of the compiler that Debian 12 has, not of another one's.
werror=
[ "$("$@" -dumpversion)" != 14.0.6 ] || werror=-Werror

# No FPU, and no access that is not aligned: EL2 runs without an MMU.
"$@" -std=c11 -g -O2 -Wall -Wextra -Wshadow -Wstrict-prototypes \
    -Wmissing-prototypes -Wundef -Wvla -Werror=implicit $werror \
    -ffreestanding -fno-pic -fno-stack-protector -mgeneral-regs-only \
    -mstrict-align -fno-asynchronous-unwind-tables -nostdlib -static \
    -Wl,--build-id=none -Wl,-T,"$here/arm.lds" -o "$work/arm" \
    -I"$lib" -I"$guests" -I"$here/include" \
    "$here"/arm_*.[cS] "$guests"/text.c "$guests"/tap.c "$guests"/memory.c \
    "$lib"/pt/*.c "$lib"/mem/p2m_table.c || {
    echo "arm: cannot be compiled"
    exit 1
}

# 4 GiB of RAM, of which few pages are used. The CPU of 44 bits and no extension
# to the tables, then one of 52 that has them all.
for cpu in cortex-a57 max; do
    run_bare "$cpu" 256 0 -machine virt,virtualization=on,gic-version=2 \
        -cpu "$cpu" -smp 2 -m 4096M -serial stdio -kernel "$work/arm"
done
end_bare
