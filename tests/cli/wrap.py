# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file as xl writes it, around a stream of libxenguest's.

    wrap.py STREAM CONFIG [FLAGS [LENGTH]] > FILE

CONFIG is libxl's JSON.  FLAGS and LENGTH, of the configuration, are for wrong
files.
"""
import struct
import sys

with open(sys.argv[1], 'rb') as file:
    stream = file.read()
with open(sys.argv[2], 'rb') as file:
    config = file.read() + b'\0'
flags = int(sys.argv[3], 0) if len(sys.argv) > 3 else 3
length = int(sys.argv[4], 0) if len(sys.argv) > 4 else len(config)
out = sys.stdout.buffer
out.write(b'Xen saved domain, xl format\n \0 \r')
out.write(struct.pack('<IIIII', 0x01020304, flags, 0, len(config) + 4, length))
out.write(config)
out.write(b'LibxlFmt' + struct.pack('>II', 2, 0))
out.write(struct.pack('<II', 1, 0))
out.write(stream)
out.write(struct.pack('<II', 0, 0))
