/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "freestanding.h"

/* Where format_text() writes; what does not fit is dropped. */
struct sink {
    char *at;
    char *end;
};

static void put(struct sink *sink, char c)
{
    if (sink->at < sink->end)
        *sink->at++ = c;
}

static void put_text(struct sink *sink, const char *text)
{
    while (*text)
        put(sink, *text++);
}

static void put_hex(struct sink *sink, unsigned long long value,
                    unsigned int width)
{
    unsigned int digits = 16;

    while (digits > width && !(value >> (4 * digits - 4)))
        digits--;
    while (digits--)
        put(sink, "0123456789abcdef"[(value >> (4 * digits)) & 0xf]);
}

/* No 64-bit division: it would need libgcc on 32 bits. */
static void put_decimal(struct sink *sink, unsigned long value)
{
    char digits[20];
    unsigned int n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    while (n)
        put(sink, digits[--n]);
}

static void put_signed(struct sink *sink, long value)
{
    if (value < 0)
        put(sink, '-');
    put_decimal(sink, value < 0 ? -(unsigned long)value : (unsigned long)value);
}

/* What stands between the % and the letter. */
struct conversion {
    bool prefix;        /* #: 0x in front */
    unsigned int width; /* 01 to 09: hexadecimal digits, at least */
    unsigned int longs; /* l or ll */
};

static const char *read_conversion(const char *format, struct conversion *how)
{
    *how = (struct conversion){.width = 1};
    if (*format == '#') {
        how->prefix = true;
        format++;
    }
    if (*format == '0') {
        how->width = (unsigned int)(format[1] - '0');
        format += 2;
    }
    for (; *format == 'l'; format++)
        how->longs++;
    return format;
}

/* %s %d %ld %u %lu %x %lx %llx; for an x also # and a width of 01 to 09. */
size_t format_text(char *buffer, size_t size, const char *format, va_list ap)
{
    struct sink sink = {buffer, buffer + size - 1};
    struct conversion how;

    for (; *format; format++) {
        if (*format != '%') {
            put(&sink, *format);
            continue;
        }
        format = read_conversion(format + 1, &how);
        if (how.prefix)
            put_text(&sink, "0x");
        if (*format == 's')
            put_text(&sink, va_arg(ap, const char *));
        else if (*format == 'd')
            put_signed(&sink, how.longs ? va_arg(ap, long) : va_arg(ap, int));
        else if (*format == 'u')
            put_decimal(&sink, how.longs ? va_arg(ap, unsigned long)
                                         : va_arg(ap, unsigned int));
        else if (*format == 'x' && how.longs > 1)
            put_hex(&sink, va_arg(ap, unsigned long long), how.width);
        else if (*format == 'x' && how.longs)
            put_hex(&sink, va_arg(ap, unsigned long), how.width);
        else if (*format == 'x')
            put_hex(&sink, va_arg(ap, unsigned int), how.width);
        else
            put(&sink, *format);
    }
    *sink.at = '\0';
    return (size_t)(sink.at - buffer);
}

void say(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsay(format, ap);
    va_end(ap);
}
