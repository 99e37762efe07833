/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each flag of an entry, at each level: is the table taken, and what becomes of
 * the entry? */
#include <stdio.h>

#include "conformance.h"

/* Frame n is the table of level n; frame 0 is what an L1 maps. */
static void make_tree(struct test *t, const struct guest *g)
{
    for (unsigned int level = 1; level <= root_level(g); level++)
        (void)clear(t, g, level);
    if (g->width == 32)
        (void)poke(t, g, 3, 3, entry(g, 5, P));
    for (unsigned int level = 1; level <= root_level(g); level++)
        (void)poke(t, g, level, 1, entry(g, level - 1, good_flags(g, level)));
}

/* Pin the table of that level with a special entry in slot 1, and unpin it. */
static void try_flags(struct test *t, const struct guest *g, unsigned int level,
                      uint64_t flags, const char *what)
{
    uint64_t got = 0;
    long r, read;

    (void)poke(t, g, level, 1, entry(g, level - 1, flags));
    r = pin(t, g, level, level);
    report(t, r, "L%u, %s", level, what);
    read = peek(t, g, level, 1, &got);
    if (read)
        report(t, read, "  reading it");
    else if (got != entry(g, level - 1, flags))
        say(t, "  became %016llx",
            (unsigned long long)(got ^ g->mfn[level - 1] << 12));
    if (!r && (r = unpin(t, g, level)))
        report(t, r, "  unpinning it");
    make_tree(t, g);
}

static void each_bit(struct test *t, const struct guest *g, unsigned int level)
{
    char what[80];
    uint64_t good = good_flags(g, level);

    try_flags(t, g, level, good, "good");
    try_flags(t, g, level, P, "present only");
    for (unsigned int bit = 0; bit < 64; bit++) {
        if (bit >= 12 && bit < 50)
            continue; /* the frame; those that none has are tried */
        snprintf(what, sizeof(what), "bit %u %s", bit,
                 good >> bit & 1 ? "clear" : "set");
        try_flags(t, g, level, good ^ UINT64_C(1) << bit, what);
        snprintf(what, sizeof(what), "not present, bit %u set", bit);
        if (bit)
            try_flags(t, g, level, UINT64_C(1) << bit, what);
    }
}

/* The bits that choose the caching go together. */
static void caching(struct test *t, const struct guest *g)
{
    char what[80];

    for (unsigned int i = 0; i < 8; i++) {
        uint64_t flags = (i & 1 ? PWT : 0) | (i & 2 ? PCD : 0) |
                         (i & 4 ? PSE : 0); /* in an L1 PSE is PAT */

        snprintf(what, sizeof(what), "memory type %u, writable", i);
        try_flags(t, g, 1, good_flags(g, 1) | flags, what);
        snprintf(what, sizeof(what), "memory type %u, read-only", i);
        try_flags(t, g, 1, (good_flags(g, 1) & ~RW) | flags, what);
    }
}

void section_flags(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, 8);
    make_tree(t, &g);
    for (unsigned int level = 1; level <= root_level(&g); level++)
        each_bit(t, &g, level);
    caching(t, &g);
    say_types(t, &g, g.nr);
    guest_end(t, &g);
}
