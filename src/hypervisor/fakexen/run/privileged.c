/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privileged.c - instructions that a guest's kernel may not execute, and Xen
 * does for it; and CPUID.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/foreign/x86_32.h>

#include "domain/context.h"
#include "domain/event.h"
#include "domain/guest_memory.h"
#include "domain/policy.h"
#include "domain/time.h"
#include "machine/frames.h"
#include "machine/tlb.h"
#include "machine/work.h"
#include "memory/page_type.h"
#include "run/bounce.h"
#include "run/vcpu.h"

#define MAX_LENGTH 15 /* of an instruction */
#define CR0_TS     8u

/* One that is taken apart. */
struct instruction {
    uint8_t byte[MAX_LENGTH];
    unsigned int nr; /* that could be read */
    unsigned int at; /* of the next one */
    uint8_t rex;
    uint8_t reg, rm; /* of the ModRM byte, with REX's bits */
};

static uint64_t *gpr(cpu_user_regs_t *u, unsigned int number)
{
    uint64_t *const registers[FX_GPRS] = {
        &u->rax, &u->rcx, &u->rdx, &u->rbx, &u->rsp, &u->rbp, &u->rsi, &u->rdi,
        &u->r8,  &u->r9,  &u->r10, &u->r11, &u->r12, &u->r13, &u->r14, &u->r15,
    };

    return registers[number & (FX_GPRS - 1)];
}

static uint8_t next(struct instruction *in)
{
    return in->at < in->nr ? in->byte[in->at++] : 0;
}

static void fetch(const struct fx_vcpu_run *r, struct instruction *in)
{
    const struct fx_caller caller = fx_guest_caller(r->host, r->domain, r->id);
    const cpu_user_regs_t *u = &fx_state_of(r)->context.user_regs;

    memset(in, 0, sizeof(*in));
    while (in->nr < MAX_LENGTH &&
           !fx_copy_in(&caller, &in->byte[in->nr], u->rip + in->nr, 1))
        in->nr++;
}

static uint8_t skip_prefixes(const struct fx_vcpu_run *r,
                             struct instruction *in)
{
    uint8_t byte = next(in);

    while (byte && strchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3", byte))
        byte = next(in);
    if (!r->domain->is_32bit && (byte & 0xf0) == 0x40) {
        in->rex = byte;
        byte = next(in);
    }
    return byte;
}

static void modrm(struct instruction *in)
{
    uint8_t byte = next(in);

    in->reg = (uint8_t)((byte >> 3 & 7) | (in->rex & 4) << 1);
    in->rm = (uint8_t)((byte & 7) | (in->rex & 1) << 3);
}

/* -- control registers -- */

static bool read_cr(const struct fx_vcpu_run *r, unsigned int number,
                    uint64_t *value)
{
    const struct fx_vcpu_state *v = fx_state_of(r);

    switch (number) {
    case 0:
    case 2:
    case 4:
        *value = v->context.ctrlreg[number];
        return true;
    case 3:
        *value = r->domain->is_32bit ? xen_pfn_to_cr3_x86_32(v->root)
                                     : v->root << FX_PAGE_SHIFT;
        return true;
    default:
        return false;
    }
}

static int new_root(const struct fx_vcpu_run *r, uint64_t root)
{
    int rc = fx_drop_left(r->host, r->domain);

    if (!rc)
        rc = fx_set_root(r->host, r->domain, r->id, root);
    return !rc && fx_has_left(r->domain) ? -ERESTART : rc;
}

/* What is put off, is when the instruction is executed again. */
static bool write_cr3(struct fx_vcpu_run *r, struct instruction *in,
                      uint64_t value)
{
    int rc;

    fx_work_begin(r->host);
    rc =
        new_root(r, r->domain->is_32bit ? xen_cr3_to_pfn_x86_32((uint32_t)value)
                                        : value >> FX_PAGE_SHIFT);
    fx_work_end(r->host);
    if (rc == -ERESTART)
        in->at = 0;
    return !rc || rc == -ERESTART;
}

static bool write_cr(struct fx_vcpu_run *r, struct instruction *in)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    unsigned long *cr = v->context.ctrlreg;
    uint64_t value = *gpr(&v->context.user_regs, in->rm);

