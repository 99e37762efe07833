/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hooks/gzip.h"

#include <limits.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

/* gzip's own header, as RFC 1952 has it, and no zlib's. */
#define GZIP_WINDOW (MAX_WBITS + 16)

/* zlib counts in unsigned ints. */
static unsigned int part_of(uint64_t left)
{
    return left < UINT_MAX ? (unsigned int)left : UINT_MAX;
}

/*
 * Z_STREAM_END, Z_OK where it goes on behind `most`, Z_BUF_ERROR where there
 * was no more, or what is wrong.
 */
static int inflate_most(z_stream *z, const uint8_t *bytes, uint64_t size,
                        uint64_t most)
{
    uint8_t out[1 << 16];
    int r;

    do {
        if (!z->avail_in) {
            z->next_in = bytes + z->total_in;
            z->avail_in = part_of(size - z->total_in);
        }
        z->next_out = out;
        z->avail_out = sizeof(out);
        r = inflate(z, Z_NO_FLUSH);
    } while (r == Z_OK && z->total_out <= most);
    return r;
}

static enum gzip_state state_behind(const uint8_t *bytes, uint64_t size)
{
    if (!size)
        return GZIP_WHOLE;
    if (!bytes[0] && !memcmp(bytes, bytes + 1, size - 1))
        return GZIP_PADDED;
    return GZIP_MORE;
}

void gzip_look(const void *bytes, size_t size, uint64_t most, struct gzip *gzip)
{
    z_stream z = {.next_in = bytes, .avail_in = part_of(size)};
    int r;

    *gzip = (struct gzip){.state = GZIP_NOT};
    if (size < 2 || memcmp(bytes, "\037\213", 2))
        return;
    gzip->state = GZIP_DAMAGED;
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return;
    r = inflate_most(&z, bytes, size, most);
    gzip->unpacked = z.total_out;
    if (gzip->unpacked > most) {
        gzip->state = GZIP_LARGE;
    } else if (r == Z_STREAM_END) {
        gzip->behind = size - z.total_in;
        gzip->state =
            state_behind((const uint8_t *)bytes + z.total_in, gzip->behind);
    } else if (r == Z_BUF_ERROR) {
        gzip->state = GZIP_CUT;
    }
    inflateEnd(&z);
}
