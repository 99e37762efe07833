/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_refusals.c - what Xen has to refuse if the builder has left the
 * domain in order: lower tables are not pinned, tables cannot be written to,
 * superpages cannot be had.
 */
#include "check.h"

/* Does Xen refuse to write `value` there, and leave what was there? */
static bool update_refused(const struct table *table, unsigned int slot,
                           uint64_t value, const char *what)
{
    uint64_t before = entry_value(table, slot);
    long rc = mmu_update_entry(entry_maddr(table, slot), value);
    uint64_t after = entry_value(table, slot);

    if (rc < 0 && before == after)
        return true;
    tap_note("%s: L%u slot %u: got %ld and %#llx, expected an error and %#llx",
             what, table->level, slot, rc, (unsigned long long)after,
             (unsigned long long)before);
    return false;
}

static void check_lower_pins(void)
{
    struct tally unpinned = {0, 0};
    unsigned int i;
    long rc;

    for (i = 1; i < nr_tables; i++) {
        rc = mmuext_op(MMUEXT_UNPIN_TABLE, tables[i].mfn);
        if (tally_wrong(&unpinned, rc != -GUEST_EINVAL))
            tap_note("unpinning the L%u mfn %#llx: got %ld, expected %ld",
                     tables[i].level, (unsigned long long)tables[i].mfn.v, rc,
                     -GUEST_EINVAL);
    }
    tap_tally(&unpinned, "no lower table is pinned");
}

/* CR3 keeps the root a root while its pin is away. */
static void check_root_pin(void)
{
    static const struct {
        bool pin;
        long expected;
        const char *text;
    } steps[] = {
        {true, -GUEST_EINVAL, "the root is pinned: it cannot be pinned again"},
        {false, 0, "the root can be unpinned"},
        {false, -GUEST_EINVAL, "but once only"},
        {true, 0, "and pinned again"},
    };
    size_t i;
    long rc;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = mmuext_op(steps[i].pin ? paging.pin_root : MMUEXT_UNPIN_TABLE,
                       tables[0].mfn);
        if (!tap_ok(rc == steps[i].expected, "%s", steps[i].text))
            tap_note("got %ld, expected %ld", rc, steps[i].expected);
    }
}

static void check_superpages(void)
{
    uint64_t flags = paging.table_flags | PTE_DIRTY | PTE_SUPER;
    /* Refused for its size before anyone asks whose frame it is. */
    mfn_t mfn = MFN(pfn_to_mfn(PFN(0)).v & ~UINT64_C(0x1ff));
    struct tally refused = {0, 0};
    unsigned int i;
    int slot;

    for (i = 0; i < nr_tables; i++) {
        if (tables[i].level != 2)
            continue;
        slot = empty_slot(&tables[i]);
        if (slot >= 0)
            tally_wrong(&refused,
                        !update_refused(&tables[i], (unsigned int)slot,
                                        mfn_to_pte(mfn, flags), "a superpage"));
    }
    tap_tally(&refused, "a superpage is refused");
}

/* For each table: its own MFN, writable, in an empty slot of itself. */
static void check_linear(void)
{
    struct tally refused = {0, 0};
    unsigned int i;
    int slot;

    for (i = 0; i < nr_tables; i++) {
        slot = tables[i].level > 1 ? empty_slot(&tables[i]) : -1;
        if (slot >= 0)
            tally_wrong(
                &refused,
                !update_refused(&tables[i], (unsigned int)slot,
                                mfn_to_pte(tables[i].mfn, paging.table_flags),
                                "a writable self-mapping"));
    }
    tap_tally(&refused, "a writable self-mapping of a table is refused");
}

static void refuse_writable_leaf(const struct entry *entry, void *arg)
{
    if (entry->table->level != 1 || !mfn_is_table(pte_to_mfn(entry->pte)) ||
        in_window(entry->vaddr))
        return;
    tally_wrong(arg, !update_refused(entry->table, entry->slot,
                                     entry->pte | PTE_WRITABLE,
                                     "write permission for a table's mapping"));
}

static void check_writable_mappings(void)
{
    struct tally old = {0, 0};
    struct tally fresh = {0, 0};
    unsigned int i;
    long rc;

    walk(refuse_writable_leaf, &old);
    tap_tally(&old, "write permission for a table's mapping is refused");
    for (i = 0; i < nr_tables; i++) {
        rc = window_map(WINDOW_ANY, tables[i].mfn, PTE_WRITABLE);
        if (tally_wrong(&fresh, rc >= 0))
            tap_note("L%u mfn %#llx can be mapped writable: got %ld",
                     tables[i].level, (unsigned long long)tables[i].mfn.v, rc);
    }
    tap_tally(&fresh, "a new writable mapping of a table is refused");
}

void check_refusals(void)
{
    check_lower_pins();
    check_root_pin();
    check_superpages();
    check_linear();
    check_writable_mappings();
}
