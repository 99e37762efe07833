/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hypercalls make of domains, on a machine of two: their ends, memory that
 * goes and comes, what was written to, ports.
 */
#include "machine/frames.h"
#include "machine/lock.h"
#include "test_fx_host.h"

#include <errno.h>
#include <sys/stat.h>

#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

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
    domain->max_pages = 3 * PAGES;
    for (unsigned int i = 0; i < PAGES; i++) {
        frames[i] = fx_new_frame(host, domain);
        fx_m2p_set(host, frames[i], i);
    }
}

static void setup(void)
{
    host =
        fx_open(&(struct fx_options){.memory_bytes = 32 * MIB, .shadow = true});
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
    result = fx_hypercall_for(who, number)(who, arg);
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

/* -- memory that goes and comes -- */

static long populate(uint16_t domid, unsigned int count, uint64_t *frames)
{
    struct xen_memory_reservation r = {.nr_extents = count, .domid = domid};

    for (unsigned int i = 0; i < count; i++)
        frames[i] = PAGES + i; /* PFNs */
    set_xen_guest_handle_raw(r.extent_start, (xen_pfn_t *)frames);
    return call_as(&caller, __HYPERVISOR_memory_op, XENMEM_populate_physmap,
                   (uintptr_t)&r, 0, 0);
}

/* `count` frames for as many in extents of that order; how many went. */
static long exchange(uint64_t *in, unsigned int count, uint64_t *out,
                     unsigned int order, unsigned int flags,
                     unsigned long *exchanged)
{
    struct xen_memory_exchange x = {
        .in = {.nr_extents = count, .domid = ID},
        .out = {.nr_extents = count >> order,
                .extent_order = order,
                .domid = ID,
                .mem_flags = flags},
    };
    long r;

    set_xen_guest_handle_raw(x.in.extent_start, (xen_pfn_t *)in);
    set_xen_guest_handle_raw(x.out.extent_start, (xen_pfn_t *)out);
    r = call_as(&caller, __HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&x,
                0, 0);
    *exchanged = x.nr_exchanged;
    return r;
}

/* The domain's, and as it was: nothing but its allocation refers to it. */
static void assert_untouched(uint64_t frame, uint64_t pfn)
{
    ck_assert_uint_eq(fx_frame(host, frame)->owner, ID);
    ck_assert_uint_eq(fx_frame(host, frame)->refs, 1);
    ck_assert_uint_eq(host->m2p[frame], pfn);
    ck_assert_str_eq(fx_page(host, frame), "kept");
}

static void write_frames(void)
{
    fx_lock(host);
    for (unsigned int i = 0; i < PAGES; i++)
        strcpy(fx_page(host, mfn[i]), "kept");
    fx_unlock(host);
}

/* Chunks of two frames, the second of which has one that is in use. */
START_TEST(an_exchange_ends_at_the_chunk_that_fails)
{
    uint64_t in[6] = {mfn[2], mfn[3], mfn[4], mfn[5], mfn[6], mfn[7]};
    uint64_t out[3] = {20, 40, 60};
    uint64_t free_frames;
    unsigned long exchanged;

    write_frames();
    fx_lock(host);
    ck_assert_int_eq(fx_get_page(host, mfn[5], ID), 0);
    fx_unlock(host);
    free_frames = host->super->free_frames;
    ck_assert_int_eq(exchange(in, 6, out, 1, 0, &exchanged), -EINVAL);
    ck_assert_uint_eq(exchanged, 2);
    for (unsigned int i = 4; i < 8; i++)
        if (i != 5)
            assert_untouched(mfn[i], i);
    ck_assert_uint_eq(fx_frame(host, mfn[5])->refs, 2);
    ck_assert_uint_eq(host->m2p[out[0]], 20);
    ck_assert_uint_eq(host->m2p[out[0] + 1], 21);
    ck_assert_uint_eq(out[1], 40);
    ck_assert_uint_eq(out[2], 60);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, PAGES);
    ck_assert_uint_eq(host->super->free_frames, free_frames);
    fx_lock(host);
    fx_put_page(host, mfn[5]);
    fx_unlock(host);
    assert_untouched(mfn[5], 5);
}
END_TEST

