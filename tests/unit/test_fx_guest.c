/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests of both widths as callers of hypercalls: their memory, their events,
 * their time, their vCPUs; and what they must not do.
 */
#include "fx_guest.h"

#include <errno.h>

#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/foreign/x86_32.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "domain/event.h"
#include "domain/ldt.h"
#include "domain/ports.h"
#include "domain/time.h"
#include "hypercall/guest_call.h"
#include "machine/lock.h"
#include "memory/pt_entry.h"
#include "machine/tlb.h"
#include "machine/wake.h"
#include "unit_random.h"

/* Where arguments are. */
#define ARG FG_AT(0, 0)

/* An address in Xen's part, for either width. */
#define XENS (guest.is_32bit ? UINT64_C(0xf5800000) : 0xffff800000000000)

static long with(unsigned int number, uint64_t command, const void *argument,
                 size_t size)
{
    fg_put(ARG, argument, size);
    return fg_call(number, command, ARG, 0, 0);
}

static long event_op(uint64_t command, void *argument, size_t size)
{
    long rc = with(__HYPERVISOR_event_channel_op, command, argument, size);

    fg_get(argument, ARG, size);
    return rc;
}

/* -- memory -- */

static long features_at(uint64_t address)
{
    return fg_call(__HYPERVISOR_xen_version, XENVER_get_features, address, 0,
                   0);
}

static long map_at(uint64_t address, uint64_t value)
{
    return guest.is_32bit ? fg_call(__HYPERVISOR_update_va_mapping, address,
                                    (uint32_t)value, value >> 32, UVMF_INVLPG)
                          : fg_call(__HYPERVISOR_update_va_mapping, address,
                                    value, UVMF_INVLPG, 0);
}

START_TEST(arguments_are_in_the_guests_memory)
{
    /* On two pages, whose frames are no neighbours. */
    const uint64_t at = FG_AT(1, FX_PAGE_SIZE - 3);
    xen_feature_info_t info = {0};

    fg_setup(_i);
    fg_put(at, &info, sizeof(info));
    ck_assert_int_eq(features_at(at), 0);
    fg_get(&info, at, sizeof(info));
    ck_assert(info.submap & 1u << XENFEAT_mmu_pt_update_preserve_ad);
    ck_assert(!(info.submap & 1u << XENFEAT_dom0));
}
END_TEST

START_TEST(pointers_that_lead_nowhere)
{
    static const uint64_t addresses[] = {
        0,
        FG_AT(FG_ABSENT, 0),
        FG_AT(FG_READONLY, 0),      /* to be written */
        FG_AT(FG_ABSENT, -4),       /* its second half */
        FG_BASE - 4,                /* ... before */
        UINT64_C(0xfffffffc),       /* across 4 GiB, or unmapped */
        UINT64_C(0xffffffffffffff), /* not canonical, and cut for 32 bits */
        UINT64_C(0x7ffffffffffc),   /* across the lower half's end */
        UINT64_C(0xfffffffffffffffc),
    };

    fg_setup(_i);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
        ck_assert_int_eq(features_at(addresses[i]), -EFAULT);
    ck_assert_int_eq(features_at(XENS), -EFAULT);
    ck_assert_int_eq(features_at(XENS - 4), -EFAULT);
    ck_assert(!guest.domain->shutdown);
}
END_TEST

/* A root's entry for itself leads to all of the guest's tables. */
START_TEST(tables_through_xens_own_entry)
{
    const uint64_t slot = 258, high = UINT64_C(0xffff000000000000);
    const uint64_t root =
        high | slot << 39 | slot << 30 | slot << 21 | slot << 12;

    fg_setup(false);
    ck_assert_int_eq(features_at(root), -EFAULT);
    ck_assert_int_eq(map_at(root, 0), -EINVAL);
}
END_TEST

/* As the CPU would have, to read or to write. */
START_TEST(accesses_leave_their_bits)
{
    uint64_t *entries;
    xen_feature_info_t info = {.submap_idx = 1};

    fg_setup(_i);
    entries = fx_page(guest.host, guest.l1);
    fg_put(FG_AT(2, 0), &info, sizeof(info));
    ck_assert_int_eq(features_at(FG_AT(2, 0)), -EINVAL); /* read only */
    ck_assert(entries[2] & FX_ACCESSED);
    ck_assert(!(entries[2] & FX_DIRTY));
    info.submap_idx = 0;
    fg_put(FG_AT(2, 0), &info, sizeof(info));
    ck_assert_int_eq(features_at(FG_AT(2, 0)), 0);
    ck_assert(entries[2] & FX_DIRTY);
    ck_assert(!(entries[3] & FX_ACCESSED));
}
END_TEST

/* The calls of a guest's width, with what is left of their results. */
START_TEST(a_multicall_has_the_guests_words)
{
    fg_setup(_i);
    memset(fg_memory(ARG), 0, FX_PAGE_SIZE);
    fg_put_word(ARG, __HYPERVISOR_xen_version);
    fg_put_word(ARG + 2 * fg_word(), XENVER_version);
    fg_put_word(ARG + 8 * fg_word(), __HYPERVISOR_multicall);
    fg_put_word(ARG + 16 * fg_word(), 63);
    ck_assert_int_eq(fg_call(__HYPERVISOR_multicall, ARG, 3, 0, 0), 0);
    ck_assert_uint_eq(fg_get_word(ARG + fg_word()),
                      XEN_MAJOR << 16 | XEN_MINOR);
    ck_assert_int_eq((int)fg_get_word(ARG + 9 * fg_word()), -EINVAL);
    ck_assert_int_eq((int)fg_get_word(ARG + 17 * fg_word()), -ENOSYS);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_multicall, FG_AT(FG_READONLY, 0), 1, 0, 0),
        -EFAULT);
}
END_TEST

/* A list that is longer than what Xen does at once: the guest makes the call
 * again, by the same two-byte instruction, until all is done. */
