/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines about results, or checksums of them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conformance.h"

uint32_t crc32_of(uint32_t sum, const void *data, size_t size)
{
    const uint8_t *byte = data;

    sum = ~sum;
    while (size--) {
        sum ^= *byte++;
        for (unsigned int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
    }
    return ~sum;
}

static void put(struct test *t, const char *line)
{
    if (!t->digest) {
        puts(line);
        return;
    }
    t->sum = crc32_of(t->sum, line, strlen(line) + 1);
    if (++t->lines % 100 == 0)
        flush_digest(t);
}

void flush_digest(struct test *t)
{
    if (t->digest && t->sum)
        printf("%u lines: %08x\n", t->lines, t->sum);
    t->sum = 0;
}

void say(struct test *t, const char *format, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    put(t, line);
}

const char *error_name(long result)
{
    const char *name = strerrorname_np((int)-result);

    return name ? name : "an unknown error";
}

void report(struct test *t, long result, const char *format, ...)
{
    char line[1024], end[64];
    va_list ap;

    va_start(ap, format);
    vsnprintf(line, sizeof(line) - sizeof(end), format, ap);
    va_end(ap);
    if (result < 0)
        snprintf(end, sizeof(end), ": %s", error_name(result));
    else if (result > 0)
        snprintf(end, sizeof(end), ": %ld", result);
    else
        snprintf(end, sizeof(end), ": ok");
    strcat(line, end);
    put(t, line);
}
