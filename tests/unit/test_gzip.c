/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a gzip file is made of, and how far it is looked at. */
#include "hooks/gzip.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "unit_random.h"

#define KIB 1024u
#define MIB (1024u * KIB)

/* What gzip_look() may unpack before it sees that it is enough. */
#define STEP (64 * KIB)

static uint8_t file[MIB];

/* `bytes` zeros as a gzip member at file[at]; returns where it ends. */
static size_t pack(size_t at, size_t bytes)
{
    uint8_t *zeros = calloc(1, bytes);
    z_stream z = {.next_in = zeros,
                  .avail_in = (unsigned int)bytes,
                  .next_out = file + at,
                  .avail_out = (unsigned int)(sizeof(file) - at)};

    ck_assert_ptr_nonnull(zeros);
    ck_assert_int_eq(
        deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY),
        Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    free(zeros);
    return at + z.total_out;
}

static void looks(size_t size, uint64_t most, enum gzip_state state,
                  uint64_t unpacked, uint64_t behind)
{
    struct gzip gzip;

    gzip_look(file, size, most, &gzip);
    ck_assert_int_eq(gzip.state, state);
    ck_assert_uint_eq(gzip.unpacked, unpacked);
    ck_assert_uint_eq(gzip.behind, behind);
}

START_TEST(states)
{
    size_t end = pack(0, 3 * MIB), next;

    looks(end, 3 * MIB, GZIP_WHOLE, 3 * MIB, 0);
    memset(file + end, 0, 512);
    looks(end + 512, 3 * MIB, GZIP_PADDED, 3 * MIB, 512);
    next = pack(end, KIB);
    looks(next, 3 * MIB, GZIP_MORE, 3 * MIB, next - end);
    looks(end - 1, 3 * MIB, GZIP_CUT, 3 * MIB, 0);
    file[end - 8] ^= 1; /* of the CRC */
    looks(end, 3 * MIB, GZIP_DAMAGED, 3 * MIB, 0);
    looks(1, 3 * MIB, GZIP_NOT, 0, 0);
    file[0] = 0;
    looks(end, 3 * MIB, GZIP_NOT, 0, 0);
}
END_TEST

/* However much is in it, and whatever is wrong with what follows. */
START_TEST(large)
{
    size_t end = pack(0, 64 * MIB);
    struct gzip gzip;

    looks(end, 64 * MIB, GZIP_WHOLE, 64 * MIB, 0);
    looks(end, 64 * MIB - 1, GZIP_LARGE, 64 * MIB, 0);
    for (int cut = 0; cut < 2; cut++) {
        gzip_look(file, cut ? end / 2 : end, MIB, &gzip);
        ck_assert_int_eq(gzip.state, GZIP_LARGE);
        ck_assert_uint_gt(gzip.unpacked, MIB);
        ck_assert_uint_le(gzip.unpacked, MIB + STEP);
        ck_assert_uint_eq(gzip.behind, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gzip");
    TCase *tc = tcase_create("gzip");

    tcase_add_test(tc, states);
    tcase_add_test(tc, large);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