START_TEST(a_long_call_is_made_again)
{
    const uint32_t count = 1500;
    mmu_update_t update;
    cpu_user_regs_t *regs;
    uint64_t a, b;
    long rc;

    fg_setup(_i);
    regs = &fg_state(0)->context.user_regs;
    update.ptr = guest.spare[0] << FX_PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
    for (uint32_t i = 0; i < count; i++) {
        update.val = i;
        fg_put(FG_BASE + i * sizeof(update), &update, sizeof(update));
    }
    regs->rip = 0x1002;
    rc = fg_call(__HYPERVISOR_mmu_update, FG_BASE, count, 0, DOMID_SELF);
    ck_assert_int_eq(rc, __HYPERVISOR_mmu_update);
    ck_assert_uint_eq(regs->rip, 0x1000);
    a = guest.is_32bit ? regs->rbx : regs->rdi;
    b = guest.is_32bit ? regs->rcx : regs->rsi;
    ck_assert_uint_gt(a, FG_BASE);
    rc = fg_call(__HYPERVISOR_mmu_update, a, b, 0, DOMID_SELF);
    ck_assert_int_eq(rc, 0);
    ck_assert_uint_eq(guest.host->m2p[guest.spare[0]], count - 1);
}
END_TEST

START_TEST(memory_comes_and_goes)
{
    uint64_t before, extent;

    fg_setup(_i);
    before = guest.domain->tot_pages;
    fg_put_word(ARG + 64, 77); /* the PFN */
    memset(fg_memory(ARG), 0, 64);
    fg_put_word(ARG, ARG + 64);
    fg_put_word(ARG + fg_word(), 1);
    *(uint16_t *)fg_memory(ARG + 2 * fg_word() + 8) = DOMID_SELF;
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, ARG, 0, 0), 1);
    extent = fg_get_word(ARG + 64);
    ck_assert_uint_eq(guest.domain->tot_pages, before + 1);
    ck_assert_uint_eq(guest.host->m2p[extent], 77);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, ARG, 0, 0),
        1);
    ck_assert_uint_eq(guest.domain->tot_pages, before);
    /* 4 MiB at once are not for guests. */
    *(uint32_t *)fg_memory(ARG + 2 * fg_word()) = 10;
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, ARG, 0, 0), 0);
    /* Nor another's memory. */
    *(uint32_t *)fg_memory(ARG + 2 * fg_word()) = 0;
    *(uint16_t *)fg_memory(ARG + 2 * fg_word() + 8) = 0;
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, ARG, 0, 0), 0);
}
END_TEST

START_TEST(a_page_is_mapped_by_its_address)
{
    uint32_t flushes;

    fg_setup(_i);
    flushes = fx_tlb_count(guest.host, guest.domain);
    ck_assert_int_eq(
        map_at(FG_AT(FG_ABSENT, 0),
               guest.spare[1] << FX_PAGE_SHIFT | FX_PRESENT | FX_RW | FX_USER),
        0);
    ck_assert_uint_ne(fx_tlb_count(guest.host, guest.domain), flushes);
    ck_assert_int_eq(features_at(FG_AT(FG_ABSENT, 0)), 0);
    ck_assert_int_eq(map_at(FG_AT(FG_ABSENT, 0), 0), 0);
    ck_assert_int_eq(features_at(FG_AT(FG_ABSENT, 0)), -EFAULT);
    /* Tables only to read, and nothing where there is no L1. */
    ck_assert_int_lt(map_at(FG_AT(FG_ABSENT, 0), guest.l1 << FX_PAGE_SHIFT |
                                                     FX_PRESENT | FX_RW |
                                                     FX_USER),
                     0);
    ck_assert_int_eq(map_at(FG_BASE + 0x40000000, 0), -EINVAL);
    ck_assert_int_eq(map_at(XENS, 0), -EINVAL);
}
END_TEST

static long mmuext(uint32_t command, uint64_t mfn)
{
    memset(fg_memory(ARG), 0, 24);
    *(uint32_t *)fg_memory(ARG) = command;
    fg_put_word(ARG + fg_word(), mfn);
    return fg_call(__HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF);
}

/* What one guest's CPUs forget is no other guest's business. */
START_TEST(a_flush_is_the_guests_own)
{
    struct fx_domain *other;
    uint32_t own, others;

    fg_setup(_i);
    other = &guest.host->super->domain[2];
    ck_assert_ptr_ne(guest.domain, other);
    own = fx_tlb_count(guest.host, guest.domain);
    others = fx_tlb_count(guest.host, other);
    ck_assert_int_eq(mmuext(MMUEXT_TLB_FLUSH_ALL, 0), 0);
    ck_assert_uint_ne(fx_tlb_count(guest.host, guest.domain), own);
    ck_assert_uint_eq(fx_tlb_count(guest.host, other), others);
    /* But a table's frame may be in any of them. */
    fx_lock(guest.host);
    fx_tlb_shootdown(guest.host);
    fx_unlock(guest.host);
    ck_assert_uint_ne(fx_tlb_count(guest.host, other), others);
}
END_TEST

START_TEST(the_root_is_another)
{
    const uint64_t *old;
    uint64_t *new;

    fg_setup(_i);
    if (guest.is_32bit) { /* the L2 with Xen's entries is in one root alone */
        ck_assert_int_eq(mmuext(MMUEXT_NEW_BASEPTR, guest.root), 0);
        ck_assert_int_eq(mmuext(MMUEXT_NEW_BASEPTR, guest.spare[0]), -EINVAL);
        return;
    }
    old = fx_page(guest.host, guest.root);
    new = fx_page(guest.host, guest.spare[0]);
    new[0] = old[0];
    ck_assert_int_eq(mmuext(MMUEXT_NEW_BASEPTR, guest.spare[0]), 0);
    ck_assert_uint_eq(fg_state(0)->root, guest.spare[0]);
    ck_assert_int_eq(mmuext(MMUEXT_NEW_USER_BASEPTR, guest.root), 0);
    ck_assert_uint_eq(fg_state(0)->user_root, guest.root);
    ck_assert_int_eq(mmuext(MMUEXT_NEW_USER_BASEPTR, 0), 0);
    ck_assert_uint_eq(fg_state(0)->user_root, FX_NO_MFN);
    ck_assert_int_eq(mmuext(MMUEXT_NEW_BASEPTR, guest.data[0]), -EINVAL);
    ck_assert_int_eq(features_at(FG_AT(1, 0)), 0);
}
END_TEST

