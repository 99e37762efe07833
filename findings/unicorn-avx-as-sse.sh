#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Unicorn 2.0.1.post1-1+b1 (Debian 12: libunicorn2) on AVX instructions of 128
# bits with three operands, such as "vaddps %xmm2, %xmm1, %xmm0".
#
# Expected: XMM0 becomes XMM1 + XMM2 (Intel SDM vol. 2, ADDPS), or the invalid
# opcode that a CPU without AVX raises: the library's own CPU model says in CPUID
# that it has none.
# Seen: neither.  The instruction runs as its SSE namesake of two operands,
# "addps %xmm2, %xmm0": the second source is not looked at, XMM0 becomes XMM0 +
# XMM2, and uc_emu_start() reports success.  Debian 13's 2.1.1 does the same.
#
# So whoever runs others' code on it has to refuse VEX prefixes himself: a program
# that asks CPUID is not harmed, one that was compiled for AVX computes something
# else.
#
# Ends with 0 if it is as said here, with 1 if that has changed, with 2 if it
# could not be tried.
set -u

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get download libunicorn2=2.0.1.post1-1+b1 >log 2>&1 || { cat log; exit 2; }
dpkg -x libunicorn2_*.deb root || exit 2
library=$(echo root/usr/lib/*/libunicorn.so.2)
[ -e "$library" ] || exit 2
command -v python3 >/dev/null || exit 2

# XMM0 is 100, XMM1 is 1 and XMM2 is 2, in all four parts.
cat >try.py <<'END'
import ctypes
import struct
import sys

unicorn = ctypes.CDLL(sys.argv[1])
ARCH_X86, MODE_64, CR4, XMM0 = 4, 8, 54, 122  # unicorn.h, x86.h
word = ctypes.c_uint64


def run(code):
    cpu = ctypes.c_void_p()
    assert not unicorn.uc_open(ARCH_X86, MODE_64, ctypes.byref(cpu))
    assert not unicorn.uc_mem_map(cpu, word(0x1000), word(0x1000), 7)
    cr4 = word(1 << 9 | 1 << 18)  # OSFXSR, OSXSAVE
    assert not unicorn.uc_reg_write(cpu, CR4, ctypes.byref(cr4))
    for i, value in enumerate((100.0, 1.0, 2.0)):
        xmm = ctypes.create_string_buffer(struct.pack('<4f', *[value] * 4), 16)
        assert not unicorn.uc_reg_write(cpu, XMM0 + i, xmm)
    assert not unicorn.uc_mem_write(cpu, word(0x1000), code, word(len(code)))
    error = unicorn.uc_emu_start(cpu, word(0x1000), word(0x1000 + len(code)),
                                 word(0), word(0))
    xmm = ctypes.create_string_buffer(16)
    assert not unicorn.uc_reg_read(cpu, XMM0, xmm)
    unicorn.uc_close(cpu)
    return error, struct.unpack('<4f', xmm.raw)


print('addps', run(bytes.fromhex('0f58c2')))
print('vaddps', run(bytes.fromhex('c5f058c2')))
END
python3 try.py "$library" >seen || exit 2
cat seen
[ "$(cat seen)" = 'addps (0, (102.0, 102.0, 102.0, 102.0))
vaddps (0, (102.0, 102.0, 102.0, 102.0))' ]
