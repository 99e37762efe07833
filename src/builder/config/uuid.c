/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int uuid_random(uint8_t uuid[UUID_BYTES])
{
    ssize_t got = getrandom(uuid, UUID_BYTES, 0);

    if (got != UUID_BYTES)
        return got < 0 ? -errno : -EIO;
    uuid[6] = (uuid[6] & 0x0f) | 0x40; /* version 4: random */
    uuid[8] = (uuid[8] & 0x3f) | 0x80; /* RFC 4122's variant */
    return 0;
}

static unsigned int hex_digit(char c)
{
    return isdigit((unsigned char)c)
               ? (unsigned int)(c - '0')
               : (unsigned int)(tolower((unsigned char)c) - 'a' + 10);
}

bool uuid_parse(const char *text, uint8_t uuid[UUID_BYTES])
{
    static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    unsigned int i, n = 0;

    if (strlen(text) != sizeof(form) - 1)
        return false;
    for (i = 0; form[i]; i++)
        if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    for (i = 0; form[i]; i += 2) {
        if (form[i] == '-')
            i++;
        uuid[n++] = (uint8_t)(hex_digit(text[i]) << 4 | hex_digit(text[i + 1]));
    }
    return true;
}

void uuid_format(const uint8_t uuid[UUID_BYTES], char text[UUID_STRING])
{
    static const char hex[] = "0123456789abcdef";
    unsigned int i, n = 0;

    for (i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[n++] = '-';
        text[n++] = hex[uuid[i] >> 4];
        text[n++] = hex[uuid[i] & 15];
    }
    text[n] = '\0';
}
