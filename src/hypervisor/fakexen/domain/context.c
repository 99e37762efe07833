/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * context.c - vCPU contexts: what XEN_DOMCTL_setvcpucontext accepts, keeps and
 * corrects, and what XEN_DOMCTL_getvcpucontext gives back.
 *
 * A 32-bit domain's context is widened on the way in and narrowed on the way
 * out, so that all between knows one form.
 */
#include "domain/context.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/foreign/x86_32.h>

#include "domain/ldt.h"
#include "domain/state.h"
#include "machine/frames.h"
#include "machine/tlb.h"
#include "memory/page_type.h"
#include "domain/vm_assist.h"
#include "xen_versions.h"

typedef vcpu_guest_context_t context_t;
typedef vcpu_guest_context_x86_32_t context32_t;

#define GDT_FRAMES    16
#define GDT_PER_FRAME 512
#define EFLAGS_ALWAYS (1u << 1)
#define EFLAGS_IF     (1u << 9)
#define EFLAGS_VM     (1u << 17)
/* All that there are (SDM vol. 1, 3.4.3), but for the one that is always set.
 */
#define EFLAGS_ALL    0x3f7fd5u
#define CR0_TS        (1u << 3)
#define HOST_CR0      0x80050033u /* PG AM WP NE ET MP PE */
#define GUEST_CR4     0x4000cu    /* TSD DE OSXSAVE: as the CPU policy has it */
#define HOST_CR4      0x660u      /* PAE MCE OSFXSR OSXMMEXCPT */
#define FCW_DEFAULT   0x037f
#define MXCSR_DEFAULT 0x1f80u

/* A context in its wide form, with what only 32-bit guests have. */
struct wide {
    context_t c;
    uint32_t event_callback_cs, failsafe_callback_cs;
};

static void widen_registers(cpu_user_regs_t *to,
                            const cpu_user_regs_x86_32_t *from)
{
    to->rbx = from->ebx;
    to->rcx = from->ecx;
    to->rdx = from->edx;
    to->rsi = from->esi;
    to->rdi = from->edi;
    to->rbp = from->ebp;
    to->rax = from->eax;
    to->error_code = from->error_code;
    to->entry_vector = from->entry_vector;
    to->rip = from->eip;
    to->cs = from->cs;
    to->saved_upcall_mask = from->saved_upcall_mask;
    to->rflags = from->eflags;
    to->rsp = from->esp;
    to->ss = from->ss;
    to->es = from->es;
    to->ds = from->ds;
    to->fs = from->fs;
    to->gs = from->gs;
}

static void narrow_registers(cpu_user_regs_x86_32_t *to,
                             const cpu_user_regs_t *from)
{
    to->ebx = (uint32_t)from->rbx;
    to->ecx = (uint32_t)from->rcx;
    to->edx = (uint32_t)from->rdx;
    to->esi = (uint32_t)from->rsi;
    to->edi = (uint32_t)from->rdi;
    to->ebp = (uint32_t)from->rbp;
    to->eax = (uint32_t)from->rax;
    to->error_code = (uint16_t)from->error_code;
    to->entry_vector = (uint16_t)from->entry_vector;
    to->eip = (uint32_t)from->rip;
    to->cs = from->cs;
    to->saved_upcall_mask = from->saved_upcall_mask;
    to->eflags = (uint32_t)from->rflags;
    to->esp = (uint32_t)from->rsp;
    to->ss = from->ss;
    to->es = from->es;
    to->ds = from->ds;
    to->fs = from->fs;
    to->gs = from->gs;
}

