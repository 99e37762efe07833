/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plant.c - puts a fault into a guest's tables, as a guest could that Xen lets:
 *
 *     plant ID FAULT [OTHER-ID]
 *
 * The guest has not run, and pages that its vCPU 0 has mapped are where the
 * fault goes.  Ends with 1 and a message where Xen refuses.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xenctrl.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>
#include <xencall.h>
#include <xenforeignmemory.h>

#define PAGE    4096u
#define ENTRIES 512u
#define FRAME   UINT64_C(0x000ffffffffff000)

/* Entries: present, accessed, and a user's where it is a table's (Intel). */
#define PRESENT UINT64_C(0x21)
#define TABLE   UINT64_C(0x65)

struct guest {
    xc_interface *xch;
    xencall_handle *call;
    xenforeignmemory_handle *fmem;
    uint32_t domid, other;
    unsigned int top; /* the root's level */
    /* Tables by level: those that vCPU 0's next instruction is found by. */
    uint64_t table[5];
    unsigned int empty[5]; /* an empty slot in each, or ENTRIES */
    unsigned int slot; /* in L1, of that instruction: none will be executed */
    vcpu_guest_context_any_t context;
};

static int fail(const char *what)
{
    fprintf(stderr, "plant: %s: %s\n", what, strerror(errno));
    return 1;
}

static void *map(struct guest *g, uint64_t mfn, int prot)
{
    xen_pfn_t frame = mfn;

    return xenforeignmemory_map(g->fmem, g->domid, prot, 1, &frame, NULL);
}

static int mmuext(struct guest *g, unsigned int cmd, uint64_t mfn)
{
    struct mmuext_op op = {.cmd = cmd};

    op.arg1.mfn = mfn;
    return xc_mmuext_op(g->xch, &op, 1, g->domid) ? fail("mmuext_op") : 0;
}

/* Of an entry; `owner` is who has the frame that is in `value`. */
static int update(struct guest *g, unsigned int level, unsigned int slot,
                  uint64_t value, uint32_t owner)
{
    mmu_update_t *request = xencall_alloc_buffer(g->call, sizeof(*request));
    int r;

    if (!request)
        return fail("memory");
    request->ptr = g->table[level] * PAGE + slot * 8 + MMU_NORMAL_PT_UPDATE;
    request->val = value;
    /* The tables' owner in the upper half, one up (xen.h). */
    r = (int)xencall4(g->call, __HYPERVISOR_mmu_update, (uintptr_t)request, 1,
                      0, owner | (g->domid + 1) << 16);
    xencall_free_buffer(g->call, request);
    return r ? fail("mmu_update") : 0;
}

/* ---- where things are ---- */

static bool is_xens(const struct guest *g, unsigned int level,
                    unsigned int slot)
{
    return g->top == 4 && level == 4 && slot >= 256 && slot < 272;
}

static unsigned int slot_of(uint64_t va, unsigned int level)
{
    return (unsigned int)(va >> (12 + 9 * (level - 1))) & (ENTRIES - 1);
}

static int look_at(struct guest *g, unsigned int level, uint64_t va)
{
    uint64_t *entry = map(g, g->table[level], PROT_READ);
    unsigned int slot;

    if (!entry)
        return fail("a table");
    g->empty[level] = ENTRIES;
    for (slot = ENTRIES; slot--;)
        if (!entry[slot] && !is_xens(g, level, slot))
            g->empty[level] = slot;
    if (level > 1)
        g->table[level - 1] = (entry[slot_of(va, level)] & FRAME) / PAGE;
    munmap(entry, PAGE);
    return 0;
}

static int find_tables(struct guest *g)
{
    unsigned int width, level;
    uint64_t ip;
    uint32_t cr3;
    int rc = 0;

    if (xc_domain_get_guest_width(g->xch, g->domid, &width) ||
        xc_vcpu_getcontext(g->xch, g->domid, 0, &g->context))
        return fail("the guest");
    g->top = width == 8 ? 4 : 3;
    cr3 = g->context.x32.ctrlreg[3];
    g->table[g->top] = width == 8 ? g->context.x64.ctrlreg[3] / PAGE
                                  : cr3 >> 12 | (uint64_t)(cr3 & 0xfff) << 20;
    ip = width == 8 ? g->context.x64.user_regs.rip
                    : g->context.x32.user_regs.eip;
    for (level = g->top; !rc && level > 0; level--)
        rc = look_at(g, level, ip);
    g->slot = slot_of(ip, 1);
    return rc;
}

/* What an address is mapped to, as a mapping of ours. */
static void *map_address(struct guest *g, uint64_t va, int prot)
{
    uint64_t mfn = g->table[g->top], entry;
    unsigned int level;
    const uint64_t *table;

    for (level = g->top; level > 0; level--) {
        table = map(g, mfn, PROT_READ);
        if (!table)
            return NULL;
        entry = table[slot_of(va, level)];
        munmap((void *)(uintptr_t)table, PAGE);
        mfn = (entry & FRAME) / PAGE;
    }
    return map(g, mfn, prot);
}