/* -- descriptors -- */

static long set_ldt(uint64_t base, uint32_t entries)
{
    memset(fg_memory(ARG), 0, 24);
    *(uint32_t *)fg_memory(ARG) = MMUEXT_SET_LDT;
    fg_put_word(ARG + fg_word(), base);
    *(uint32_t *)fg_memory(ARG + 2 * fg_word()) = entries;
    return fg_call(__HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF);
}

static uint64_t ldt_page(unsigned int page)
{
    uint64_t mfn;

    fx_lock(guest.host);
    mfn = fx_ldt_page(guest.host, guest.domain, 0, page);
    fx_unlock(guest.host);
    return mfn;
}

static bool are_descriptors(uint64_t mfn)
{
    return FX_T_TYPE(fx_frame(guest.host, mfn)->type) == FX_SEG_DESC;
}

#define DATA_SEGMENT UINT64_C(0x00cff3000000ffff)

static uint64_t entry_for(unsigned int page, uint64_t flags)
{
    return guest.data[page] << FX_PAGE_SHIFT | FX_PRESENT | FX_USER | flags;
}

/* While the CPU may read it, nobody may write to it. */
START_TEST(an_ldt_is_checked_when_it_is_used)
{
    uint64_t at = FG_AT(2, 0), mfn;

    fg_setup(_i);
    mfn = guest.data[2];
    *(uint64_t *)fg_memory(at) = DATA_SEGMENT & ~(UINT64_C(3) << 45);
    ck_assert_int_eq(set_ldt(at + 8, 1), -EINVAL);
    ck_assert_int_eq(set_ldt(at, 8193), -EINVAL);
    ck_assert_int_eq(set_ldt(at, 512), 0);
    ck_assert(!are_descriptors(mfn));
    ck_assert_uint_eq(ldt_page(0), FX_NO_MFN); /* it is mapped writable */
    ck_assert_int_eq(map_at(at, entry_for(2, 0)), 0);
    ck_assert_uint_eq(ldt_page(0), mfn);
    ck_assert(are_descriptors(mfn));
    ck_assert_uint_eq(*(uint64_t *)fg_memory(at) >> 45 & 3,
                      guest.is_32bit ? 1 : 3);
    ck_assert_uint_eq(ldt_page(1), FX_NO_MFN); /* beyond its end */
    ck_assert_int_lt(map_at(FG_AT(FG_ABSENT, 0), entry_for(2, FX_RW)), 0);
    ck_assert_int_eq(set_ldt(0, 0), 0);
    ck_assert(!are_descriptors(mfn));
    ck_assert_int_eq(map_at(at, entry_for(2, FX_RW)), 0);
}
END_TEST

START_TEST(an_ldt_with_what_must_not_be_is_none)
{
    static const uint64_t bad[] = {
        UINT64_C(0x0000ec00e0080000), /* a gate to one of Xen's segments */
        UINT64_C(0x0000e9000000ffff), /* a TSS */
        UINT64_C(0x0000e2000000ffff), /* an LDT */
        UINT64_C(0x0000ee00e0190000), /* an interrupt gate */
    };
    uint64_t at = FG_AT(3, 0);

    fg_setup(_i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        ck_assert_int_eq(map_at(at, entry_for(3, FX_RW)), 0);
        *(uint64_t *)fg_memory(at + 8) = bad[i];
        ck_assert_int_eq(map_at(at, entry_for(3, 0)), 0);
        ck_assert_int_eq(set_ldt(at, 4), 0);
        ck_assert_uint_eq(ldt_page(0), FX_NO_MFN);
        ck_assert(!are_descriptors(guest.data[3]));
    }
}
END_TEST

/* Until the LDT or the tables are others: not by unmapping it, or by saying
 * what is so already. */
START_TEST(an_ldt_is_let_go_of)
{
    uint64_t at = FG_AT(2, 0), mfn;
    uint32_t flushes;

    fg_setup(_i);
    mfn = guest.data[2];
    ck_assert_int_eq(map_at(at, entry_for(2, 0)), 0);
    ck_assert_int_eq(set_ldt(at, 512), 0);
    ck_assert_uint_eq(ldt_page(0), mfn);
    ck_assert_int_eq(set_ldt(at, 512), 0);
    ck_assert_int_eq(map_at(at, 0), 0);
    ck_assert(are_descriptors(mfn));
    ck_assert_int_lt(map_at(at, entry_for(2, FX_RW)), 0);
    ck_assert_int_eq(map_at(at, entry_for(2, 0)), 0);
    flushes = fx_tlb_count(guest.host, guest.domain);
    ck_assert_int_eq(mmuext(MMUEXT_NEW_BASEPTR, guest.root), 0);
    ck_assert_int_eq(are_descriptors(mfn), !guest.is_32bit);
    ck_assert_uint_ne(fx_tlb_count(guest.host, guest.domain), flushes);
    ck_assert_uint_eq(ldt_page(0), mfn);
    ck_assert_int_eq(set_ldt(at, 511), 0);
    ck_assert(!are_descriptors(mfn));
    ck_assert_uint_eq(ldt_page(0), mfn); /* and its vCPU ends with it */
}
END_TEST

static long update_descriptor(uint64_t maddr, uint64_t value)
{
    return guest.is_32bit
               ? fg_call(__HYPERVISOR_update_descriptor, (uint32_t)maddr,
                         maddr >> 32, (uint32_t)value, value >> 32)
               : fg_call(__HYPERVISOR_update_descriptor, maddr, value, 0, 0);
}

