/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "memmap/mtrr_text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memmap/scan.h"

#define FIXED_END (UINT64_C(1) << 20)
#define MIB       (UINT64_C(1) << 20)

static void __attribute__((format(printf, 3, 4)))
damage(struct mtrr_list *list, unsigned int line, const char *fmt, ...)
{
    va_list al;

    if (list->bad_line)
        return;
    list->bad_line = line;
    va_start(al, fmt);
    vsnprintf(list->bad, sizeof(list->bad), fmt, al);
    va_end(al);
}

static bool take_type(struct scan *s, enum mem_type *type)
{
    static const struct {
        const char *word;
        enum mem_type type;
    } types[] = {
        {"uncachable", MEM_UC},    {"write-combining", MEM_WC},
        {"write-through", MEM_WT}, {"write-protect", MEM_WP},
        {"write-back", MEM_WB},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (scan_word(s, types[i].word)) {
            *type = types[i].type;
            return true;
        }
    return false;
}

/* ---- the block ---- */

static bool take_state(struct scan *s, enum mtrr_state *state)
{
    if (scan_text(s, "enabled:"))
        *state = MTRR_ENABLED;
    else if (scan_text(s, "disabled:"))
        *state = MTRR_DISABLED;
    else
        return false;
    return true;
}

static void begin(struct mtrr_list *list, unsigned int nr)
{
    if (!list->line)
        list->line = nr;
}

static bool block_word(struct mtrr_text *text, unsigned int nr, struct scan *s)
{
    struct mtrr_list *list = &text->block;

    if (scan_text(s, "MTRR default type:")) {
        scan_blanks(s);
        list->over = list->over || list->line;
        if (list->over)
            return true;
        begin(list, nr);
        list->has_default = take_type(s, &list->default_type);
        if (!list->has_default)
            damage(list, nr, "a default type that is not known, or cut");
        return true;
    }
    if (scan_text(s, "MTRR map: ")) {
        text->summary = nr;
        return true;
    }
    if (scan_text(s, "MTRR fixed ranges ")) {
        list->over = list->over || list->fixed_state || list->has_register;
        if (!list->over && take_state(s, &list->fixed_state))
            begin(list, nr);
        return true;
    }
    if (scan_text(s, "MTRR variable ranges ")) {
        list->over = list->over || list->variable_state || list->has_register;
        if (!list->over && take_state(s, &list->variable_state))
            begin(list, nr);
        return true;
    }
    return false;
}

/* Linux: if it is in force.  Xen: always, with " (WB)" since 4.6 if it is. */
static bool block_tom2(struct mtrr_list *list, unsigned int nr, struct scan *s)
{
    struct scan t = *s, digits;
    uint64_t tom2;

    if (!scan_text(&t, "TOM2: "))
        return false;
    digits = t;
    if (!scan_hex(&t, 12, 16, &tom2))
        return false;
    *s = t;
    if (list->over)
        return true;
    begin(list, nr);
    if (t.p - digits.p == 16 || scan_text(&t, " (WB)"))
        list->tom2 = MADDR(tom2);
    else
        list->tom2_unknown = true;
    return true;
}

/* "A0000-BFFFF uncachable" */
static bool block_fixed(struct mtrr_list *list, unsigned int nr, struct scan *s)
{
    struct scan t = *s;
    uint64_t first, last;
    enum mem_type type;

    if (!scan_hex(&t, 5, 5, &first) || !scan_text(&t, "-") ||
        !scan_hex(&t, 5, 5, &last) || !scan_blanks(&t) ||
        !isalpha((unsigned char)*t.p))
        return false;
    if (!take_type(&t, &type)) {
        if (list->fixed_state)
            damage(list, nr, "a memory type that is not known, or cut");
        return list->fixed_state;
    }
    *s = t;
    if (list->over)
        return true;
    begin(list, nr);
    if (last < first || ((first | (last + 1)) & (DW_PAGE_SIZE - 1)) != 0 ||
        list->nr_fixed == MTRR_FIXED_MAX) {
        damage(list, nr, "no range that fixed MTRRs can have");
        return true;
    }
    list->fixed[list->nr_fixed++] =
        (struct mtrr_range){MADDR(first), MADDR(last + 1), type};
    return true;
}

static void note_register(struct mtrr_list *list, unsigned int nr, uint64_t n)
{
    if (list->has_register && n != list->last_register + 1)
        damage(list, nr, "register %" PRIu64 " where %" PRIu64 " is due", n,
               list->last_register + 1);
    if (!list->has_register)
        list->first_register = n;
    list->has_register = true;
    list->last_register = n;
    begin(list, nr);
}

/* "0 base 080000000 mask FC0000000 write-back", "3 disabled" */
static bool block_register(struct mtrr_list *list, unsigned int nr,
                           struct scan *s)
{
    struct scan t = *s;
    struct mtrr_range range = {.type = MEM_UC};
    uint64_t n, base, mask = 0;
    bool whole;

    if (!scan_decimal(&t, 1, 3, &n))
        return false;
    if (scan_text(&t, " disabled") && scan_over(t)) {
        if (!list->variable_state && !list->has_register)
            return false;
        *s = t;
        if (!list->over)
            note_register(list, nr, n);
        return true;
    }
    if (!scan_text(&t, " base "))
        return false;
    whole = scan_hex(&t, 8, 16, &base) && scan_text(&t, " mask ") &&
            scan_hex(&t, 8, 16, &mask) && scan_blanks(&t) &&
            take_type(&t, &range.type);
    *s = t;
    if (list->over)
        return true;
    note_register(list, nr, n);
    if (!whole)
        damage(list, nr, "a register that is not whole: wrapped, or cut");
    else if (memmap_mtrr_range(base, mask, &range) ||
             list->nr_variable == MTRR_VARIABLE_MAX)
        damage(list, nr, "no mask that makes one range");
    else
        list->variable[list->nr_variable++] = range;
    return true;
}

/* ---- /proc/mtrr ---- */

/*
 * A kernel of 2.6.12 or 2.6.13 on a CPU with 36-bit masks prints 2^40 - 2^36
 * too much; no size is otherwise anything but a power of two.
 */
#define SIZE_SLIP ((UINT64_C(1) << 40) - (UINT64_C(1) << 36))

static bool power_of_two(uint64_t n)
{
    return n && !(n & (n - 1));
}

static void add_proc(struct mtrr_text *text, unsigned int nr, uint64_t base,
                     uint64_t size, enum mem_type type)
{
    struct mtrr_list *list = &text->proc;

    if (!power_of_two(size) && size > SIZE_SLIP &&
        power_of_two(size - SIZE_SLIP)) {
        size -= SIZE_SLIP;
        if (findings_add(&list->findings,
                         "line %u: old kernels print 983040MB too much here: "
                         "the size is %" PRIu64 "MB",
                         nr, size / MIB))
            text->rc = -ENOMEM;
    }
    if (!power_of_two(size) || size < DW_PAGE_SIZE)
        damage(list, nr, "a size that is no power of two");
    else if ((base & (size - 1)) != 0 || base + size > MEM_ADDR_END)
        damage(list, nr, "a base that is no multiple of the size");
    else if (list->nr_variable == MTRR_VARIABLE_MAX)
        damage(list, nr, "more registers than there can be");
    else
        list->variable[list->nr_variable++] =
            (struct mtrr_range){MADDR(base), MADDR(base + size), type};
}

/* "), size=2048MB: write-back, count=1", or ", count=1: write-back" */
static bool take_size(struct scan *s, uint64_t *size, enum mem_type *type)
{
    uint64_t count;

    if (!scan_text(s, "MB), size=") || (scan_blanks(s), false) ||
        !scan_decimal(s, 1, 12, size))
        return false;
    if (scan_text(s, "MB"))
        *size *= MIB;
    else if (scan_text(s, "KB"))
        *size *= 1024;
    else
        return false;
    if (scan_text(s, ": "))
        return take_type(s, type) && scan_text(s, ", count=") &&
               scan_decimal(s, 1, 10, &count);
    return scan_text(s, ", count=") && scan_decimal(s, 1, 10, &count) &&
           scan_text(s, ": ") && take_type(s, type);
}

/* "reg00: base=0x00000000 (   0MB)" */
static bool proc_register(struct mtrr_text *text, unsigned int nr,
                          struct scan *s)
{
    struct mtrr_list *list = &text->proc;
    enum mem_type type = MEM_UC;
    struct scan t = *s;
    uint64_t n, base, mib, size;
    bool whole;

    if (!scan_text(&t, "reg") || !scan_decimal(&t, 2, 3, &n) ||
        !scan_text(&t, ": base="))
        return false;
    whole = scan_text(&t, "0x") && scan_hex(&t, 8, 13, &base) &&
            scan_text(&t, " (") && (scan_blanks(&t), true) &&
            scan_decimal(&t, 1, 10, &mib) && take_size(&t, &size, &type);
    *s = t;
    list->over = list->over || (list->has_register && n <= list->last_register);
    if (list->over)
        return true;
    begin(list, nr);
    list->has_register = true; /* the first may be disabled, and not shown */
    list->last_register = n;
    if (!whole)
        damage(list, nr, "a register that is not whole: wrapped, or cut");
    else if (base / MIB != mib)
        damage(list, nr, "0x%" PRIx64 " is not %" PRIu64 "MB", base, mib);
    else
        add_proc(text, nr, base, size, type);
    return true;
}

/* ---- lines ---- */

static bool try_at(struct mtrr_text *text, unsigned int nr, struct scan *s)
{
    switch (*s->p) {
    case 'M':
        return block_word(text, nr, s);
    case 'T':
        return block_tom2(&text->block, nr, s);
    case 'r':
        return proc_register(text, nr, s);
    default:
        return isxdigit((unsigned char)*s->p) &&
               (block_fixed(&text->block, nr, s) ||
                block_register(&text->block, nr, s));
    }
}

void mtrr_text_line(struct mtrr_text *text, unsigned int nr, const char *line,
                    size_t len)
{
    struct scan s = {line, line + len};
    bool in_word = false;

    while (s.p < s.end) {
        const char *at = s.p;

        if (!in_word && try_at(text, nr, &s) && s.p > at)
            continue;
        in_word = isalnum((unsigned char)*s.p);
        s.p++;
    }
}

void mtrr_text_dispose(struct mtrr_text *text)
{
    findings_dispose(&text->block.findings);
    findings_dispose(&text->proc.findings);
}

struct mtrr_list *mtrr_text_choose(struct mtrr_text *text)
{
    return text->block.line  ? &text->block
           : text->proc.line ? &text->proc
                             : NULL;
}

/* ---- what they say ---- */

/* Do the fixed ranges say something of all of 1 MiB, and of each part once? */
static bool fixed_whole(const struct mtrr_list *list)
{
    uint64_t at = 0;

    for (size_t i = 0; i < list->nr_fixed; i++) {
        if (list->fixed[i].first.v != at)
            return false;
        at = list->fixed[i].end.v;
    }
    return at == FIXED_END;
}

static bool covers_high(const struct mtrr_list *list)
{
    for (size_t i = 0; i < list->nr_variable; i++)
        if (list->variable[i].end.v > UINT64_C(1) << 32 &&
            list->variable[i].type == MEM_WB)
            return true;
    return false;
}

static int take_fixed(struct mtrr_list *list, struct mtrrs *mtrrs)
{
    if (list->fixed_state == MTRR_DISABLED)
        return 0;
    mtrrs->fixed = list->fixed;
    mtrrs->nr_fixed = list->nr_fixed;
    mtrrs->fixed_unknown = !fixed_whole(list);
    return mtrrs->fixed_unknown
               ? findings_add(&list->findings,
                              "the fixed MTRRs are not all in the paste: types "
                              "below 1 MiB are unknown if they differ there")
               : 0;
}

static int take_default(struct mtrr_list *list, struct mtrrs *mtrrs)
{
    mtrrs->default_type = list->has_default ? list->default_type : MEM_UNKNOWN;
    return list->has_default
               ? 0
               : findings_add(&list->findings,
                              "the MTRRs' default type is not in the paste: "
                              "the type is unknown where no register has one");
}

static int take_tom2(struct mtrr_list *list, maddr_t ram_end,
                     struct mtrrs *mtrrs)
{
    mtrrs->tom2 = list->tom2;
    mtrrs->tom2_unknown = list->tom2_unknown;
    if (list->tom2.v || ram_end.v <= UINT64_C(1) << 32 || covers_high(list) ||
        !list->has_default || list->default_type == MEM_WB)
        return 0;
    mtrrs->tom2_unknown = true;
    return findings_add(&list->findings,
                        "no MTRR is about RAM above 4 GiB: its type is unknown "
                        "(AMD's TOM2 may make it write-back, and its line is "
                        "not in the paste)");
}

int mtrr_list_take(struct mtrr_list *list, maddr_t ram_end, struct mtrrs *mtrrs)
{
    int rc;

    *mtrrs = (struct mtrrs){.default_type = MEM_UNKNOWN};
    if (list->variable_state == MTRR_DISABLED)
        return findings_add(&list->findings,
                            "the MTRRs are disabled: memory types are unknown");
    if (!list->has_register || list->first_register)
        return findings_add(&list->findings,
                            "the variable MTRRs, or the first of them, are not "
                            "in the paste: memory types are unknown");
    mtrrs->variable = list->variable;
    mtrrs->nr_variable = list->nr_variable;
    rc = take_fixed(list, mtrrs);
    if (!rc)
        rc = take_default(list, mtrrs);
    return rc ? rc : take_tom2(list, ram_end, mtrrs);
}
