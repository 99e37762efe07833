/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vCPU contexts.  What is not printed is zero. */
#include "portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

struct field {
    const char *name;
    size_t offset, size;
};

#define FIELD(type, member)                                                    \
    {                                                                          \
#member, offsetof(type, member), sizeof(((type *)0)->member)           \
    }

#define C32(member) FIELD(vcpu_guest_context_x86_32_t, member)
#define C64(member) FIELD(vcpu_guest_context_x86_64_t, member)

/* But for arrays, frames and CR4, which is the host's features. */
#define SAME_FIELDS(F)                                                         \
    F(flags), F(user_regs.error_code), F(user_regs.entry_vector),              \
        F(user_regs.saved_upcall_mask), F(user_regs.cs), F(user_regs.ss),      \
        F(user_regs.ds), F(user_regs.es), F(user_regs.fs), F(user_regs.gs),    \
        F(ldt_base), F(ldt_ents), F(gdt_ents), F(kernel_ss), F(kernel_sp),     \
        F(ctrlreg[0]), F(ctrlreg[2]), F(ctrlreg[5]), F(ctrlreg[6]),            \
        F(ctrlreg[7]), F(debugreg[0]), F(debugreg[1]), F(debugreg[2]),         \
        F(debugreg[3]), F(debugreg[4]), F(debugreg[5]), F(debugreg[6]),        \
        F(debugreg[7]), F(event_callback_eip), F(failsafe_callback_eip),       \
        F(vm_assist)

static const struct field fields_32[] = {
    C32(user_regs.eax),    C32(user_regs.ebx),     C32(user_regs.ecx),
    C32(user_regs.edx),    C32(user_regs.esi),     C32(user_regs.edi),
    C32(user_regs.ebp),    C32(user_regs.esp),     C32(user_regs.eip),
    C32(user_regs.eflags), C32(event_callback_cs), C32(failsafe_callback_cs),
    C32(ctrlreg[1]),       SAME_FIELDS(C32),
};

static const struct field fields_64[] = {
    C64(user_regs.rax), C64(user_regs.rbx),
    C64(user_regs.rcx), C64(user_regs.rdx),
    C64(user_regs.rsi), C64(user_regs.rdi),
    C64(user_regs.rbp), C64(user_regs.rsp),
    C64(user_regs.r8),  C64(user_regs.r9),
    C64(user_regs.r10), C64(user_regs.r11),
    C64(user_regs.r12), C64(user_regs.r13),
    C64(user_regs.r14), C64(user_regs.r15),
    C64(user_regs.rip), C64(user_regs.rflags),
    C64(fs_base),       C64(gs_base_kernel),
    C64(gs_base_user),  C64(syscall_callback_eip),
    SAME_FIELDS(C64),
};

static void print_fields(const char *name, const struct field *fields,
                         size_t nr, const void *context)
{
    size_t i;

    for (i = 0; i < nr; i++) {
        uint64_t value = 0;

        memcpy(&value, (const char *)context + fields[i].offset,
               fields[i].size);
        if (value)
            printf("%s: %s %#" PRIx64 "\n", name, fields[i].name, value);
    }
}

static void print_frame(const struct portrait *p, const char *name,
                        const char *what, uint64_t mfn)
{
    uint64_t pfn = domain_frames_pfn(&p->frames, mfn);

    if (pfn == NO_PFN)
        printf("%s: %s no frame of the domain\n", name, what);
    else
        printf("%s: %s PFN %#" PRIx64 "\n", name, what, pfn);
}

/* Arrays of both widths are taken apart alike. */
#define PRINT_ARRAYS(p, name, c)                                               \
    do {                                                                       \
        struct runs traps = {.name = (name), .span = 1};                       \
        char text[80];                                                         \
        for (unsigned int i = 0; i < 256; i++) {                               \
            snprintf(text, sizeof(text),                                       \
                     "trap vector %#x flags %#x cs %#x address %#" PRIx64,     \
                     (c)->trap_ctxt[i].vector, (c)->trap_ctxt[i].flags,        \
                     (c)->trap_ctxt[i].cs,                                     \
                     (uint64_t)(c)->trap_ctxt[i].address);                     \
            runs_add(&traps, i, NO_PFN, text);                                 \
        }                                                                      \
        runs_end(&traps);                                                      \
        for (unsigned int i = 0; i < 16 && i * 512 < (c)->gdt_ents; i++)       \
            print_frame(p, name, "GDT", (c)->gdt_frames[i]);                   \
        printf("%s: FPU state %08lx\n", name,                                  \
               crc32(0, (const void *)&(c)->fpu_ctxt, sizeof((c)->fpu_ctxt))); \
    } while (0)

static void print_32(const struct portrait *p, const char *name,
                     const vcpu_guest_context_x86_32_t *c)
{
    print_fields(name, fields_32, sizeof(fields_32) / sizeof(fields_32[0]), c);
    PRINT_ARRAYS(p, name, c);
    print_frame(p, name, "CR3", xen_cr3_to_pfn_x86_32(c->ctrlreg[3]));
}

static void print_64(const struct portrait *p, const char *name,
                     const vcpu_guest_context_x86_64_t *c)
{
    print_fields(name, fields_64, sizeof(fields_64) / sizeof(fields_64[0]), c);
    PRINT_ARRAYS(p, name, c);
    print_frame(p, name, "CR3", xen_cr3_to_pfn_x86_64(c->ctrlreg[3]));
    if (c->ctrlreg[1])
        print_frame(p, name, "user CR3", xen_cr3_to_pfn_x86_64(c->ctrlreg[1]));
}

/* Where the root has to lie below 4 GiB, it says whether it does. */
static void print_root(const struct portrait *p)
{
    bool low = p->root <= UINT32_MAX >> XC_PAGE_SHIFT;

    if (p->top == 3 && !p->extended_cr3)
        printf("root: below 4 GiB: %s\n", low ? "yes" : "no");
    else
        printf("root: may lie anywhere\n");
}

static int print_vcpu(const struct portrait *p, unsigned int number)
{
    vcpu_guest_context_any_t c = {0};
    char name[16];

    snprintf(name, sizeof(name), "vCPU %u", number);
    if (xc_vcpu_getcontext(p->xch, p->domid, number, &c)) {
        if (errno != ENODATA)
            return portrait_fail(name);
        printf("%s: never initialised\n", name);
    } else if (p->top == 3) {
        print_32(p, name, &c.x32);
    } else {
        print_64(p, name, &c.x64);
    }
    return 0;
}

int portrait_vcpus(const struct portrait *p)
{
    unsigned int i;
    int rc = 0;

    for (i = 0; !rc && i <= p->info.max_vcpu_id; i++)
        rc = print_vcpu(p, i);
    if (!rc)
        print_root(p);
    return rc;
}