/* The rest, field by field, either way round. */
#define COPY_FIELDS(to, from)                                                  \
    do {                                                                       \
        memcpy(&(to)->fpu_ctxt, &(from)->fpu_ctxt, sizeof((to)->fpu_ctxt));    \
        (to)->flags = (from)->flags;                                           \
        for (int n = 0; n < 256; n++) {                                        \
            (to)->trap_ctxt[n].vector = (from)->trap_ctxt[n].vector;           \
            (to)->trap_ctxt[n].flags = (from)->trap_ctxt[n].flags;             \
            (to)->trap_ctxt[n].cs = (from)->trap_ctxt[n].cs;                   \
            (to)->trap_ctxt[n].address = (from)->trap_ctxt[n].address;         \
        }                                                                      \
        (to)->ldt_base = (from)->ldt_base;                                     \
        (to)->ldt_ents = (from)->ldt_ents;                                     \
        for (int n = 0; n < GDT_FRAMES; n++)                                   \
            (to)->gdt_frames[n] = (from)->gdt_frames[n];                       \
        (to)->gdt_ents = (from)->gdt_ents;                                     \
        (to)->kernel_ss = (from)->kernel_ss;                                   \
        (to)->kernel_sp = (from)->kernel_sp;                                   \
        for (int n = 0; n < 8; n++) {                                          \
            (to)->ctrlreg[n] = (from)->ctrlreg[n];                             \
            (to)->debugreg[n] = (from)->debugreg[n];                           \
        }                                                                      \
        (to)->event_callback_eip = (from)->event_callback_eip;                 \
        (to)->failsafe_callback_eip = (from)->failsafe_callback_eip;           \
        (to)->vm_assist = (from)->vm_assist;                                   \
    } while (0)

static void widen(struct wide *to, const context32_t *from)
{
    memset(to, 0, sizeof(*to));
    COPY_FIELDS(&to->c, from);
    widen_registers(&to->c.user_regs, &from->user_regs);
    to->event_callback_cs = from->event_callback_cs;
    to->failsafe_callback_cs = from->failsafe_callback_cs;
}

static void narrow(context32_t *to, const struct wide *from)
{
    memset(to, 0, sizeof(*to));
    COPY_FIELDS(to, &from->c);
    narrow_registers(&to->user_regs, &from->c.user_regs);
    to->event_callback_cs = from->event_callback_cs;
    to->failsafe_callback_cs = from->failsafe_callback_cs;
}

static int read_context(const struct fx_caller *caller,
                        const struct fx_domain *domain, struct wide *to,
                        uint64_t from)
{
    context32_t narrow_one;

    memset(to, 0, sizeof(*to));
    if (!domain->is_32bit)
        return fx_copy_in(caller, &to->c, from, sizeof(to->c));
    if (fx_copy_in(caller, &narrow_one, from, sizeof(narrow_one)))
        return -EFAULT;
    widen(to, &narrow_one);
    return 0;
}

/* CR3 of a PAE guest holds frame numbers above 20 bits in its low end. */
static uint64_t cr3_to_mfn(const struct fx_domain *domain, uint64_t cr3)
{
    return domain->is_32bit ? xen_cr3_to_pfn_x86_32(cr3) : cr3 >> FX_PAGE_SHIFT;
}

static uint64_t mfn_to_cr3(const struct fx_domain *domain, uint64_t mfn)
{
    if (mfn == FX_NO_MFN)
        return 0;
    return domain->is_32bit ? xen_pfn_to_cr3_x86_32(mfn) : mfn << FX_PAGE_SHIFT;
}

static void fix_selectors(const struct fx_domain *domain, struct wide *w)
{
    int i;

    w->c.user_regs.ss = fx_guest_selector(domain, w->c.user_regs.ss);
    w->c.user_regs.cs = fx_guest_selector(domain, w->c.user_regs.cs);
    w->c.kernel_ss = fx_guest_selector(domain, (uint32_t)w->c.kernel_ss);
    w->event_callback_cs = fx_guest_selector(domain, w->event_callback_cs);
    w->failsafe_callback_cs =
        fx_guest_selector(domain, w->failsafe_callback_cs);
    for (i = 0; i < 256; i++)
        w->c.trap_ctxt[i].cs = fx_guest_selector(domain, w->c.trap_ctxt[i].cs);
}

static bool addresses_ok(const struct fx_domain *domain, const context_t *c)
{
    int i;

    if (domain->is_32bit)
        return true;
    for (i = 0; i < 256; i++)
        if (!fx_canonical(c->trap_ctxt[i].address))
            return false;
    return fx_canonical(c->user_regs.rip) && fx_canonical(c->user_regs.rsp) &&
           fx_canonical(c->kernel_sp) && fx_canonical(c->fs_base) &&
           fx_canonical(c->gs_base_kernel) && fx_canonical(c->gs_base_user) &&
           fx_canonical(c->event_callback_eip) &&
           fx_canonical(c->syscall_callback_eip) &&
           fx_canonical(c->failsafe_callback_eip) &&
           (!c->ldt_ents || fx_canonical(c->ldt_base)) &&
           !fx_in_xens_range(c->ldt_base);
}

