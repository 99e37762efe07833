/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hypercalls make of domains, on a machine of two: their ends, memory that
 * goes and comes, what was written to, ports.
 */
#include "test_fx_host.h"

#include <errno.h>

#include <xen/event_channel.h>
#include <xen/memory.h>

#include "hypercall/dispatch.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"
#include "preload/process_memory.h"

#define ID    3
#define OTHER 4
#define PAGES 16

/* An entry that maps a frame of a guest's. */
#define MAPS(mfn) ((mfn) << FX_PAGE_SHIFT | FX_PRESENT | FX_RW | FX_USER)

static struct fx_host *host;
static struct fx_caller caller; /* the control domain */
static uint64_t mfn[PAGES], other[PAGES];

static void fill(struct fx_domain *domain, uint64_t *frames)
{
    domain->max_pages = 2 * PAGES;
    for (unsigned int i = 0; i < PAGES; i++) {
        frames[i] = fx_new_frame(host, domain);
        fx_m2p_set(host, frames[i], i);
    }
}

static void setup(void)
{
    host = fx_open(&(struct fx_options){.memory_bytes = 32 * MIB});
    caller = fx_process_caller(host);
    fx_lock(host);
    fill(fx_new_domain(host, ID), mfn);
    fill(fx_new_domain(host, OTHER), other);
    fx_unlock(host);
}

static void teardown(void)
{
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    if (fx_domain(host, ID))
        fx_domain_kill(host, fx_domain(host, ID));
    if (fx_domain(host, OTHER))
        fx_domain_kill(host, fx_domain(host, OTHER));
    fx_unlock(host);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    ck_assert_uint_eq(host->super->claimed_frames, 0);
    fx_unlock(host);
    fx_host_close(host);
}

/* Of any domain's. */
static long call_as(const struct fx_caller *who, unsigned int number,
                    uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t arg[5] = {a, b, c, d};
    long result;

    fx_lock(host);
    result = fx_hypercall_by_number(number)(who, arg);
    fx_unlock(host);
    return result;
}

static long domctl(uint16_t domid, uint32_t command, struct xen_domctl *op)
{
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domid;
    return call_as(&caller, __HYPERVISOR_domctl, (uintptr_t)op, 0, 0, 0);
}

static long destroy(uint16_t domid)
{
    struct xen_domctl op = {0};

    return domctl(domid, XEN_DOMCTL_destroydomain, &op);
}

static struct fx_domain *domain_of(uint16_t domid)
{
    return fx_domain(host, domid);
}

/* -- ends -- */

/* In the first guest's tables, an entry for a frame of the other's. */
static long update(uint64_t at, uint64_t value)
{
    mmu_update_t request = {.ptr = at, .val = value};

    return call_as(&caller, __HYPERVISOR_mmu_update, (uintptr_t)&request, 1, 0,
                   (ID + 1) << 16 | OTHER);
}

static void map_others_frame(uint64_t value)
{
    fx_lock(host);
    ck_assert_int_eq(fx_pin(host, domain_of(ID), mfn[0], 1), 0);
    fx_unlock(host);
    ck_assert_int_eq(update(mfn[0] << FX_PAGE_SHIFT, value), 0);
}

START_TEST(a_domain_dies_with_the_last_entry_for_its_frames)
{
    bool writable = _i;

    map_others_frame(writable ? MAPS(other[5]) : MAPS(other[5]) & ~FX_RW);
    ck_assert_int_eq(destroy(OTHER), 0);
    ck_assert(domain_of(OTHER)->dying);
    ck_assert_uint_eq(domain_of(OTHER)->tot_pages, 1);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    ck_assert_int_eq(update(mfn[0] << FX_PAGE_SHIFT, 0), 0);
    ck_assert_ptr_null(domain_of(OTHER));
}
END_TEST

START_TEST(a_domain_dies_with_the_table_that_maps_its_frames)
{
    struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = mfn[0]};

    map_others_frame(MAPS(other[5]));
    ck_assert_int_eq(destroy(OTHER), 0);
    ck_assert_ptr_nonnull(domain_of(OTHER));
    ck_assert_int_eq(
        call_as(&caller, __HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0, ID), 0);
    ck_assert_ptr_null(domain_of(OTHER));
}
END_TEST

START_TEST(a_domain_dies_with_the_one_that_maps_its_frames)
{
    map_others_frame(MAPS(other[5]));
    ck_assert_int_eq(destroy(OTHER), 0);
    ck_assert_ptr_nonnull(domain_of(OTHER));
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_ptr_null(domain_of(ID));
    ck_assert_ptr_null(domain_of(OTHER));
}
END_TEST

TCase *fx_domain_case(void)
{
    TCase *tc = tcase_create("domain");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_domain_dies_with_the_last_entry_for_its_frames, 0,
                        2);
    tcase_add_test(tc, a_domain_dies_with_the_table_that_maps_its_frames);
    tcase_add_test(tc, a_domain_dies_with_the_one_that_maps_its_frames);
    return tc;
}