/* ---- faults ---- */

static int unpinned_root(struct guest *g)
{
    return mmuext(g, MMUEXT_UNPIN_TABLE, g->table[g->top]);
}

static int pin_below_root(struct guest *g)
{
    return mmuext(g, MMUEXT_PIN_L1_TABLE, g->table[1]);
}

static int absent_address(struct guest *g)
{
    return update(g, 1, g->slot, UINT64_C(0x1234000), g->domid);
}

/* Xen has it at the top of 64-bit tables, and for the L2s of PAE. */
static int linear_table(struct guest *g)
{
    unsigned int level = g->top == 4 ? 4 : 2;

    return update(g, level, g->empty[level], g->table[level] * PAGE | TABLE,
                  g->domid);
}

static int foreign_frame(struct guest *g)
{
    struct guest other = *g;

    other.domid = g->other;
    if (find_tables(&other))
        return 1;
    return update(g, 1, g->slot, other.table[1] * PAGE | PRESENT, g->other);
}

static int no_vcpu(struct guest *g)
{
    return xc_vcpu_setcontext(g->xch, g->domid, 0, NULL) ? fail("vCPU 0's end")
                                                         : 0;
}

/* As on Xen that does not know the declaration: nothing holds tools to it. */
static int l3_above_4g(struct guest *g)
{
    if (no_vcpu(g))
        return 1;
    g->context.x32.vm_assist = 0;
    return xc_vcpu_setcontext(g->xch, g->domid, 0, &g->context) ? fail("vCPU 0")
                                                                : 0;
}

/* Exchanges two of the list's entries, or takes one away. */
static int spoil_p2m(struct guest *g, bool exchange)
{
    bool wide = g->top == 4;
    uint64_t at =
        wide ? g->context.x64.user_regs.rsi : g->context.x32.user_regs.esi;
    void *start = map_address(g, at, PROT_READ);
    uint64_t list;
    uint32_t *p32;
    uint64_t *p64;

    if (!start)
        return fail("start_info");
    list = wide ? ((start_info_x86_64_t *)start)->mfn_list
                : ((start_info_x86_32_t *)start)->mfn_list;
    p64 = map_address(g, list, PROT_READ | PROT_WRITE);
    p32 = (uint32_t *)p64;
    if (!p64)
        return fail("the P2M");
    if (wide && exchange)
        p64[17] = p64[18];
    else if (wide)
        p64[17] = UINT64_MAX;
    else if (exchange)
        p32[17] = p32[18];
    else
        p32[17] = UINT32_MAX;
    munmap(p64, PAGE);
    munmap(start, PAGE);
    return 0;
}

static int p2m_twice(struct guest *g)
{
    return spoil_p2m(g, true);
}

static int p2m_hole(struct guest *g)
{
    return spoil_p2m(g, false);
}

static int start_info_console(struct guest *g)
{
    bool wide = g->top == 4;
    uint64_t at =
        wide ? g->context.x64.user_regs.rsi : g->context.x32.user_regs.esi;
    void *start = map_address(g, at, PROT_READ | PROT_WRITE);

    if (!start)
        return fail("start_info");
    if (wide)
        ((start_info_x86_64_t *)start)->console.domU.mfn = g->table[1];
    else
        ((start_info_x86_32_t *)start)->console.domU.mfn =
            (uint32_t)g->table[1];
    munmap(start, PAGE);
    return 0;
}

static const struct {
    const char *name;
    int (*plant)(struct guest *g);
} faults[] = {
    {"unpinned-root", unpinned_root},
    {"pin-below-root", pin_below_root},
    {"absent-address", absent_address},
    {"linear-table", linear_table},
    {"foreign-frame", foreign_frame},
    {"l3-above-4g", l3_above_4g},
    {"no-vcpu", no_vcpu},
    {"p2m-twice", p2m_twice},
    {"p2m-hole", p2m_hole},
    {"start-info-console", start_info_console},
};

int main(int argc, char **argv)
{
    struct guest g = {.xch = xc_interface_open(NULL, NULL, 0)};
    size_t i;

    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: plant ID FAULT [OTHER-ID]\n");
        return 2;
    }
    g.call = xencall_open(NULL, 0);
    if (!g.xch || !g.call)
        return fail("opening the host");
    g.fmem = xc_interface_fmem_handle(g.xch);
    g.domid = (uint32_t)strtoul(argv[1], NULL, 10);
    g.other = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    if (find_tables(&g))
        return 1;
    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (!strcmp(argv[2], faults[i].name))
            return faults[i].plant(&g);
    fprintf(stderr, "plant: no fault %s\n", argv[2]);
    return 2;
}
