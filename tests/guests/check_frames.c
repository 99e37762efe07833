/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_frames.c - frames: P2M and M2P, what is above 4 GiB, shared_info,
 * the other vCPUs, and what the domain shares with the one that built it.
 */
#include "check.h"
#include <xen/grant_table.h>
#include <xen/vcpu.h>

unsigned long p2m_list_pages(void)
{
    return (unsigned long)dw_pages_for((uint64_t)start_info->nr_pages *
                                       sizeof(xen_pfn_t));
}

/*
 * M2P[P2M[pfn]] == pfn for all of them also means that no MFN stands in the
 * P2M twice.
 */
static void check_p2m(void)
{
    struct tally agree = {0, 0};
    unsigned long absent = 0;
    unsigned long high = 0;
    pfn_t pfn;
    mfn_t mfn;

    for (pfn = PFN(0); pfn.v < start_info->nr_pages; pfn.v++) {
        mfn = pfn_to_mfn(pfn);
        if (mfn.v == (xen_pfn_t)-1) {
            absent++;
            continue;
        }
        high += mfn.v >= FIRST_MFN_ABOVE_4G;
        if (tally_wrong(&agree, mfn_to_pfn(mfn).v != pfn.v))
            tap_note("pfn %#llx: P2M has mfn %#llx, its M2P %#llx",
                     (unsigned long long)pfn.v, (unsigned long long)mfn.v,
                     (unsigned long long)mfn_to_pfn(mfn).v);
    }
    tap_eq(absent, 0, "no page is absent from the P2M");
    tap_tally(&agree, "M2P[P2M[pfn]] is pfn for every page");
    tap_note("pages-above-4g=%lu of %lu", high, start_info->nr_pages);
}

static void check_p2m_tail(void)
{
    xen_pfn_t *list = (xen_pfn_t *)start_info->mfn_list;
    unsigned long end = p2m_list_pages() * (PAGE_SIZE / sizeof(*list));
    struct tally tail = {0, 0};
    unsigned long i;

    /* A builder may fill what is left of the last page either way. */
    for (i = start_info->nr_pages; i < end; i++)
        if (tally_wrong(&tail, list[i] && list[i] != (xen_pfn_t)-1))
            tap_note("entry %#lx is %#lx", i, (unsigned long)list[i]);
    if (tail.checked)
        tap_tally(&tail, "the P2M holds no MFN behind the last page");
    else
        tap_skip("the P2M holds no MFN behind the last page",
                 "the last page is full");
}

static void check_reservation(void)
{
    domid_t self = DOMID_SELF;

    tap_eq((unsigned long)hypercall(__HYPERVISOR_memory_op,
                                    XENMEM_current_reservation,
                                    (unsigned long)&self, 0, 0, 0),
           start_info->nr_pages, "Xen has given the domain nr_pages pages");
}

static void check_root_place(void)
{
    mfn_t root = cr3_to_mfn();
    bool high = root.v >= FIRST_MFN_ABOVE_4G;

    tap_eq(root.v, pfn_to_mfn(vaddr_to_pfn(start_info->pt_base)).v,
           "CR3 has the MFN of pt_base");
#ifdef __x86_64__
    tap_note("l4-mfn=%#llx l4-above-4g=%s extended-cr3=%s",
             (unsigned long long)root.v, high ? "yes" : "no",
             extended_cr3() ? "yes" : "no");
    tap_ok(!extended_cr3(), "pae_extended_cr3 is off: it is not for 64 bits");
#else
    tap_note("l3-mfn=%#llx l3-above-4g=%s extended-cr3=%s",
             (unsigned long long)root.v, high ? "yes" : "no",
             extended_cr3() ? "yes" : "no");
    tap_ok(!high || extended_cr3(),
           "the L3 is above 4 GiB only with pae_extended_cr3");
#ifdef GUEST_LEGACY
    tap_ok(!extended_cr3(), "pae_extended_cr3 is off: PAE=yes in a string");
#else
    tap_ok(extended_cr3(), "pae_extended_cr3 is on: PAE_MODE=yes in a note");
#endif
#endif
}

