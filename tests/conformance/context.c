/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vCPUs' contexts: what they refer to, and what of them comes back. */
#include <stdio.h>
#include <string.h>

#include "conformance.h"

enum { ROOT, ROOT_L2, OTHER_ROOT, OTHER_L2, GDT0, GDT1, TABLE, NR_FRAMES };

/* A field of the context, in the width of the guest. */
#define FIELD(g, c, field)                                                     \
    ((g)->width == 32 ? (uint64_t)(c)->x32.field : (uint64_t)(c)->x64.field)
#define SET_FIELD(g, c, field, value)                                          \
    do {                                                                       \
        if ((g)->width == 32)                                                  \
            (c)->x32.field = (value);                                          \
        else                                                                   \
            (c)->x64.field = (value);                                          \
    } while (0)

static int root_index(const struct guest *g, uint64_t cr3)
{
    for (unsigned int i = 0; i < g->nr; i++)
        if (cr3_of(g, g->mfn[i]) == cr3)
            return (int)i;
    return -1;
}

static void show(struct test *t, const struct guest *g, unsigned int vcpu)
{
    vcpu_guest_context_any_t c;
    xc_vcpuinfo_t info = {0};
    long r;

    r = failed(xc_vcpu_getinfo(t->xch, g->domid, vcpu, &info));
    if (r)
        report(t, r, "  getvcpuinfo");
    else
        say(t, "  online %u, blocked %u, running %u", info.online, info.blocked,
            info.running);
    memset(&c, 0, sizeof(c));
    r = failed(xc_vcpu_getcontext(t->xch, g->domid, vcpu, &c));
    if (r) {
        report(t, r, "  getvcpucontext");
        return;
    }
    say(t, "  flags %llx, cr3 frame %d, cr1 frame %d, GDT %llu in frame %d",
        (unsigned long long)FIELD(g, &c, flags),
        root_index(g, FIELD(g, &c, ctrlreg[3])),
        FIELD(g, &c, ctrlreg[1]) ? root_index(g, FIELD(g, &c, ctrlreg[1])) : -1,
        (unsigned long long)FIELD(g, &c, gdt_ents),
        FIELD(g, &c, gdt_ents) ? guest_index(g, FIELD(g, &c, gdt_frames[0]))
                               : -1);
    say(t, "  cs %llx ss %llx eflags %llx kernel_ss %llx kernel_sp %llx",
        (unsigned long long)FIELD(g, &c, user_regs.cs),
        (unsigned long long)FIELD(g, &c, user_regs.ss),
        (unsigned long long)FIELD(g, &c, user_regs.eflags),
        (unsigned long long)FIELD(g, &c, kernel_ss),
        (unsigned long long)FIELD(g, &c, kernel_sp));
    say(t, "  ldt %llx, %llu; dr7 %llx; vm_assist %llx; trap 3: %llx %x:%llx",
        (unsigned long long)FIELD(g, &c, ldt_base),
        (unsigned long long)FIELD(g, &c, ldt_ents),
        (unsigned long long)FIELD(g, &c, debugreg[7]),
        (unsigned long long)FIELD(g, &c, vm_assist),
        (unsigned long long)FIELD(g, &c, trap_ctxt[3].vector),
        (unsigned int)FIELD(g, &c, trap_ctxt[3].cs),
        (unsigned long long)FIELD(g, &c, trap_ctxt[3].address));
}

static void set(struct test *t, const struct guest *g, unsigned int vcpu,
                vcpu_guest_context_any_t *c, const char *what)
{
    report(t, context_set(t, g, vcpu, c), "vCPU %u, %s", vcpu, what);
    show(t, g, vcpu);
}

static void reset(struct test *t, const struct guest *g, unsigned int vcpu)
{
    report(t, context_reset(t, g, vcpu), "vCPU %u, reset", vcpu);
    show(t, g, vcpu);
}

/* The first context fixes what it refers to; a second one may only agree. */
static void twice(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t c;

    show(t, g, 0);
    context_new(g, &c, ROOT);
    set(t, g, 0, &c, "first context");
    say_types(t, g, NR_FRAMES);
    set(t, g, 0, &c, "the same again");
    SET_FIELD(g, &c, user_regs.eflags, 0x3202);
    SET_FIELD(g, &c, kernel_ss, 0xe021);
    SET_FIELD(g, &c, kernel_sp, 0x123000);
    SET_FIELD(g, &c, user_regs.cs, 0xe019);
    SET_FIELD(g, &c, user_regs.ss, 0);
    SET_FIELD(g, &c, trap_ctxt[3].vector, 3);
    SET_FIELD(g, &c, trap_ctxt[3].cs, 0);
    SET_FIELD(g, &c, trap_ctxt[3].address, 0x5678);
    SET_FIELD(g, &c, debugreg[7], 0x400);
    SET_FIELD(g, &c, flags, VGCF_in_kernel);
    set(t, g, 0, &c, "other registers, not online");
    context_gdt(g, &c, GDT0, 512);
    set(t, g, 0, &c, "with a GDT");
    context_new(g, &c, OTHER_ROOT);
    set(t, g, 0, &c, "another root");
    context_new(g, &c, ROOT);
    SET_FIELD(g, &c, ldt_ents, 5);
    SET_FIELD(g, &c, ldt_base, 0x1000);
    set(t, g, 0, &c, "with an LDT");
    reset(t, g, 0);
    say_types(t, g, NR_FRAMES);
    reset(t, g, 0);
    context_new(g, &c, OTHER_ROOT);
    context_gdt(g, &c, GDT0, 512);
    set(t, g, 0, &c, "another root and a GDT");
    reset(t, g, 0);
}