START_TEST(a_descriptor_of_an_ldt_is_another)
{
    uint64_t at = FG_AT(2, 0), maddr;

    fg_setup(_i);
    maddr = guest.data[2] << FX_PAGE_SHIFT;
    ck_assert_int_eq(map_at(at, entry_for(2, 0)), 0);
    ck_assert_int_eq(set_ldt(at, 512), 0);
    ck_assert_uint_eq(ldt_page(0), guest.data[2]);
    ck_assert_int_eq(update_descriptor(maddr, DATA_SEGMENT), 0);
    ck_assert_uint_eq(*(uint64_t *)fg_memory(at), DATA_SEGMENT);
    ck_assert_int_eq(update_descriptor(maddr, UINT64_C(0x0000e9000000ffff)),
                     -EINVAL);
    ck_assert_uint_eq(*(uint64_t *)fg_memory(at), DATA_SEGMENT);
    ck_assert(are_descriptors(guest.data[2]));
}
END_TEST

/* -- registers -- */

START_TEST(traps_have_their_table)
{
    const trap_info_t *t;

    fg_setup(_i);
    t = fg_state(0)->context.trap_ctxt;
    memset(fg_memory(ARG), 0, 64);
    fg_put(ARG, (uint8_t[]){14, 4, 0x19, 0xe0}, 4);
    if (guest.is_32bit)
        fg_put(ARG, (uint8_t[]){14, 4, 0x18, 0xe0}, 4);
    fg_put_word(ARG + (guest.is_32bit ? 4 : 8), 0x1234);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_trap_table, ARG, 0, 0, 0), 0);
    ck_assert_uint_eq(t[14].address, 0x1234);
    ck_assert_uint_eq(t[14].cs, guest.is_32bit ? 0xe019 : 0xe01b);
    ck_assert_uint_eq(t[14].flags, 4);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_set_trap_table, FG_AT(FG_ABSENT, 0), 0, 0, 0),
        -EFAULT);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_trap_table, 0, 0, 0, 0), 0);
    ck_assert_uint_eq(t[14].address, 0);
}
END_TEST

START_TEST(callbacks_are_where_the_guest_says)
{
    const struct fx_vcpu_state *v;

    fg_setup(_i);
    v = fg_state(0);
    if (guest.is_32bit)
        fg_call(__HYPERVISOR_set_callbacks, 0xe018, 0x1000, 0xe019, 0x2000);
    else
        fg_call(__HYPERVISOR_set_callbacks, 0x1000, 0x2000, 0x3000, 0);
    ck_assert_uint_eq(v->context.event_callback_eip, 0x1000);
    ck_assert_uint_eq(v->context.failsafe_callback_eip, 0x2000);
    if (guest.is_32bit)
        ck_assert_uint_eq(v->event_callback_cs, 0xe019);
    else
        ck_assert_uint_eq(v->context.syscall_callback_eip, 0x3000);
    memset(fg_memory(ARG), 0, 32);
    *(uint16_t *)fg_memory(ARG) = CALLBACKTYPE_sysenter;
    *(uint16_t *)fg_memory(ARG + 2) = CALLBACKF_mask_events;
    fg_put_word(ARG + 8, 0x4000); /* 32 bits: behind the segment */
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_callback_op, CALLBACKOP_register, ARG, 0, 0), 0);
    ck_assert_uint_eq(v->ext.sysenter_callback_eip, 0x4000);
    ck_assert_uint_eq(v->ext.sysenter_disables_events, 1);
}
END_TEST

START_TEST(back_from_an_event)
{
    struct fx_vcpu_state *v;
    cpu_user_regs_t *regs;
    uint8_t *info;

    fg_setup(_i);
    v = fg_state(0);
    regs = &v->context.user_regs;
    info = fx_vcpu_info(guest.host, guest.domain, 0);
    info[FX_UPCALL_MASK] = 1;
    regs->rsp = FG_AT(1, 0x800);
    regs->ss = 0xe021;
    if (guest.is_32bit) { /* into its own ring */
        const uint32_t frame[] = {0x11, 0x1000, 0xe019, 0x200};

        fg_put(regs->rsp, frame, sizeof(frame));
        ck_assert_int_eq(fg_call(__HYPERVISOR_iret, 0, 0, 0, 0), 0x11);
        ck_assert_uint_eq(regs->rsp, FG_AT(1, 0x810));
        ck_assert_uint_eq(regs->ss, 0xe021);
    } else {
        const struct iret_context frame = {.rax = 0x11,
                                           .rcx = 0x22,
                                           .r11 = 0x33,
                                           .rip = 0x1000,
                                           .cs = 0xe030,
                                           .rflags = 0x3200,
                                           .rsp = 0x5000,
                                           .ss = 0xe028};

        fg_put(regs->rsp, &frame, sizeof(frame));
        ck_assert_int_eq(fg_call(__HYPERVISOR_iret, 0, 0, 0, 0), 0x11);
        ck_assert_uint_eq(regs->rsp, 0x5000);
        ck_assert_uint_eq(regs->cs, 0xe033);
        ck_assert_uint_eq(regs->rcx, 0x22);
        ck_assert_uint_eq(regs->rflags, 0x200);
        ck_assert(v->context.flags & VGCF_in_kernel);
    }
    ck_assert_uint_eq(regs->rip, 0x1000);
    ck_assert_uint_eq(info[FX_UPCALL_MASK], 0);
    ck_assert(!guest.domain->shutdown);
}
END_TEST

/* No frame, or none of its rings: the guest is at its end, and nobody else. */
START_TEST(back_to_nowhere)
{
    const uint32_t frame[] = {0, 0x1000, 0xe018, 0x200};
    const struct iret_context wide = {.cs = 0xe033}; /* no user tables */

    fg_setup(_i & 1);
    fg_state(0)->context.user_regs.rsp =
        _i & 2 ? FG_AT(1, 0) : FG_AT(FG_ABSENT, 0);
    fg_put(FG_AT(1, 0), guest.is_32bit ? (const void *)frame : &wide,
           guest.is_32bit ? sizeof(frame) : sizeof(wide));
    fg_call(__HYPERVISOR_iret, 0, 0, 0, 0);
    ck_assert(guest.domain->shutdown);
    ck_assert_uint_eq(guest.domain->shutdown_code, SHUTDOWN_crash);
}
END_TEST

