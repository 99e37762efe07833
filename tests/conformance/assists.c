/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VM assists: declared before there is a vCPU (XEN_DOMCTL_vm_assist, which
 * stock Xen lacks), given with vCPU 0's context, and asked for at run time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/features.h>

#include "conformance.h"

#define NO_DOMAIN 0x7eee
#define ALL_BITS  UINT64_MAX

#define WRITABLE_TABLES (UINT64_C(1) << VMASST_TYPE_writable_pagetables)
#define EXTENDED_CR3    (UINT64_C(1) << VMASST_TYPE_pae_extended_cr3)
#define IOPL            (UINT64_C(1) << VMASST_TYPE_architectural_iopl)
#define M2P_STRICT      (UINT64_C(1) << VMASST_TYPE_m2p_strict)

enum { ROOT, ROOT_L2, OTHER_ROOT, OTHER_L2, NR_FRAMES };

static void in_force(struct test *t, uint32_t domid)
{
    struct vm_assist get = {.op = VM_ASSIST_GET};

    if (!vm_assist(t, domid, &get))
        say(t, "  in force: %llx", (unsigned long long)get.assists);
}

static void declare(struct test *t, uint32_t domid, uint64_t assists,
                    const char *what)
{
    report(t, declare_assists(t, domid, assists), "%s", what);
    in_force(t, domid);
}

static void fill(struct test *t, struct guest *g)
{
    guest_grow(t, g, NR_FRAMES, 32);
    make_root(t, g, ROOT, ROOT_L2);
    make_root(t, g, OTHER_ROOT, OTHER_L2);
}

static void guest_of(struct test *t, struct guest *g, unsigned int width)
{
    guest_begin(t, g, width, 0, 0);
    fill(t, g);
}

/* Each alone, so that it is seen which a domain may have. */
static void each_bit(struct test *t, unsigned int width)
{
    char what[40];
    struct guest g;

    guest_begin(t, &g, width, 0, 0);
    for (unsigned int bit = 0; bit < 64; bit++) {
        snprintf(what, sizeof(what), "declare bit %u", bit);
        declare(t, g.domid, UINT64_C(1) << bit, what);
    }
    guest_end(t, &g);
}

static uint64_t context_assists(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t c;

    memset(&c, 0, sizeof(c));
    if (xc_vcpu_getcontext(t->xch, g->domid, 0, &c))
        return UINT64_MAX;
    return g->width == 32 ? c.x32.vm_assist : c.x64.vm_assist;
}

/* A 32-bit context has no room for the upper half. */
static void set_context(struct test *t, const struct guest *g,
                        unsigned int vcpu, uint64_t assists)
{
    vcpu_guest_context_any_t c;
    long r;

    context_new(g, &c, ROOT);
    if (g->width == 32)
        c.x32.vm_assist = (uint32_t)assists;
    else
        c.x64.vm_assist = assists;
    r = context_set(t, g, vcpu, &c);
    report(t, r, "vCPU %u's context with %llx", vcpu,
           (unsigned long long)assists);
    if (!r && !vcpu)
        say(t, "  it has %llx", (unsigned long long)context_assists(t, g));
}

/* What the operation takes besides assists. */
static void arguments(struct test *t, unsigned int width)
{
    struct vm_assist asked[] = {
        {.op = VM_ASSIST_GET, .assists = ALL_BITS},
        {.op = VM_ASSIST_GET, .pad = 1},
        {.op = VM_ASSIST_SET, .pad = 1, .assists = 1},
        {.op = VM_ASSIST_SET, .assists = 2},
        {.op = 2, .assists = 1},
        {.op = UINT32_MAX, .assists = 1},
        {.op = UINT32_MAX, .pad = 1, .assists = 1},
    };
    struct guest g;

    guest_begin(t, &g, width, 0, 0);
    for (unsigned int i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        report(t, vm_assist(t, g.domid, &asked[i]), "operation %u", i);
        say(t, "  %x, %x, %llx", asked[i].op, asked[i].pad,
            (unsigned long long)asked[i].assists);
        in_force(t, g.domid);
    }
    guest_end(t, &g);
}