/* Where the frames cannot be had, and where the same goes in twice. */
START_TEST(a_chunk_that_fails_is_as_it_was)
{
    uint64_t in[2] = {mfn[2], mfn[3]}, twice[2] = {mfn[4], mfn[4]};
    uint64_t out[1] = {20}, free_frames = host->super->free_frames;
    unsigned long exchanged;

    write_frames();
    ck_assert_int_eq(
        exchange(in, 2, out, 1, XENMEMF_address_bits(13), &exchanged), -ENOMEM);
    ck_assert_uint_eq(exchanged, 0);
    ck_assert_int_eq(exchange(twice, 2, out, 1, 0, &exchanged), -EINVAL);
    ck_assert_uint_eq(exchanged, 0);
    for (unsigned int i = 2; i < 5; i++)
        assert_untouched(mfn[i], i);
    ck_assert_uint_eq(out[0], 20);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, PAGES);
    ck_assert_uint_eq(host->super->free_frames, free_frames);
}
END_TEST

static long claim(uint16_t domid, uint64_t pages)
{
    struct xen_memory_reservation r = {.nr_extents = pages, .domid = domid};

    return call_as(&caller, __HYPERVISOR_memory_op, XENMEM_claim_pages,
                   (uintptr_t)&r, 0, 0);
}

/* What is not claimed, others may have; nothing else. */
START_TEST(nobody_else_gets_what_is_claimed)
{
    uint64_t free_frames = host->super->free_frames, got[PAGES], out[1] = {0};
    unsigned long exchanged;
    struct xen_domctl op = {.u.createdomain = {.max_vcpus = 1,
                                               .max_grant_frames = 1,
                                               .grant_opts = 1}};

    domain_of(ID)->max_pages = 2 * free_frames;
    ck_assert_int_eq(claim(ID, PAGES + free_frames + 1), -ENOMEM);
    ck_assert_uint_eq(host->super->claimed_frames, 0);
    ck_assert_int_eq(claim(ID, PAGES + free_frames - 4), 0);
    ck_assert_int_eq(claim(OTHER, PAGES + 5), -ENOMEM);
    ck_assert_int_eq(populate(OTHER, 8, got), 4);
    ck_assert_int_eq(populate(OTHER, 1, got), 0);
    ck_assert_int_eq(exchange(mfn + 2, 1, out, 0, 0, &exchanged), -ENOMEM);
    ck_assert_int_eq(domctl(0, XEN_DOMCTL_createdomain, &op), -ENOMEM);
    ck_assert_uint_eq(host->super->free_frames, free_frames - 4);
    /* Its own it gets, and what it got it claims no more. */
    ck_assert_int_eq(populate(ID, PAGES, got), PAGES);
    ck_assert_uint_eq(domain_of(ID)->claimed_pages, free_frames - 4 - PAGES);
    ck_assert_int_eq(populate(OTHER, 1, got), 0);
    ck_assert_int_eq(claim(ID, 0), 0);
    ck_assert_uint_eq(host->super->claimed_frames, 0);
    ck_assert_int_eq(populate(OTHER, 8, got), 8);
}
END_TEST

START_TEST(a_claim_ends_with_its_domain)
{
    uint64_t got[PAGES];

    domain_of(ID)->max_pages = UINT32_MAX;
    ck_assert_int_eq(claim(ID, PAGES + host->super->free_frames), 0);
    ck_assert_int_eq(populate(OTHER, 1, got), 0);
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_uint_eq(host->super->claimed_frames, 0);
    ck_assert_int_eq(populate(OTHER, PAGES, got), PAGES);
}
END_TEST

/* -- what is set, to be read again -- */

/* struct e820entry, packed. */
struct __attribute__((packed)) range {
    uint64_t at, size;
    uint32_t type;
};

static long memory_op(const struct fx_caller *who, unsigned int command,
                      void *arg)
{
    return call_as(who, __HYPERVISOR_memory_op, command, (uintptr_t)arg, 0, 0);
}

