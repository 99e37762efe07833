/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>
#include <xen/io/protocols.h>

#include "pv/boot_abi.h"
#include "pv/hypercall_page.h"

/* Intel SDM vol. 3A, table 10-1: what a reset leaves in DR6 and DR7. */
#define DR6_RESET 0xffff0ff0u
#define DR7_RESET 0x00000400u
#define FLAGS_IF  (1u << 9)

/* One member of one width's structure. */
struct field {
    uint16_t offset;
    uint16_t size;
};

#define FIELD(type, member)                                                    \
    {                                                                          \
        offsetof(type, member), sizeof(((type *)0)->member)                    \
    }

struct pv_fields {
    struct {
        struct field magic, nr_pages, shared_info, flags, store_mfn,
            store_evtchn, console_mfn, console_evtchn, pt_base, nr_pt_frames,
            mfn_list, mod_start, mod_len, cmd_line, first_p2m_pfn,
            nr_p2m_frames;
    } start;
    struct {
        uint16_t offset, stride, count;
    } upcall_mask; /* in shared_info: vcpu_info[].evtchn_upcall_mask */
    struct {
        uint16_t size;
        struct field flags, ip, sp, si, dx, rflags, cs, ds, es, fs, gs, ss,
            kernel_ss, kernel_sp, cr3, dr6, dr7, vm_assist;
        uint32_t flags_value;
        uint16_t cs_value, ds_value, ss_value;
        uint64_t (*cr3_value)(mfn_t root);
    } vcpu;
};

/*
 * The members have the same names in both widths; XW is the suffix that the
 * foreign headers give to a width's types and constants, and IP, SP, SI, DX
 * and FLAGS are its register names.
 */