/* As long as there are no pages, the last one counts. */
static void by_time(struct test *t, unsigned int width)
{
    struct guest g;

    guest_begin(t, &g, width, 0, 0);
    in_force(t, g.domid);
    declare(t, g.domid, 0, "declare none");
    declare(t, g.domid, 1, "declare the first");
    declare(t, g.domid, 1, "declare it twice");
    declare(t, g.domid, 2, "declare the second");
    declare(t, g.domid, 3, "declare both");
    declare(t, g.domid, ALL_BITS, "declare all bits");
    declare(t, g.domid, UINT64_C(1) << 33 | 1, "declare one that there is not");
    guest_vcpus(t, &g);
    declare(t, g.domid, 4, "declare the third, with vCPUs");
    fill(t, &g);
    declare(t, g.domid, 4, "declare it, with pages");
    declare(t, g.domid, 1, "declare the first, with pages");
    declare(t, g.domid, ALL_BITS, "declare all bits, with pages");
    set_context(t, &g, 1, 0);
    declare(t, g.domid, 1, "declare the first, with vCPU 1's context");
    set_context(t, &g, 0, 4);
    declare(t, g.domid, 1, "declare the first, with vCPU 0's context");
    report(t, context_reset(t, &g, 1), "vCPU 1, reset");
    report(t, context_reset(t, &g, 0), "vCPU 0, reset");
    declare(t, g.domid, 1, "declare the first, with pages");
    guest_shrink(t, &g);
    declare(t, g.domid, 1, "declare the first, with none");
    guest_end(t, &g);
}

/* A context that fails leaves what it said of assists. */
static void failed_context(struct test *t, unsigned int width)
{
    struct guest g;

    guest_begin(t, &g, width, 0, 0);
    guest_vcpus(t, &g);
    set_context(t, &g, 0, WRITABLE_TABLES | IOPL); /* its root is nobody's */
    in_force(t, g.domid);
    declare(t, g.domid, WRITABLE_TABLES, "declare one of them");
    set_context(t, &g, 0, 0);
    in_force(t, g.domid);
    fill(t, &g);
    set_context(t, &g, 0, WRITABLE_TABLES);
    guest_end(t, &g);
}

/* A domain that was unpaused is past all this; nothing runs, as no vCPU is
 * online. */
static void unpaused(struct test *t, unsigned int width)
{
    struct guest g;

    for (unsigned int pages = 0; pages < 2; pages++) {
        guest_begin(t, &g, width, 0, 0);
        guest_vcpus(t, &g);
        if (pages) {
            fill(t, &g);
            set_context(t, &g, 0, 2);
        }
        report(t, failed(xc_domain_unpause(t->xch, g.domid)), "unpause");
        declare(t, g.domid, 1, "declare the first, unpaused");
        report(t, failed(xc_domain_pause(t->xch, g.domid)), "pause");
        declare(t, g.domid, 1, "declare the first, paused again");
        declare(t, g.domid, ALL_BITS, "declare all bits, paused again");
        if (pages) {
            report(t, context_reset(t, &g, 0), "vCPU 0, reset");
            guest_shrink(t, &g);
            declare(t, g.domid, 1, "declare the first, with no pages");
        }
        guest_end(t, &g);
    }
}

/* What the context brings to a domain with such a declaration. */
static void contexts(struct test *t, unsigned int width)
{
    static const struct {
        bool declares;
        uint64_t declared, context;
    } cases[] = {
        {false, 0, 0},
        {false, 0, EXTENDED_CR3},
        {true, 0, 0},
        {true, 0, EXTENDED_CR3},
        {true, EXTENDED_CR3, 0},
        {true, EXTENDED_CR3, EXTENDED_CR3},
        {true, WRITABLE_TABLES, 0},
        {true, 0, WRITABLE_TABLES},
        {true, WRITABLE_TABLES, IOPL},
        {true, WRITABLE_TABLES, EXTENDED_CR3},
        {true, WRITABLE_TABLES, WRITABLE_TABLES | EXTENDED_CR3},
        {true, WRITABLE_TABLES | EXTENDED_CR3, EXTENDED_CR3},
    };
    struct guest g;

    for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        say(t, "case %u", i);
        guest_begin(t, &g, width, 0, 0);
        if (cases[i].declares)
            declare(t, g.domid, cases[i].declared, "declare");
        fill(t, &g);
        guest_vcpus(t, &g);
        if (cases[i].declares)
            set_context(t, &g, 1, cases[i].context);
        set_context(t, &g, 0, cases[i].context);
        /* Once it has one, a second one may differ in this. */
        set_context(t, &g, 0, cases[i].declared);
        report(t, context_reset(t, &g, 0), "vCPU 0, reset");
        set_context(t, &g, 0, 0);
        guest_end(t, &g);
    }
}

