/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tap.h - results in the Test Anything Protocol, by say(). */
#ifndef GUEST_TAP_H
#define GUEST_TAP_H

#include "freestanding.h"

/* One result line; returns `ok`. */
bool tap_ok(bool ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, with a line that says what was got and expected if they differ. */
bool tap_eq(unsigned long long got, unsigned long long expected,
            const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "ok ... # SKIP reason": the check does not apply to this guest. */
void tap_skip(const char *text, const char *reason);
/* A line "# ..."; without a newline of its own. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The plan line. */
void tap_plan(void);

/*
 * For a check that covers many things: count what is wrong, note the first
 * few in full, and report one result at the end.
 */
struct tally {
    unsigned long checked;
    unsigned long wrong;
};
/* Returns true while there is something to tell: wrong, and not too often. */
bool tally_wrong(struct tally *tally, bool wrong);
/* One result: something was checked and nothing was wrong. */
bool tap_tally(const struct tally *tally, const char *text);

#endif /* GUEST_TAP_H */
