/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config/keys.h - every key of xl.cfg(5), and what domwright does with it.
 */
#ifndef DW_CONFIG_KEYS_H
#define DW_CONFIG_KEYS_H

enum key_class {
    KEY_UNKNOWN, /* not xl's either: a warning */
    KEY_READ,    /* config/xl.c reads it */
    KEY_OTHER,   /* for guests that are not PV on x86: changes nothing */
    KEY_XL,      /* would change what the guest gets: left to xl */
};

struct config_key {
    const char *name;
    enum key_class class;
    /*
     * Values of a KEY_XL key that change nothing, with "|" between; an empty
     * list is always one.
     */
    const char *neutral;
};

/* Never NULL: a key that xl.cfg(5) lacks is KEY_UNKNOWN. */
const struct config_key *config_key_find(const char *name);

#endif /* DW_CONFIG_KEYS_H */
