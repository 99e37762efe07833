/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the table of keys, one a line: NAME, CLASS, NEUTRAL, WORDS and TEXT
 * with tabs between them, "-" for NULL and "|" for "", which means
 * the same.
 */
#include <stdio.h>

#include "config/keys.h"

static const char *const classes[] = {
    [KEY_UNKNOWN] = "UNKNOWN", [KEY_READ] = "READ", [KEY_OTHER] = "OTHER",
    [KEY_IDLE] = "IDLE",       [KEY_XL] = "XL",     [KEY_NOT_PV] = "NOT_PV",
};

static const char *shown(const char *text)
{
    if (!text)
        return "-";
    return *text ? text : "|";
}

int main(void)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];

        printf("%s\t%s\t%s\t%s\t%s\n", key->name, classes[key->class],
               shown(key->neutral), shown(key->words), key->text);
    }
    return 0;
}