static void roots(struct test *t, const struct guest *g)
{
    static const unsigned int slot[] = {0, 3};
    vcpu_guest_context_any_t c;
    struct guest other;
    char what[40];

    guest_new(t, &other, g->width, 4);
    context_new(g, &c, ROOT);
    SET_FIELD(g, &c, ctrlreg[3], 0);
    set(t, g, 1, &c, "no root");
    SET_FIELD(g, &c, ctrlreg[3], cr3_of(g, 0xfffff));
    set(t, g, 1, &c, "a bad root");
    SET_FIELD(g, &c, ctrlreg[3], cr3_of(g, other.mfn[0]));
    set(t, g, 1, &c, "another's root");
    for (unsigned int level = 1; level <= root_level(g); level++) {
        snprintf(what, sizeof(what), "an L%u as its root", level);
        if (level == root_level(g))
            make_root(t, g, TABLE, OTHER_L2);
        else
            (void)clear(t, g, TABLE);
        report(t, pin(t, g, level, TABLE), "pin a frame as L%u", level);
        context_new(g, &c, TABLE);
        set(t, g, 1, &c, what);
        report(t, unpin(t, g, TABLE), "unpin it");
        reset(t, g, 1);
    }
    for (unsigned int i = 0; i < 2; i++) {
        (void)clear(t, g, TABLE);
        (void)poke(t, g, TABLE, slot[i], BAD_MFN << 12 | P);
        context_new(g, &c, TABLE);
        set(t, g, 1, &c, "a root with a bad entry");
        say(t, "it is: %s", type_of(t, g, TABLE));
    }
    (void)clear(t, g, TABLE);
    guest_end(t, &other);
}

static void two_roots(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t c;

    context_new(g, &c, ROOT);
    SET_FIELD(g, &c, ctrlreg[1], cr3_of(g, g->mfn[OTHER_ROOT]));
    set(t, g, 1, &c, "a user root");
    say_types(t, g, NR_FRAMES);
    reset(t, g, 1);
    say_types(t, g, NR_FRAMES);
    SET_FIELD(g, &c, ctrlreg[1], cr3_of(g, 0xfffff));
    set(t, g, 1, &c, "a bad user root");
    say_types(t, g, NR_FRAMES);
    SET_FIELD(g, &c, ctrlreg[1], 0);
    SET_FIELD(g, &c, flags, VGCF_online);
    set(t, g, 1, &c, "in user mode");
    reset(t, g, 1);
}

static void gdts(struct test *t, const struct guest *g)
{
    static const unsigned int sizes[] = {1, 511, 512, 513, 7168, 7169, 8192};
    vcpu_guest_context_any_t c;
    char what[40];

    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        snprintf(what, sizeof(what), "%u entries in one frame", sizes[i]);
        context_new(g, &c, ROOT);
        context_gdt(g, &c, GDT0, sizes[i]);
        set(t, g, 1, &c, what);
        say(t, "the GDT's frame is: %s", type_of(t, g, GDT0));
        report(t, poke(t, g, GDT0, 0, 0), "write to it");
        reset(t, g, 1);
        report(t, poke(t, g, GDT0, 0, 0), "write to it");
    }
    context_new(g, &c, ROOT);
    context_gdt(g, &c, GDT0, 1024);
    SET_FIELD(g, &c, gdt_frames[1], g->mfn[GDT1]);
    set(t, g, 1, &c, "two frames");
    set(t, g, 2, &c, "the same for another vCPU");
    report(t, pin(t, g, 1, GDT1), "pin its second frame as L1");
    reset(t, g, 1);
    report(t, pin(t, g, 1, GDT1), "pin its second frame as L1");
    reset(t, g, 2);
    report(t, pin(t, g, 1, GDT1), "pin its second frame as L1");
    set(t, g, 1, &c, "a pinned frame in the GDT");
    report(t, poke(t, g, GDT0, 0, 0), "write to the first");
    report(t, unpin(t, g, GDT1), "unpin it");
    SET_FIELD(g, &c, gdt_frames[1], 0xfffffff);
    set(t, g, 1, &c, "a bad frame in the GDT");
    report(t, poke(t, g, GDT0, 0, 0), "write to the first");
}

