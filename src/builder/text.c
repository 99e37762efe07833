/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Length of the character at p and its code point; 0 where it is none: too
 * short, too long for its code point, a surrogate, beyond U+10FFFF.
 */
static size_t character(const unsigned char *p, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = *p < 0x80           ? 1
               : (*p >> 5) == 0x06 ? 2
               : (*p >> 4) == 0x0e ? 3
               : (*p >> 3) == 0x1e ? 4
                                   : 0;

    *code = n == 1 ? *p : *p & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    if (n && (*code < least[n] || *code > 0x10ffff ||
              (*code >= 0xd800 && *code <= 0xdfff)))
        return 0;
    return n;
}

bool text_is_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t code;

    while (*p) {
        size_t n = character(p, &code);

        if (!n)
            return false;
        p += n;
    }
    return true;
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

bool text_has_control(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    uint32_t code;
    size_t n;

    for (; *p; p += n ? n : 1) {
        n = character(p, &code);
        if (n && is_control(code))
            return true;
    }
    return false;
}

/* How the one byte is written. */
static void escape_byte(unsigned char byte, char out[5])
{
    switch (byte) {
    case '\n':
        strcpy(out, "\\n");
        break;
    case '\r':
        strcpy(out, "\\r");
        break;
    case '\t':
        strcpy(out, "\\t");
        break;
    default:
        snprintf(out, 5, "\\x%02x", byte);
    }
}

void text_escape(char *out, size_t size, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    char escaped[5];
    uint32_t code;

    while (*p) {
        size_t n = character(p, &code), len = n;
        const char *from = (const char *)p;

        if (!n || is_control(code)) {
            n = 1;
            escape_byte(*p, escaped);
            from = escaped;
            len = strlen(escaped);
        }
        if (len >= size)
            break;
        memcpy(out, from, len);
        out += len;
        size -= len;
        p += n;
    }
    *out = '\0';
}