void check_frames(void)
{
    check_reservation();
    check_p2m();
    check_p2m_tail();
    check_root_place();
}

void check_shared_info(void)
{
    const shared_info_t *shared = shared_info();
    struct tally masked = {0, 0};
    unsigned int i;

    for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        if (tally_wrong(&masked, shared->vcpu_info[i].evtchn_upcall_mask != 1))
            tap_note("vCPU %u: evtchn_upcall_mask is %u", i,
                     shared->vcpu_info[i].evtchn_upcall_mask);
    tap_tally(&masked, "event upcalls are masked for every vCPU");
    tap_eq(shared->arch.pfn_to_mfn_frame_list_list, 0,
           "shared_info has no P2M frame list yet");
}

static long vcpu_is_up(unsigned int vcpu)
{
    return hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, vcpu, 0, 0, 0);
}

void check_vcpus(void)
{
    struct tally down = {0, 0};
    unsigned int vcpu;
    long up;

    tap_eq((unsigned long)vcpu_is_up(0), 1, "vCPU 0 is up");
    for (vcpu = 1; (up = vcpu_is_up(vcpu)) != -GUEST_ENOENT; vcpu++)
        if (tally_wrong(&down, up != 0))
            tap_note("vCPU %u: VCPUOP_is_up says %ld", vcpu, up);
    if (down.checked)
        tap_tally(&down, "no other vCPU is up");
    else
        tap_skip("no other vCPU is up", "there is none");
    tap_note("vcpus=%u", vcpu);
}

static bool port_is_usable(evtchn_port_t port)
{
    evtchn_status_t status = {.dom = DOMID_SELF, .port = port};
    long rc = hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_status,
                        (unsigned long)&status, 0, 0, 0);

    return !rc && (status.status == EVTCHNSTAT_unbound ||
                   status.status == EVTCHNSTAT_interdomain);
}

/* Maps the first frame of the domain's own grant table. */
static const grant_entry_v1_t *grant_table(void)
{
    xen_pfn_t frame = 0;
    gnttab_setup_table_t setup = {.dom = DOMID_SELF, .nr_frames = 1};
    long rc;

    set_xen_guest_handle(setup.frame_list, &frame);
    rc = hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
                   (unsigned long)&setup, 1, 0, 0);
    if (rc || setup.status != GNTST_okay)
        return NULL;
    if (window_map(WINDOW_ANY, MFN(frame), PTE_WRITABLE))
        return NULL;
    return window_address(WINDOW_ANY);
}

static void check_grant(const grant_entry_v1_t *grants, unsigned int ref,
                        xen_pfn_t mfn, const char *name)
{
    const grant_entry_v1_t *grant = &grants[ref];
    bool access = (grant->flags & GTF_type_mask) == GTF_permit_access;

    if (!tap_ok(access && grant->domid == 0 && grant->frame == mfn,
                "grant %u gives dom0 the %s ring", ref, name))
        tap_note("got flags %#x, domid %u, frame %#x; expected frame %#lx",
                 grant->flags, grant->domid, grant->frame, mfn);
}

void check_rings(void)
{
    const grant_entry_v1_t *grants = grant_table();

    tap_ok(port_is_usable(start_info->store_evtchn),
           "store_evtchn is a channel to another domain");
    tap_ok(port_is_usable(start_info->console.domU.evtchn),
           "console_evtchn is a channel to another domain");
    if (!tap_ok(grants != NULL, "the grant table can be mapped"))
        return;
    check_grant(grants, GNTTAB_RESERVED_CONSOLE, start_info->console.domU.mfn,
                "console");
    check_grant(grants, GNTTAB_RESERVED_XENSTORE, start_info->store_mfn,
                "xenstore");
}