START_TEST(a_guest_reads_its_memory_map)
{
    struct range set[FX_MAX_DOMAIN_E820 + 1] = {{0, 64 * MIB, 1},
                                                {128 * MIB, MIB, 2}};
    struct range got[4];
    struct xen_foreign_memory_map map = {.domid = ID, .map.nr_entries = 2};
    struct xen_memory_map asked = {.nr_entries = 4};
    struct fx_caller guest = caller;

    guest.domain = domain_of(ID);
    set_xen_guest_handle_raw(map.map.buffer, (void *)set);
    set_xen_guest_handle_raw(asked.buffer, (void *)got);
    ck_assert_int_eq(memory_op(&guest, XENMEM_memory_map, &asked), -ENOSYS);
    ck_assert_int_eq(memory_op(&caller, XENMEM_set_memory_map, &map), 0);
    ck_assert_int_eq(memory_op(&guest, XENMEM_memory_map, &asked), 0);
    ck_assert_uint_eq(asked.nr_entries, 2);
    ck_assert_mem_eq(got, set, 2 * sizeof(*set));
    asked.nr_entries = 1;
    ck_assert_int_eq(memory_op(&guest, XENMEM_memory_map, &asked), 0);
    ck_assert_uint_eq(asked.nr_entries, 1);
    /* What is refused leaves it as it was. */
    map.map.nr_entries = FX_MAX_DOMAIN_E820 + 1;
    ck_assert_int_eq(memory_op(&caller, XENMEM_set_memory_map, &map), -EINVAL);
    map.map.nr_entries = 2;
    map.domid = OTHER + 1;
    ck_assert_int_eq(memory_op(&caller, XENMEM_set_memory_map, &map), -ESRCH);
    map.domid = ID;
    set_xen_guest_handle_raw(map.map.buffer, (void *)16);
    ck_assert_int_eq(memory_op(&caller, XENMEM_set_memory_map, &map), -EFAULT);
    asked.nr_entries = 4;
    ck_assert_int_eq(memory_op(&guest, XENMEM_memory_map, &asked), 0);
    ck_assert_mem_eq(got, set, 2 * sizeof(*set));
    guest.domain = domain_of(OTHER);
    ck_assert_int_eq(memory_op(&guest, XENMEM_memory_map, &asked), -ENOSYS);
    ck_assert_int_eq(memory_op(&caller, XENMEM_get_sharing_freed_pages, NULL),
                     0);
}
END_TEST

static long affinity(uint32_t command, uint64_t *hard)
{
    struct xen_domctl op = {.u.vcpuaffinity = {.flags = XEN_VCPUAFFINITY_HARD,
                                               .cpumap_hard.nr_bits = 64}};

    set_xen_guest_handle_raw(op.u.vcpuaffinity.cpumap_hard.bitmap,
                             (uint8_t *)hard);
    return domctl(ID, command, &op);
}

START_TEST(vcpus_run_up_to_the_last_cpu)
{
    uint64_t cpus = UINT64_C(1) << (FX_CPUS - 1);

    ck_assert_int_eq(affinity(XEN_DOMCTL_setvcpuaffinity, &cpus), 0);
    cpus = 0;
    ck_assert_int_eq(affinity(XEN_DOMCTL_getvcpuaffinity, &cpus), 0);
    ck_assert_uint_eq(cpus, UINT64_C(1) << (FX_CPUS - 1));
    cpus = UINT64_C(1) << FX_CPUS;
    ck_assert_int_eq(affinity(XEN_DOMCTL_setvcpuaffinity, &cpus), -EINVAL);
    ck_assert_int_eq(affinity(XEN_DOMCTL_getvcpuaffinity, &cpus), 0);
    ck_assert_uint_eq(cpus, UINT64_C(1) << (FX_CPUS - 1));
}
END_TEST

static long scheduler(uint32_t command, unsigned int *weight, unsigned int *cap)
{
    struct xen_domctl op = {
        .u.scheduler_op = {
            .sched_id = XEN_SCHEDULER_CREDIT2,
            .cmd = command,
            .u.credit2 = {.weight = (uint16_t)*weight, .cap = (uint16_t)*cap}}};
    long r = domctl(ID, XEN_DOMCTL_scheduler_op, &op);

    *weight = op.u.scheduler_op.u.credit2.weight;
    *cap = op.u.scheduler_op.u.credit2.cap;
    return r;
}

/* One vCPU has no use for more than one CPU. */
START_TEST(weight_and_cap_are_kept)
{
    unsigned int weight = 0, cap = 0;

    ck_assert_int_eq(scheduler(XEN_DOMCTL_SCHEDOP_getinfo, &weight, &cap), 0);
    ck_assert_uint_eq(weight, 256);
    ck_assert_uint_eq(cap, 0);
    weight = 512;
    cap = 100;
    ck_assert_int_eq(scheduler(XEN_DOMCTL_SCHEDOP_putinfo, &weight, &cap), 0);
    weight = 0; /* stays */
    cap = 101;
    ck_assert_int_eq(scheduler(XEN_DOMCTL_SCHEDOP_putinfo, &weight, &cap),
                     -EINVAL);
    ck_assert_int_eq(scheduler(XEN_DOMCTL_SCHEDOP_getinfo, &weight, &cap), 0);
    ck_assert_uint_eq(weight, 512);
    ck_assert_uint_eq(cap, 100);
}
END_TEST

