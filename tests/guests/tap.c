/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tap.h"

#define TALLY_NOTES 5

static unsigned int nr_results;

static bool result(bool ok, const char *format, va_list ap)
{
    say("%s %u - ", ok ? "ok" : "not ok", ++nr_results);
    vsay(format, ap);
    say("\n");
    return ok;
}

bool tap_ok(bool ok, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    result(ok, format, ap);
    va_end(ap);
    return ok;
}

bool tap_eq(unsigned long long got, unsigned long long expected,
            const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    result(got == expected, format, ap);
    va_end(ap);
    if (got != expected)
        tap_note("got %#llx, expected %#llx", got, expected);
    return got == expected;
}

void tap_skip(const char *text, const char *reason)
{
    say("ok %u - %s # SKIP %s\n", ++nr_results, text, reason);
}

void tap_note(const char *format, ...)
{
    va_list ap;

    say("# ");
    va_start(ap, format);
    vsay(format, ap);
    va_end(ap);
    say("\n");
}

void tap_plan(void)
{
    say("1..%u\n", nr_results);
}

bool tally_wrong(struct tally *tally, bool wrong)
{
    tally->checked++;
    tally->wrong += wrong;
    return wrong && tally->wrong <= TALLY_NOTES;
}

bool tap_tally(const struct tally *tally, const char *text)
{
    bool ok = tally->checked && !tally->wrong;

    tap_ok(ok, "%s", text);
    if (!ok)
        tap_note("got %lu wrong of %lu, expected none wrong of at least one",
                 tally->wrong, tally->checked);
    return ok;
}
