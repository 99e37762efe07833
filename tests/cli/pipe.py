# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file of domwright's, otherwise: pipe.py FILE WAY, which writes to standard
output.

WAY: "cuts": where its records begin, a number a line; "type": a page in the
midst has a type that is none; "late": the L3 is at first sent as a page without
contents; "no-assists": nobody has said the VM assists in front, as with xl;
"assists": others are said than there are; "front": much stands before the
guest's width; "wide": the P2M list is said to be of more PFNs than a guest of
its memory has.
"""
import struct
import sys

PAGE_DATA, PV_INFO, P2M_FRAMES = 1, 2, 3
ASSISTS = b'domwright/assist'

data = bytearray(open(sys.argv[1], 'rb').read())
way = sys.argv[2]
first = data.index(b'LibxlFmt') + 16 + 8  # behind LIBXC_CONTEXT


def records():
    at = first + 40
    while at < len(data) - 8:
        kind, length = struct.unpack_from('<II', data, at)
        yield at, kind, length
        at += 8 + (length + 7) // 8 * 8


def words(at):
    count, = struct.unpack_from('<I', data, at + 8)
    for i in range(count):
        yield at + 16 + 8 * i, struct.unpack_from('<Q', data, at + 16 + 8 * i)[0]


def write_record(at, kind, body):
    data[at:at] = struct.pack('<II', kind, len(body)) + body


if way == 'cuts':
    for at in [0, 32, first - 24, first, first + 24] + \
            [at for at, _, _ in records()] + [len(data) - 8]:
        print(at)
    sys.exit()
pages = [at for at, kind, _ in records() if kind == PAGE_DATA]
if way == 'type':
    at, word = next(words(pages[len(pages) // 2]))
    struct.pack_into('<Q', data, at, word & ~(15 << 60) | 6 << 60)
elif way == 'late':
    root = next(word for at in pages for _, word in words(at)
                if word >> 60 in (3, 11))
    pfn = root & (1 << 52) - 1
    write_record(pages[0], PAGE_DATA,
                 struct.pack('<IIQ', 1, 0, 14 << 60 | pfn))
elif way == 'no-assists':
    at = data.index(ASSISTS)
    data[at:at + len(ASSISTS)] = b'another/extended'
elif way == 'assists':
    at = data.index(ASSISTS) + len(ASSISTS)
    struct.pack_into('<Q', data, at, struct.unpack_from('<Q', data, at)[0] ^ 8)
elif way == 'front':
    info = next(at for at, kind, _ in records() if kind == PV_INFO)
    for _ in range(5):
        write_record(info, 0x80000042, bytes(8 << 20))
elif way == 'wide':
    at = next(at for at, kind, _ in records() if kind == P2M_FRAMES)
    last = 16 << 20
    write_record(at, P2M_FRAMES, struct.pack('<II', 0, last) +
                 bytes(8 * (last // 512 + 1)))
sys.stdout.buffer.write(data)
