/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settings.h - a guest's configuration, key by key, as xl understands it: what
 * is converted from one form into another.
 *
 * A tree: a key has a text, a number, a list, or the parts of a device.  Names
 * are those of xl.cfg(5).  A setting and all below it belong to the one that it
 * is in; the root is the caller's.
 */
#ifndef DW_SETTINGS_H
#define DW_SETTINGS_H

#include <stdbool.h>

enum setting_kind {
    SETTING_TEXT,
    SETTING_NUMBER, /* its text is a decimal one */
    SETTING_FLAG,   /* a part that is there or not */
    SETTING_LIST,
    SETTING_PARTS, /* each has a name, and no two the same */
};

struct setting {
    enum setting_kind kind;
    char *name;  /* NULL: an item of a list */
    char *where; /* of a key: "guest.cfg:3"; NULL: its line is not known */
    char *text;
    struct setting *item;
    unsigned int n;
    bool implied; /* nobody said so: xl or libxl takes it for granted */
    bool idle;    /* a key that has no effect on a PV guest */
    bool odd;     /* a device in a spelling that libvirt does not read */
};

/*
 * Adds to a list or to parts; each of the texts may be NULL, and is copied.
 * NULL: out of memory.  What it returns is good until the next is added.
 */
struct setting *setting_add(struct setting *to, enum setting_kind kind,
                            const char *name, const char *text);

/* Adds a text, or says another one where a part of the name is there. */
struct setting *setting_put(struct setting *to, const char *name,
                            const char *text);

/* NULL: there is none of that name. */
struct setting *setting_find(const struct setting *in, const char *name);

/* The text of the part of that name; NULL. */
const char *setting_text(const struct setting *in, const char *name);

/* Gives back all that is in it; it may be called again. */
void setting_dispose(struct setting *s);

#endif /* DW_SETTINGS_H */