static bool debug_registers_ok(const context_t *c)
{
    for (unsigned int i = 0; i < 4; i++)
        if (fx_in_xens_range(c->debugreg[i]))
            return false;
    return c->debugreg[6] == (uint32_t)c->debugreg[6] &&
           c->debugreg[7] == (uint32_t)c->debugreg[7];
}

static unsigned int gdt_frames(const context_t *c)
{
    return (unsigned int)((c->gdt_ents + GDT_PER_FRAME - 1) / GDT_PER_FRAME);
}

/*
 * A vCPU that runs already keeps its tables: they may be named again, not
 * changed.
 */
static bool same_tables(const struct fx_domain *domain,
                        const struct fx_vcpu_state *v, const context_t *c)
{
    unsigned int i;

    if (mfn_to_cr3(domain, v->root) != c->ctrlreg[3])
        return false;
    if (!domain->is_32bit) {
        if (v->user_root == FX_NO_MFN &&
            (c->ctrlreg[1] || !(c->flags & VGCF_in_kernel)))
            return false;
        if (v->user_root != FX_NO_MFN &&
            mfn_to_cr3(domain, v->user_root) != c->ctrlreg[1])
            return false;
    }
    if (v->context.gdt_ents != c->gdt_ents ||
        v->context.ldt_ents != c->ldt_ents ||
        (v->context.ldt_ents && v->context.ldt_base != c->ldt_base))
        return false;
    for (i = 0; i < gdt_frames(c); i++)
        if (v->context.gdt_frames[i] != c->gdt_frames[i])
            return false;
    return true;
}

/* What is checked before anything of the vCPU changes. */
static int check_addresses(const struct fx_domain *domain, const context_t *c)
{
    if (XEN_CHECKS_DEBUG_REGISTERS && !debug_registers_ok(c))
        return -EINVAL;
    if (XEN_CHECKS_EFLAGS && domain->is_32bit &&
        c->user_regs.rflags & EFLAGS_VM)
        return -EINVAL;
    return addresses_ok(domain, c) && c->ldt_base % FX_PAGE_SIZE == 0 &&
                   c->ldt_ents <= FX_LDT_MAX
               ? 0
               : -EINVAL;
}

/* And after its registers did. */
static int check_rest(struct fx_host *host, const struct fx_domain *domain,
                      uint32_t vcpu, const struct fx_vcpu_state *v,
                      const context_t *c)
{
    bool initialised = fx_vcpu(host, domain, vcpu)->initialised;

    if (!vcpu && fx_check_assists(host, domain, c->vm_assist))
        return -EINVAL;
    if (c->gdt_ents > GDT_FRAMES * GDT_PER_FRAME)
        return -EINVAL;
    if (initialised)
        return same_tables(domain, v, c) ? 0 : -EOPNOTSUPP;
    if (!domain->is_32bit && !(c->flags & VGCF_in_kernel) && !c->ctrlreg[1])
        return -EINVAL;
    return 0;
}

static void put_gdt(struct fx_host *host, struct fx_vcpu_state *v)
{
    unsigned int i;

    for (i = 0; i < GDT_FRAMES && i < gdt_frames(&v->context); i++)
        fx_put_page_and_type(host, v->context.gdt_frames[i]);
    v->context.gdt_ents = 0;
    memset(v->context.gdt_frames, 0, sizeof(v->context.gdt_frames));
}

int fx_set_gdt(struct fx_host *host, const struct fx_domain *domain,
               struct fx_vcpu_state *v, const unsigned long *frames,
               unsigned int entries)
{
    unsigned int nr = (entries + GDT_PER_FRAME - 1) / GDT_PER_FRAME, i;

    if (entries > FX_GDT_MAX)
        return -EINVAL;
    for (i = 0; i < nr; i++)
        if (fx_get_page_and_type(host, frames[i], domain->id, FX_SEG_DESC, 0))
            break;
    if (i < nr) {
        while (i--)
            fx_put_page_and_type(host, frames[i]);
        return -EINVAL;
    }
    put_gdt(host, v);
    memcpy(v->context.gdt_frames, frames, nr * sizeof(*frames));
    v->context.gdt_ents = entries;
    return 0;
}

/*
 * A user root that does not check leaves the kernel's with its references, as
 * on Xen, until the vCPU is reset or gets another.
 */