START_TEST(a_gdt_of_its_own)
{
    uint64_t flat = UINT64_C(0x00cf9b000000ffff);

    fg_setup(_i);
    fg_put_word(ARG, guest.spare[2]);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_gdt, ARG, 512, 0, 0), 0);
    ck_assert_uint_eq(fg_state(0)->context.gdt_ents, 512);
    if (guest.is_32bit)
        ck_assert_int_eq(fg_call(__HYPERVISOR_update_descriptor,
                                 guest.spare[2] << FX_PAGE_SHIFT | 16, 0,
                                 (uint32_t)flat, flat >> 32),
                         0);
    else
        ck_assert_int_eq(fg_call(__HYPERVISOR_update_descriptor,
                                 guest.spare[2] << FX_PAGE_SHIFT | 16, flat, 0,
                                 0),
                         0);
    /* Ring 0 has become the guest kernel's. */
    ck_assert_uint_eq(((uint64_t *)fx_page(guest.host, guest.spare[2]))[2],
                      flat | (guest.is_32bit ? 1ull : 3ull) << 45);
    fg_put_word(ARG, guest.data[0]); /* mapped writable */
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_gdt, ARG, 1, 0, 0), -EINVAL);
    ck_assert_uint_eq(fg_state(0)->context.gdt_ents, 512);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_gdt, ARG, 7169, 0, 0), -EINVAL);
}
END_TEST

START_TEST(debug_registers)
{
    fg_setup(_i);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_debugreg, 0, 0x1234, 0, 0), 0);
    ck_assert_int_eq(fg_call(__HYPERVISOR_get_debugreg, 0, 0, 0, 0), 0x1234);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_debugreg, 7, 1u << 13, 0, 0),
                     -EPERM);
    ck_assert_int_eq(fg_call(__HYPERVISOR_set_debugreg, 8, 0, 0, 0), -ENODEV);
    if (!guest.is_32bit)
        ck_assert_int_eq(fg_call(__HYPERVISOR_set_debugreg, 1, XENS, 0, 0),
                         -EPERM);
}
END_TEST

/* -- events -- */

static bool bit(size_t wide, size_t narrow, uint32_t n)
{
    return fg_shared()[(guest.is_32bit ? narrow : wide) + n / 8] >> n % 8 & 1;
}

static bool is_pending(uint32_t port)
{
    return bit(offsetof(shared_info_t, evtchn_pending),
               offsetof(shared_info_x86_32_t, evtchn_pending), port);
}

static void mask(uint32_t port)
{
    fg_shared()[(guest.is_32bit ? offsetof(shared_info_x86_32_t, evtchn_mask)
                                : offsetof(shared_info_t, evtchn_mask)) +
                port / 8] |= (uint8_t)(1u << port % 8);
}

static uint32_t bind_ipi(uint32_t vcpu)
{
    evtchn_bind_ipi_t asked = {.vcpu = vcpu};

    ck_assert_int_eq(event_op(EVTCHNOP_bind_ipi, &asked, sizeof(asked)), 0);
    return asked.port;
}

static long send(uint32_t port)
{
    return with(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &port,
                sizeof(port));
}

START_TEST(an_event_shows_in_shared_info)
{
    uint32_t port, unbound = 77;
    uint8_t *info;

    fg_setup(_i);
    info = fx_vcpu_info(guest.host, guest.domain, 0);
    port = bind_ipi(0);
    mask(port);
    ck_assert_int_eq(send(port), 0);
    ck_assert(is_pending(port));
    ck_assert_uint_eq(info[FX_UPCALL_PENDING], 0);
    ck_assert(!fx_vcpu_event_due(guest.host, guest.domain, 0));
    ck_assert_int_eq(with(__HYPERVISOR_event_channel_op, EVTCHNOP_unmask, &port,
                          sizeof(port)),
                     0);
    ck_assert_uint_eq(info[FX_UPCALL_PENDING], 1);
    /* The selector's bit of the port's word. */
    ck_assert_uint_eq(info[guest.is_32bit ? 4 : 8], 1);
    ck_assert(fx_vcpu_event_due(guest.host, guest.domain, 0));
    info[FX_UPCALL_MASK] = 1;
    ck_assert(!fx_vcpu_event_due(guest.host, guest.domain, 0));
    ck_assert_int_eq(send(unbound), -EINVAL);
    ck_assert_int_eq(with(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &port,
                          sizeof(port)),
                     0);
    ck_assert(!is_pending(port)); /* for whoever gets it next */
}
END_TEST

START_TEST(a_blocked_vcpu_wakes)
{
    uint32_t port, word;

    fg_setup(_i);
    port = bind_ipi(0);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
    fg_call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0);
    ck_assert(fx_vcpu_wait(guest.host, guest.domain, 0) == FX_WAIT_EVENT);
    word = fx_wake_count(guest.host);
    fx_lock(guest.host);
    fx_event_set_pending(guest.host, guest.domain, port);
    fx_unlock(guest.host);
    ck_assert_uint_ne(fx_wake_count(guest.host), word);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
    /* With one due it does not block at all. */
    fg_call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
}
END_TEST

static long poll_for(uint32_t port, uint64_t until)
{
    memset(fg_memory(ARG), 0, 32);
    *(uint32_t *)fg_memory(FG_AT(1, 0)) = port;
    fg_put_word(ARG, FG_AT(1, 0));
    *(uint32_t *)fg_memory(ARG + fg_word()) = 1;
    fg_put(ARG + (guest.is_32bit ? 8 : 16), &until, sizeof(until));
    return fg_call(__HYPERVISOR_sched_op, SCHEDOP_poll, ARG, 0, 0);
}

START_TEST(a_vcpu_polls_a_masked_port)
{
    uint32_t port, other;

    fg_setup(_i);
    port = bind_ipi(0);
    other = bind_ipi(1);
    mask(port);
    mask(other);
    fx_vcpu_info(guest.host, guest.domain, 0)[FX_UPCALL_MASK] = 1;
    ck_assert_int_eq(poll_for(port, 0), 0);
    ck_assert(fx_vcpu_wait(guest.host, guest.domain, 0) == FX_WAIT_EVENT);
    fx_lock(guest.host);
    fx_event_set_pending(guest.host, guest.domain, other);
    ck_assert(fx_vcpu_wait(guest.host, guest.domain, 0) == FX_WAIT_EVENT);
    fx_event_set_pending(guest.host, guest.domain, port);
    fx_unlock(guest.host);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
    ck_assert_int_eq(poll_for(port, 0), 0); /* it is pending still */
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
    ck_assert_int_eq(poll_for(FX_MAX_EVTCHN, 0), -EINVAL);
}
END_TEST

