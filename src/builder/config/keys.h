/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/keys.h - every key of xl.cfg(5), and what domwright does with it.
 */
#ifndef DW_CONFIG_KEYS_H
#define DW_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum key_class {
    KEY_UNKNOWN, /* not xl's either: a warning */
    KEY_READ,    /* config/xl.c reads it */
    KEY_OTHER,   /* for guests that are not PV on x86: changes nothing */
    KEY_IDLE,    /* the same, but xl acts on it or warns of it: a warning */
    KEY_XL,      /* would change what the guest gets: left to xl */
    KEY_NOT_PV,  /* xl refuses it for a PV guest, and so do we */
};

struct config_key {
    const char *name;
    enum key_class class;
    /*
     * Values of a KEY_IDLE or KEY_XL key that change nothing, with "|" between;
     * an empty list is always one.  NULL: there is none.
     */
    const char *neutral;
    /*
     * All the values that xl takes, with "|" between, in capitals or not;
     * KEY_NUMBER; or KEY_LIST.  NULL: any, or none that it would refuse.
     */
    const char *words;
    const char *text; /* for the manual: what it is, or for whom */
};

extern const struct config_key config_keys[];
extern const size_t config_n_keys;

#define KEY_NUMBER "#" /* from 0 to INT_MAX */
#define KEY_LIST   "[" /* no single value */

/* Never NULL: a key that xl.cfg(5) lacks is KEY_UNKNOWN. */
const struct config_key *config_key_find(const char *name);

/*
 * Is `word` one of `words`, which have "|" between them?  NULL has none.
 * `differ` is strncmp() or strncasecmp().
 */
bool config_key_has(const char *words, const char *word,
                    int (*differ)(const char *, const char *, size_t));

#endif /* DW_CONFIG_KEYS_H */
