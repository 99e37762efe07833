# SPDX-License-Identifier: LGPL-2.1-or-later
"""A saved domain, damaged one way after the other: who reads it has to say so.

    damage.py STREAM DOMWRIGHT

STREAM is libxenguest's, of a PV domain.  Each damaged one is read as a file and
from a pipe; what is not refused with status 3 and the right words is told, and
how many were tried.
"""
import copy
import re
import struct
import subprocess
import sys
import tempfile

END, PAGE_DATA, PV_INFO, P2M_FRAMES, BASIC, EXTENDED, XSAVE, SHARED_INFO, \
    TSC_INFO = range(9)
MSRS, VERIFY, CHECKPOINT, STATIC_END, CPUID, MSR = 12, 13, 14, 16, 17, 18


def parse(data):
    """The headers, and [type, body] of each record."""
    head, at, records = data[:40], 40, []
    while at < len(data):
        kind, length = struct.unpack_from('<II', data, at)
        records.append([kind, bytearray(data[at + 8:at + 8 + length])])
        at += 8 + (length + 7) // 8 * 8
    return bytearray(head), records


def join(head, records):
    out = bytearray(head)
    for kind, body in records:
        out += struct.pack('<II', kind, len(body)) + body
        out += bytes(-len(body) % 8)
    return bytes(out)


def first(records, kind):
    return next(r for r in records if r[0] == kind)


def index(records, kind):
    return next(i for i, r in enumerate(records) if r[0] == kind)


def put(record, at, form, *values):
    struct.pack_into('<' + form, record[1], at, *values)


def table(records, level):
    """A PAGE_DATA record, its word and its page of a table of that level."""
    for record in records:
        if record[0] != PAGE_DATA:
            continue
        count, = struct.unpack_from('<I', record[1])
        words = struct.unpack_from('<%dQ' % count, record[1], 8)
        page = 8 + 8 * count
        for i, word in enumerate(words):
            if word >> 60 < 13:
                if (word >> 60) & 7 == level and word >> 60:
                    return record, 8 + 8 * i, page
                page += 4096
    raise LookupError


WAYS = []


def way(message):
    def add(function):
        WAYS.append((function.__name__, message, function))
        return function
    return add


def drop(kind, message):
    def function(head, records):
        records[:] = [r for r in records if r[0] != kind]
    function.__name__ = 'without_%d' % kind
    way(message)(function)


def again(kind, message):
    def function(head, records):
        records.insert(-1, first(records, kind))
    function.__name__ = 'again_%d' % kind
    way(message)(function)


def sized(kind, size, message):
    def function(head, records):
        body = first(records, kind)[1]
        body[:] = (body + bytes(max(size, 0)))[:size if size >= 0 else size]
    function.__name__ = 'sized_%d_%d' % (kind, size)
    way(message)(function)


drop(PV_INFO, 'X86_PV_P2M_FRAMES: before X86_PV_INFO')
drop(P2M_FRAMES, r'PAGE_DATA: PFN 0, where the P2M list ends at 0')
drop(PAGE_DATA, 'END: there was no PAGE_DATA before it')
drop(BASIC, 'END: there was no X86_PV_VCPU_BASIC of vCPU 0 before it')
drop(SHARED_INFO, 'END: there was no SHARED_INFO before it')
drop(TSC_INFO, 'END: there was no X86_TSC_INFO before it')
drop(STATIC_END, 'X86_PV_P2M_FRAMES: before STATIC_DATA_END')
drop(END, 'a record: the stream is cut off')
again(PV_INFO, 'X86_PV_INFO: a second one')
again(SHARED_INFO, 'SHARED_INFO: a second one')
again(TSC_INFO, 'X86_TSC_INFO: a second one')
again(STATIC_END, 'STATIC_DATA_END: a second one')
again(CPUID, 'X86_CPUID_POLICY: a second one')
again(MSR, 'X86_MSR_POLICY: a second one')
for each in BASIC, EXTENDED, XSAVE, MSRS:
    again(each, 'X86_PV_VCPU_[A-Z]*: a second one for vCPU 0')