/* Each bit in vCPU 0's context, which alone is asked for them. */
static void context_bits(struct test *t, unsigned int width)
{
    struct guest g;

    guest_of(t, &g, width);
    guest_vcpus(t, &g);
    for (unsigned int bit = 0; bit < width; bit++) {
        set_context(t, &g, 0, UINT64_C(1) << bit);
        report(t, context_reset(t, &g, 0), "  reset");
    }
    set_context(t, &g, 1, 1u << 31);
    guest_end(t, &g);
}

static void show_m2p(struct test *t, const struct guest *g, unsigned int root)
{
    uint64_t value = 0;

    (void)peek(t, g, root, 256, &value);
    say(t, "  the M2P is in %s: %s", root == ROOT ? "this root" : "another",
        value ? "yes" : "no");
}

/* The M2P is in all roots of a domain with m2p_strict, from when they become
 * that; without it only in those that its kernel runs on. */
static void m2p_strict(struct test *t)
{
    struct guest g;

    guest_begin(t, &g, 64, 0, 0);
    declare(t, g.domid, M2P_STRICT, "declare m2p_strict");
    fill(t, &g);
    guest_vcpus(t, &g);
    report(t, pin(t, &g, 4, OTHER_ROOT), "pin a root");
    show_m2p(t, &g, OTHER_ROOT);
    declare(t, g.domid, 0, "declare none");
    set_context(t, &g, 0, M2P_STRICT);
    show_m2p(t, &g, ROOT);
    guest_end(t, &g);

    for (unsigned int strict = 0; strict < 2; strict++) {
        guest_of(t, &g, 64);
        guest_vcpus(t, &g);
        report(t, pin(t, &g, 4, OTHER_ROOT), "pin a root");
        show_m2p(t, &g, OTHER_ROOT);
        set_context(t, &g, 0, strict ? M2P_STRICT : 0);
        show_m2p(t, &g, ROOT);
        show_m2p(t, &g, OTHER_ROOT);
        guest_end(t, &g);
    }
}

/* A domain is 64-bit first. What it may have changes with that. */
static void to_32_bits(struct test *t, uint64_t declared)
{
    struct xen_domctl op = {.u.address_size.size = 32};
    uint32_t domid;

    (void)domain_new(t, &domid, 2);
    declare(t, domid, declared | EXTENDED_CR3, "64 bits, with extended CR3");
    declare(t, domid, declared, "64 bits, without");
    report(t, domctl(t, &op, XEN_DOMCTL_set_address_size, domid),
           "then 32 bits");
    declare(t, domid, 0, "declare none");
    declare(t, domid, EXTENDED_CR3, "declare extended CR3");
    declare(t, domid, M2P_STRICT, "declare m2p_strict");
    (void)xc_domain_destroy(t->xch, domid);
}

