/* SPDX-License-Identifier: GPL-2.0-only */
#include "run/translate.h"

#include "machine/frames.h"
#include "memory/pt_entry.h"

/* Where the M2P is: for 64-bit guests in the first of Xen's slots of an L4
 * (xen/arch-x86/xen-x86_64.h: MACH2PHYS_VIRT_START). */
#define M2P_START UINT64_C(0xffff800000000000)

/* What the levels allow together. */
struct rights {
    bool write, user, execute;
};

static bool canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* PAE's L3 allows everything. */
static void narrow(struct rights *rights, uint64_t entry, bool is_pae_l3)
{
    if (is_pae_l3)
        return;
    rights->write &= !!(entry & FX_RW);
    rights->user &= !!(entry & FX_USER);
    rights->execute &= !(entry & FX_NX);
}

static bool allowed(const struct rights *rights, enum fx_access access,
                    bool user)
{
    return (!user || rights->user) && (access != FX_WRITE || rights->write) &&
           (access != FX_FETCH || rights->execute);
}

static uint64_t root_of(const struct fx_domain *domain,
                        const struct fx_vcpu_state *v)
{
    return domain->is_32bit || v->context.flags & VGCF_in_kernel ? v->root
                                                                 : v->user_root;
}

/* Xen's own slots of an L4: the M2P, if it is shown there. */
static bool translate_xens(const struct fx_host *host, uint64_t entry,
                           uint64_t address, struct fx_translation *to)
{
    uint64_t frames = fx_m2p_frames(host->super, sizeof(uint64_t));
    uint64_t page = (address - M2P_START) >> FX_PAGE_SHIFT;

    if (!(entry & FX_PRESENT) || page >= frames)
        return false;
    to->mfn = fx_m2p_mfn(host->super) + page;
    to->is_m2p = true;
    return true;
}

/* Down to the frame; false: a table on the way is missing. */
static bool walk(struct fx_host *host, const struct fx_domain *domain,
                 uint64_t table, uint64_t address, struct rights *rights,
                 uint64_t **last, struct fx_translation *to)
{
    unsigned int level = domain->is_32bit ? 3 : 4;
    uint64_t *entry;

    for (;; level--) {
        entry = fx_entry_in(host, table, level, address);
        if (!entry)
            return false;
        if (level == 4 && fx_entry_is_xens(FX_T_MAKE(FX_L4), false,
                                           fx_entry_slot(4, address)))
            return translate_xens(host, *entry, address, to);
        if (!(*entry & FX_PRESENT))
            return false;
        narrow(rights, *entry, level == 3 && domain->is_32bit);
        if (level == 1)
            break;
        if (*entry & FX_PSE) { /* Xen's own: the compat M2P */
            to->is_m2p = true;
            to->mfn = fx_entry_mfn(*entry) + fx_entry_slot(1, address);
            return true;
        }
        fx_entry_add(entry, FX_ACCESSED);
        table = fx_entry_mfn(*entry);
    }
    to->l1 = table;
    to->mfn = fx_entry_mfn(*entry);
    *last = entry;
    return true;
}

bool fx_translate(struct fx_host *host, const struct fx_domain *domain,
                  const struct fx_vcpu_state *v, uint64_t address,
                  enum fx_access access, bool user, struct fx_translation *to)
{
    struct rights rights = {true, true, true};
    uint64_t *last = NULL, root = root_of(domain, v);

    *to = (struct fx_translation){
        .mfn = FX_NO_MFN,
        .l1 = FX_NO_MFN,
        .error = (access == FX_WRITE ? FX_PF_WRITE : 0) |
                 (access == FX_FETCH ? FX_PF_FETCH : 0) |
                 (user ? FX_PF_USER : 0),
    };
    if (root == FX_NO_MFN || (!domain->is_32bit && !canonical(address)) ||
        !walk(host, domain, root, address, &rights, &last, to))
        return false;
    if (to->is_m2p) {
        rights.write = rights.execute = false;
        rights.user = !domain->is_32bit;
    }
    to->error |= FX_PF_PRESENT;
    /* All that a 64-bit guest has is its user's, for the CPU. */
    if (!allowed(&rights, access, user || !domain->is_32bit))
        return false;
    if (last)
        fx_entry_add(last, FX_ACCESSED | (access == FX_WRITE ? FX_DIRTY : 0));
    return to->is_m2p || fx_is_ram(host, to->mfn);
}
