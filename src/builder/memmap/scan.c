/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/scan.h"

#include <ctype.h>
#include <string.h>

bool scan_text(struct scan *s, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(s->end - s->p) < len || memcmp(s->p, text, len) != 0)
        return false;
    s->p += len;
    return true;
}

bool scan_word(struct scan *s, const char *word)
{
    struct scan t = *s;

    if (!scan_text(&t, word) || (t.p < t.end && isalnum((unsigned char)*t.p)))
        return false;
    *s = t;
    return true;
}

size_t scan_blanks(struct scan *s)
{
    size_t n = 0;

    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t')) {
        s->p++;
        n++;
    }
    return n;
}

static int digit(char c, unsigned int base)
{
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : 16;

    return value < (int)base ? value : -1;
}

static bool number(struct scan *s, unsigned int base, unsigned int min,
                   unsigned int max, uint64_t *value)
{
    const char *p = s->p;
    unsigned int n = 0;

    *value = 0;
    for (; p < s->end && digit(*p, base) >= 0; p++) {
        if (n++ == max)
            return false;
        *value = *value * base + (unsigned int)digit(*p, base);
    }
    if (n < min)
        return false;
    s->p = p;
    return true;
}

bool scan_hex(struct scan *s, unsigned int min, unsigned int max,
              uint64_t *value)
{
    return number(s, 16, min, max, value);
}

bool scan_decimal(struct scan *s, unsigned int min, unsigned int max,
                  uint64_t *value)
{
    return number(s, 10, min, max, value);
}

bool scan_over(struct scan s)
{
    scan_blanks(&s);
    return s.p == s.end;
}