/* A mapping keeps a domain dying that is destroyed. */
static void of_whom(struct test *t)
{
    struct vm_assist get = {.op = VM_ASSIST_GET};
    struct guest g;
    long error;
    void *page;

    declare(t, NO_DOMAIN, 0, "no domain");
    declare(t, DOMID_SELF, 0, "DOMID_SELF");
    declare(t, DOMID_XEN, 0, "DOMID_XEN");
    report(t, declare_assists(t, 0, 0), "domain 0");
    report(t, vm_assist(t, 0, &get), "domain 0's, which are not told");
    for (unsigned int initialised = 0; initialised < 2; initialised++) {
        guest_of(t, &g, 32);
        guest_vcpus(t, &g);
        if (initialised)
            set_context(t, &g, 0, 0);
        page = guest_map(t, &g, ROOT, false, &error);
        guest_end(t, &g);
        declare(t, g.domid, 0, "a dying domain, none");
        declare(t, g.domid, 1, "a dying domain, the first");
        declare(t, g.domid, ALL_BITS, "a dying domain, all bits");
        if (page)
            guest_unmap(t, page);
        declare(t, g.domid, 0, "a domain that is gone");
    }
}

static bool told_extended_cr3(struct test *t)
{
    xen_feature_info_t info = {0};

    (void)xc_version(t->xch, XENVER_get_features, &info);
    return info.submap >> XENFEAT_pae_pgdir_above_4gb & 1;
}

static void at_run_time(struct test *t, unsigned int command,
                        unsigned int assist, const char *what)
{
    report(t,
           failed(xencall2(t->call, __HYPERVISOR_vm_assist, command, assist)),
           "%s", what);
    say(t, "  roots above 4 GiB: %s", told_extended_cr3(t) ? "yes" : "no");
}

/* The caller is a 64-bit PV guest, to which this one means nothing; its kernel
 * may have it all the same, and gets it back. */
static void callers_own(struct test *t)
{
    bool had = told_extended_cr3(t);

    at_run_time(t, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3,
                "enable extended CR3");
    at_run_time(t, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3,
                "enable it twice");
    at_run_time(t, VMASST_CMD_disable, VMASST_TYPE_pae_extended_cr3,
                "disable it");
    at_run_time(t, VMASST_CMD_disable, VMASST_TYPE_pae_extended_cr3,
                "disable it twice");
    at_run_time(t, VMASST_CMD_enable, 6, "enable what there is not");
    at_run_time(t, VMASST_CMD_enable, 64, "enable number 64");
    at_run_time(t, VMASST_CMD_enable, UINT32_MAX, "enable the last number");
    at_run_time(t, 2, VMASST_TYPE_pae_extended_cr3, "no such command");
    at_run_time(t, 2, 6, "no such command for what there is not");
    if (had)
        (void)xencall2(t->call, __HYPERVISOR_vm_assist, VMASST_CMD_enable,
                       VMASST_TYPE_pae_extended_cr3);
}

void section_assists(struct test *t, unsigned int width)
{
    if (width) {
        each_bit(t, width);
        arguments(t, width);
        by_time(t, width);
        failed_context(t, width);
        unpaused(t, width);
        contexts(t, width);
        context_bits(t, width);
        return;
    }
    to_32_bits(t, 0);
    to_32_bits(t, WRITABLE_TABLES);
    to_32_bits(t, M2P_STRICT);
    m2p_strict(t);
    of_whom(t);
    callers_own(t);
}

/* A domain with hardware's help has none of these assists. */
void section_assists_hvm(struct test *t, unsigned int width)
{
    struct xen_domctl_createdomain config = {
        .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
        .max_vcpus = 2,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(2),
        .arch.emulation_flags = XEN_X86_EMU_LAPIC,
    };
    char what[40];
    uint32_t domid = DOMID_ANY;
    long r = failed(xc_domain_create(t->xch, &domid, &config));

    (void)width;
    if (r) {
        fprintf(stderr, "conformance: no HVM domain: %s\n", error_name(r));
        exit(EXIT_SKIP);
    }
    say(t, "an HVM domain");
    declare(t, domid, 0, "declare none");
    for (unsigned int bit = 0; bit < 64; bit++) {
        snprintf(what, sizeof(what), "declare bit %u", bit);
        declare(t, domid, UINT64_C(1) << bit, what);
    }
    report(t, failed(xc_domain_max_vcpus(t->xch, domid, 2)), "vCPUs");
    declare(t, domid, 0, "declare none");
    declare(t, domid, 1, "declare the first");
    (void)xc_domain_destroy(t->xch, domid);
}