/* As many vCPUs as Xen's PV guests have, and none of an earlier domain's. */
START_TEST(a_domain_has_up_to_8192_vcpus)
{
    struct xen_domctl op = {.u.createdomain = {.max_vcpus = 8193,
                                               .max_grant_frames = 1,
                                               .grant_opts = 1}};
    struct fx_host *small = host;

    host = fx_open(&(struct fx_options){.memory_bytes = 128 * MIB});
    caller = fx_process_caller(host);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_createdomain, &op), -EINVAL);
    op.u.createdomain.max_vcpus = 8192;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_createdomain, &op), 0);
    op.u.max_vcpus.max = 8192;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_max_vcpus, &op), 0);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_getdomaininfo, &op), 0);
    ck_assert_uint_eq(op.u.getdomaininfo.max_vcpu_id, 8191);
    op.u.getvcpuinfo.vcpu = 8191;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_getvcpuinfo, &op), 0);
    op.u.getvcpuinfo.vcpu = 8192;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_getvcpuinfo, &op), -EINVAL);
    fx_lock(host);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    memset(&op, 0, sizeof(op));
    op.u.createdomain.max_vcpus = 2;
    op.u.createdomain.max_grant_frames = op.u.createdomain.grant_opts = 1;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_createdomain, &op), 0);
    op.u.getvcpuinfo.vcpu = 0;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_getvcpuinfo, &op), -ESRCH);
    fx_host_close(host);
    host = small;
}
END_TEST

START_TEST(a_domain_has_no_more_than_its_maximum)
{
    struct xen_domctl op = {.u.max_mem.max_memkb = (PAGES + 3) * 4};
    uint64_t got[PAGES];

    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_max_mem, &op), 0);
    ck_assert_int_eq(populate(ID, 8, got), 3);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, PAGES + 3);
    op.u.max_mem.max_memkb = 4; /* less than it has: it keeps that */
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_max_mem, &op), 0);
    ck_assert_int_eq(populate(ID, 1, got), 0);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, PAGES + 3);
    op.u.max_mem.max_memkb = UINT64_MAX;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_max_mem, &op), 0);
    ck_assert_int_eq(populate(ID, 1, got), 1);
}
END_TEST

/* -- what was written to -- */

static uint8_t bitmap[PAGES / 8 + 2];

/* How many frames are dirty, all of which the bitmap has. */
static unsigned int dirty(uint32_t what)
{
    struct xen_domctl op = {.u.shadow_op = {.op = what, .pages = PAGES}};
    unsigned int bits = 0;

    memset(bitmap, 0, sizeof(bitmap));
    set_xen_guest_handle_raw(op.u.shadow_op.dirty_bitmap, bitmap);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_shadow_op, &op), 0);
    for (unsigned int i = 0; i < PAGES; i++)
        bits += bitmap[i / 8] >> i % 8 & 1;
    ck_assert_uint_eq(op.u.shadow_op.stats.dirty_count, bits);
    return bits;
}

static void log_dirty_on(void)
{
    struct xen_domctl op = {
        .u.shadow_op = {.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, .mb = 1}};

    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_shadow_op, &op), 0);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_shadow_op, &op), 0);
}

/* Writes to the frame, as far as the log is concerned. */
static void soil(uint64_t frame)
{
    fx_lock(host);
    ck_assert_int_eq(fx_pin(host, domain_of(ID), frame, 1), 0);
    ck_assert_int_eq(fx_unpin(host, domain_of(ID), frame), 0);
    fx_unlock(host);
}

START_TEST(to_peek_changes_nothing)
{
    log_dirty_on();
    soil(mfn[3]);
    soil(mfn[9]);
    for (unsigned int i = 0; i < 3; i++) {
        ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 2);
        ck_assert_uint_eq(bitmap[0], 1u << 3);
        ck_assert_uint_eq(bitmap[1], 1u << 1);
    }
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_CLEAN), 2);
    ck_assert_uint_eq(bitmap[0], 1u << 3);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 0);
    soil(mfn[3]);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 1);
}
END_TEST

