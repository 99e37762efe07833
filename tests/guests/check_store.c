/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_store.c - what a guest may do in xenstore, and how it is refused the
 * rest: docs/misc/xenstore.txt has the permissions, and xenstored the errors.
 */
#include "check.h"
#include "store.h"

#define OWN   "data/check" /* data is the guest's, its directory only to read */
#define OTHER "/local/domain/32000/name" /* no domain has that number */

/* Nothing of `value` but what stands before its last 0 is sent. */
struct attempt {
    enum xsd_sockmsg_type type;
    const char *path, *value;
    size_t size;
    const char *error; /* NULL: it is done */
    const char *text;
};

#define ATTEMPT(type, path, value, error, text)                                \
    {                                                                          \
        XS_##type, path, value, sizeof(value) - 1, error, text                 \
    }

/* Each depends on those before it. */
static const struct attempt attempts[] = {
    ATTEMPT(READ, "name", "", NULL, "its own name is read"),
    ATTEMPT(READ, "missing/too", "", "ENOENT", "what is not there, of its own"),
    ATTEMPT(READ, OTHER, "", "EACCES", "what is not there, of others"),
    ATTEMPT(READ, "/local/domain/0/name", "", "EACCES", "what is another's"),
    ATTEMPT(DIRECTORY, "/", "", "EACCES", "the root's list"),
    ATTEMPT(GET_PERMS, OTHER, "", "EACCES", "whose something is, of others"),

    ATTEMPT(WRITE, "name", "x", "EACCES", "its name is not its own to write"),
    ATTEMPT(WRITE, "new", "x", "EACCES", "it adds nothing to its directory"),
    ATTEMPT(MKDIR, "new/too", "", "EACCES", "nor anything below"),
    ATTEMPT(MKDIR, OTHER, "", "EACCES", "nor to others"),
    ATTEMPT(WRITE, OWN "/a/b", "x", NULL, "it adds to what is its own"),
    ATTEMPT(MKDIR, OWN "/a", "", NULL, "a directory may be made twice"),
    ATTEMPT(READ, OWN "/a/c", "", "ENOENT", "what is not there, below that"),

    ATTEMPT(SET_PERMS, OWN, "r\0", "EINVAL", "permissions without a domain"),
    ATTEMPT(SET_PERMS, OWN, "n0\0", "EPERM", "it gives nothing away"),
    ATTEMPT(SET_PERMS, "name", "n0\0", "EACCES", "nor what is not its own"),
    ATTEMPT(SET_PERMS, OWN "/c", "n0\0", "ENOENT", "nor what is not there"),
    ATTEMPT(SET_PERMS, OTHER, "n0\0", "EACCES", "nor that, of others"),
    ATTEMPT(SET_PERMS, OWN, "n0\0r1\0r2\0r3\0r4\0r5\0", "ENOSPC",
            "five permissions are the most"),

    ATTEMPT(RM, "name", "", "EACCES", "its name is not its own to remove"),
    ATTEMPT(RM, "missing", "", "EACCES", "nor what is not there, beside it"),
    ATTEMPT(RM, OTHER, "", "EACCES", "nor that, of others"),
    ATTEMPT(RM, OWN "/c", "", NULL, "what is not there is removed"),
    ATTEMPT(RM, OWN "/c/d", "", "ENOENT", "but not below what is not there"),
    ATTEMPT(RM, OWN, "", NULL, "and what it has added, with all below"),
    ATTEMPT(READ, OWN "/a/b", "", "ENOENT", "that is gone"),
};

void check_store(void)
{
    char reply[STORE_VALUE_SIZE];
    size_t i;

    store_start();
    for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        const struct attempt *a = &attempts[i];
        bool done = store_request(a->type, a->path, a->value, a->size, reply);
        bool right =
            a->error ? !done && !memcmp(reply, a->error, strlen(a->error) + 1)
                     : done;

        if (!tap_ok(right, "xenstore: %s", a->text))
            tap_note("got %s, expected %s", done ? "no error" : reply,
                     a->error ? a->error : "none");
    }
}