/* The domain's own, as on a machine with a seed. */
static void set_clock(int64_t now)
{
    guest.host->super->seeded = 1;
    guest.domain->clock = now;
}

START_TEST(a_poll_has_its_time)
{
    int64_t now = INT64_C(5000000000);
    uint32_t port;

    fg_setup(_i);
    set_clock(now);
    port = bind_ipi(0);
    ck_assert_int_eq(poll_for(port, (uint64_t)now + 1000), 0);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 1000);
    now += 1000;
    set_clock(now);
    fx_timers(guest.host, guest.domain, now);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
    ck_assert(!is_pending(port));
}
END_TEST

START_TEST(an_interrupt_is_bound_once)
{
    evtchn_bind_virq_t asked = {.virq = VIRQ_TIMER, .vcpu = 1};
    evtchn_status_t status = {.dom = DOMID_SELF};
    evtchn_bind_vcpu_t move = {.vcpu = 0};

    fg_setup(_i);
    ck_assert_int_eq(event_op(EVTCHNOP_bind_virq, &asked, sizeof(asked)), 0);
    status.port = asked.port;
    ck_assert_int_eq(event_op(EVTCHNOP_bind_virq, &asked, sizeof(asked)),
                     -EEXIST);
    ck_assert_int_eq(event_op(EVTCHNOP_status, &status, sizeof(status)), 0);
    ck_assert_uint_eq(status.status, EVTCHNSTAT_virq);
    ck_assert_uint_eq(status.u.virq, VIRQ_TIMER);
    ck_assert_uint_eq(status.vcpu, 1);
    move.port = status.port; /* it belongs to its vCPU */
    ck_assert_int_eq(event_op(EVTCHNOP_bind_vcpu, &move, sizeof(move)),
                     -EINVAL);
    asked.virq = VIRQ_DOM_EXC; /* and this to the domain */
    ck_assert_int_eq(event_op(EVTCHNOP_bind_virq, &asked, sizeof(asked)),
                     -EINVAL);
    asked.vcpu = FG_VCPUS;
    asked.virq = VIRQ_DEBUG;
    ck_assert_int_eq(event_op(EVTCHNOP_bind_virq, &asked, sizeof(asked)),
                     -ENOENT);
    asked.virq = NR_VIRQS;
    ck_assert_int_eq(event_op(EVTCHNOP_bind_virq, &asked, sizeof(asked)),
                     -EINVAL);
}
END_TEST

/* -- time -- */

START_TEST(timers_come_when_they_are_due)
{
    const uint64_t second = 1000000000, period = 2000000;
    int64_t now = INT64_C(5000000000);
    evtchn_bind_virq_t virq = {.virq = VIRQ_TIMER};
    uint64_t at = (uint64_t)now + second;

    fg_setup(_i);
    set_clock(now);
    ck_assert_int_eq(event_op(EVTCHNOP_bind_virq, &virq, sizeof(virq)), 0);
    if (guest.is_32bit)
        fg_call(__HYPERVISOR_set_timer_op, (uint32_t)at, at >> 32, 0, 0);
    else
        fg_call(__HYPERVISOR_set_timer_op, at, 0, 0, 0);
    fg_call(__HYPERVISOR_sched_op, SCHEDOP_block, 0, 0, 0);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), second);
    now += second - 1;
    set_clock(now);
    fx_timers(guest.host, guest.domain, now);
    ck_assert(!is_pending(virq.port));
    set_clock(++now);
    fx_timers(guest.host, guest.domain, now);
    ck_assert(is_pending(virq.port));
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 0), 0);
    /* One tick for those that were missed. */
    ck_assert_int_eq(with(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer,
                          &period, sizeof(period)),
                     -ENOENT); /* of no such vCPU */
    fg_put(ARG, &period, sizeof(period));
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, ARG, 0), 0);
    fx_event_clear_pending(guest.host, guest.domain, virq.port);
    now += 10 * (int64_t)period;
    set_clock(now);
    fx_timers(guest.host, guest.domain, now);
    ck_assert(is_pending(virq.port));
    fx_event_clear_pending(guest.host, guest.domain, virq.port);
    fx_timers(guest.host, guest.domain, now);
    ck_assert(!is_pending(virq.port));
    fg_call(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0, 0);
    fx_timers(guest.host, guest.domain, now + (int64_t)second);
    ck_assert(!is_pending(virq.port));
}
END_TEST

START_TEST(time_is_told_by_the_tsc)
{
    int64_t now = INT64_C(5000000000), later = now + 123456789;
    const vcpu_time_info_t *t;
    uint64_t ticks;

    fg_setup(_i);
    set_clock(now);
    fx_update_time(guest.host, guest.domain, 0, now);
    t = &((const shared_info_t *)fg_shared())->vcpu_info[0].time;
    ck_assert_uint_eq(t->version % 2, 0);
    ck_assert_uint_gt(t->version, 0);
    ticks = fx_guest_tsc(guest.domain, later) - t->tsc_timestamp;
    ck_assert_int_eq(
        (int64_t)(t->system_time + (ticks * t->tsc_to_system_mul >> 32)),
        later);
    fx_update_wallclock(guest.host, guest.domain);
}
END_TEST

/* -- vCPUs -- */