START_TEST(frames_that_go_are_not_dirty)
{
    uint64_t in[2] = {mfn[3], mfn[4]}, out[2] = {3, 4};
    unsigned long exchanged;

    log_dirty_on();
    soil(mfn[3]);
    soil(mfn[9]);
    ck_assert_int_eq(exchange(in, 2, out, 0, 0, &exchanged), 0);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 1);
    ck_assert_uint_eq(bitmap[1], 1u << 1);
    soil(out[0]);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_CLEAN), 2);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 0);
}
END_TEST

static uint64_t bytes_used(void)
{
    struct stat status;

    ck_assert_int_eq(fstat(host->fd, &status), 0);
    return (uint64_t)status.st_blocks * 512;
}

/* On a machine most of which was never used: to read of it would fill it. */
START_TEST(the_log_leaves_holes_in_the_file)
{
    struct fx_host *small = host;
    uint64_t frame, used;

    host = fx_open(&(struct fx_options){.memory_bytes = UINT64_C(1) << 32,
                                        .shadow = true});
    caller = fx_process_caller(host);
    fx_lock(host);
    frame = fx_new_frame(host, fx_new_domain(host, ID));
    fx_m2p_set(host, frame, 1);
    fx_unlock(host);
    log_dirty_on();
    soil(frame);
    used = bytes_used();
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 1);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_CLEAN), 1);
    ck_assert_uint_eq(bytes_used(), used);
    fx_host_close(host);
    host = small;
}
END_TEST

static long shadow_op(uint32_t operation, uint32_t mode)
{
    struct xen_domctl op = {
        .u.shadow_op = {.op = operation, .mode = mode, .mb = 1}};

    return domctl(ID, XEN_DOMCTL_shadow_op, &op);
}

static bool has_shadow(void)
{
    struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo,
                            .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

    ck_assert_int_eq(
        call_as(&caller, __HYPERVISOR_sysctl, (uintptr_t)&op, 0, 0, 0), 0);
    return op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_shadow;
}

/* As Xen is that was built without CONFIG_SHADOW_PAGING. */
START_TEST(nothing_is_logged_without_shadow_paging)
{
    struct fx_host *with = host;

    ck_assert(has_shadow());
    host = fx_open(&(struct fx_options){.memory_bytes = 32 * MIB});
    caller = fx_process_caller(host);
    fx_lock(host);
    fill(fx_new_domain(host, ID), mfn);
    fx_unlock(host);
    ck_assert(!has_shadow());
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0),
                     -EOPNOTSUPP);
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE,
                               XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY),
                     -EOPNOTSUPP);
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE, 0), -EINVAL);
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 0), -EINVAL);
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION, 0),
                     -EINVAL);
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION, 0),
                     -EINVAL);
    soil(mfn[3]);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_PEEK), 0);
    ck_assert_uint_eq(dirty(XEN_DOMCTL_SHADOW_OP_CLEAN), 0);
    ck_assert_int_eq(shadow_op(XEN_DOMCTL_SHADOW_OP_PEEK, 8), -EINVAL);
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    fx_host_close(host);
    host = with;
    caller = fx_process_caller(host);
}
END_TEST

/* -- versions -- */

/* Whoever has the old frame mapped meanwhile keeps it. */
START_TEST(a_32_bit_domain_has_its_shared_info_below_4_gib)
{
    struct xen_domctl op = {.u.createdomain = {.max_vcpus = 1,
                                               .max_grant_frames = 1,
                                               .grant_opts = 1}};
    const uint64_t end = UINT64_C(1) << 20;
    struct fx_host *small = host;
    uint64_t before;

    host = fx_open(&(struct fx_options){.memory_bytes = UINT64_C(6) << 30});
    caller = fx_process_caller(host);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_createdomain, &op), 0);
    before = domain_of(ID)->shared_info;
    ck_assert_int_eq(before >= end, XEN_SHARED_INFO_MOVES);
    fx_lock(host);
    ck_assert_int_eq(fx_get_page_and_type(host, before, ID, FX_WRITABLE, 0), 0);
    fx_unlock(host);
    op.u.address_size.size = 32;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_set_address_size, &op), 0);
    ck_assert_uint_lt(domain_of(ID)->shared_info, end);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, XEN_SHARED_INFO_MOVES);
    fx_lock(host);
    fx_put_page_and_type(host, before);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, 0);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_getdomaininfo, &op), 0);
    ck_assert_uint_lt(op.u.getdomaininfo.shared_info_frame, end);
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    fx_host_close(host);
    host = small;
    caller = fx_process_caller(host);
}
END_TEST