static int set_roots(struct fx_host *host, struct fx_domain *domain,
                     struct fx_vcpu_state *v, const context_t *c)
{
    uint64_t root = cr3_to_mfn(domain, c->ctrlreg[3]);
    uint64_t user = cr3_to_mfn(domain, c->ctrlreg[1]);
    int rc = fx_get_root(host, domain, root);

    if (rc)
        return rc;
    if (v->root != FX_NO_MFN)
        fx_put_root(host, domain, v->root);
    v->root = root;
    if (domain->is_32bit || !c->ctrlreg[1])
        return 0;
    rc = fx_get_user_root(host, domain, user);
    if (!rc)
        v->user_root = user;
    return rc;
}

/* As far as they are refused, they keep what they had: Xen says nothing. */
static void set_debug_registers(context_t *to, const context_t *from)
{
    uint64_t dr6 = from->debugreg[6], dr7 = from->debugreg[7];
    unsigned int i;

    memset(to->debugreg, 0, sizeof(to->debugreg));
    to->debugreg[6] = FX_DR6_ONES;
    to->debugreg[7] = FX_DR7_ONES;
    for (i = 0; i < 4; i++)
        if (!fx_in_xens_range(from->debugreg[i]))
            to->debugreg[i] = from->debugreg[i];
    if (dr6 == (uint32_t)dr6)
        to->debugreg[6] = (dr6 & ~FX_DR6_ZEROS) | FX_DR6_ONES;
    if (dr7 == (uint32_t)dr7 && !(dr7 & FX_DR7_GD))
        to->debugreg[7] = (dr7 & ~FX_DR7_ZEROS) | FX_DR7_ONES;
}

static void reset_fpu(context_t *c)
{
    uint16_t fcw = FCW_DEFAULT;
    uint32_t mxcsr = MXCSR_DEFAULT;

    memset(&c->fpu_ctxt, 0, sizeof(c->fpu_ctxt));
    memcpy(&c->fpu_ctxt, &fcw, sizeof(fcw));
    memcpy((uint8_t *)&c->fpu_ctxt + 24, &mxcsr, sizeof(mxcsr));
}

/* What Xen sets before it looks at the tables, and leaves set on failure. */
static void keep_registers(struct fx_vcpu_state *v, const struct wide *w)
{
    context_t *to = &v->context;

    to->flags = w->c.flags;
    to->user_regs = w->c.user_regs;
    if (XEN_CHECKS_EFLAGS) {
        to->user_regs.rflags &= EFLAGS_ALL;
        to->user_regs.rflags |= EFLAGS_ALWAYS;
    }
    to->user_regs.rflags |= EFLAGS_IF;
    memcpy(to->trap_ctxt, w->c.trap_ctxt, sizeof(to->trap_ctxt));
    v->fpu_initialised = w->c.flags & VGCF_i387_valid;
    if (v->fpu_initialised)
        to->fpu_ctxt = w->c.fpu_ctxt;
    else
        reset_fpu(to);
}

/* The rest but the tables and the GDT. */
static void keep_context(struct fx_vcpu_state *v, const struct wide *w)
{
    context_t kept = v->context;
    context_t *to = &v->context;

    *to = w->c;
    to->fpu_ctxt = kept.fpu_ctxt;
    to->user_regs = kept.user_regs;
    memcpy(to->gdt_frames, kept.gdt_frames, sizeof(kept.gdt_frames));
    to->gdt_ents = kept.gdt_ents;
    to->ctrlreg[0] = (w->c.ctrlreg[0] & CR0_TS) | HOST_CR0;
    to->ctrlreg[4] = (w->c.ctrlreg[4] & GUEST_CR4) | HOST_CR4;
    set_debug_registers(to, &w->c);
    v->event_callback_cs = w->event_callback_cs;
    v->failsafe_callback_cs = w->failsafe_callback_cs;
}

static int set_tables(struct fx_host *host, struct fx_domain *domain,
                      struct fx_vcpu_state *v, const context_t *c)
{
    int rc =
        fx_set_gdt(host, domain, v, c->gdt_frames, (unsigned int)c->gdt_ents);

    if (rc)
        return rc;
    rc = set_roots(host, domain, v, c);
    if (rc)
        put_gdt(host, v);
    return rc;
}