sized(PV_INFO, 4, 'X86_PV_INFO: 4 bytes')
sized(P2M_FRAMES, 4, 'X86_PV_P2M_FRAMES: 4 bytes')
sized(P2M_FRAMES, 64, 'X86_PV_P2M_FRAMES: 64 bytes for PFNs 0 to 0x')
sized(PAGE_DATA, 4, 'PAGE_DATA: 4 bytes')
sized(PAGE_DATA, 16, r'PAGE_DATA: \d+ PFNs in 16 bytes')
sized(PAGE_DATA, -8, r'PAGE_DATA: \d+ bytes, where \d+ PFNs of its types take')
sized(BASIC, 4, 'X86_PV_VCPU_BASIC: 4 bytes')
sized(BASIC, 1024, "X86_PV_VCPU_BASIC: 1016 bytes, not those of a vCPU's")
sized(EXTENDED, 144, 'X86_PV_VCPU_EXTENDED: 136 bytes, more than 128')
sized(XSAVE, 16, 'X86_PV_VCPU_XSAVE: 8 bytes, less than 16')
sized(MSRS, 32, 'X86_PV_VCPU_MSRS: 24 bytes, no whole MSRs')
sized(SHARED_INFO, 4095, 'SHARED_INFO: 4095 bytes')
sized(TSC_INFO, 16, 'X86_TSC_INFO: 16 bytes')
sized(CPUID, 25, 'X86_CPUID_POLICY: 25 bytes, where an item has 24')
sized(MSR, 24, 'X86_MSR_POLICY: 24 bytes, where an item has 16')
sized(STATIC_END, 8, 'STATIC_DATA_END: 8 bytes')
sized(END, 8, 'END: 8 bytes')


@way("the beginning: this is no saved domain, of xl, libxl or libxenguest")
def marker(head, records):
    head[7] = 0


@way("the image header: not libxenguest's format")
def ident(head, records):
    head[8] ^= 1


@way('the image header: version 4, neither 2 nor 3')
def version(head, records):
    head[15] = 4


@way('the image header: another byte order')
def endian(head, records):
    head[17] |= 1


@way('the domain header: a domain of HVM or PVH; domwright knows PV ones')
def hvm(head, records):
    head[24] = 2


@way('the domain header: a domain of type 9')
def other_type(head, records):
    head[24] = 9


@way(r'the domain header: pages of 2\^13 bytes')
def page_shift(head, records):
    head[28] = 13


@way('X86_PV_INFO: 4 bytes a word and 4 levels of tables')
def levels(head, records):
    put(first(records, PV_INFO), 0, 'BB', 4, 4)


@way('of type 0x7f and 0 bytes|a record: of type 0x7f, which is not known')
def unknown(head, records):
    records.insert(1, [0x7f, bytearray()])


@way('CHECKPOINT: a PV domain.s file has none')
def checkpoint(head, records):
    records.insert(-1, [CHECKPOINT, bytearray()])


@way(r'a record: of type 0x1 and \d+ bytes, more than any has')
def huge(head, records):
    first(records, PAGE_DATA)[1] += bytes(9 << 20)


@way('X86_PV_P2M_FRAMES: 40 bytes for PFNs 0x[0-9a-f]+ to 0|'
     r'X86_PV_P2M_FRAMES: \d+ bytes for PFNs 0xffffff to 0x')
def backwards(head, records):
    put(first(records, P2M_FRAMES), 0, 'I', 0xffffff)


@way('X86_PV_P2M_FRAMES: from PFN 0xc800 on, where the list ends at 0x')
def list_gap(head, records):
    records.insert(index(records, PAGE_DATA),
                   [P2M_FRAMES, bytearray(struct.pack('<IIQ', 50 << 10,
                                                      50 << 10, 0))])


@way(r'page 0 of the P2M list is PFN 0xffffffff, which is no memory')
def list_outside(head, records):
    put(first(records, P2M_FRAMES), 8, 'Q', 0xffffffff)


@way(r'PFN [0-9a-fx]+ of type [0-9]+, which is none')
def page_type(head, records):
    record = first(records, PAGE_DATA)
    word, = struct.unpack_from('<Q', record[1], 8)
    put(record, 8, 'Q', word & ~(15 << 60) | 6 << 60)