START_TEST(a_vcpu_info_moves_into_the_guests_memory)
{
    vcpu_register_vcpu_info_t asked = {.offset = 64};
    uint32_t port;
    uint8_t *info;

    fg_setup(_i);
    port = bind_ipi(0);
    asked.mfn = guest.data[2];
    fg_put(ARG, &asked, sizeof(asked));
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, ARG, 0), 0);
    info = fg_memory(FG_AT(2, 64));
    ck_assert_uint_eq(info[FX_UPCALL_PENDING], 1);
    memset(info, 0, 64);
    ck_assert_int_eq(send(port), 0);
    ck_assert_uint_eq(info[FX_UPCALL_PENDING], 1);
    ck_assert(fx_vcpu_event_due(guest.host, guest.domain, 0));
    /* For good, and to a frame of its own that can be written. */
    fg_put(ARG, &asked, sizeof(asked));
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, ARG, 0),
        -EINVAL);
    asked.mfn = guest.root;
    fg_put(ARG, &asked, sizeof(asked));
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, ARG, 0),
        -EINVAL);
    asked.mfn = guest.data[3];
    asked.offset = FX_PAGE_SIZE - 63;
    fg_put(ARG, &asked, sizeof(asked));
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, ARG, 0),
        -ENXIO);
    /* As a table it is out of the question from now on. */
    ck_assert_int_lt(mmuext(MMUEXT_PIN_L1_TABLE, guest.data[2]), 0);
}
END_TEST

START_TEST(a_second_vcpu)
{
    const uint64_t context = FG_AT(2, 0); /* two pages */
    vcpu_guest_context_t *wide;

    fg_setup(_i);
    ck_assert_int_eq(fg_call(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 1, 0, 0), 0);
    ck_assert_int_eq(fg_call(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0, 0),
                     -EINVAL);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_is_up, FG_VCPUS, 0, 0), -ENOENT);
    memset(fg_memory(FG_AT(2, 0)), 0, FX_PAGE_SIZE);
    memset(fg_memory(FG_AT(3, 0)), 0, FX_PAGE_SIZE);
    wide = calloc(1, sizeof(*wide));
    ck_assert_ptr_nonnull(wide);
    wide->flags = VGCF_in_kernel;
    wide->ctrlreg[3] = guest.root << FX_PAGE_SHIFT;
    if (guest.is_32bit) {
        vcpu_guest_context_x86_32_t *narrow = calloc(1, sizeof(*narrow));

        ck_assert_ptr_nonnull(narrow);
        narrow->ctrlreg[3] = xen_pfn_to_cr3_x86_32((uint32_t)guest.root);
        narrow->user_regs.cs = 0xe019;
        fg_put(context, narrow, sizeof(*narrow));
        free(narrow);
    } else {
        fg_put(context, wide, sizeof(*wide));
    }
    free(wide);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, context, 0), 0);
    ck_assert_uint_eq(fg_state(1)->root, guest.root);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, context, 0),
        -EEXIST);
    ck_assert(fx_vcpu_wait(guest.host, guest.domain, 1) == FX_WAIT_EVENT);
    ck_assert_int_eq(fg_call(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0, 0), 0);
    ck_assert_int_eq(fx_vcpu_wait(guest.host, guest.domain, 1), 0);
    ck_assert_int_eq(fg_call(__HYPERVISOR_vcpu_op, VCPUOP_down, 0, 0, 0), 0);
    ck_assert(!guest.domain->shutdown);
    /* Nobody is left. */
    ck_assert_int_eq(fg_call_on(1, __HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0, 0),
                     0);
    ck_assert(guest.domain->shutdown);
    ck_assert_uint_eq(guest.domain->shutdown_code, SHUTDOWN_poweroff);
}
END_TEST

START_TEST(a_runstate_is_shown)
{
    struct __attribute__((packed)) {
        int32_t state;
        uint64_t since, time[4];
    } narrow;
    vcpu_runstate_info_t wide;
    int64_t now = 1000;

    fg_setup(_i);
    set_clock(now);
    fg_put_word(ARG, FG_AT(4, 0));
    ck_assert_int_eq(fg_call(__HYPERVISOR_vcpu_op,
                             VCPUOP_register_runstate_memory_area, 0, ARG, 0),
                     0);
    fx_runstate(guest.host, guest.domain, 0, RUNSTATE_blocked, 2000);
    fx_runstate(guest.host, guest.domain, 0, RUNSTATE_running, 5000);
    fg_get(&narrow, FG_AT(4, 0), sizeof(narrow));
    fg_get(&wide, FG_AT(4, 0), sizeof(wide));
    if (guest.is_32bit) {
        ck_assert_int_eq(narrow.state, RUNSTATE_running);
        ck_assert_uint_eq(narrow.since, 5000);
        ck_assert_uint_eq(narrow.time[RUNSTATE_blocked], 3000);
    } else {
        ck_assert_int_eq(wide.state, RUNSTATE_running);
        ck_assert_uint_eq(wide.state_entry_time, 5000);
        ck_assert_uint_eq(wide.time[RUNSTATE_blocked], 3000);
    }
}
END_TEST

/* -- the end -- */

static uint32_t control_virq(unsigned int virq)
{
    struct fx_domain *control = fx_domain(guest.host, 0);
    uint32_t port;

    fx_lock(guest.host);
    ck_assert_int_eq(fx_free_port(guest.host, control, &port), 0);
    *fx_port(guest.host, control, port) =
        (struct fx_evtchn){.state = EVTCHNSTAT_virq, .virq = (uint8_t)virq};
    fx_unlock(guest.host);
    return port;
}

START_TEST(a_guest_shuts_itself_down)
{
    static const uint32_t reasons[] = {SHUTDOWN_poweroff, SHUTDOWN_reboot,
                                       SHUTDOWN_suspend, SHUTDOWN_crash};
    sched_shutdown_t asked = {.reason = reasons[_i / 2]};
    uint32_t port;

    fg_setup(_i & 1);
    port = control_virq(VIRQ_DOM_EXC);
    ck_assert_int_eq(
        with(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &asked, sizeof(asked)),
        0);
    ck_assert(guest.domain->shutdown);
    ck_assert_uint_eq(guest.domain->shutdown_code, asked.reason);
    ck_assert(fx_event_is_pending(guest.host, fx_domain(guest.host, 0), port));
    ck_assert(fx_vcpu_wait(guest.host, guest.domain, 0) == FX_WAIT_EVENT);
}
END_TEST

