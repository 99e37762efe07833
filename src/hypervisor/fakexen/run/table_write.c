/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table_write.c - a kernel that writes to an L1 as if it were any memory.
 *
 * The one instruction is executed on a copy of the table; then each entry that
 * it has changed there is updated as by mmu_update.
 */
#include <string.h>

#include "hypercall/mmu_update.h"
#include "machine/frames.h"
#include "memory/pt_entry.h"
#include "run/bounce.h"
#include "run/translate.h"
#include "run/vcpu.h"

bool fx_table_write_begin(struct fx_vcpu_run *r, uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(r->host, mfn);
    const struct fx_vcpu_state *v = fx_state_of(r);
    const uint64_t *table;

    /* Where the guest has asked for it, as Linux does. */
    if (!fx_has_assist(r->domain, VMASST_TYPE_writable_pagetables) || !frame ||
        frame->owner != r->domain->id || FX_T_TYPE(frame->type) != FX_L1 ||
        !fx_in_kernel(r->domain, v))
        return false;
    table = fx_page(r->host, mfn);
    if (!table)
        return false;
    memcpy(r->copy, table, FX_PAGE_SIZE);
    r->before = v->context.user_regs;
    r->table = mfn;
    r->stepping = true;
    return true;
}

static int update(struct fx_vcpu_run *r, unsigned int slot, uint64_t value)
{
    uint16_t self = r->domain->id;
    int rc =
        fx_update_table(r->host, r->domain, self, r->table, slot, value, false);

    /* The upper half first, as Xen guesses: the lower one comes. */
    if (rc && r->domain->is_32bit && value & FX_PRESENT)
        rc = fx_update_table(r->host, r->domain, self, r->table, slot,
                             value & ~FX_PRESENT, false);
    return rc;
}

bool fx_table_write_end(struct fx_vcpu_run *r)
{
    const uint64_t *table = fx_page(r->host, r->table);
    uint64_t changed[FX_ENTRIES];
    unsigned int slot;
    int rc = table ? 0 : -1;

    memcpy(changed, r->copy, sizeof(changed));
    for (slot = 0; !rc && slot < FX_ENTRIES; slot++)
        if (changed[slot] != table[slot])
            rc = update(r, slot, changed[slot]);
    r->table = FX_NO_MFN;
    if (rc)
        fx_state_of(r)->context.user_regs = r->before;
    return !rc;
}