@way(r'PAGE_DATA: PFN 0xffffffffffff, where the P2M list ends')
def page_outside(head, records):
    put(first(records, PAGE_DATA), 8, 'Q', 0xffffffffffff)


@way("PAGE_DATA: its pages are as scattered as no guest's")
def scattered(head, records):
    """One PFN in each 512, of memory without contents."""
    width, pages = first(records, PV_INFO)[1][0], 20000
    last = pages * 512 - 1
    words = last // (4096 // width) + 1
    records.insert(index(records, PAGE_DATA), [
        P2M_FRAMES, bytearray(struct.pack('<II', 0, last) + bytes(8 * words))])
    records.insert(index(records, PAGE_DATA), [
        PAGE_DATA, bytearray(struct.pack('<II', pages, 0) + b''.join(
            struct.pack('<Q', 14 << 60 | 512 * i) for i in range(pages)))])


@way('PAGE_DATA: 0 PFNs in')
def no_pages(head, records):
    put(first(records, PAGE_DATA), 0, 'I', 0)


@way(r'PAGE_DATA: \d+ PFNs in')
def many_pages(head, records):
    put(first(records, PAGE_DATA), 0, 'I', 0xffffffff)


@way(r'L1 at PFN 0x[0-9a-f]+, entry 17: PFN 0xffffffff, where the P2M')
def entry_outside(head, records):
    record, _, page = table(records, 1)
    put(record, page + 17 * 8, 'Q', 0xffffffff << 12 | 1)


@way(r"vCPU 0's CR3 is PFN 0x[0-9a-f]+, which is no L[34]")
def root_type(head, records):
    width = first(records, PV_INFO)[1][0]
    record, word, _ = table(records, 3 if width == 4 else 4)
    value, = struct.unpack_from('<Q', record[1], word)
    put(record, word, 'Q', value & ~(15 << 60) | 1 << 60)


@way('X86_PV_VCPU_BASIC: vCPU 65536')
def vcpu_number(head, records):
    put(first(records, BASIC), 0, 'I', 65536)


def cuts(data):
    """Where to cut it off: around each record's header and end."""
    at, places = 40, {1, 23, 24, 39, 40}
    while at < len(data):
        length, = struct.unpack_from('<I', data, at + 4)
        places |= {at + 1, at + 8, at + 8 + length // 2}
        at += 8 + (length + 7) // 8 * 8
        places |= {at - 1, at}
    return sorted(places - {len(data)})


class Check:
    def __init__(self, domwright):
        self.domwright, self.tried, self.wrong = domwright, 0, 0

    def one(self, what, message, data, pipe=True):
        with tempfile.NamedTemporaryFile(dir='.') as file:
            file.write(data)
            file.flush()
            results = [
                subprocess.run([self.domwright, 'image', file.name],
                               capture_output=True),
            ]
        if pipe:
            results += [
                subprocess.run([self.domwright, 'image', '-'], input=data,
                               capture_output=True),
            ]
        for result in results:
            self.tried += 1
            said = result.stderr.decode()
            if result.returncode != 3 or result.stdout or \
                    not re.search(r'at (0|0x[0-9a-f]+), .*' + message, said) or \
                    said.count('\n') != 1:
                self.wrong += 1
                print('%s: status %d: %s' % (what, result.returncode, said))


def main():
    check = Check(sys.argv[2])
    with open(sys.argv[1], 'rb') as file:
        data = file.read()
    head, records = parse(data)
    for name, message, function in WAYS:
        damaged_head, damaged = bytearray(head), copy.deepcopy(records)
        try:
            function(damaged_head, damaged)
        except StopIteration:
            continue  # such a record is not in this one
        check.one(name, message, join(damaged_head, damaged))
    # Of one width is enough.
    for at in cuts(data) if first(records, PV_INFO)[1][0] == 4 else []:
        check.one('cut at %d' % at, 'the stream is cut off', data[:at],
                  at < 10000 or at > len(data) - 100)
    print('%d tried, %d wrong' % (check.tried, check.wrong))
    sys.exit(check.wrong > 0)


main()