/* What comes behind it in a multicall, it does when it has been resumed. */
START_TEST(a_multicall_stops_with_the_domain)
{
    sched_shutdown_t asked = {.reason = SHUTDOWN_suspend};
    const uint64_t list = FG_AT(1, 0);

    fg_setup(_i);
    memset(fg_memory(list), 0, FX_PAGE_SIZE);
    fg_put(ARG, &asked, sizeof(asked));
    fg_put_word(list, __HYPERVISOR_sched_op);
    fg_put_word(list + 2 * fg_word(), SCHEDOP_shutdown);
    fg_put_word(list + 3 * fg_word(), ARG);
    fg_put_word(list + 8 * fg_word(), __HYPERVISOR_xen_version);
    ck_assert_int_eq(fg_call(__HYPERVISOR_multicall, list, 2, 0, 0),
                     __HYPERVISOR_multicall);
    ck_assert_uint_eq(fg_get_word(list + 9 * fg_word()), 0);
    ck_assert(guest.domain->shutdown);
}
END_TEST

/* -- refusals -- */

START_TEST(what_only_a_control_domain_may)
{
    struct xen_domctl domctl = {.cmd = XEN_DOMCTL_destroydomain,
                                .interface_version =
                                    XEN_DOMCTL_INTERFACE_VERSION,
                                .domain = FG_ID};
    struct xen_sysctl sysctl = {.cmd = XEN_SYSCTL_physinfo,
                                .interface_version =
                                    XEN_SYSCTL_INTERFACE_VERSION};
    sched_remote_shutdown_t shutdown = {.domain_id = FG_ID};
    evtchn_alloc_unbound_t port = {.dom = 0};
    evtchn_reset_t reset = {.dom = 0};
    struct physdev_map_pirq pirq = {.domid = DOMID_SELF};
    struct xen_memory_domain other = {.domid = 0};

    fg_setup(_i);
    fg_put(ARG, &domctl, sizeof(domctl));
    ck_assert_int_eq(fg_call(__HYPERVISOR_domctl, ARG, 0, 0, 0), -EPERM);
    fg_put(ARG, &sysctl, sizeof(sysctl));
    ck_assert_int_eq(fg_call(__HYPERVISOR_sysctl, ARG, 0, 0, 0), -EPERM);
    ck_assert_int_eq(with(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
                          &shutdown, sizeof(shutdown)),
                     -EPERM);
    ck_assert_int_eq(event_op(EVTCHNOP_alloc_unbound, &port, sizeof(port)),
                     -EPERM);
    ck_assert_int_eq(event_op(EVTCHNOP_reset, &reset, sizeof(reset)), -EPERM);
    ck_assert_int_eq(
        with(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &pirq, sizeof(pirq)),
        -EPERM);
    ck_assert_int_eq(with(__HYPERVISOR_memory_op, XENMEM_current_reservation,
                          &other, sizeof(other)),
                     -EPERM);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, ARG, 0, 0),
        -EPERM);
    ck_assert_int_eq(fg_call(__HYPERVISOR_mmuext_op, ARG, 0, 0, 0), -EPERM);
    ck_assert_int_eq(
        fg_call(__HYPERVISOR_console_io, CONSOLEIO_read, 1, ARG, 0), -EPERM);
    ck_assert(!guest.domain->dying);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fx_guest");
    TCase *tc = tcase_create("guest");

    tcase_add_checked_fixture(tc, NULL, fg_teardown);
    tcase_add_loop_test(tc, arguments_are_in_the_guests_memory, 0, 2);
    tcase_add_loop_test(tc, pointers_that_lead_nowhere, 0, 2);
    tcase_add_test(tc, tables_through_xens_own_entry);
    tcase_add_loop_test(tc, accesses_leave_their_bits, 0, 2);
    tcase_add_loop_test(tc, a_multicall_has_the_guests_words, 0, 2);
    tcase_add_loop_test(tc, a_long_call_is_made_again, 0, 2);
    tcase_add_loop_test(tc, memory_comes_and_goes, 0, 2);
    tcase_add_loop_test(tc, a_page_is_mapped_by_its_address, 0, 2);
    tcase_add_loop_test(tc, a_flush_is_the_guests_own, 0, 2);
    tcase_add_loop_test(tc, the_root_is_another, 0, 2);
    tcase_add_loop_test(tc, an_ldt_is_checked_when_it_is_used, 0, 2);
    tcase_add_loop_test(tc, an_ldt_with_what_must_not_be_is_none, 0, 2);
    tcase_add_loop_test(tc, an_ldt_is_let_go_of, 0, 2);
    tcase_add_loop_test(tc, a_descriptor_of_an_ldt_is_another, 0, 2);
    tcase_add_loop_test(tc, traps_have_their_table, 0, 2);
    tcase_add_loop_test(tc, callbacks_are_where_the_guest_says, 0, 2);
    tcase_add_loop_test(tc, back_from_an_event, 0, 2);
    tcase_add_loop_test(tc, back_to_nowhere, 0, 4);
    tcase_add_loop_test(tc, a_gdt_of_its_own, 0, 2);
    tcase_add_loop_test(tc, debug_registers, 0, 2);
    tcase_add_loop_test(tc, an_event_shows_in_shared_info, 0, 2);
    tcase_add_loop_test(tc, a_blocked_vcpu_wakes, 0, 2);
    tcase_add_loop_test(tc, a_vcpu_polls_a_masked_port, 0, 2);
    tcase_add_loop_test(tc, a_poll_has_its_time, 0, 2);
    tcase_add_loop_test(tc, an_interrupt_is_bound_once, 0, 2);
    tcase_add_loop_test(tc, timers_come_when_they_are_due, 0, 2);
    tcase_add_loop_test(tc, time_is_told_by_the_tsc, 0, 2);
    tcase_add_loop_test(tc, a_vcpu_info_moves_into_the_guests_memory, 0, 2);
    tcase_add_loop_test(tc, a_second_vcpu, 0, 2);
    tcase_add_loop_test(tc, a_runstate_is_shown, 0, 2);
    tcase_add_loop_test(tc, a_guest_shuts_itself_down, 0, 8);
    tcase_add_loop_test(tc, a_multicall_stops_with_the_domain, 0, 2);
    tcase_add_loop_test(tc, what_only_a_control_domain_may, 0, 2);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