#define PV_FIELDS(xw, XW, IP, SP, SI, DX, FLAGS)                               \
    {                                                                          \
        .start =                                                               \
            {                                                                  \
                .magic = FIELD(start_info_##xw##_t, magic),                    \
                .nr_pages = FIELD(start_info_##xw##_t, nr_pages),              \
                .shared_info = FIELD(start_info_##xw##_t, shared_info),        \
                .flags = FIELD(start_info_##xw##_t, flags),                    \
                .store_mfn = FIELD(start_info_##xw##_t, store_mfn),            \
                .store_evtchn = FIELD(start_info_##xw##_t, store_evtchn),      \
                .console_mfn = FIELD(start_info_##xw##_t, console.domU.mfn),   \
                .console_evtchn =                                              \
                    FIELD(start_info_##xw##_t, console.domU.evtchn),           \
                .pt_base = FIELD(start_info_##xw##_t, pt_base),                \
                .nr_pt_frames = FIELD(start_info_##xw##_t, nr_pt_frames),      \
                .mfn_list = FIELD(start_info_##xw##_t, mfn_list),              \
                .mod_start = FIELD(start_info_##xw##_t, mod_start),            \
                .mod_len = FIELD(start_info_##xw##_t, mod_len),                \
                .cmd_line = FIELD(start_info_##xw##_t, cmd_line),              \
                .first_p2m_pfn = FIELD(start_info_##xw##_t, first_p2m_pfn),    \
                .nr_p2m_frames = FIELD(start_info_##xw##_t, nr_p2m_frames),    \
            },                                                                 \
        .upcall_mask =                                                         \
            {                                                                  \
                .offset = offsetof(shared_info_##xw##_t,                       \
                                   vcpu_info[0].evtchn_upcall_mask),           \
                .stride = sizeof(struct vcpu_info_##xw),                       \
                .count = XEN_LEGACY_MAX_VCPUS_##XW,                            \
            },                                                                 \
        .vcpu = {                                                              \
            .size = sizeof(vcpu_guest_context_##xw##_t),                       \
            .flags = FIELD(vcpu_guest_context_##xw##_t, flags),                \
            .ip = FIELD(vcpu_guest_context_##xw##_t, user_regs.IP),            \
            .sp = FIELD(vcpu_guest_context_##xw##_t, user_regs.SP),            \
            .si = FIELD(vcpu_guest_context_##xw##_t, user_regs.SI),            \
            .dx = FIELD(vcpu_guest_context_##xw##_t, user_regs.DX),            \
            .rflags = FIELD(vcpu_guest_context_##xw##_t, user_regs.FLAGS),     \
            .cs = FIELD(vcpu_guest_context_##xw##_t, user_regs.cs),            \
            .ds = FIELD(vcpu_guest_context_##xw##_t, user_regs.ds),            \
            .es = FIELD(vcpu_guest_context_##xw##_t, user_regs.es),            \
            .fs = FIELD(vcpu_guest_context_##xw##_t, user_regs.fs),            \
            .gs = FIELD(vcpu_guest_context_##xw##_t, user_regs.gs),            \
            .ss = FIELD(vcpu_guest_context_##xw##_t, user_regs.ss),            \
            .kernel_ss = FIELD(vcpu_guest_context_##xw##_t, kernel_ss),        \
            .kernel_sp = FIELD(vcpu_guest_context_##xw##_t, kernel_sp),        \
            .cr3 = FIELD(vcpu_guest_context_##xw##_t, ctrlreg[3]),             \
            .dr6 = FIELD(vcpu_guest_context_##xw##_t, debugreg[6]),            \
            .dr7 = FIELD(vcpu_guest_context_##xw##_t, debugreg[7]),            \
            .vm_assist = FIELD(vcpu_guest_context_##xw##_t, vm_assist),        \
            .flags_value = VGCF_in_kernel_##XW | VGCF_online_##XW,             \
            .cs_value = FLAT_KERNEL_CS_##XW,                                   \
            .ds_value = FLAT_KERNEL_DS_##XW,                                   \
            .ss_value = FLAT_KERNEL_SS_##XW,                                   \
            .cr3_value = cr3_##xw,                                             \
        },                                                                     \
    }

/* The top 12 bits of a 32-bit guest's frame number go to the bottom. */
static uint64_t cr3_x86_32(mfn_t root)
{
    return xen_pfn_to_cr3_x86_32(root.v);
}

static uint64_t cr3_x86_64(mfn_t root)
{
    return xen_pfn_to_cr3_x86_64(root.v);
}

static const struct pv_fields fields_x86_32 =
    PV_FIELDS(x86_32, X86_32, eip, esp, esi, edx, eflags);
static const struct pv_fields fields_x86_64 =
    PV_FIELDS(x86_64, X86_64, rip, rsp, rsi, rdx, rflags);

const struct pv_abi pv_abi_x86_32p = {
    .guest_type = "xen-3.0-x86_32p",
    .protocol = XEN_IO_PROTO_ABI_X86_32,
    .format = &pt_x86_pae_pv,
    .word = 4,
    .low_root = true,
    /* Xen keeps the compat M2P behind the last slot of the L3. */
    .xen_table_level = 1,
    .xen_table_number = 3,
    .xen_first = {0xf5800000}, /* xen-x86_32.h, __HYPERVISOR_VIRT_START_PAE */
    .xen_end = {UINT64_C(1) << 32},
    .stubs = &pv_stubs_x86_32,
    .fields = &fields_x86_32,
};

const struct pv_abi pv_abi_x86_64 = {
    .guest_type = "xen-3.0-x86_64",
    .protocol = XEN_IO_PROTO_ABI_X86_64,
    .format = &pt_x86_64_pv,
    .word = 8,
    .init_p2m = true,
    .xen_first = {0xffff800000000000}, /* xen-x86_64.h, __HYPERVISOR_VIRT_* */
    .xen_end = {0xffff880000000000},
    .stubs = &pv_stubs_x86_64,
    .fields = &fields_x86_64,
};

const struct pv_abi *pv_abi_by_type(const char *guest_type)
{
    static const struct pv_abi *const abis[] = {&pv_abi_x86_32p,
                                                &pv_abi_x86_64};

    for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++)
        if (!strcmp(abis[i]->guest_type, guest_type))
            return abis[i];
    return NULL;
}

/* A structure being filled in; `rc` keeps the first failure. */
struct filler {
    uint8_t *base;
    int rc;
};

/* x86 is little-endian: the low bytes come first in any width. */
static void put(struct filler *f, struct field field, uint64_t value)
{
    if (field.size < sizeof(value) && value >> (8 * field.size))
        f->rc = -ERANGE;
    else
        memcpy(f->base + field.offset, &value, field.size);
}

static void put_string(struct filler *f, struct field field, const char *s)
{
    size_t len = strlen(s);

    if (len >= field.size)
        f->rc = -E2BIG;
    else
        memcpy(f->base + field.offset, s, len);
}

int pv_start_info_write(const struct pv_abi *abi,
                        const struct pv_start_info *info, void *page)
{
    const struct pv_fields *at = abi->fields;
    struct filler f = {.base = page};

    memset(page, 0, DW_PAGE_SIZE);
    put_string(&f, at->start.magic, abi->guest_type);
    put(&f, at->start.nr_pages, info->nr_pages);
    put(&f, at->start.shared_info, info->shared_info.v);
    put(&f, at->start.flags, info->flags);
    put(&f, at->start.store_mfn, info->store_mfn.v);
    put(&f, at->start.store_evtchn, info->store_evtchn);
    put(&f, at->start.console_mfn, info->console_mfn.v);
    put(&f, at->start.console_evtchn, info->console_evtchn);
    put(&f, at->start.pt_base, info->pt_base.v);
    put(&f, at->start.nr_pt_frames, info->nr_pt_frames);
    put(&f, at->start.mfn_list, info->mfn_list.v);
    put(&f, at->start.mod_start, info->mod_start);
    put(&f, at->start.mod_len, info->mod_len);
    put(&f, at->start.first_p2m_pfn, info->first_p2m_pfn.v);
    put(&f, at->start.nr_p2m_frames, info->nr_p2m_frames);
    if (info->cmdline)
        put_string(&f, at->start.cmd_line, info->cmdline);
    if (f.rc)
        memset(page, 0, DW_PAGE_SIZE);
    return f.rc;
}

void pv_shared_info_write(const struct pv_abi *abi, void *page)
{
    const struct pv_fields *at = abi->fields;
    uint8_t *base = page;

    memset(page, 0, DW_PAGE_SIZE);
    for (unsigned int i = 0; i < at->upcall_mask.count; i++)
        base[at->upcall_mask.offset + i * at->upcall_mask.stride] = 1;
}

int pv_vcpu_write(const struct pv_abi *abi, const struct pv_vcpu *vcpu,
                  void *context, size_t size)
{
    const struct pv_fields *at = abi->fields;
    struct filler f = {.base = context};

    if (size < at->vcpu.size)
        return -ENOSPC;
    memset(context, 0, size);
    put(&f, at->vcpu.flags, at->vcpu.flags_value);
    put(&f, at->vcpu.ip, vcpu->entry.v);
    put(&f, at->vcpu.sp, vcpu->stack.v);
    put(&f, at->vcpu.si, vcpu->start_info.v);
    put(&f, at->vcpu.dx, vcpu->suspend_record.v);
    put(&f, at->vcpu.rflags, FLAGS_IF);
    put(&f, at->vcpu.cs, at->vcpu.cs_value);
    put(&f, at->vcpu.ds, at->vcpu.ds_value);
    put(&f, at->vcpu.es, at->vcpu.ds_value);
    put(&f, at->vcpu.fs, at->vcpu.ds_value);
    put(&f, at->vcpu.gs, at->vcpu.ds_value);
    put(&f, at->vcpu.ss, at->vcpu.ss_value);
    put(&f, at->vcpu.kernel_ss, at->vcpu.ss_value);
    put(&f, at->vcpu.kernel_sp, vcpu->stack.v);
    if (!pt_mfn_fits(abi->format, vcpu->root))
        f.rc = -ERANGE; /* cr3_value() would cut it */
    put(&f, at->vcpu.cr3, at->vcpu.cr3_value(vcpu->root));
    put(&f, at->vcpu.dr6, DR6_RESET);
    put(&f, at->vcpu.dr7, DR7_RESET);
    if (vcpu->extended_cr3)
        put(&f, at->vcpu.vm_assist, 1u << VMASST_TYPE_pae_extended_cr3);
    return f.rc;
}

void pv_p2m_write(const struct pv_abi *abi, const uint64_t *mfns, uint64_t nr,
                  void *list)
{
    if (abi->word == sizeof(uint64_t)) {
        memcpy(list, mfns, nr * sizeof(*mfns));
        return;
    }
    /* Truncation keeps ~0 what it is. */
    for (uint64_t i = 0; i < nr; i++)
        ((uint32_t *)list)[i] = (uint32_t)mfns[i];
}