/* As on Xen: out of use, and not free; here no longer than the domain lives. */
START_TEST(nobody_has_the_shared_info_that_was_replaced)
{
    struct xen_domctl op = {.u.createdomain = {.max_vcpus = 1,
                                               .max_grant_frames = 1,
                                               .grant_opts = 1}};
    struct fx_host *small = host;
    uint64_t before, free_frames;
    int rc;

    host = fx_open(&(struct fx_options){.memory_bytes = UINT64_C(6) << 30});
    caller = fx_process_caller(host);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_createdomain, &op), 0);
    before = domain_of(ID)->shared_info;
    free_frames = host->super->free_frames;
    op.u.address_size.size = 32;
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_set_address_size, &op), 0);
    ck_assert_uint_eq(host->super->free_frames,
                      free_frames - XEN_SHARED_INFO_MOVES);
    fx_lock(host);
    rc = fx_get_page_and_type(host, before, ID, FX_WRITABLE, 0);
    ck_assert_int_eq(rc != 0, XEN_SHARED_INFO_MOVES);
    if (!rc)
        fx_put_page_and_type(host, before);
    ck_assert_uint_eq(fx_audit(host, fx_say, NULL), 0);
    fx_unlock(host);
    ck_assert_uint_eq(domain_of(ID)->tot_pages, 0);
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_uint_eq(host->super->free_frames, host->super->ram_frames);
    fx_host_close(host);
    host = small;
    caller = fx_process_caller(host);
}
END_TEST

START_TEST(a_dying_domain_gets_what_its_xen_gives)
{
    struct xen_memory_reservation claim = {.nr_extents = PAGES + 1,
                                           .domid = OTHER};
    struct xen_domctl op = {.u.set_virq_handler.virq = VIRQ_DOM_EXC};

    map_others_frame(MAPS(other[5]));
    ck_assert_int_eq(destroy(OTHER), 0);
    ck_assert(domain_of(OTHER)->dying);
    ck_assert_int_eq(call_as(&caller, __HYPERVISOR_memory_op,
                             XENMEM_claim_pages, (uintptr_t)&claim, 0, 0),
                     XEN_NO_CLAIM_WHEN_DYING ? -EINVAL : 0);
    claim.nr_extents = 0;
    ck_assert_int_eq(call_as(&caller, __HYPERVISOR_memory_op,
                             XENMEM_claim_pages, (uintptr_t)&claim, 0, 0),
                     0);
    ck_assert_int_eq(domctl(OTHER, XEN_DOMCTL_set_virq_handler, &op),
                     XEN_NO_VIRQ_WHEN_DYING ? -EINVAL : 0);
    op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY;
    ck_assert_int_eq(domctl(OTHER, XEN_DOMCTL_shadow_op, &op),
                     XEN_NO_PAGING_OP_WHEN_DYING ? -EINVAL : 0);
    ck_assert_int_eq(update(mfn[0] << FX_PAGE_SHIFT, 0), 0);
    ck_assert_ptr_null(domain_of(OTHER));
}
END_TEST

START_TEST(any_domain_id)
{
    struct xen_domctl op = {.u.createdomain = {.max_vcpus = 1,
                                               .max_grant_frames = 1,
                                               .grant_opts = 1}};

    ck_assert_int_eq(domctl(DOMID_ANY, XEN_DOMCTL_createdomain, &op), 0);
    ck_assert_uint_lt(op.domain, DOMID_FIRST_RESERVED);
    ck_assert_ptr_nonnull(domain_of(op.domain));
    ck_assert_int_eq(destroy(op.domain), 0);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_createdomain, &op), -EEXIST);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_LLC_COLORS, &op),
                     XEN_KNOWS_LLC_COLORS ? -EOPNOTSUPP : -ENOSYS);
}
END_TEST

/* -- ports -- */

static long port_op(const struct fx_caller *who, unsigned int command,
                    void *arg)
{
    return call_as(who, __HYPERVISOR_event_channel_op, command, (uintptr_t)arg,
                   0, 0);
}

static struct evtchn_status status_of(uint16_t domid, evtchn_port_t port)
{
    struct evtchn_status status = {.dom = domid, .port = port};

    ck_assert_int_eq(port_op(&caller, EVTCHNOP_status, &status), 0);
    return status;
}