static long set_context(const struct fx_caller *caller,
                        struct fx_domain *domain, uint32_t vcpu, uint64_t from,
                        bool again)
{
    struct fx_host *host = caller->host;
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    struct fx_vcpu *slot = fx_vcpu(host, domain, vcpu);
    struct wide w;
    int rc;

    if (!v)
        return -EINVAL;
    if (read_context(caller, domain, &w, from))
        return -EFAULT;
    if (slot->initialised && !again)
        return -EEXIST;
    fix_selectors(domain, &w);
    rc = check_addresses(domain, &w.c);
    if (rc)
        return rc;
    keep_registers(v, &w);
    rc = check_rest(host, domain, vcpu, v, &w.c);
    if (rc)
        return rc;
    keep_context(v, &w);
    if (!slot->initialised) {
        if (!vcpu)
            fx_set_assists(host, domain, w.c.vm_assist);
        rc = set_tables(host, domain, v, &w.c);
        if (rc)
            return rc;
    }
    slot->initialised = true;
    slot->down = !(w.c.flags & VGCF_online);
    return 0;
}

long fx_set_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t from)
{
    return set_context(caller, domain, vcpu, from, true);
}

long fx_initialise_vcpu(const struct fx_caller *caller, uint32_t vcpu,
                        uint64_t from)
{
    return set_context(caller, caller->domain, vcpu, from, false);
}

/* 64-bit kernels run in ring 3 like their programs, 32-bit ones in ring 1. */
static bool in_kernel(const struct fx_domain *domain, const context_t *c)
{
    if (domain->is_32bit)
        return (c->user_regs.cs & 3) == 1;
    return (c->user_regs.cs & 3) == 3 && c->flags & VGCF_in_kernel;
}

long fx_get_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t to)
{
    const struct fx_vcpu_state *v = fx_vcpu_state(caller->host, domain, vcpu);
    context32_t narrow_one;
    struct wide w;

    if (!v)
        return -EINVAL;
    w = (struct wide){.c = v->context,
                      .event_callback_cs = v->event_callback_cs,
                      .failsafe_callback_cs = v->failsafe_callback_cs};
    w.c.flags &= ~(unsigned long)(VGCF_i387_valid | VGCF_in_kernel);
    w.c.flags |= (v->fpu_initialised ? VGCF_i387_valid : 0) |
                 (fx_vcpu(caller->host, domain, vcpu)->down ? 0 : VGCF_online) |
                 (in_kernel(domain, &v->context) ? VGCF_in_kernel : 0);
    if (!w.c.ldt_ents)
        w.c.ldt_base = 0;
    w.c.ctrlreg[3] = mfn_to_cr3(domain, v->root);
    if (!domain->is_32bit)
        w.c.ctrlreg[1] = mfn_to_cr3(domain, v->user_root);
    w.c.vm_assist = domain->vm_assist;
    if (!domain->is_32bit)
        return fx_copy_out(caller, to, &w.c, sizeof(w.c));
    narrow(&narrow_one, &w);
    return fx_copy_out(caller, to, &narrow_one, sizeof(narrow_one));
}

int fx_set_root(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu,
                uint64_t mfn)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);
    uint64_t old = v->root;
    int rc;

    fx_tlb_flush(domain);
    if (old == mfn && !domain->is_32bit)
        return 0;
    rc = fx_get_root(host, domain, mfn);
    if (rc)
        return rc;
    v->root = mfn;
    fx_put_ldt(host, domain, vcpu);
    if (old != FX_NO_MFN)
        fx_put_root(host, domain, old);
    return 0;
}

void fx_put_tables(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    if (!v)
        return;
    put_gdt(host, v);
    fx_put_ldt(host, domain, vcpu);
    if (v->root != FX_NO_MFN)
        fx_put_root(host, domain, v->root);
    if (v->user_root != FX_NO_MFN)
        fx_put_root(host, domain, v->user_root);
    v->root = v->user_root = FX_NO_MFN;
}

void fx_reset_vcpu(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu)
{
    struct fx_vcpu_state *v = fx_vcpu_state(host, domain, vcpu);

    if (!v)
        return;
    fx_put_tables(host, domain, vcpu);
    v->fpu_initialised = false;
    fx_vcpu(host, domain, vcpu)->initialised = false;
    fx_vcpu(host, domain, vcpu)->down = true;
}