/* Descriptors that a guest may not have make a frame unfit for a GDT. */
static void descriptors(struct test *t, const struct guest *g)
{
    static const struct {
        const char *name;
        uint64_t value;
    } some[] = {
        {"kernel code", UINT64_C(0x00cf9b000000ffff)},
        {"kernel code, ring 1", UINT64_C(0x00cfbb000000ffff)},
        {"user code", UINT64_C(0x00cffb000000ffff)},
        {"user data", UINT64_C(0x00cff3000000ffff)},
        {"kernel data", UINT64_C(0x00cf93000000ffff)},
        {"64-bit user code", UINT64_C(0x00affb000000ffff)},
        {"call gate", UINT64_C(0x0000ec0000000000)},
        {"interrupt gate", UINT64_C(0x0000ee0000000000)},
        {"LDT", UINT64_C(0x0000e20000000000)},
        {"TSS", UINT64_C(0x0000890000000067)},
        {"nothing", 0},
        {"not present", UINT64_C(0x00cf7b000000ffff)},
    };
    vcpu_guest_context_any_t c;
    uint64_t value;

    context_new(g, &c, ROOT);
    context_gdt(g, &c, GDT0, 512);
    for (unsigned int i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        (void)clear(t, g, GDT0);
        (void)poke(t, g, GDT0, 4, some[i].value);
        report(t, context_set(t, g, 1, &c), "%s", some[i].name);
        value = 0;
        (void)peek(t, g, GDT0, 4, &value);
        if (value != some[i].value)
            say(t, "  became %016llx", (unsigned long long)value);
        report(t, context_reset(t, g, 1), "  reset");
    }
    (void)clear(t, g, GDT0);
}

static void fields(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t c;

    for (unsigned int bit = 0; bit < 32; bit++) {
        context_new(g, &c, ROOT);
        SET_FIELD(g, &c, flags, (VGCF_in_kernel | VGCF_online) ^ 1u << bit);
        report(t, context_set(t, g, 1, &c), "flags, bit %u toggled", bit);
        memset(&c, 0, sizeof(c));
        if (!xc_vcpu_getcontext(t->xch, g->domid, 1, &c))
            say(t, "  they are %llx", (unsigned long long)FIELD(g, &c, flags));
        report(t, context_reset(t, g, 1), "  reset");
    }
    context_new(g, &c, ROOT);
    SET_FIELD(g, &c, ldt_ents, 8193);
    set(t, g, 1, &c, "an LDT too large");
    SET_FIELD(g, &c, ldt_ents, 8192);
    SET_FIELD(g, &c, ldt_base, 0x1001);
    set(t, g, 1, &c, "an LDT not at a page's start");
    SET_FIELD(g, &c, ldt_base, 0x1000);
    set(t, g, 1, &c, "an LDT");
    reset(t, g, 1);
}

/* Addresses that no processor takes. */
static void addresses(struct test *t, const struct guest *g)
{
#define TRY(field)                                                             \
    do {                                                                       \
        vcpu_guest_context_any_t c;                                            \
                                                                               \
        context_new(g, &c, ROOT);                                              \
        c.x64.field = UINT64_C(0x8000000000000000);                            \
        report(t, context_set(t, g, 1, &c), "a bad " #field);                  \
        context_new(g, &c, ROOT);                                              \
        c.x64.field = UINT64_C(0xffff830000000000);                            \
        report(t, context_set(t, g, 1, &c), "Xen's for " #field);              \
        report(t, context_reset(t, g, 1), "  reset");                          \
    } while (0)

    TRY(user_regs.rip);
    TRY(user_regs.rsp);
    TRY(kernel_sp);
    TRY(fs_base);
    TRY(gs_base_kernel);
    TRY(gs_base_user);
    TRY(event_callback_eip);
    TRY(syscall_callback_eip);
    TRY(failsafe_callback_eip);
    TRY(trap_ctxt[77].address);
    TRY(ldt_base);
#undef TRY
}

static void vcpus(struct test *t, const struct guest *g)
{
    static const uint32_t ids[] = {3, 4, 5, 127, 128, 8192, UINT32_MAX};
    vcpu_guest_context_any_t c;
    struct guest nobody = *g;

    context_new(g, &c, ROOT);
    for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        set(t, g, ids[i], &c, "any context");
    for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        report(t, context_reset(t, g, ids[i]), "vCPU %u, reset", ids[i]);
    nobody.domid = 0x7eee;
    set(t, &nobody, 0, &c, "no domain's");
}

void section_context(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, NR_FRAMES);
    make_root(t, &g, ROOT, ROOT_L2);
    make_root(t, &g, OTHER_ROOT, OTHER_L2);
    twice(t, &g);
    roots(t, &g);
    if (width == 64) {
        two_roots(t, &g);
        addresses(t, &g);
    }
    gdts(t, &g);
    descriptors(t, &g);
    fields(t, &g);
    vcpus(t, &g);
    say_types(t, &g, NR_FRAMES);
    guest_end(t, &g);
}