/* The other guest makes a port for the first, which binds one of its own. */
/* get_domain_state's argument, as words of 64 bits: state, capabilities and 0;
 * the domain's unique ID. */
static long domain_state(uint16_t domid, uint32_t version, uint64_t is[2])
{
    struct xen_domctl op = {.cmd = XEN_DOMCTL_DOMAIN_STATE,
                            .interface_version = version,
                            .domain = domid};
    long rc;

    memcpy(&op.u, is, 2 * sizeof(*is));
    rc = call_as(&caller, __HYPERVISOR_domctl, (uintptr_t)&op, 0, 0, 0);
    memcpy(is, &op.u, 2 * sizeof(*is));
    return rc;
}

START_TEST(xenstored_asks_for_the_state_of_a_domain)
{
    uint64_t is[2] = {0}, unique;

    if (!XEN_KNOWS_DOMAIN_STATE) {
        ck_assert_int_eq(domain_state(ID, 0, is), -EACCES);
        ck_assert_int_eq(domain_state(ID, XEN_DOMCTL_INTERFACE_VERSION, is),
                         -ENOSYS);
        return;
    }
    ck_assert_int_eq(domain_state(ID, XEN_DOMCTL_INTERFACE_VERSION, is),
                     -EACCES);
    ck_assert_int_eq(domain_state(ID, 0, is), 0);
    ck_assert_uint_eq(is[0], 1);
    unique = is[1];
    is[0] = 0;
    ck_assert_int_eq(domain_state(OTHER, 0, is), 0);
    ck_assert_uint_ne(is[1], unique);
    is[0] = 0;
    ck_assert_int_eq(domain_state(0, 0, is), 0);
    ck_assert_uint_eq(is[0], 1 | 3 << 16); /* control and hardware */
    is[0] = UINT64_C(1) << 32;
    ck_assert_int_eq(domain_state(ID, 0, is), -EINVAL);
    is[0] = 0;
    ck_assert_int_eq(domain_state(OTHER + 1, 0, is), -ESRCH);
    ck_assert_int_eq(domain_state(DOMID_INVALID, 0, is), -EACCES);
    domain_of(ID)->shutdown = true;
    ck_assert_int_eq(domain_state(ID, 0, is), 0);
    ck_assert_uint_eq(is[0], 1 | 2);
    ck_assert_uint_eq(is[1], unique);
    domain_of(ID)->shutdown = false;
}
END_TEST

/* Another one's processor comes with a guest that was saved elsewhere. */
START_TEST(a_guest_has_the_vendor_of_its_machine)
{
    xen_cpuid_leaf_t leaf = {.leaf = 0, .subleaf = XEN_CPUID_NO_SUBLEAF};
    struct xen_domctl op = {0};

    leaf.a = 1;
    memcpy(&leaf.b, "AuthcAMDenti", 12);
    op.u.cpu_policy.nr_leaves = 1;
    set_xen_guest_handle_raw(op.u.cpu_policy.leaves, &leaf);
    fx_lock(host);
    domain_of(ID)->creation_finished = false;
    fx_unlock(host);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_set_cpu_policy, &op),
                     XEN_CHECKS_VENDOR ? -EINVAL : 0);
    if (XEN_CHECKS_VENDOR)
        ck_assert_uint_eq(op.u.cpu_policy.err_leaf, 0);
    memcpy(&leaf.b, "Genu", 4);
    memcpy(&leaf.c, "ntel", 4);
    memcpy(&leaf.d, "ineI", 4);
    ck_assert_int_eq(domctl(ID, XEN_DOMCTL_set_cpu_policy, &op), 0);
}
END_TEST