    switch (in->reg) {
    case 0: /* only TS is the guest's */
        if ((value ^ cr[0]) & ~(uint64_t)CR0_TS)
            return false;
        cr[0] = value;
        return true;
    case 2:
        cr[2] = value;
        fx_vcpu_info_cr2(r->host, r->domain, r->id, value);
        return true;
    case 3:
        return write_cr3(r, in, value);
    case 4: /* Xen keeps its own, and says nothing */
        return true;
    default:
        return false;
    }
}

/* -- MSRs -- */

#define MSR_EFER           0xc0000080u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

/* What Xen tells of those that kernels ask for (Xen: arch/x86/msr.c, and
 * emul-priv-op.c). */
static const struct {
    uint32_t msr;
    uint64_t value;
} known[] = {
    {0x17, 0},                         /* IA32_PLATFORM_ID */
    {0x1b, UINT64_C(0xfee00900)},      /* APIC_BASE */
    {0x34, 0},                         /* SMI_COUNT */
    {0x3a, 1},                         /* FEATURE_CONTROL: locked */
    {0x8b, 0},                         /* microcode's revision */
    {0xce, 0},                         /* PLATFORM_INFO */
    {0x140, 0},                        /* MISC_FEATURES_ENABLES */
    {0x179, 0},                        /* MCG_CAP */
    {0x17a, 0},                        /* MCG_STATUS */
    {0x1a0, 1},                        /* MISC_ENABLE: fast strings */
    {0x277, UINT64_C(0x050100070406)}, /* PAT, as Xen has it */
    {0x64e, 0},                        /* PPERF */
    {MSR_EFER, 0xd01},                 /* NX LMA LME SCE */
    {0xc0010015, 0},                   /* HWCR */
    {0xc0011029, 0},                   /* DE_CFG */
};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

/* A register of the context, for those that are. */
static uint64_t *msr_in_context(const struct fx_vcpu_run *r, uint32_t msr)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    bool kernel = v->context.flags & VGCF_in_kernel;

    if (r->domain->is_32bit)
        return NULL;
    switch (msr) {
    case MSR_FS_BASE:
        return &v->context.fs_base;
    case MSR_GS_BASE:
        return kernel ? &v->context.gs_base_kernel : &v->context.gs_base_user;
    case MSR_KERNEL_GS_BASE:
        return kernel ? &v->context.gs_base_user : &v->context.gs_base_kernel;
    default:
        return NULL;
    }
}

static bool read_msr(const struct fx_vcpu_run *r, uint32_t msr, uint64_t *value)
{
    const uint64_t *in_context = msr_in_context(r, msr);
    size_t i;

    if (in_context) {
        *value = *in_context;
        return true;
    }
    for (i = 0; i < N_KNOWN; i++)
        if (known[i].msr == msr) {
            *value = known[i].value;
            return true;
        }
    return false;
}

/* Others are ignored, as Xen does with a line in its log. */
static void write_msr(const struct fx_vcpu_run *r, uint32_t msr, uint64_t value)
{
    uint64_t *in_context = msr_in_context(r, msr);

    if (in_context)
        *in_context = value;
}

/* -- instructions -- */

static void set_pair(cpu_user_regs_t *u, uint64_t value)
{
    u->rax = (uint32_t)value;
    u->rdx = value >> 32;
}

static bool emulate_0f(struct fx_vcpu_run *r, struct instruction *in,
                       bool kernel)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    cpu_user_regs_t *u = &v->context.user_regs;
    uint64_t value;

    switch (next(in)) {
    case 0x01: /* rdtscp: of no TSC_AUX */
        if (next(in) != 0xf9)
            return false;
        u->rcx = 0;
        set_pair(u, fx_guest_tsc(r->domain, fx_now(r->host, r->domain)));
        return true;
    case 0x31: /* rdtsc */
        set_pair(u, fx_guest_tsc(r->domain, fx_now(r->host, r->domain)));
        return true;
    case 0x06: /* clts */
        if (kernel)
            v->context.ctrlreg[0] &= ~(unsigned long)CR0_TS;
        return kernel;
    case 0x08: /* invd */
    case 0x09: /* wbinvd */
        return kernel;
    case 0x20: /* mov %cr, %r */
        modrm(in);
        return kernel && read_cr(r, in->reg, gpr(u, in->rm));
    case 0x22: /* mov %r, %cr */
        modrm(in);
        return kernel && write_cr(r, in);
    case 0x21: /* mov %dr, %r */
        modrm(in);
        *gpr(u, in->rm) = v->context.debugreg[in->reg & 7];
        return kernel;
    case 0x23: /* mov %r, %dr */
        modrm(in);
        return kernel;
    case 0x30: /* wrmsr */
        if (kernel)
            write_msr(r, (uint32_t)u->rcx, (uint32_t)u->rax | u->rdx << 32);
        return kernel;
    case 0x32: /* rdmsr */
        if (!kernel || !read_msr(r, (uint32_t)u->rcx, &value))
            return false;
        set_pair(u, value);
        return true;
    default:
        return false;
    }
}

