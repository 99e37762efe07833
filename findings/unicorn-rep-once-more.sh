#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Unicorn 2.0.1.post1-1+b1 (Debian 12: libunicorn2) on how many instructions a
# repeated one is, such as "rep movsb".
#
# Expected: one (its `count` is "the number of instructions to be emulated",
# unicorn.h), or as many as a CPU has steps there: with PTRACE_SINGLESTEP a copy of
# three bytes is three of them, one of none is one.
# Seen: one more than that.  A copy of three bytes takes a count of four, and
# UC_HOOK_CODE is called four times for it; a copy of none, once.  With a count of
# three all bytes are copied, and RIP is still on the instruction.
# Debian 13's 2.1.1 does the same.
#
# So whoever counts instructions, for a budget, a clock or coverage, and compares
# with a CPU's own counter or with a trace by single steps, is off by one for each
# repeated instruction.
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

cat >try.py <<'END'
import ctypes
import sys

unicorn = ctypes.CDLL(sys.argv[1])
ARCH_X86, MODE_64, HOOK_CODE = 4, 8, 4  # unicorn.h
RCX, RDI, RIP, RSI = 38, 39, 41, 43  # x86.h
CODE, REP_MOVSB = 0x1000, bytes.fromhex('f3a4')
word = ctypes.c_uint64
Hook = ctypes.CFUNCTYPE(None, ctypes.c_void_p, word, ctypes.c_uint32,
                        ctypes.c_void_p)


def copy(nr, count=0):
    """nr bytes, of at most `count` instructions: hooks, RCX, RIP's offset."""
    cpu, hook, hooks = ctypes.c_void_p(), word(), []
    called = Hook(lambda *args: hooks.append(1))
    assert not unicorn.uc_open(ARCH_X86, MODE_64, ctypes.byref(cpu))
    assert not unicorn.uc_mem_map(cpu, word(CODE), word(0x1000), 7)
    assert not unicorn.uc_mem_write(cpu, word(CODE), REP_MOVSB, word(2))
    for register, value in (RCX, nr), (RSI, CODE + 0x100), (RDI, CODE + 0x200):
        assert not unicorn.uc_reg_write(cpu, register,
                                        ctypes.byref(word(value)))
    assert not unicorn.uc_hook_add(cpu, ctypes.byref(hook), HOOK_CODE, called,
                                   None, word(1), word(0))
    assert not unicorn.uc_emu_start(cpu, word(CODE), word(CODE + 2), word(0),
                                    word(count))
    rcx, rip = word(), word()
    assert not unicorn.uc_reg_read(cpu, RCX, ctypes.byref(rcx))
    assert not unicorn.uc_reg_read(cpu, RIP, ctypes.byref(rip))
    unicorn.uc_close(cpu)
    return len(hooks), rcx.value, rip.value - CODE


for nr in 0, 1, 3:
    print(nr, 'bytes: %d hooks, rcx %d, rip +%d' % copy(nr))
for count in 2, 3, 4:
    print('3 bytes, count', count, 'rcx %d, rip +%d' % copy(3, count)[1:])
END
python3 try.py "$library" >seen || exit 2
cat seen
[ "$(cat seen)" = '0 bytes: 1 hooks, rcx 0, rip +2
1 bytes: 2 hooks, rcx 0, rip +2
3 bytes: 4 hooks, rcx 0, rip +2
3 bytes, count 2 rcx 1, rip +0
3 bytes, count 3 rcx 0, rip +0
3 bytes, count 4 rcx 0, rip +2' ]