START_TEST(two_guests_share_a_channel)
{
    struct fx_caller guest = caller;
    struct evtchn_alloc_unbound first = {.dom = OTHER, .remote_dom = ID};
    struct evtchn_bind_interdomain bind = {.remote_dom = OTHER};
    struct evtchn_status status;
    struct evtchn_close end;

    guest.domain = domain_of(ID);
    ck_assert_int_eq(port_op(&caller, EVTCHNOP_alloc_unbound, &first), 0);
    bind.remote_port = first.port + 1;
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_bind_interdomain, &bind),
                     -EINVAL);
    bind.remote_port = first.port;
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_bind_interdomain, &bind), 0);
    status = status_of(ID, bind.local_port);
    ck_assert_uint_eq(status.status, EVTCHNSTAT_interdomain);
    ck_assert_uint_eq(status.u.interdomain.dom, OTHER);
    ck_assert_uint_eq(status.u.interdomain.port, first.port);
    status = status_of(OTHER, first.port);
    ck_assert_uint_eq(status.status, EVTCHNSTAT_interdomain);
    ck_assert_uint_eq(status.u.interdomain.dom, ID);
    ck_assert_uint_eq(status.u.interdomain.port, bind.local_port);
    /* It is taken, for everybody. */
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_bind_interdomain, &bind),
                     -EINVAL);
    end.port = bind.local_port;
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_close, &end), 0);
    ck_assert_uint_eq(status_of(ID, end.port).status, EVTCHNSTAT_closed);
    status = status_of(OTHER, first.port);
    ck_assert_uint_eq(status.status, EVTCHNSTAT_unbound);
    ck_assert_uint_eq(status.u.unbound.dom, ID);
}
END_TEST

START_TEST(a_port_is_for_the_guest_that_it_names)
{
    struct fx_caller guest = caller;
    struct evtchn_alloc_unbound first = {.dom = OTHER,
                                         .remote_dom = DOMID_SELF};
    struct evtchn_bind_interdomain bind = {.remote_dom = OTHER};

    guest.domain = domain_of(ID);
    ck_assert_int_eq(port_op(&caller, EVTCHNOP_alloc_unbound, &first), 0);
    ck_assert_uint_eq(status_of(OTHER, first.port).u.unbound.dom, 0);
    bind.remote_port = first.port;
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_bind_interdomain, &bind),
                     -EINVAL);
    bind.remote_dom = OTHER + 1;
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_bind_interdomain, &bind), -ESRCH);
    ck_assert_uint_eq(status_of(OTHER, first.port).status, EVTCHNSTAT_unbound);
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_close, &first.port), -EINVAL);
}
END_TEST

/* The end that is left waits, for a guest that is gone. */
START_TEST(a_channel_ends_with_a_guest)
{
    struct fx_caller guest = caller;
    struct evtchn_alloc_unbound first = {.dom = OTHER, .remote_dom = ID};
    struct evtchn_bind_interdomain bind = {.remote_dom = OTHER};

    guest.domain = domain_of(ID);
    ck_assert_int_eq(port_op(&caller, EVTCHNOP_alloc_unbound, &first), 0);
    bind.remote_port = first.port;
    ck_assert_int_eq(port_op(&guest, EVTCHNOP_bind_interdomain, &bind), 0);
    ck_assert_int_eq(destroy(ID), 0);
    ck_assert_ptr_null(domain_of(ID));
    ck_assert_uint_eq(status_of(OTHER, first.port).status, EVTCHNSTAT_unbound);
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
    tcase_add_test(tc, an_exchange_ends_at_the_chunk_that_fails);
    tcase_add_test(tc, a_chunk_that_fails_is_as_it_was);
    tcase_add_test(tc, nobody_else_gets_what_is_claimed);
    tcase_add_test(tc, a_claim_ends_with_its_domain);
    tcase_add_test(tc, a_guest_reads_its_memory_map);
    tcase_add_test(tc, vcpus_run_up_to_the_last_cpu);
    tcase_add_test(tc, weight_and_cap_are_kept);
    tcase_add_test(tc, a_domain_has_up_to_8192_vcpus);
    tcase_add_test(tc, a_domain_has_no_more_than_its_maximum);
    tcase_add_test(tc, to_peek_changes_nothing);
    tcase_add_test(tc, frames_that_go_are_not_dirty);
    tcase_add_test(tc, the_log_leaves_holes_in_the_file);
    tcase_add_test(tc, nothing_is_logged_without_shadow_paging);
    tcase_add_test(tc, a_32_bit_domain_has_its_shared_info_below_4_gib);
    tcase_add_test(tc, nobody_has_the_shared_info_that_was_replaced);
    tcase_add_test(tc, a_dying_domain_gets_what_its_xen_gives);
    tcase_add_test(tc, any_domain_id);
    tcase_add_test(tc, xenstored_asks_for_the_state_of_a_domain);
    tcase_add_test(tc, a_guest_has_the_vendor_of_its_machine);
    tcase_add_test(tc, two_guests_share_a_channel);
    tcase_add_test(tc, a_port_is_for_the_guest_that_it_names);
    tcase_add_test(tc, a_channel_ends_with_a_guest);
    return tc;
}