bool fx_vcpu_emulate(struct fx_vcpu_run *r)
{
    struct fx_vcpu_state *v = fx_state_of(r);
    cpu_user_regs_t before = v->context.user_regs;
    bool kernel = fx_in_kernel(r->domain, v), done;
    struct instruction in;

    fetch(r, &in);
    switch (skip_prefixes(r, &in)) {
    case 0x0f:
        done = emulate_0f(r, &in, kernel);
        break;
    case 0xf4: /* hlt */
        done = kernel;
        if (kernel) {
            uint8_t *info = fx_vcpu_info(r->host, r->domain, r->id);

            if (info)
                info[FX_UPCALL_MASK] = 0;
            fx_vcpu_block(r->host, r->domain, r->id);
        }
        break;
    case 0xfa: /* cli, sti: events are masked otherwise */
    case 0xfb:
        done = kernel;
        break;
    default:
        done = false;
    }
    if (done) {
        v->context.user_regs.rip += in.at;
        fx_vcpu_pass_time(r, in.at + FX_EXIT_NS);
    } else {
        v->context.user_regs = before;
    }
    return done;
}

/* -- CPUID -- */

#define LEAF_FEATURES   1u
#define LEAF_STRUCTURED 7u
#define LEAF_XSTATE     13u

/* Leaf 1's ECX: what the CPU does not do, which no policy changes. */
#define NOT_1C                                                                 \
    (1u << 12 /* FMA */ | 1u << 22 /* MOVBE */ | 1u << 25 /* AES */ |          \
     1u << 26 /* XSAVE */ | 1u << 27 /* OSXSAVE */ | 1u << 28 /* AVX */ |      \
     1u << 29 /* F16C */ | 1u << 30 /* RDRAND */)

static void cpuid(struct fx_vcpu_run *r, uint32_t leaf, uint32_t subleaf,
                  uint32_t out[4])
{
    fx_policy_cpuid(r->host, r->domain, leaf, subleaf, out);
    if (leaf == LEAF_FEATURES) {
        out[1] = (out[1] & 0x00ffffff) | r->id << 25;
        out[2] &= ~NOT_1C;
    } else if (leaf == LEAF_STRUCTURED || leaf == LEAF_XSTATE) {
        memset(out, 0, 4 * sizeof(*out));
    }
}

void fx_vcpu_cpuid(void *arg, uint32_t registers[4])
{
    struct fx_vcpu_run *r = arg;

    /* Without the lock, for which the block would have to be left: no frame is
     * freed while it executes (machine/tlb.h), and the policy of a domain that
     * has run is for good. */
    cpuid(r, registers[0], registers[2], registers);
}

/* ud2; .ascii "xen"; cpuid: a kernel that asks Xen rather than the CPU. */
bool fx_vcpu_emulate_forced(struct fx_vcpu_run *r)
{
    static const uint8_t prefix[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    cpu_user_regs_t *u = &fx_state_of(r)->context.user_regs;
    struct instruction in;
    uint32_t out[4];

    fetch(r, &in);
    if (in.nr < sizeof(prefix) || memcmp(in.byte, prefix, sizeof(prefix)) != 0)
        return false;
    cpuid(r, (uint32_t)u->rax, (uint32_t)u->rcx, out);
    u->rax = out[0];
    u->rbx = out[1];
    u->rcx = out[2];
    u->rdx = out[3];
    u->rip += sizeof(prefix);
    fx_vcpu_pass_time(r, sizeof(prefix) + FX_EXIT_NS);
    return true;
}
